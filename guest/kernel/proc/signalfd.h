/* SPDX-License-Identifier: MIT */
/* signalfd.h - signals to wait on.  See signalfd.c. */
#ifndef KERNEL_PROC_SIGNALFD_H
#define KERNEL_PROC_SIGNALFD_H

#include "lib/types.h"

struct file;

/* flags: O_NONBLOCK, O_CLOEXEC (the caller's business).  => 0, -ENOMEM */
int signalfd_create(u64 set, u32 flags, struct file **out);
/* Other signals from now on.  => 0, -EINVAL: no signalfd */
int signalfd_change(struct file *file, u64 set);

#endif
