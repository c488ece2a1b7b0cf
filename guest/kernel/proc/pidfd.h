/* SPDX-License-Identifier: MIT */
/*
 * pidfd.h - a descriptor that names a process, whatever becomes of its number.
 *
 * It is readable for poll once the process has ended.  Source: Linux pidfd_open(2).
 */
#ifndef KERNEL_PROC_PIDFD_H
#define KERNEL_PROC_PIDFD_H

#include "lib/types.h"

struct file;
struct process;

#define PIDFD_NONBLOCK 0x800u /* O_NONBLOCK */

/* Takes a reference to the process of its own.  => 0 or -ENOMEM */
int pidfd_create(struct process *process, u32 flags, struct file **out);
/* The process of an open file, no reference added, which it holds; NULL: it is no pidfd. */
struct process *pidfd_process(const struct file *file);
/* For clone(2): makes one in the caller's table and puts its number at `user`.
 * => the descriptor, -EMFILE, -ENOMEM, -EFAULT */
i64 pidfd_install(struct process *process, u64 user);
/* Has it been waited for?  Then its number may be another's. */
bool process_is_gone(const struct process *process);

#endif
