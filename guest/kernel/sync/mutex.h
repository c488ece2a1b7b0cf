/* SPDX-License-Identifier: MIT */
/*
 * mutex.h - a lock that may be held across sleeping.  Waiters sleep.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "sync/wait.h"

struct mutex {
    struct spinlock guard;
    struct task *owner; /* NULL = free */
    struct wait_queue waiters;
};

void mutex_init(struct mutex *mutex, const char *name);
void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_held(const struct mutex *mutex); /* by the running task */

#endif
