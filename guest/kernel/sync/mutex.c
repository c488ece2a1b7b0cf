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
    mutex->waiting = 0;
    wait_init(&mutex->waiters);
}

/* => the owner before, NULL if the lock is ours now. */
static inline struct task *claim(struct mutex *mutex)
{
    struct task *before = NULL;

    __atomic_compare_exchange_n(&mutex->owner, &before, current(), false, __ATOMIC_ACQUIRE,
                                __ATOMIC_RELAXED);
    return before;
}

/* Held by somebody: wait.  Waiters are announced under the guard before they look again. */
static rarely void lock_slowly(struct mutex *mutex)
{
    if (unlikely(mutex->owner == current())) {
        panic("mutex %s is held by this task already", mutex->guard.name);
    }
    spin_lock(&mutex->guard);
    mutex->waiting++;
    memory_barrier();
    while (claim(mutex) != NULL) {
        wait_sleep(&mutex->waiters, &mutex->guard);
    }
    mutex->waiting--;
    spin_unlock(&mutex->guard);
}

void mutex_lock(struct mutex *mutex)
{
    if (unlikely(claim(mutex) != NULL)) {
        lock_slowly(mutex);
    }
}

bool mutex_trylock(struct mutex *mutex)
{
    return claim(mutex) == NULL;
}

static rarely void wake_waiter(struct mutex *mutex)
{
    spin_lock(&mutex->guard);
    wait_wake_one(&mutex->waiters);
    spin_unlock(&mutex->guard);
}

/* One of the two barriers comes second: the waiter sees the lock free, or we see that it waits. */
void mutex_unlock(struct mutex *mutex)
{
    kassert(mutex->owner == current());
    __atomic_store_n(&mutex->owner, NULL, __ATOMIC_RELEASE);
    memory_barrier();
    if (unlikely(mutex->waiting > 0)) {
        wake_waiter(mutex);
    }
}

bool mutex_held(const struct mutex *mutex)
{
    return mutex->owner == current();
}
