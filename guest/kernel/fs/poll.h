/* SPDX-License-Identifier: MIT */
/*
 * poll.h - waiting for one of several files to become ready.
 *
 * Every object that can be polled (pipe, terminal, eventfd) embeds a poll_source.  Its
 * file_ops.poll first calls poll_wait(table, &source), then returns the POLL* bits that
 * are true now; whoever changes the state calls poll_wake(&source) afterwards.  That
 * order makes a wake-up impossible to miss.  poll_wake may be called from interrupts.
 */
#ifndef KERNEL_FS_POLL_H
#define KERNEL_FS_POLL_H

#include "lib/types.h"
#include "sync/wait.h"

struct file;

struct poll_source {
    struct wait_queue queue;
};

/* One call of ppoll or pselect6: the queues it waits on. */
struct poll_table {
    u32 count, capacity;
    struct wait_entry *entries; /* [capacity] */
    struct wait_queue *relay;   /* NULL: the caller sleeps; else the entries are relays to this */
};

void poll_source_init(struct poll_source *source);
void poll_wake(struct poll_source *source);
/* Registers the table with the source; a NULL or full table only asks for the state. */
void poll_wait(struct poll_table *table, struct poll_source *source);

/* For the callers of poll: a table for up to `capacity` registrations.  => 0 or -ENOMEM */
int poll_table_init(struct poll_table *table, u32 capacity);
/* Sleeps until a source was woken or the deadline (ns, monotonic; ~0 = none) has passed.
 * => 0, -ETIMEDOUT, -EINTR.  A wake-up before the call is not lost. */
int poll_table_sleep(struct poll_table *table, u64 deadline);
/* Forgets earlier wake-ups; ask all files again afterwards. */
void poll_table_rearm(struct poll_table *table);
void poll_table_destroy(struct poll_table *table);

/* What the file says now: its own poll, or always ready if it has none. */
u32 file_poll(struct file *file, struct poll_table *table);

#endif
