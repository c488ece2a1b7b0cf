/* SPDX-License-Identifier: MIT */
/*
 * posix_timer.c - timer_create(2): any number of timers that tell by a signal.
 *
 * A timer that has expired stands still until its signal is delivered; what it has missed by then
 * is its overrun, and it goes on from there.  So one that expires every nanosecond costs no more
 * than its handler.  The place of its signal in the queue is a part of the timer: sending needs
 * no memory.
 *
 * Locks: timers_change (sleeping) lets one call at a time make, set or delete timers of whichever
 * process; process_lock guards the timers' contents, with the signals.
 * Source: POSIX.1-2017 timer_create(), timer_settime().
 */
#include "proc/posix_timer.h"

#include "abi/errno.h"
#include "mm/kalloc.h"
#include "proc/pending.h"
#include "proc/process.h"
#include "sync/mutex.h"
#include "sync/time.h"
#include "sync/timer.h"

#define TIMERS_MOST 1024
#define UNHEARD_NS 1000000u /* least interval while nobody takes the signals */

struct posix_timer {
    struct list link; /* in process->posix_timers */
    i32 id;
    struct process *process;
    struct posix_timer_request request;
    struct timer timer;
    u64 deadline, interval; /* ns, monotonic; 0: not armed */
    u64 overrun;
    bool stands; /* expired; its signal is on the way */
    struct queued_signal queued;
};

static struct mutex timers_change = MUTEX(timers_change, "timers of processes");

/* process_lock.  => the timer of the current process, or NULL */
static struct posix_timer *find(i32 id)
{
    list_for_each(link, &current_process()->posix_timers)
    {
        struct posix_timer *timer = list_entry(link, struct posix_timer, link);

        if (timer->id == id) {
            return timer;
        }
    }
    return NULL;
}

static void arm(struct posix_timer *timer, u64 deadline)
{
    timer->deadline = deadline;
    timer->stands = false;
    timer_arm(&timer->timer, deadline);
}

/* Goes on from the last expiry.  => how many intervals have passed besides */
static u64 advance(struct posix_timer *timer)
{
    u64 more = 0;

    if (timer->interval == 0) {
        timer->deadline = 0;
        timer->stands = false;
    } else {
        more = (time_now_ns() - timer->deadline) / timer->interval;
        arm(timer, timer->deadline + (more + 1) * timer->interval);
    }
    return more;
}

/* process_lock.  => true: it is on the way, and is ours */
static bool send(struct posix_timer *timer)
{
    const struct posix_timer_request *request = &timer->request;
    const struct signal_info info = {.signo = request->signo,
                                     .code = SI_TIMER,
                                     .pid = timer->id,
                                     .value =
                                         request->value_is_id ? (u64)timer->id : request->value};
    struct thread *thread = request->tid ? thread_find_locked(request->tid) : NULL;

    if (request->tid && (!thread || thread->process != timer->process)) {
        return false;
    }
    return signal_send_kept_locked(timer->process, thread, &info, &timer->queued);
}

static void fire(struct timer *expired)
{
    struct posix_timer *timer = container_of(expired, struct posix_timer, timer);

    spin_lock(&process_lock);
    if (timer->deadline != 0 && time_now_ns() >= timer->deadline) { /* else it was set anew */
        timer->stands = true;
        if (!timer->request.is_silent && !send(timer)) {
            (void)advance(timer);
            if (timer->deadline != 0) {
                arm(timer, max_u64(timer->deadline, time_now_ns() + UNHEARD_NS));
            }
        }
    }
    spin_unlock(&process_lock);
}

void posix_timer_delivered(struct signal_info *info)
{
    struct posix_timer *timer = find(info->pid);

    if (timer && timer->stands) {
        timer->overrun = min_u64(advance(timer), 0x7fffffff);
        info->uid = (u32)timer->overrun; /* si_overrun */
    }
}

