/* SPDX-License-Identifier: MIT */
/*
 * wait.c - wait queues.
 *
 * Under the scheduler's lock a sleeper gets on the queue and stops running, and a waker
 * takes it off and makes it run; so no wake-up is lost between the two.  A sleeper on
 * one queue gives up its condition's lock only when it holds the scheduler's; one on
 * several first says that it is going to sleep, then looks at all its conditions.
 * Lock order: the condition's lock => sched_lock.
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
    list_init(&queue->entries);
}

static void add(struct wait_queue *queue, struct wait_entry *entry)
{
    entry->queue = queue;
    entry->woken = false;
    spin_lock(&sched_lock);
    list_push_back(&queue->entries, &entry->link);
    spin_unlock(&sched_lock);
    memory_barrier(); /* on the queue before the condition is looked at: see wait_wake_all() */
}

void wait_add(struct wait_queue *queue, struct wait_entry *entry)
{
    entry->task = current();
    add(queue, entry);
}

void wait_add_relay(struct wait_queue *queue, struct wait_entry *entry, struct wait_queue *to)
{
    entry->task = NULL;
    entry->relay = to;
    add(queue, entry);
}

void wait_remove(struct wait_entry *entry)
{
    spin_lock(&sched_lock);
    list_remove(&entry->link);
    spin_unlock(&sched_lock);
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

/* Why a sleep ended that no wake-up has ended.  => 0 for no reason at all */
static int reason(u64 deadline_ns, bool interruptible)
{
    if (interruptible && current()->signal_pending) {
        return -EINTR;
    }
    return deadline_ns != WAIT_FOREVER && time_now_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

/* => sched_lock is held, and given up; both as sched_sleep_locked(). */
static rarely void sleep_until(u64 deadline_ns, bool interruptible)
{
    struct wake_timer late = {.task = current()};

    timer_setup(&late.timer, wake_by_timer);
    timer_arm(&late.timer, deadline_ns);
    sched_sleep_locked(interruptible);
    timer_cancel(&late.timer);
}

int wait_sleep_timeout(struct wait_queue *queue, struct spinlock *lock, u64 deadline_ns,
                       bool interruptible)
{
    struct wait_entry entry;
    int result = 0;

    entry.task = current();
    entry.woken = false;
    spin_lock(&sched_lock);
    list_push_back(&queue->entries, &entry.link);
    spin_unlock(lock);
    if (likely(deadline_ns == WAIT_FOREVER)) {
        sched_sleep_locked(interruptible);
    } else {
        sleep_until(deadline_ns, interruptible);
    }
    if (unlikely(!__atomic_load_n(&entry.woken, __ATOMIC_ACQUIRE))) {
        wait_remove(&entry);
        result = entry.woken ? 0 : reason(deadline_ns, interruptible);
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

static void wake_first(struct wait_queue *queue);

static rarely void wake_relayed(const struct wait_entry *relay)
{
    while (!list_empty(&relay->relay->entries)) {
        wake_first(relay->relay);
    }
}

/* Wake the first sleeper.  => sched_lock is held and the queue is not empty. */
static inline void wake_first(struct wait_queue *queue)
{
    struct wait_entry *entry = list_first(&queue->entries, struct wait_entry, link);

    list_remove(&entry->link);
    entry->woken = true;
    if (likely(entry->task != NULL)) {
        sched_wake_locked(entry->task);
    } else {
        wake_relayed(entry);
    }
}

/*
 * Nobody there, at the price of one load.  The waker changed the condition before,
 * a sleeper looks at it after it is on the queue; of the two barriers one is second.
 */
static inline bool nobody_waits(const struct wait_queue *queue)
{
    memory_barrier();
    return wait_is_empty(queue);
}

void wait_wake_one(struct wait_queue *queue)
{
    if (nobody_waits(queue)) {
        return;
    }
    spin_lock(&sched_lock);
    if (!list_empty(&queue->entries)) {
        wake_first(queue);
    }
    spin_unlock(&sched_lock);
}

void wait_wake_all(struct wait_queue *queue)
{
    if (nobody_waits(queue)) {
        return;
    }
    spin_lock(&sched_lock);
    while (!list_empty(&queue->entries)) {
        wake_first(queue);
    }
    spin_unlock(&sched_lock);
}
