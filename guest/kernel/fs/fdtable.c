/* SPDX-License-Identifier: MIT */
/*
 * fdtable.c - tables of open files.  See fdtable.h.
 *
 * The arrays grow by doubling.  Growing allocates, which may sleep, so it happens
 * without the spinlock and the result is put in only if it is still needed.
 * Files are released (file_put may sleep) after the lock has been given up.
 */
#include "fs/fdtable.h"

#include "abi/errno.h"
#include "fs/file.h"
#include "fs/record_lock.h"
#include "lib/atomic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "mm/kalloc.h"

struct slots {
    struct file **file;
    u64 *close_on_exec;
    u32 capacity;
};

static bool slots_create(struct slots *slots, u32 capacity)
{
    slots->capacity = capacity;
    slots->file = kalloc(capacity * sizeof *slots->file);
    slots->close_on_exec = kalloc(BITMAP_WORDS(capacity) * sizeof(u64));
    if (!slots->file || !slots->close_on_exec) {
        kfree(slots->file);
        kfree(slots->close_on_exec);
        return false;
    }
    return true;
}

static void slots_free(const struct file_table *table, const struct slots *slots)
{
    if (slots->file != table->first_file) {
        kfree(slots->file);
        kfree(slots->close_on_exec);
    }
}

static struct file_table *table_create(u32 capacity)
{
    struct file_table *table = kalloc(sizeof *table);
    struct slots slots;

    if (!table) {
        return NULL;
    }
    slots = (struct slots){table->first_file, &table->first_close_on_exec, FD_FIRST};
    if (capacity > FD_FIRST && !slots_create(&slots, capacity)) {
        kfree(table);
        return NULL;
    }
    spin_init(&table->lock, "file table");
    table->refs = 1;
    table->capacity = slots.capacity;
    table->file = slots.file;
    table->close_on_exec = slots.close_on_exec;
    return table;
}

struct file_table *file_table_create(void)
{
    return table_create(FD_FIRST);
}

struct file_table *file_table_copy(struct file_table *from)
{
    for (;;) {
        u32 capacity = __atomic_load_n(&from->capacity, __ATOMIC_RELAXED);
        struct file_table *table = table_create(capacity);

        if (!table) {
            return NULL;
        }
        spin_lock(&from->lock);
        if (from->capacity == capacity) {
            for (u32 fd = 0; fd < from->end; fd++) {
                if (from->file[fd]) {
                    table->file[fd] = file_get(from->file[fd]);
                }
            }
            memcpy(table->close_on_exec, from->close_on_exec, BITMAP_WORDS(capacity) * sizeof(u64));
            table->lowest_free = from->lowest_free;
            table->end = from->end;
            spin_unlock(&from->lock);
            return table;
        }
        spin_unlock(&from->lock); /* it grew meanwhile */
        file_table_put(table);
    }
}

/* A descriptor is gone, and with it the process's record locks of the file. */
static void release(struct file_table *table, struct file *file)
{
    if (file && file->inode) {
        record_lock_drop(file->inode, table);
    }
    file_put(file);
}

void file_table_get(struct file_table *table)
{
    atomic_add_u32(&table->refs, 1);
}

void file_table_put(struct file_table *table)
{
    if (!table || atomic_add_u32(&table->refs, (u32)-1) != 1) {
        return;
    }
    record_lock_drop(NULL, table);
    for (u32 fd = 0; fd < table->end; fd++) {
        file_put(table->file[fd]);
    }
    slots_free(table, &(const struct slots){table->file, table->close_on_exec, table->capacity});
    kfree(table);
}

/* Empties a slot.  table->lock.  => the file that was there, or NULL */
static struct file *take_out(struct file_table *table, u32 fd)
{
    struct file *file = table->file[fd];

    table->file[fd] = NULL;
    bitmap_clear(table->close_on_exec, fd);
    if (fd < table->lowest_free) {
        table->lowest_free = fd;
    }
    return file;
}

void file_table_close_on_exec(struct file_table *table)
{
    for (u32 fd = 0;; fd++) {
        struct file *file = NULL;

        spin_lock(&table->lock);
        fd = (u32)bitmap_next_set(table->close_on_exec, table->capacity, fd);
        if (fd < table->capacity) {
            file = take_out(table, fd);
        }
        spin_unlock(&table->lock);
        if (!file) {
            return;
        }
        release(table, file);
    }
}

