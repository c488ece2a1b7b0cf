/* SPDX-License-Identifier: MIT */
/* posix_timer.h - timers of a process that tell by a signal.  See posix_timer.c. */
#ifndef KERNEL_PROC_POSIX_TIMER_H
#define KERNEL_PROC_POSIX_TIMER_H

#include "lib/types.h"

struct process;
struct signal_info;

struct posix_timer_request {
    bool is_realtime; /* its clock; else the monotonic one */
    bool is_silent;   /* SIGEV_NONE */
    bool value_is_id; /* there was no sigevent */
    i32 signo;
    u32 tid;   /* SIGEV_THREAD_ID: to this thread; 0: to the process */
    u64 value; /* si_value */
};

struct posix_timer_time {
    u64 value, interval; /* ns; value 0 = not armed */
};

/* => its id or -EINVAL (no such thread), -EAGAIN, -ENOMEM */
i64 posix_timer_create(const struct posix_timer_request *request);
/* absolute: the value is a time of its clock.  => 0 with the old time, -EINVAL */
i64 posix_timer_set(i32 id, bool absolute, const struct posix_timer_time *time,
                    struct posix_timer_time *old);
i64 posix_timer_get(i32 id, struct posix_timer_time *left);
/* How many more times it had expired when its last signal was delivered.  => -EINVAL */
i64 posix_timer_overrun(i32 id);
i64 posix_timer_delete(i32 id);
/* exec and the end.  => the caller is the only thread */
void posix_timers_drop(struct process *process);
/* A signal of a timer of the current process is being delivered.  process_lock. */
void posix_timer_delivered(struct signal_info *info);

#endif
