/* SPDX-License-Identifier: MIT */
/* install.h - giving a new file its descriptor. */
#ifndef KERNEL_SYS_INSTALL_H
#define KERNEL_SYS_INSTALL_H

#include "lib/types.h"

struct file;

/* Takes over the reference to the file, also on failure.  => the lowest free descriptor >= from,
 * or -EMFILE, -ENOMEM */
i64 sys_install(struct file *file, u32 from, bool close_on_exec);

/* Two files, whose descriptors go to the pair of numbers at `user`.  Takes over both references.
 * => 0, -EMFILE, -ENOMEM, -EFAULT */
i64 sys_install_pair(struct file *first, struct file *second, bool close_on_exec, u64 user);

#endif
