/* SPDX-License-Identifier: MIT */
/*
 * trap.h - what the trap room offers, and what it calls above it:
 *   sys/   syscall_functions[number](&a0)                       from entry.S: see sys/syscall.h
 *   proc/  void signal_end_temporary_mask(void);                at the end of such a system call
 *   proc/  void signal_deliver(struct trapframe *frame);        before returning to user mode
 *   proc/  void signal_fault(int signal, int code, u64 address); to the running thread
 */
#ifndef TRAP_TRAP_H
#define TRAP_TRAP_H

#include "sync/trapframe.h"

void trap_init_hart(void);
void trap_print(const struct trapframe *frame); /* registers, for panics */
extern const struct trapframe *trap_fatal;      /* of the trap that ended in a panic, or NULL */

void signal_end_temporary_mask(void);
void signal_deliver(struct trapframe *frame);
void signal_fault(int signal, int code, u64 address);

#endif
