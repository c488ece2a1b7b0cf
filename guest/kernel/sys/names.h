/* SPDX-License-Identifier: MIT */
/* names.h - what the system calls and /proc/sys/kernel both say of the kernel. */
#ifndef KERNEL_SYS_NAMES_H
#define KERNEL_SYS_NAMES_H

#include "lib/types.h"

struct abi_utsname;

#define MESSAGE_MAX 8192u /* bytes of a message of a System V queue */
#define QUEUE_ROOM 16384u /* bytes of all messages of one queue, if it was not told otherwise */

/* System V shared memory: /proc/sys/kernel/shmmax (bytes of one segment), shmall (pages of all). */
extern u64 shm_limit_bytes, shm_limit_pages;

/* uname(2). */
void kernel_names(struct abi_utsname *out);
/* => 0 or -EINVAL: too long */
int kernel_set_hostname(const char *name, size_t length);

#endif
