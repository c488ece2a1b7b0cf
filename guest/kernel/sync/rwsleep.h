/* SPDX-License-Identifier: MIT */
/*
 * rwsleep.h - many readers or one writer, held across sleeping.  A waiting
 * writer keeps new readers out.
 */
#ifndef SYNC_RWSLEEP_H
#define SYNC_RWSLEEP_H

#include "sync/wait.h"

struct rwsleep {
    struct spinlock guard;
    u32 readers;
    bool writer;
    u32 writers_waiting;
    struct wait_queue waiters;
};

void rwsleep_init(struct rwsleep *lock, const char *name);
void rwsleep_read_lock(struct rwsleep *lock);
void rwsleep_read_unlock(struct rwsleep *lock);
void rwsleep_write_lock(struct rwsleep *lock);
void rwsleep_write_unlock(struct rwsleep *lock);

#endif
