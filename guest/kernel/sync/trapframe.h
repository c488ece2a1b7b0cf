/* SPDX-License-Identifier: MIT */
/*
 * trapframe.h - the registers of an interrupted context, as trap/entry.S saves
 * them.  A task's user registers are at the top of its kernel stack.
 */
#ifndef SYNC_TRAPFRAME_H
#define SYNC_TRAPFRAME_H

#include "lib/types.h"

enum {
    REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_T0 = 5, REG_T1 = 6, REG_T2 = 7,
    REG_S0 = 8, REG_S1 = 9, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A3 = 13, REG_A4 = 14,
    REG_A5 = 15, REG_A6 = 16, REG_A7 = 17, REG_S2 = 18, REG_S11 = 27, REG_T3 = 28, REG_T6 = 31
};

struct trapframe {
    u64 regs[32];  /* x0..x31; regs[0] is unused */
    u64 pc;        /* sepc */
    u64 status;    /* sstatus */
    u64 cause;     /* scause */
    u64 value;     /* stval */
    u64 first_a0;  /* a0 at the entry of a system call that ended with -EINTR, for restarting */
    u64 unused;    /* the size is a multiple of 16 */
};

/* Float registers f0..f31 and fcsr. */
struct fp_state {
    u64 f[32];
    u32 fcsr, unused;
};

#endif
