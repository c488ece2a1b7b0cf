/* SPDX-License-Identifier: MIT */
/*
 * wait.c - wait queues.
 *
 * Under the scheduler's lock a sleeper gets on the queue and stops running, and a waker
 * takes it off and makes it run; so no wake-up is lost between the two.  A sleeper on
 * one queue gives up its condition's lock only when it holds the scheduler's; one on
 * several first says that it is going to sleep, then looks at all its conditions.
 * Lock order: the condition's lock => the run queue's.
 */
#include "sync/wait.h"
#include "lib/errno.h"
#include "sync/run_queue.h"
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
    spin_lock_quick(&run_queue.lock);
    list_push_back(&queue->entries, &entry->link);
    spin_unlock_quick(&run_queue.lock);
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
    spin_lock_quick(&run_queue.lock);
    list_remove(&entry->link);
    spin_unlock_quick(&run_queue.lock);
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

/* => the run queue's lock is held, and given up; both as sleep_locked(). */
static rarely void sleep_until(u64 deadline_ns, bool interruptible)
{
    struct wake_timer late = {.task = current()};

    timer_setup(&late.timer, wake_by_timer);
    timer_arm(&late.timer, deadline_ns);
    sleep_locked(interruptible);
    timer_cancel(&late.timer);
}

/* The sleeper gets on the queue, and holds the run queue's lock then.  => the condition's lock is
 * held */
static always_inline void join(struct wait_queue *queue, struct wait_entry *entry)
{
    entry->task = current();
    entry->woken = false;
    spin_lock_quick(&run_queue.lock);
    list_push_back(&queue->entries, &entry->link);
}

/* Awake, but not by a waker, it seems.  => 0 (it was one after all), -ETIMEDOUT, -EINTR */
static rarely int not_woken(struct wait_entry *entry, u64 deadline_ns, bool interruptible)
{
    wait_remove(entry);
    return entry->woken ? 0 : reason(deadline_ns, interruptible);
}

/* No order is needed: the condition is looked at under its lock again. */
static always_inline bool was_woken(const struct wait_entry *entry)
{
    return likely(__atomic_load_n(&entry->woken, __ATOMIC_RELAXED));
}

static always_inline int sleep_for_ever(struct wait_queue *queue, struct spinlock *lock,
                                        bool interruptible)
{
    struct wait_entry entry;
    int result = 0;

    join(queue, &entry);
    spin_unlock(lock);
    sleep_locked(interruptible);
    if (!was_woken(&entry)) {
        result = not_woken(&entry, WAIT_FOREVER, interruptible);
    }
    spin_lock(lock);
    return result;
}

void wait_sleep(struct wait_queue *queue, struct spinlock *lock)
{
    (void)sleep_for_ever(queue, lock, false);
}

int wait_sleep_interruptible(struct wait_queue *queue, struct spinlock *lock)
{
    return sleep_for_ever(queue, lock, true);
}

int wait_sleep_quick(struct wait_queue *queue, struct spinlock *lock)
{
    struct wait_entry entry;

    join(queue, &entry);
    spin_unlock_quick(lock);
    sleep_locked(true);
    return was_woken(&entry) ? 0 : not_woken(&entry, WAIT_FOREVER, true);
}

int wait_sleep_timeout(struct wait_queue *queue, struct spinlock *lock, u64 deadline_ns,
                       bool interruptible)
{
    struct wait_entry entry;
    int result = 0;

    if (deadline_ns == WAIT_FOREVER) {
        return sleep_for_ever(queue, lock, interruptible);
    }
    join(queue, &entry);
    spin_unlock(lock);
    sleep_until(deadline_ns, interruptible);
    if (!was_woken(&entry)) {
        result = not_woken(&entry, deadline_ns, interruptible);
    }
    spin_lock(lock);
    return result;
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

/* => the run queue's lock is held and the queue is not empty */
static always_inline struct wait_entry *take_first(struct wait_queue *queue)
{
    struct wait_entry *entry = list_first(&queue->entries, struct wait_entry, link);

    list_remove(&entry->link); /* wait_any() removes it once more */
    entry->woken = true;
    return entry;
}

/* Wake whoever the entry is for; an idle hart hears of it.  => the run queue's lock is held */
static void wake_entry(const struct wait_entry *entry)
{
    struct task *task = entry->task;

    if (task == NULL) {
        while (!wait_is_empty(entry->relay)) {
            wake_entry(take_first(entry->relay));
        }
        return;
    }
    wake_silently(task);
    if (run_queue.idle_harts != 0 && task->state == TASK_RUNNABLE) {
        run_queue_call_hart(task);
    }
}

/* More than one sleeper, relays, idle harts.  => the run queue's lock is held, and given up */
static rarely void wake_slowly(const struct wait_entry *first, struct wait_queue *others)
{
    wake_entry(first);
    while (others != NULL && !wait_is_empty(others)) {
        wake_entry(take_first(others));
    }
    spin_unlock_quick(&run_queue.lock);
}

/*
 * Nobody there, at the price of one load.  The waker changed the condition before,
 * a sleeper looks at it after it is on the queue; of the two barriers one is second.
 */
static always_inline bool nobody_waits(const struct wait_queue *queue)
{
    memory_barrier();
    return wait_is_empty(queue);
}

/* Short for what is nearly always the case: one task, and no hart that is idle. */
static always_inline void wake(struct wait_queue *queue, bool all)
{
    const struct wait_entry *first;

    if (nobody_waits(queue)) {
        return;
    }
    spin_lock_quick(&run_queue.lock);
    if (likely(!wait_is_empty(queue))) {
        first = take_first(queue);
        if (unlikely(run_queue.idle_harts != 0 || first->task == NULL ||
                     (all && !wait_is_empty(queue)))) {
            wake_slowly(first, all ? queue : NULL);
            return;
        }
        wake_silently(first->task);
    }
    spin_unlock_quick(&run_queue.lock);
}

void wait_wake_one(struct wait_queue *queue)
{
    wake(queue, false);
}

void wait_wake_all(struct wait_queue *queue)
{
    wake(queue, true);
}
