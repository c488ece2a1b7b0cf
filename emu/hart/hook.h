/* SPDX-License-Identifier: MIT */
/*
 * hook.h - how observers hear of a hart.
 *
 * The upward interface of this room: harts call, observers implement.  Any pointer may be NULL.
 * Every call finds pc, counters and clock exact (hart.h).  Implementations look and do not touch:
 * no call may change what the guest sees.  Nothing here is on the path of plain loads and stores.
 */
#ifndef FAULTLINE_HOOK_H
#define FAULTLINE_HOOK_H

#include "emu/base/types.h"

struct hart;

enum trap_return_kind { RETURN_SRET, RETURN_MRET };

struct hook {
    void *ctx;
    /*
     * Before anything of the trap is visible in the hart: page tables, satp, privilege are still
     * those of the access.  cause has bit 63 set for interrupts.  to: the privilege that handles
     * it.  retired: hart_retired() before the instruction.
     */
    void (*trap_enter)(void *ctx, struct hart *h, u64 cause, u64 tval, u64 epc, unsigned from,
                       unsigned to, u64 retired);
    /* Before sret or mret takes effect. */
    void (*trap_return)(void *ctx, struct hart *h, enum trap_return_kind kind, unsigned to,
                        u64 new_pc);
    /* After satp has its new value (also when it is the old one). */
    void (*satp_write)(void *ctx, struct hart *h, u64 old_satp, u64 new_satp);
    /* After sfence.vma (or the SBI's remote fence) took effect. */
    void (*sfence)(void *ctx, struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid);
    /*
     * The probe instruction with the right ABI word; arguments are h->x[10] .. h->x[15].  retired:
     * before the instruction.
     */
    void (*probe)(void *ctx, struct hart *h, unsigned event, unsigned priv, u64 retired);
    /* The hart begins to wait. */
    void (*wfi)(void *ctx, struct hart *h);
};

#endif