i64 posix_timer_create(const struct posix_timer_request *request)
{
    struct process *process = current_process();
    struct posix_timer *timer = kalloc(sizeof *timer);
    struct thread *thread;
    i64 result = 0;

    if (!timer) {
        return -ENOMEM;
    }
    timer->process = process;
    timer->request = *request;
    timer_setup(&timer->timer, fire);
    list_init(&timer->queued.link);
    timer->queued.is_kept = true;
    mutex_lock(&timers_change);
    spin_lock(&process_lock);
    thread = request->tid ? thread_find_locked(request->tid) : NULL;
    if (request->tid && (!thread || thread->process != process)) {
        result = -EINVAL;
    } else if (process->posix_timer_count >= TIMERS_MOST) {
        result = -EAGAIN;
    } else {
        result = timer->id = process->posix_timer_next++;
        process->posix_timer_count++;
        list_push_back(&process->posix_timers, &timer->link);
        timer = NULL;
    }
    spin_unlock(&process_lock);
    mutex_unlock(&timers_change);
    kfree(timer);
    return result;
}

static void get_left(struct posix_timer *timer, struct posix_timer_time *left)
{
    u64 now = time_now_ns();

    if (timer->stands && timer->request.is_silent) {
        (void)advance(timer);
    }
    left->interval = timer->interval;
    left->value = 0;
    if (timer->deadline != 0 && !(timer->stands && timer->interval == 0)) {
        u64 next = timer->deadline;

        if (timer->stands) {
            next += ((now - next) / timer->interval + 1) * timer->interval;
        }
        left->value = next > now ? next - now : 1; /* 0 would say "not armed" */
    }
}

i64 posix_timer_get(i32 id, struct posix_timer_time *left)
{
    struct posix_timer *timer;

    spin_lock(&process_lock);
    timer = find(id);
    if (timer) {
        get_left(timer, left);
    }
    spin_unlock(&process_lock);
    return timer ? 0 : -EINVAL;
}

i64 posix_timer_overrun(i32 id)
{
    struct posix_timer *timer;
    i64 result;

    spin_lock(&process_lock);
    timer = find(id);
    result = timer ? (i64)timer->overrun : -EINVAL;
    spin_unlock(&process_lock);
    return result;
}

/* A time of its clock as a monotonic one; what has passed is now. */
static u64 monotonic(const struct posix_timer *timer, u64 value)
{
    u64 now = time_now_ns(), clock_now = timer->request.is_realtime ? time_realtime_ns() : now;

    return value > clock_now ? now + (value - clock_now) : now;
}

i64 posix_timer_set(i32 id, bool absolute, const struct posix_timer_time *time,
                    struct posix_timer_time *old)
{
    struct posix_timer *timer;

    mutex_lock(&timers_change); /* nobody deletes it */
    spin_lock(&process_lock);
    timer = find(id);
    spin_unlock(&process_lock);
    if (!timer) {
        mutex_unlock(&timers_change);
        return -EINVAL;
    }
    timer_cancel(&timer->timer); /* not with the lock, for which fire() may be waiting */
    spin_lock(&process_lock);
    get_left(timer, old);
    signal_pending_withdraw(&timer->queued); /* a signal of its former life */
    timer->stands = false;
    timer->overrun = 0;
    timer->interval = time->interval;
    timer->deadline = 0;
    if (time->value != 0) {
        arm(timer, absolute ? monotonic(timer, time->value) : time_now_ns() + time->value);
    }
    spin_unlock(&process_lock);
    mutex_unlock(&timers_change);
    return 0;
}

/* timers_change. */
static void discard(struct posix_timer *timer)
{
    spin_lock(&process_lock);
    list_remove(&timer->link);
    signal_pending_withdraw(&timer->queued);
    timer->deadline = 0;
    timer->process->posix_timer_count--;
    spin_unlock(&process_lock);
    timer_cancel(&timer->timer);
    kfree(timer);
}

i64 posix_timer_delete(i32 id)
{
    struct posix_timer *timer;

    mutex_lock(&timers_change);
    spin_lock(&process_lock);
    timer = find(id);
    spin_unlock(&process_lock);
    if (timer) {
        discard(timer);
    }
    mutex_unlock(&timers_change);
    return timer ? 0 : -EINVAL;
}

void posix_timers_drop(struct process *process)
{
    mutex_lock(&timers_change);
    while (!list_empty(&process->posix_timers)) {
        discard(list_first(&process->posix_timers, struct posix_timer, link));
    }
    process->posix_timer_next = 0;
    mutex_unlock(&timers_change);
}
