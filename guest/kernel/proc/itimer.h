/* SPDX-License-Identifier: MIT */
/* itimer.h - setitimer and alarm.  See itimer.c. */
#ifndef KERNEL_PROC_ITIMER_H
#define KERNEL_PROC_ITIMER_H

#include "lib/types.h"

struct process;

/* Prepares the timers of a new process: all off. */
void itimer_setup(struct process *process);
/* Sets ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF; values in ns, 0 = off.  The old remaining
 * time and interval are stored.  => the calling process is current */
void itimer_set(u32 which, u64 value, u64 interval, u64 *old_value, u64 *old_interval);
void itimer_get(u32 which, u64 *value, u64 *interval);
/* RLIMIT_CPU was set, or is there from the beginning.  => no locks */
void itimer_limit_changed(struct process *process);
/* The process ends: nothing fires any more.  => no locks */
void itimer_stop(struct process *process);
#endif
