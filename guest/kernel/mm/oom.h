/* SPDX-License-Identifier: MIT */
/*
 * oom.h - when nothing more can be reclaimed: end one process.
 */
#ifndef MM_OOM_H
#define MM_OOM_H

#include "mm/space.h"

/*
 * What mm/ needs from proc/ (set once at boot).  Visit every process that has
 * an address space of its own; end one with SIGKILL.  Both are called without spinlocks.
 */
struct oom_ops {
    /* Call visit(pid, mm, argument) for each process, pid 1 included; mm stays valid in the call.
     */
    void (*each_process)(void (*visit)(u32 pid, struct mm *mm, void *argument), void *argument);
    /* Send SIGKILL and set task->oom_victim on all threads.  => false if it is gone already. */
    bool (*kill)(u32 pid);
};
void oom_set_ops(const struct oom_ops *ops);
extern const struct oom_ops *oom_ops;

extern u64 oom_kills; /* since boot */

/* Kill the process with the highest badness.  => false if there was none to kill. */
bool oom_kill_one(void);
/* Badness of an address space for /proc/pid/oom_score: 0 .. 1000 (+adj). */
u32 oom_score(const struct mm *mm);

#endif
