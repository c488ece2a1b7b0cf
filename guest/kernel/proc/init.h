/* SPDX-License-Identifier: MIT */
/* init.h - starting the process room. */
#ifndef KERNEL_PROC_INIT_H
#define KERNEL_PROC_INIT_H

/* Gives the rooms below what they ask of processes (job_ops, proc_view_ops, oom_ops, pipe_broken,
 * the trampoline).  => once at boot, after process_table_init and the memory rooms */
void proc_init(void);

/* Each fills one of these. */
void job_init(void);
void view_init(void);

#endif
