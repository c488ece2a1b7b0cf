/* SPDX-License-Identifier: MIT */
/*
 * wait.h - sleeping until something happens.
 *
 * The condition slept for is protected by a spinlock of the caller's.  The
 * sleeper holds it, checks, and calls wait_sleep(), which lets go of it only
 * after the sleeper is on the queue; the waker changes the condition under the
 * same lock and then wakes.  So no wake-up is lost.  Sleepers check their
 * condition again in a loop.
 */
#ifndef SYNC_WAIT_H
#define SYNC_WAIT_H

#include "lib/list.h"
#include "sync/spin.h"

/* Guarded by the scheduler's lock: who wakes must change what runs in any case. */
struct wait_queue {
    struct list entries;
};

#define WAIT_QUEUE(queue)                      \
    {                                          \
        {                                      \
            &(queue).entries, &(queue).entries \
        }                                      \
    }

/*
 * One sleeper on one queue; lives on the sleeper's stack (poll uses several at once).  Or a
 * relay: nobody's sleep, but who wakes it wakes all that sleep on another queue.
 */
struct wait_entry {
    struct list link;
    struct task *task;        /* NULL: a relay */
    struct wait_queue *relay; /* of a relay: that other queue */
    struct wait_queue *queue; /* wait_add(): for whoever wants to add it again */
    bool woken;
};

#define WAIT_FOREVER (~0ull)

void wait_init(struct wait_queue *queue);

/*
 * Release `lock`, sleep until woken, take `lock` again.
 * => the caller holds `lock` and no other spinlock.
 */
void wait_sleep(struct wait_queue *queue, struct spinlock *lock);
/* The same, and a signal ends it.  => 0 or -EINTR (then nothing was consumed). */
int wait_sleep_interruptible(struct wait_queue *queue, struct spinlock *lock);
/* The same, until time_now_ns() reaches the deadline.  => 0, -ETIMEDOUT, -EINTR. */
int wait_sleep_timeout(struct wait_queue *queue, struct spinlock *lock, u64 deadline_ns,
                       bool interruptible);
/*
 * As wait_sleep_interruptible() for a lock that was taken by spin_lock_quick(), and without taking
 * it again: the caller does that, in the way that suits it.
 */
int wait_sleep_quick(struct wait_queue *queue, struct spinlock *lock);

void wait_wake_one(struct wait_queue *queue);
void wait_wake_all(struct wait_queue *queue);
static inline bool wait_is_empty(const struct wait_queue *queue)
{
    return list_empty(&queue->entries);
}

/*
 * Waiting on several queues at once: add an entry to each, check all
 * conditions, wait_any(), remove all entries.
 */
void wait_add(struct wait_queue *queue, struct wait_entry *entry);
void wait_remove(struct wait_entry *entry);
/* Adds a relay, which stays until it is woken or removed.  `to` has no way back to `queue`. */
void wait_add_relay(struct wait_queue *queue, struct wait_entry *entry, struct wait_queue *to);
/*
 * Sleep until one of the `count` entries is woken (at once if one was already).
 * => 0, -ETIMEDOUT, -EINTR.
 */
int wait_any(struct wait_entry *entries, unsigned count, u64 deadline_ns, bool interruptible);

#endif