struct file *fd_get(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (fd >= 0 && (u32)fd < table->capacity && table->file[fd]) {
        file = file_get(table->file[fd]);
    }
    spin_unlock(&table->lock);
    return file;
}

/* Makes room for slot fd.  => 0 or -ENOMEM, -EMFILE */
static int grow_to_hold(struct file_table *table, u32 fd)
{
    struct slots bigger;
    u32 capacity = __atomic_load_n(&table->capacity, __ATOMIC_RELAXED);

    if (fd >= FD_LIMIT) {
        return -EMFILE;
    }
    while (capacity <= fd) {
        capacity *= 2;
    }
    if (!slots_create(&bigger, capacity)) {
        return -ENOMEM;
    }
    spin_lock(&table->lock);
    if (table->capacity < capacity) {
        struct slots old = {table->file, table->close_on_exec, table->capacity};

        memcpy(bigger.file, old.file, old.capacity * sizeof *old.file);
        memcpy(bigger.close_on_exec, old.close_on_exec, BITMAP_WORDS(old.capacity) * sizeof(u64));
        table->file = bigger.file;
        table->close_on_exec = bigger.close_on_exec;
        table->capacity = capacity;
        bigger = old;
    }
    spin_unlock(&table->lock);
    slots_free(table, &bigger); /* the old ones, or ours if another was faster */
    return 0;
}

/* table->lock. */
static u32 first_free(const struct file_table *table, u32 from)
{
    u32 fd = from > table->lowest_free ? from : table->lowest_free;

    while (fd < table->capacity && table->file[fd]) {
        fd++;
    }
    return fd;
}

static void put_in(struct file_table *table, u32 fd, struct file *file, bool close_on_exec)
{
    table->file[fd] = file;
    if (fd >= table->end) {
        table->end = fd + 1;
    }
    if (close_on_exec) {
        bitmap_set(table->close_on_exec, fd);
    } else {
        bitmap_clear(table->close_on_exec, fd);
    }
}

int fd_install(struct file_table *table, struct file *file, u32 from, bool close_on_exec, u32 limit)
{
    for (;;) {
        u32 fd;
        int error;

        spin_lock(&table->lock);
        fd = first_free(table, from);
        if (fd < table->capacity && fd < limit) {
            put_in(table, fd, file, close_on_exec);
            if (from <= table->lowest_free) {
                table->lowest_free = fd + 1;
            }
            spin_unlock(&table->lock);
            return (int)fd;
        }
        spin_unlock(&table->lock);
        if (fd >= limit) {
            return -EMFILE;
        }
        error = grow_to_hold(table, fd);
        if (error) {
            return error;
        }
    }
}

int fd_replace(struct file_table *table, struct file *file, u32 fd, bool close_on_exec, u32 limit)
{
    struct file *old;

    if (fd >= limit || fd >= FD_LIMIT) {
        return -EBADF;
    }
    spin_lock(&table->lock);
    while (fd >= table->capacity) {
        int error;

        spin_unlock(&table->lock);
        error = grow_to_hold(table, fd);
        if (error) {
            return error;
        }
        spin_lock(&table->lock);
    }
    old = take_out(table, fd);
    put_in(table, fd, file, close_on_exec);
    spin_unlock(&table->lock);
    release(table, old);
    return (int)fd;
}

int fd_close(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (fd >= 0 && (u32)fd < table->capacity) {
        file = take_out(table, (u32)fd);
    }
    spin_unlock(&table->lock);
    if (!file) {
        return -EBADF;
    }
    release(table, file);
    return 0;
}

int fd_get_cloexec(struct file_table *table, int fd)
{
    int result = -EBADF;

    spin_lock(&table->lock);
    if (fd >= 0 && (u32)fd < table->capacity && table->file[fd]) {
        result = bitmap_test(table->close_on_exec, (u32)fd);
    }
    spin_unlock(&table->lock);
    return result;
}

int fd_set_cloexec(struct file_table *table, int fd, bool value)
{
    int result = -EBADF;

    spin_lock(&table->lock);
    if (fd >= 0 && (u32)fd < table->capacity && table->file[fd]) {
        put_in(table, (u32)fd, table->file[fd], value);
        result = 0;
    }
    spin_unlock(&table->lock);
    return result;
}

int fd_next(struct file_table *table, u32 from)
{
    int result = -1;

    spin_lock(&table->lock);
    for (u32 fd = from; fd < table->end; fd++) {
        if (table->file[fd]) {
            result = (int)fd;
            break;
        }
    }
    spin_unlock(&table->lock);
    return result;
}
