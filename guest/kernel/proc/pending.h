/* SPDX-License-Identifier: MIT */
/* pending.h - sets of pending signals, for the files of proc/ only.  See pending.c. */
#ifndef KERNEL_PROC_PENDING_H
#define KERNEL_PROC_PENDING_H

#include "proc/signal.h"

int signal_pending_add(struct signal_pending_set *set, const struct signal_info *info,
                       struct queued_signal **spare);
/* A kept signal leaves the queue that it may be in. */
void signal_pending_withdraw(struct queued_signal *kept);
bool signal_pending_take(struct signal_pending_set *set, u64 allowed, struct signal_info *out);

/* What a signal does when its action is SIG_DFL. */
enum signal_default { SIGNAL_TERMINATES, SIGNAL_IGNORED, SIGNAL_STOPS, SIGNAL_CONTINUES };
enum signal_default signal_default_of(u32 signo);

/* The stop that is under way may be complete (a thread parked or ended).  process_lock. */
void signal_stop_advance_locked(struct process *process);

/* Takes the next signal for the current thread, among `allowed`.  process_lock. */
bool signal_take_locked(struct thread *thread, u64 allowed, struct signal_info *out);

#endif
