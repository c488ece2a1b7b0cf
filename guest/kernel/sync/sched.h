/* SPDX-License-Identifier: MIT */
/*
 * sched.h - who runs.  One run queue, round robin, 10 ms slices; kernel code is
 * never preempted, it yields by sleeping.
 */
#ifndef SYNC_SCHED_H
#define SYNC_SCHED_H

#include "sync/spin.h"
#include "sync/task.h"

#define SLICE_NS 10000000ull

/* What sync/ needs from mm/: load a task's address space (NULL: the kernel's). */
void mm_activate(struct mm *mm);

/* Give this hart its idle task: the context it is running in. */
void sched_init_hart(void);
/* Put a new task on the run queue (takes a reference for the scheduler). */
void sched_start(struct task *task);
/* Let others run. */
void sched_yield(void);
/* Make a sleeping task runnable; nothing happens to one that is awake. */
void sched_wake(struct task *task);
/* The same, but only if it sleeps interruptibly.  For signals: set signal_pending first. */
void sched_wake_signal(struct task *task);
/*
 * Mark the running task as going to sleep / sleep if nobody woke it since.
 * Between the two it may be put on wait queues; use wait.h where that suffices.
 */
void sched_prepare_sleep(bool interruptible);
void sched_block(void);
void sched_cancel_sleep(void);
/* End the running task. proc/ has taken everything from it but stack and struct. */
_Noreturn void sched_exit(void);

/* What sync/ needs from trap/ (set once at boot): go to user mode with the registers of a frame. */
extern void (*sched_return_to_user)(struct trapframe *frame);

/* From the timer interrupt. */
void sched_tick(u64 now_ns);
/*
 * The loop of a hart that has nothing to do; entered once per hart, on its boot
 * stack, which becomes the stack of its idle task.
 */
_Noreturn void sched_idle_loop(void);

u64 sched_runnable(void); /* tasks running or on the queue, for loadavg */
u64 sched_switches(void); /* context switches since boot */
u64 sched_idle_ns(void);  /* summed over harts */

/* Assembly in sync/switch.S. */
void fp_save(struct fp_state *state);
void fp_restore(const struct fp_state *state);

#endif
