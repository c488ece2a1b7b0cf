/* SPDX-License-Identifier: MIT */
/*
 * failure.h - frames that are refused on purpose, to see what becomes of it.
 *
 * Armed for everybody by the monitor (`fail frame`, struct probe_failure), or for one thread by
 * /proc/PID/task/TID/fail-nth, as Linux has it: the Nth allocation of that thread fails, once.
 * Kernel threads, reclaim and victims of the OOM killer are left alone.
 *
 * While nothing is armed this costs nothing: allocations come here only when the harts' batches of
 * frames are off (frame_batches), which arming does.
 */
#ifndef MM_FAILURE_H
#define MM_FAILURE_H

#include "probe.h"
#include "lib/types.h"

struct task;

extern struct probe_failure frame_failure;

/* Is this allocation to fail?  Counts it. */
bool failure_strikes(unsigned how);
/* The monitor may have changed frame_failure: look.  => interrupts off */
void failure_look(void);
/* fail-nth of a thread; 0 = disarm. */
void failure_arm_task(struct task *task, u64 nth);
/* The thread ends. */
void failure_forget_task(struct task *task);

#endif
