/* SPDX-License-Identifier: MIT */
/* poll.c - waiting for one of several files to become ready.  See poll.h. */
#include "fs/poll.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/file.h"
#include "mm/kalloc.h"

void poll_source_init(struct poll_source *source)
{
    wait_init(&source->queue);
}

void poll_wake(struct poll_source *source)
{
    wait_wake_all(&source->queue);
}

void poll_wait(struct poll_table *table, struct poll_source *source)
{
    struct wait_entry *entry;

    if (!table || table->count == table->capacity) {
        return;
    }
    entry = &table->entries[table->count++];
    if (table->relay) {
        wait_add_relay(&source->queue, entry, table->relay);
    } else {
        wait_add(&source->queue, entry);
    }
}

int poll_table_init(struct poll_table *table, u32 capacity)
{
    table->count = 0;
    table->capacity = capacity;
    table->entries = NULL;
    table->relay = NULL;
    if (capacity > 0) {
        table->entries = kalloc(capacity * sizeof *table->entries);
        if (!table->entries) {
            return -ENOMEM;
        }
    }
    return 0;
}

int poll_table_sleep(struct poll_table *table, u64 deadline)
{
    return wait_any(table->entries, table->count, deadline, true);
}

void poll_table_rearm(struct poll_table *table)
{
    for (u32 i = 0; i < table->count; i++) {
        struct wait_queue *queue = table->entries[i].queue;

        wait_remove(&table->entries[i]);
        wait_add(queue, &table->entries[i]);
    }
}

void poll_table_destroy(struct poll_table *table)
{
    for (u32 i = 0; i < table->count; i++) {
        wait_remove(&table->entries[i]);
    }
    kfree(table->entries);
}

u32 file_poll(struct file *file, struct poll_table *table)
{
    if (file->ops && file->ops->poll) {
        return file->ops->poll(file, table);
    }
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}
