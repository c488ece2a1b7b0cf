/* SPDX-License-Identifier: MIT */
/* x86_float.c - encodes SSE and FMA3 instructions; see x86.h. */
#include "emu/jit/x86_encode.h"

static unsigned scalar_prefix(bool d)
{
    return d ? 0xf2 : 0xf3;
}

void x86_sse(struct x86 *x, enum x86_sse op, bool d, unsigned to, unsigned from)
{
    x86_op_reg(x, scalar_prefix(d), false, true, op, to, from, false);
}

void x86_sse_load(struct x86 *x, enum x86_sse op, bool d, unsigned to, struct x86_mem m)
{
    x86_op_mem(x, scalar_prefix(d), false, true, op, to, m, false);
}

void x86_sse_logic(struct x86 *x, enum x86_sse_logic op, unsigned to, unsigned from)
{
    x86_op_reg(x, 0, false, true, op, to, from, false);
}

void x86_sse_logic_load(struct x86 *x, enum x86_sse_logic op, unsigned to, struct x86_mem m)
{
    x86_op_mem(x, 0, false, true, op, to, m, false);
}

void x86_ucomi(struct x86 *x, bool d, unsigned a, unsigned b)
{
    x86_op_reg(x, d ? 0x66 : 0, false, true, 0x2e, a, b, false);
}

void x86_comi(struct x86 *x, bool d, unsigned a, unsigned b)
{
    x86_op_reg(x, d ? 0x66 : 0, false, true, 0x2f, a, b, false);
}

void x86_float_load(struct x86 *x, bool d, unsigned to, struct x86_mem m)
{
    x86_op_mem(x, scalar_prefix(d), false, true, 0x10, to, m, false);
}

void x86_float_store(struct x86 *x, bool d, struct x86_mem m, unsigned from)
{
    x86_op_mem(x, scalar_prefix(d), false, true, 0x11, from, m, false);
}

void x86_float_mov(struct x86 *x, unsigned to, unsigned from)
{
    x86_op_reg(x, 0, false, true, 0x28, to, from, false);
}

void x86_float_zero(struct x86 *x, unsigned to)
{
    x86_op_reg(x, 0, false, true, 0x57, to, to, false); /* xorps */
}

void x86_float_store16(struct x86 *x, struct x86_mem m, unsigned from)
{
    x86_op_mem(x, 0, false, true, 0x29, from, m, false); /* movaps */
}

void x86_float_to_reg(struct x86 *x, enum x86_width w, enum x86_reg to, unsigned from)
{
    x86_op_reg(x, 0x66, w == X86_8, true, 0x7e, from, to, false);
}

void x86_reg_to_float(struct x86 *x, enum x86_width w, unsigned to, enum x86_reg from)
{
    x86_op_reg(x, 0x66, w == X86_8, true, 0x6e, to, from, false);
}

void x86_cvt_int_to_float(struct x86 *x, bool d, enum x86_width w, unsigned to, enum x86_reg from)
{
    x86_op_reg(x, scalar_prefix(d), w == X86_8, true, 0x2a, to, from, false);
}

void x86_cvt_float_to_int(struct x86 *x, bool d, bool truncate, enum x86_width w, enum x86_reg to,
                          unsigned from)
{
    x86_op_reg(x, scalar_prefix(d), w == X86_8, true, truncate ? 0x2c : 0x2d, to, from, false);
}

void x86_cvt_float_to_float(struct x86 *x, bool from_d, unsigned to, unsigned from)
{
    x86_op_reg(x, scalar_prefix(from_d), false, true, 0x5a, to, from, false);
}

void x86_round(struct x86 *x, bool d, unsigned how, unsigned to, unsigned from)
{
    const uint8_t prefix = 0x66;
    x86_put(x, &prefix, 1);
    unsigned rex = (to >> 3 & 1) << 2 | (from >> 3 & 1);
    const uint8_t code[] = {(uint8_t)(0x40 | rex),
                            0x0f,
                            0x3a,
                            d ? 0x0b : 0x0a,
                            (uint8_t)(0xc0 | (to & 7) << 3 | (from & 7)),
                            (uint8_t)how};
    x86_put(x, rex ? code : code + 1, rex ? 6 : 5);
}

void x86_fma231(struct x86 *x, enum x86_fma op, bool d, unsigned to, unsigned a, unsigned b)
{
    x86_op_vex(x, X86_MAP_0F38, 1, d, op, to, a, b);
}
