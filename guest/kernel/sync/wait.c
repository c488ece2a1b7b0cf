/* SPDX-License-Identifier: MIT */
/*
 * wait.c - wait queues.
 *
 * A sleeper first says that it is going to sleep, then gets on the queue, then
 * releases the condition's lock.  A wake-up after the first step turns the sleep
 * into nothing; so none is lost.
 * Lock order: the condition's lock => queue->lock => sched lock.
 */
#include "sync/wait.h"
#include "lib/errno.h"
#include "sync/sched.h"
#include "sync/time.h"
#include "sync/timer.h"

struct wake_timer {
    struct timer timer;
    struct task *task;
};

void wait_init(struct wait_queue *queue)
{
    spin_init(&queue->lock, "wait");
    list_init(&queue->entries);
}

static inline void enqueue(struct wait_queue *queue, struct wait_entry *entry)
{
    entry->task = current();
    entry->queue = queue;
    entry->woken = false;
    spin_lock(&queue->lock);
    list_push_back(&queue->entries, &entry->link);
    spin_unlock(&queue->lock);
}

void wait_add(struct wait_queue *queue, struct wait_entry *entry)
{
    enqueue(queue, entry);
    memory_barrier(); /* on the queue before the condition is looked at: see wait_wake_all() */
}

void wait_remove(struct wait_entry *entry)
{
    spin_lock(&entry->queue->lock);
    list_remove(&entry->link);
    spin_unlock(&entry->queue->lock);
}

static void wake_by_timer(struct timer *timer)
{
    sched_wake(container_of(timer, struct wake_timer, timer)->task);
}

/* Block until woken, signalled or late.  => wait_add() and sched_prepare_sleep() were called. */
static void block_until(u64 deadline_ns)
{
    struct wake_timer late;

    if (deadline_ns == WAIT_FOREVER) {
        sched_block();
        return;
    }
    late.task = current();
    timer_setup(&late.timer, wake_by_timer);
    timer_arm(&late.timer, deadline_ns);
    sched_block();
    timer_cancel(&late.timer);
}

int wait_sleep_timeout(struct wait_queue *queue, struct spinlock *lock, u64 deadline_ns,
                       bool interruptible)
{
    struct wait_entry entry;
    int result = 0;

    sched_prepare_sleep(interruptible);
    enqueue(queue, &entry);
    spin_unlock(lock);
    block_until(deadline_ns); /* not at all if a signal is pending: sched_block() looks */
    wait_remove(&entry);
    if (!entry.woken) {
        if (interruptible && current()->signal_pending) {
            result = -EINTR;
        } else if (deadline_ns != WAIT_FOREVER && time_now_ns() >= deadline_ns) {
            result = -ETIMEDOUT;
        }
    }
    spin_lock(lock);
    return result;
}

void wait_sleep(struct wait_queue *queue, struct spinlock *lock)
{
    wait_sleep_timeout(queue, lock, WAIT_FOREVER, false);
}

int wait_sleep_interruptible(struct wait_queue *queue, struct spinlock *lock)
{
    return wait_sleep_timeout(queue, lock, WAIT_FOREVER, true);
}

static bool any_woken(const struct wait_entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (__atomic_load_n(&entries[i].woken, __ATOMIC_ACQUIRE)) {
            return true;
        }
    }
    return false;
}

int wait_any(struct wait_entry *entries, unsigned count, u64 deadline_ns, bool interruptible)
{
    for (;;) {
        sched_prepare_sleep(interruptible);
        if (any_woken(entries, count)) {
            sched_cancel_sleep();
            return 0;
        }
        if (interruptible && current()->signal_pending) {
            sched_cancel_sleep();
            return -EINTR;
        }
        if (deadline_ns != WAIT_FOREVER && time_now_ns() >= deadline_ns) {
            sched_cancel_sleep();
            return -ETIMEDOUT;
        }
        block_until(deadline_ns);
    }
}

/* Wake the first sleeper.  => queue->lock is held and the queue is not empty. */
static void wake_first(struct wait_queue *queue)
{
    struct wait_entry *entry = list_first(&queue->entries, struct wait_entry, link);

    /* The entry lives until its owner gets queue->lock in wait_remove(). */
    list_remove(&entry->link);
    __atomic_store_n(&entry->woken, true, __ATOMIC_RELEASE);
    sched_wake(entry->task);
}

/*
 * Nobody there, at the price of one load.  The waker changed the condition before,
 * a sleeper looks at it after it is on the queue; of the two barriers one is second.
 */
static bool nobody_waits(const struct wait_queue *queue)
{
    memory_barrier();
    return wait_is_empty(queue);
}

void wait_wake_one(struct wait_queue *queue)
{
    if (nobody_waits(queue)) {
        return;
    }
    spin_lock(&queue->lock);
    if (!list_empty(&queue->entries)) {
        wake_first(queue);
    }
    spin_unlock(&queue->lock);
}

void wait_wake_all(struct wait_queue *queue)
{
    if (nobody_waits(queue)) {
        return;
    }
    spin_lock(&queue->lock);
    while (!list_empty(&queue->entries)) {
        wake_first(queue);
    }
    spin_unlock(&queue->lock);
}
