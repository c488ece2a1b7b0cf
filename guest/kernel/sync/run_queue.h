/* SPDX-License-Identifier: MIT */
/*
 * run_queue.h - the queue of the tasks that want to run, and how one gets there.  For sched.c and
 * wait.c only: a wake-up and a sleep are made of these few lines, without a call in between.
 */
#ifndef SYNC_RUN_QUEUE_H
#define SYNC_RUN_QUEUE_H

#include "sync/sched.h"

/*
 * The lock guards the queue, the states of tasks, and wait queues.  It is taken by
 * spin_lock_quick(): nothing that is done under it asks whether it may sleep.
 */
extern struct run_queue {
    struct spinlock lock;
    struct list tasks; /* by run_link, the longest waiting first */
    u64 idle_harts;    /* mask of harts that wait for work */
} run_queue;

/* An idle hart that may run the task shall look at the queue.  => the lock is held. */
void run_queue_call_hart(const struct task *task);
/* Switch to the next task.  => the lock is held, and given up. */
void run_queue_switch(void);

/* And the monitor's copy.  Of a stopped process none is kept (proc/): it is shown as stopped. */
static always_inline void set_state(struct task *task, enum task_state state)
{
    task->state = state;
    *task->shown_state = state;
}

/* => the lock is held; the caller sees to it that an idle hart hears of it */
static always_inline void run_queue_add_silently(struct task *task)
{
    set_state(task, TASK_RUNNABLE);
    list_push_back(&run_queue.tasks, &task->run_link);
}

/* => the lock is held. */
static always_inline void run_queue_add(struct task *task)
{
    run_queue_add_silently(task);
    if (unlikely(run_queue.idle_harts != 0)) {
        run_queue_call_hart(task);
    }
}

/* As run_queue_add_silently(), for a task that sleeps or is about to.  => the lock is held. */
static always_inline void wake_silently(struct task *task)
{
    if (unlikely(task->state != TASK_SLEEPING)) {
        return;
    }
    if (unlikely(task->on_hart)) { /* it has not got as far as sched_block() */
        task->state = TASK_RUNNING;
    } else {
        run_queue_add_silently(task);
    }
}

/*
 * => the lock is held, and given up: sleep until woken; not at all if a signal ends such sleeps.
 */
static always_inline void sleep_locked(bool interruptible)
{
    struct task *task = current();

    if (interruptible && unlikely(task->signal_pending)) {
        spin_unlock_quick(&run_queue.lock);
        return;
    }
    task->interruptible = interruptible;
    set_state(task, TASK_SLEEPING);
    task->voluntary_switches++;
    run_queue_switch();
}

#endif
