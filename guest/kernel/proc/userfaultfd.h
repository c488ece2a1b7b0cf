/* SPDX-License-Identifier: MIT */
/* userfaultfd.h - makes the file of userfaultfd(2).  flags as there.  => 0, -EINVAL, -ENOMEM */
#ifndef KERNEL_PROC_USERFAULTFD_H
#define KERNEL_PROC_USERFAULTFD_H

#include "lib/types.h"

struct file;

int userfaultfd_create(u32 flags, struct file **out);

#endif
