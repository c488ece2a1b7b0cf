/* SPDX-License-Identifier: MIT */
/* eventfd.h - a counter to wait on.  See eventfd.c. */
#ifndef KERNEL_FS_EVENTFD_H
#define KERNEL_FS_EVENTFD_H

#include "lib/types.h"

struct file;

/* flags: EFD_SEMAPHORE, O_NONBLOCK, O_CLOEXEC (the caller's business).  => 0, -EINVAL, -ENOMEM */
int eventfd_create(u32 value, u32 flags, struct file **out);

#endif
