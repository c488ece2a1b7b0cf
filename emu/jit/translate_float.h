/* SPDX-License-Identifier: MIT */
/*
 * translate_float.h - inside the translator only: what the parts of floating point share.
 *
 * `d` is true for doubles, false for singles.  A single lies in an f register with all ones above
 * it; what has something else there counts as the canonical NaN (volume I, "NaN Boxing of Narrower
 * Values").  Which registers hold a boxed single is known behind instructions that make one; the
 * others are looked at, and left to C if they do not.  Scalar SSE leaves the upper part of its
 * first operand alone, so the box of the first operand becomes that of the result.
 */
#ifndef FAULTLINE_JIT_TRANSLATE_FLOAT_H
#define FAULTLINE_JIT_TRANSLATE_FLOAT_H

#include "emu/jit/translate.h"

enum { WAYS = 6 };

/* Jumps to C, for the present instruction. */
struct slow_ways {
    u8 *from[WAYS];
    unsigned count;
};

static inline void add_way(struct slow_ways *ways, u8 *from)
{
    ways->from[ways->count++] = from;
}

/* Where the instruction's code ends: C goes on here. */
static inline void end_ways(struct translator *t, const struct slow_ways *ways)
{
    for (unsigned i = 0; i < ways->count; i++) {
        add_stub(t, ways->from[i], STUB_STEP, 0);
    }
}

/* A single's register has to be boxed.  Uses rax. */
void need_boxed(struct translator *t, struct slow_ways *ways, bool d, unsigned f);
/* The result in this xmm register becomes the canonical NaN if it is any. */
void check_nan(struct translator *t, bool d, unsigned reg);

/* One instruction, if it is one of theirs; its static rounding mode is that of the host. */
bool emit_arithmetic(struct translator *t, const struct insn *i); /* translate_float.c */
bool emit_conversion(struct translator *t, const struct insn *i); /* translate_convert.c */

/* MXCSR's rounding mode for a mode of RISC-V's below RMM. */
static inline unsigned mode_of_host(unsigned rm)
{
    /* RISC-V: nearest, zero, down, up.  x86: nearest, down, up, zero. */
    static const u8 mode[4] = {0, 3, 1, 2};
    return mode[rm & 3];
}

#endif
