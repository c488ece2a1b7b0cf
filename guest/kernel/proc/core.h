/* SPDX-License-Identifier: MIT */
/* core.h - the memory of a process that dies, for a debugger.  See core.c. */
#ifndef KERNEL_PROC_CORE_H
#define KERNEL_PROC_CORE_H

#include "proc/signal.h"

/* Does this signal's default action leave a core file? */
bool core_is_due(u32 signo);
/*
 * Writes the file "core" in the current directory, if RLIMIT_CORE allows one.
 * => no locks; sleeps.  => true: there is a core file (wait tells, WCOREDUMP)
 */
bool core_write(const struct signal_info *info);

#endif
