/* SPDX-License-Identifier: MIT */
/* names.h - what the system calls and /proc/sys/kernel both say of the kernel. */
#ifndef KERNEL_SYS_NAMES_H
#define KERNEL_SYS_NAMES_H

#include "lib/types.h"

struct abi_utsname;

#define SEGMENTS_MAX 128u            /* System V shared memory segments */
#define SEGMENT_SIZE_MAX (1ul << 34) /* bytes of one */

/* uname(2). */
void kernel_names(struct abi_utsname *out);
/* => 0 or -EINVAL: too long */
int kernel_set_hostname(const char *name, size_t length);

#endif
