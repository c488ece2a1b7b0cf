/* SPDX-License-Identifier: MIT */
/*
 * access.h - the slow path of loads, stores and fetches: TLB fills, MMIO, misaligned accesses and
 * page crossings, stores to pages with code, PMP borders, atomics, and all that can fault.
 *
 * Contract for engines: h->pc is the address of the instruction and h->budget is exact before it.
 * On false the trap has been taken (hart_trap), nothing else has changed.  On true the engine
 * completes the instruction and then looks at h->stop and, after stores, at h->fetch_page: it is
 * FETCH_NONE when decoded code was dropped and the block being executed must be left.
 */
#ifndef FAULTLINE_ACCESS_H
#define FAULTLINE_ACCESS_H

#include "emu/hart/hart.h"
#include "emu/hart/walk.h"

/* size 1, 2, 4, 8; the value is zero-extended. */
bool hart_load(struct hart *h, u64 va, unsigned size, u64 *value);
bool hart_store(struct hart *h, u64 va, unsigned size, u64 value);

/*
 * lr, sc, amo.  size 4 or 8.  Results are sign-extended.  operation: an insn_op of A (OP_AMOADD_W
 * or OP_AMOADD_D give the same here; size tells).
 */
bool hart_load_reserved(struct hart *h, u64 va, unsigned size, u64 *value);
bool hart_store_conditional(struct hart *h, u64 va, unsigned size, u64 value, u64 *failed);
bool hart_amo(struct hart *h, unsigned operation, u64 va, unsigned size, u64 operand, u64 *old);

/*
 * Makes h->fetch_page the page of h->pc.  False: the fetch trapped.  When the page cannot be
 * executed as a whole (PMP border) it stays FETCH_NONE and the result is true: then use
 * hart_fetch for each instruction.
 */
bool hart_enter_page(struct hart *h);
/* The instruction at h->pc, wherever it lies (page crossing too).  False: the fetch trapped. */
bool hart_fetch(struct hart *h, u32 *bits);

#endif
