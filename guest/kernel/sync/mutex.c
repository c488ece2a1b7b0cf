/* SPDX-License-Identifier: MIT */
/*
 * mutex.c - sleeping locks.  First come, first served is not promised.
 */
#include "sync/mutex.h"
#include "lib/assert.h"

void mutex_init(struct mutex *mutex, const char *name)
{
    spin_init(&mutex->guard, name);
    mutex->owner = NULL;
    wait_init(&mutex->waiters);
}

void mutex_lock(struct mutex *mutex)
{
    spin_lock(&mutex->guard);
    if (unlikely(mutex->owner == current())) {
        panic("mutex %s is held by this task already", mutex->guard.name);
    }
    while (mutex->owner != NULL) {
        wait_sleep(&mutex->waiters, &mutex->guard);
    }
    mutex->owner = current();
    spin_unlock(&mutex->guard);
}

bool mutex_trylock(struct mutex *mutex)
{
    bool taken;

    spin_lock(&mutex->guard);
    taken = mutex->owner == NULL;
    if (taken) {
        mutex->owner = current();
    }
    spin_unlock(&mutex->guard);
    return taken;
}

void mutex_unlock(struct mutex *mutex)
{
    spin_lock(&mutex->guard);
    kassert(mutex->owner == current());
    mutex->owner = NULL;
    if (!wait_is_empty(&mutex->waiters)) {
        wait_wake_one(&mutex->waiters);
    }
    spin_unlock(&mutex->guard);
}

bool mutex_held(const struct mutex *mutex)
{
    return mutex->owner == current();
}
