/* SPDX-License-Identifier: MIT */
/*
 * mutex.h - a lock that may be held across sleeping.  Waiters sleep.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "sync/wait.h"

struct mutex {
    struct task *owner; /* NULL = free; taken and given up atomically */
    u32 waiting;        /* tasks in mutex_lock() that did not get it at once; under the guard */
    struct spinlock guard;
    struct wait_queue waiters;
};

/* A mutex that needs no mutex_init(): static struct mutex m = MUTEX(m, "name"); */
#define MUTEX(mutex, name)                                              \
    {                                                                   \
        .guard = SPINLOCK(name), .waiters = WAIT_QUEUE((mutex).waiters) \
    }

void mutex_init(struct mutex *mutex, const char *name);
void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_held(const struct mutex *mutex); /* by the running task */

#endif
