/* SPDX-License-Identifier: MIT */
/*
 * rwsleep.c - many readers or one writer, held across sleeping.
 */
#include "sync/rwsleep.h"
#include "lib/assert.h"

void rwsleep_init(struct rwsleep *lock, const char *name)
{
    spin_init(&lock->guard, name);
    lock->readers = 0;
    lock->writer = false;
    lock->writers_waiting = 0;
    wait_init(&lock->waiters);
}

void rwsleep_read_lock(struct rwsleep *lock)
{
    spin_lock(&lock->guard);
    while (lock->writer || lock->writers_waiting > 0) {
        wait_sleep(&lock->waiters, &lock->guard);
    }
    lock->readers++;
    spin_unlock(&lock->guard);
}

void rwsleep_read_unlock(struct rwsleep *lock)
{
    spin_lock(&lock->guard);
    kassert(lock->readers > 0);
    if (--lock->readers == 0) {
        wait_wake_all(&lock->waiters);
    }
    spin_unlock(&lock->guard);
}

void rwsleep_write_lock(struct rwsleep *lock)
{
    spin_lock(&lock->guard);
    lock->writers_waiting++;
    while (lock->writer || lock->readers > 0) {
        wait_sleep(&lock->waiters, &lock->guard);
    }
    lock->writers_waiting--;
    lock->writer = true;
    spin_unlock(&lock->guard);
}

void rwsleep_write_unlock(struct rwsleep *lock)
{
    spin_lock(&lock->guard);
    kassert(lock->writer);
    lock->writer = false;
    wait_wake_all(&lock->waiters);
    spin_unlock(&lock->guard);
}
