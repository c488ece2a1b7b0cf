/* SPDX-License-Identifier: MIT */
/* job.h - process groups and sessions.  See job.c. */
#ifndef KERNEL_PROC_JOB_H
#define KERNEL_PROC_JOB_H

#include "lib/types.h"

/* setpgid(2).  => 0, -EINVAL, -ESRCH, -EPERM, -EACCES */
int process_set_group(i32 pid, i32 group);
/* setsid(2).  => the new session, or -EPERM */
i64 process_new_session(void);

#endif
