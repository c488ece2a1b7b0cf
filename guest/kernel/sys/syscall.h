/* SPDX-License-Identifier: MIT */
/* syscall.h - the way from the trap code into the table of system calls. */
#ifndef KERNEL_SYS_SYSCALL_H
#define KERNEL_SYS_SYSCALL_H

#include "lib/types.h"
#include "sys/syscall_count.h"

struct trapframe;

/*
 * By number (a7): trap/entry.S calls it with the place where a0..a5 are saved; the result goes to
 * a0, sepc is already moved on by 4.  NULL: does not exist.  => may sleep; may not return
 */
extern i64 (*const syscall_functions[SYSCALL_COUNT])(const u64 *a);
/* The call ended with -EINTR: notes what it takes to start it again, for signal_deliver(). */
void syscall_interrupted(struct trapframe *frame);
/* A number that has no function.  => -ENOSYS */
i64 syscall_missing(u64 number);

/* /proc/version and /proc/sys/kernel.  => once at boot */
void syscall_views_init(void);

#endif
