/* SPDX-License-Identifier: MIT */
/*
 * itimer.c - interval timers of a process: real time (SIGALRM), its user time
 * (SIGVTALRM) and its CPU time (SIGPROF).
 *
 * The real one is a kernel timer.  The other two count CPU time, which passes at most as
 * fast as real time: a second kernel timer looks when they could be due at the earliest,
 * and again later if the process has not run that long.
 *
 * Locks: process_lock for the timers' values; the kernel timer has its own.
 */
#include "proc/itimer.h"

#include "abi/signal.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/time.h"

#define NS_PER_SECOND 1000000000ull
#define CPU_TIMER_STEP 1000000ull /* ns: not looked at more often */

static void send_alarm(struct process *process, u32 signo)
{
    const struct signal_info info = {.signo = (i32)signo, .code = SI_KERNEL};

    (void)signal_send_process_locked(process, &info);
}

static void alarm_fired(struct timer *timer)
{
    struct process *process = container_of(timer, struct process, alarm);
    struct interval_timer *real = &process->timers[ITIMER_REAL];
    u64 again = 0;

    spin_lock(&process_lock);
    if (real->deadline != 0) {
        send_alarm(process, SIGALRM);
        real->deadline = real->interval ? real->deadline + real->interval : 0;
        again = real->deadline;
    }
    spin_unlock(&process_lock);
    if (again != 0) {
        timer_arm(timer, again);
    }
}

/* The clock that a timer counts on.  process_lock. */
static u64 clock_of(const struct process *process, u32 which)
{
    struct usage usage;

    if (which == ITIMER_REAL) {
        return time_now_ns();
    }
    process_usage_locked(process, &usage);
    return which == ITIMER_VIRTUAL ? usage.user_ns : usage.user_ns + usage.system_ns;
}

static u64 nanoseconds(u64 seconds)
{
    return seconds > ~0ull / NS_PER_SECOND ? ~0ull : seconds * NS_PER_SECOND;
}

/*
 * RLIMIT_CPU: SIGXCPU when the soft limit is used up and every second from then on, SIGKILL at
 * the hard one.  => ns of CPU time until something is due, 0: never.  process_lock
 */
static u64 check_cpu_limit(struct process *process)
{
    const struct abi_rlimit *limit = &process->limits[RLIMIT_CPU];
    u64 now, warning;

    if (limit->current == RLIM_INFINITY && limit->maximum == RLIM_INFINITY) {
        return 0;
    }
    now = clock_of(process, ITIMER_PROF);
    if (now >= nanoseconds(limit->maximum)) {
        send_alarm(process, SIGKILL);
        return 0;
    }
    warning = max_u64(nanoseconds(limit->current), process->cpu_warning);
    if (now >= warning) {
        send_alarm(process, SIGXCPU);
        warning = process->cpu_warning = now + NS_PER_SECOND;
    }
    return min_u64(warning, nanoseconds(limit->maximum)) - now;
}

/* Sends what is due.  => ns until the next CPU-time timer may be due, 0 if none is armed */
static u64 check_cpu_timers(struct process *process)
{
    u64 soonest = check_cpu_limit(process);

    for (u32 which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
        struct interval_timer *timer = &process->timers[which];
        u64 now = clock_of(process, which);

        if (timer->deadline != 0 && now >= timer->deadline) {
            timer->deadline = timer->interval ? now + timer->interval : 0;
            send_alarm(process, which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF);
        }
        if (timer->deadline != 0 && (soonest == 0 || timer->deadline - now < soonest)) {
            soonest = timer->deadline - now;
        }
    }
    return soonest;
}

static void cpu_alarm_fired(struct timer *timer)
{
    struct process *process = container_of(timer, struct process, cpu_alarm);
    u64 wait;

    spin_lock(&process_lock);
    wait = check_cpu_timers(process);
    spin_unlock(&process_lock);
    if (wait != 0) {
        timer_arm(timer, time_now_ns() + max_u64(wait, CPU_TIMER_STEP));
    }
}

void itimer_setup(struct process *process)
{
    timer_setup(&process->alarm, alarm_fired);
    timer_setup(&process->cpu_alarm, cpu_alarm_fired);
}

static void read_locked(u32 which, u64 *value, u64 *interval)
{
    const struct interval_timer *timer = &current_process()->timers[which];
    u64 now = clock_of(current_process(), which);

    *interval = timer->interval;
    if (timer->deadline == 0) {
        *value = 0;
    } else {
        *value = timer->deadline > now ? timer->deadline - now : 1000;
    }
}

void itimer_get(u32 which, u64 *value, u64 *interval)
{
    spin_lock(&process_lock);
    read_locked(which, value, interval);
    spin_unlock(&process_lock);
}

void itimer_set(u32 which, u64 value, u64 interval, u64 *old_value, u64 *old_interval)
{
    struct process *process = current_process();
    struct interval_timer *timer = &process->timers[which];
    u64 deadline;

    spin_lock(&process_lock);
    read_locked(which, old_value, old_interval);
    timer->interval = interval;
    deadline = value ? clock_of(process, which) + value : 0;
    timer->deadline = deadline;
    spin_unlock(&process_lock);
    if (which != ITIMER_REAL) {
        timer_arm(&process->cpu_alarm, time_now_ns() + max_u64(value, CPU_TIMER_STEP));
        return;
    }
    (void)timer_cancel(&process->alarm);
    if (deadline != 0) {
        timer_arm(&process->alarm, deadline);
    }
}

void itimer_limit_changed(struct process *process)
{
    u64 wait;

    spin_lock(&process_lock);
    process->cpu_warning = 0;
    wait = process->state == PROCESS_ZOMBIE ? 0 : check_cpu_timers(process);
    spin_unlock(&process_lock);
    if (wait != 0) {
        timer_arm(&process->cpu_alarm, time_now_ns() + max_u64(wait, CPU_TIMER_STEP));
    }
}

void itimer_stop(struct process *process)
{
    spin_lock(&process_lock);
    for (u32 which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        process->timers[which].deadline = 0;
    }
    spin_unlock(&process_lock);
    if (process->alarm.deadline_ns != 0) { /* was armed once */
        (void)timer_cancel(&process->alarm);
    }
    if (process->cpu_alarm.deadline_ns != 0) {
        (void)timer_cancel(&process->cpu_alarm);
    }
}
