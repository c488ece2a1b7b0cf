/* SPDX-License-Identifier: MIT */
/* table.h - what the files of proc/ need of the process table among themselves.  See
 * process.c; the _locked ones want process_lock. */
#ifndef KERNEL_PROC_TABLE_H
#define KERNEL_PROC_TABLE_H

#include "proc/process.h"

void pid_release_locked(u32 pid);
void pid_reserve_locked(u32 pid);
u32 pid_last_used(void);
void process_publish_locked(struct process *process, struct process *parent);
void process_withdraw_locked(struct process *process);
void thread_publish_locked(struct thread *thread, u32 tid);
void thread_withdraw_locked(struct thread *thread);
void thread_rename_locked(struct thread *thread, u32 tid);
/* Its state, also for the monitor, is from now on STOPPED / that of its first thread again. */
void process_show_stopped_locked(struct process *process, bool stopped);
void thread_usage(const struct thread *thread, struct usage *out);
void process_usage_locked(const struct process *process, struct usage *out);
/* The most pages that were resident at once. */
u64 mm_peak(const struct mm *mm);
u32 thread_count(void);
u64 process_forks(void);

/* exit.c: tells the parent by SIGCHLD and wakes its wait4.  code is CLD_*. */
void process_notify_parent_locked(struct process *process, i32 code, u32 status);

/* exec.c: tells the monitor the program's name.  id is the task's. */
void process_announce(const struct process *process, u64 id);
/* exit.c: the child no longer uses the memory of the parent that vforked it. */
void process_end_vfork(struct process *process);
/* Robust futexes and the clear-child-tid word, on exit and exec.  => user memory is still there */
void thread_release_user_words(struct thread *thread);

#endif
