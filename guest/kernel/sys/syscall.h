/* SPDX-License-Identifier: MIT */
/* syscall.h - the way from the trap code into the table of system calls. */
#ifndef KERNEL_SYS_SYSCALL_H
#define KERNEL_SYS_SYSCALL_H

struct trapframe;

/* Acts on an ecall from U-mode: a7 is the number, a0..a5 the arguments, the result goes
 * to a0; sepc is already moved on by 4.  => may sleep; may not return */
void syscall_dispatch(struct trapframe *frame);

/* /proc/version and /proc/sys/kernel.  => once at boot */
void syscall_views_init(void);

#endif
