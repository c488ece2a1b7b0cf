/* SPDX-License-Identifier: MIT */
/* syscall_count.h - the table of system calls ends before this number (for trap/entry.S too). */
#ifndef KERNEL_SYS_SYSCALL_COUNT_H
#define KERNEL_SYS_SYSCALL_COUNT_H

#define SYSCALL_COUNT 463

#endif
