/* SPDX-License-Identifier: MIT */
/*
 * float_step.c - floating point that has no code of its own (to nearest with ties away, singles
 * without their box, what FMA3 and SSE4.1 are needed for): the interpreter's bodies, called one at
 * a time.
 */
#include "emu/hart/fpu.h"
#include "emu/jit/internal.h"

bool jit_float(struct hart *h, const struct insn *i)
{
    if (!(h->mstatus & MSTATUS_FS)) {
        return false;
    }
    switch (i->op) {
#define OP(name) case OP_##name:
#define NEED_FLOAT
#define NEED_ROUNDING                                \
    unsigned rm = i->rm == FPU_DYN ? h->frm : i->rm; \
    if (rm > FPU_RMM) {                              \
        return false;                                \
    }
#define FLOAT_DIRTY h->mstatus |= MSTATUS_FS
#define NEXT return true
#define RD h->x[i->rd != 0 ? i->rd : 32] /* x[32] takes what is written to x0 */
#define RS1 h->x[i->rs1]
#define FD h->f[i->rd]
#define FS1 h->f[i->rs1]
#define FS2 h->f[i->rs2]
#define FS3 h->f[i->rs3]
#include "emu/interp/ops_float.h"
    default:
        return false;
    }
}
