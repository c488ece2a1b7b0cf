/* SPDX-License-Identifier: MIT */
/*
 * translate_convert.c - between floating point and integers, between the widths, and fclass.
 *
 * The host has signed conversions only, gives the most negative number for all that does not fit
 * and raises invalid then; RISC-V saturates.  An invalid conversion is not inexact, so where the
 * host's own instruction does not decide what fits, the value is rounded quietly first (SSE4.1) and
 * the original is truncated once more, for the inexact flag, when it is known to fit.
 */
#include "emu/jit/translate_float.h"

enum { RM_ZERO = 1, RM_DYNAMIC = 7 };

/* The operand as a double, which changes nothing: xmm1 or its own register. */
static unsigned read_as_double(struct translator *t, struct slow_ways *ways, bool d, unsigned f)
{
    need_boxed(t, ways, d, f);
    unsigned from = f_read(t, f, 1);
    if (d) {
        return from;
    }
    if (from != 1) {
        x86_float_mov(&t->x, 1, from);
    }
    x86_cvt_float_to_float(&t->x, false, 1, 1);
    return 1;
}

/* xmm0 = the operand rounded by the instruction's mode; no flag but invalid for signalling NaNs. */
static void round_quietly(struct translator *t, const struct insn *i, unsigned from)
{
    unsigned mode = i->rm == RM_DYNAMIC ? X86_ROUND_MXCSR : mode_of_host(i->rm);
    x86_round(&t->x, true, mode | X86_ROUND_QUIET, 0, from);
}

static bool emit_to_signed(struct translator *t, enum x86_width w, bool d, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    bool direct = i->rm == RM_ZERO || i->rm == RM_DYNAMIC;
    if (!direct && !t->jit->features.sse41) {
        return false;
    }
    unsigned from = read_as_double(t, &ways, d, i->rs1);
    if (!direct) {
        round_quietly(t, i, from);
    }
    x86_cvt_float_to_int(x, true, i->rm != RM_DYNAMIC, w, RAX, direct ? from : 0);
    x86_alu_imm(x, X86_CMP, w, RAX, 1); /* overflows for the most negative number only */
    u8 *special = x86_jump_if(x, X86_O);
    if (!direct) {
        x86_cvt_float_to_int(x, true, true, X86_8, RCX, from);
        add_way(&ways, special);
    }
    const u8 *back = x86_here(x);
    if (w == X86_4) {
        x86_extend(x, X86_4, true, RAX, RAX);
    }
    x_written(t, i->rd, RAX);
    if (direct) {
        struct stub *s = new_stub(t, special, STUB_SATURATE);
        s->back = back;
        s->reg = (u8)from;
        s->size = (u8)w;
    }
    end_ways(t, &ways);
    return true;
}

/* rax: the most negative number, and so it remains for what is negative. */
void emit_saturate_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    x86_ucomi(x, true, s->reg, s->reg);
    u8 *nan = x86_jump_if(x, X86_P);
    x86_float_to_reg(x, X86_8, RCX, s->reg);
    x86_test(x, X86_8, RCX, RCX);
    x86_patch(x, x86_jump_if(x, X86_S), s->back);
    x86_patch_here(x, nan);
    x86_mov_imm(x, RAX, s->size == 4 ? INT32_MAX : INT64_MAX);
    x86_jump_to(x, s->back);
}

static bool emit_to_unsigned(struct translator *t, enum x86_width w, bool d, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    if (!t->jit->features.sse41) {
        return false;
    }
    unsigned from = read_as_double(t, &ways, d, i->rs1);
    round_quietly(t, i, from);
    if (w == X86_8) {
        /* From 2^63 on C does it; a NaN is not above. */
        const u64 half = 0x43e0000000000000u;
        x86_mov_imm(x, RCX, half);
        x86_reg_to_float(x, X86_8, 2, RCX);
        x86_ucomi(x, true, 0, 2);
        add_way(&ways, x86_jump_if(x, X86_AE));
    }
    x86_cvt_float_to_int(x, true, true, X86_8, RAX, 0);
    if (w == X86_8) {
        x86_test(x, X86_8, RAX, RAX);
        add_way(&ways, x86_jump_if(x, X86_S));
    } else {
        x86_mov(x, X86_4, RCX, RAX);
        x86_alu(x, X86_CMP, X86_8, RCX, RAX);
        add_way(&ways, x86_jump_if(x, X86_NE));
        x86_extend(x, X86_4, true, RAX, RAX);
    }
    x86_cvt_float_to_int(x, true, true, X86_8, RCX, from);
    x_written(t, i->rd, RAX);
    end_ways(t, &ways);
    return true;
}

static void finish_from_int(struct translator *t, bool d, unsigned rd, unsigned to)
{
    if (!d) {
        x86_sse_logic_load(&t->x, X86_POR, to, FRAME_AT(box));
    }
    f_written(t, rd, to);
}

static void emit_from_signed(struct translator *t, enum x86_width w, bool d, const struct insn *i)
{
    unsigned to = f_result(t, i->rd);
    x86_float_zero(&t->x, to); /* depends on nothing, and has no rest above it */
    x86_cvt_int_to_float(&t->x, d, w, to, x_read(t, i->rs1, RAX));
    finish_from_int(t, d, i->rd, to);
}

/*
 * Words are positive as long integers.  A long one whose top bit is set is halved, the bit that
 * falls out being kept as one that only matters for rounding, and the result doubled.
 */
static void emit_from_unsigned(struct translator *t, enum x86_width w, bool d, const struct insn *i)
{
    struct x86 *x = &t->x;
    unsigned to = f_result(t, i->rd);
    x86_float_zero(x, to);
    if (w == X86_4) {
        x86_extend(x, X86_4, false, RAX, x_read(t, i->rs1, RAX));
        x86_cvt_int_to_float(x, d, X86_8, to, RAX);
    } else {
        x_copy(t, RAX, i->rs1);
        x86_test(x, X86_8, RAX, RAX);
        u8 *large = x86_jump_if(x, X86_S);
        x86_cvt_int_to_float(x, d, X86_8, to, RAX);
        u8 *done = x86_jump(x);
        x86_patch_here(x, large);
        x86_mov(x, X86_4, RCX, RAX);
        x86_alu_imm(x, X86_AND, X86_4, RCX, 1);
        x86_shift_imm(x, X86_SHR, X86_8, RAX, 1);
        x86_alu(x, X86_OR, X86_8, RAX, RCX);
        x86_cvt_int_to_float(x, d, X86_8, to, RAX);
        x86_sse(x, X86_FADD, d, to, to);
        x86_patch_here(x, done);
    }
    finish_from_int(t, d, i->rd, to);
}

static void emit_narrow(struct translator *t, const struct insn *i)
{
    unsigned from = f_read(t, i->rs1, 1);
    x86_float_zero(&t->x, 0);
    x86_cvt_float_to_float(&t->x, true, 0, from);
    check_nan(t, false, 0);
    x86_sse_logic_load(&t->x, X86_POR, 0, FRAME_AT(box));
    f_written(t, i->rd, 0);
}

static void emit_widen(struct translator *t, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    need_boxed(t, &ways, false, i->rs1);
    unsigned from = f_read(t, i->rs1, 1);
    x86_float_zero(&t->x, 0);
    x86_cvt_float_to_float(&t->x, false, 0, from);
    check_nan(t, true, 0);
    f_written(t, i->rd, 0);
    end_ways(t, &ways);
}

/*
 * A positive zero, subnormal, normal number and infinity are the bits 4 to 7 of the result, the
 * negative ones 3 to 0; NaNs are 8 and, when quiet, 9.
 */
static void emit_class(struct translator *t, bool d, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    enum x86_width w = d ? X86_8 : X86_4;
    u8 *found[3];
    need_boxed(t, &ways, d, i->rs1);
    x86_float_to_reg(x, X86_8, RAX, f_read(t, i->rs1, 0));
    x86_alu(x, X86_ADD, w, RAX, RAX);
    x86_alu(x, X86_SBB, X86_4, RDX, RDX); /* the sign, in all bits */
    x86_test(x, w, RAX, RAX);
    x86_mov_imm(x, RCX, 4);
    found[0] = x86_jump_if(x, X86_E);
    x86_mov(x, X86_8, RCX, RAX);
    x86_shift_imm(x, X86_SHR, w, RCX, d ? 53 : 24); /* the exponent */
    x86_lea(x, X86_4, RCX, x86_at(RCX, 5));
    x86_alu_imm(x, X86_CMP, X86_4, RCX, 5);
    found[1] = x86_jump_if(x, X86_E);
    x86_alu_imm(x, X86_CMP, X86_4, RCX, d ? 5 + 0x7ff : 5 + 0xff);
    x86_mov_imm(x, RCX, 6);
    found[2] = x86_jump_if(x, X86_NE);
    x86_shift_imm(x, X86_SHL, w, RAX, d ? 11 : 8);
    x86_mov_imm(x, RCX, 7);
    u8 *infinite = x86_jump_if(x, X86_E);
    x86_mov_imm(x, RDX, 0);
    x86_test(x, w, RAX, RAX);
    x86_mov_imm(x, RCX, 8);
    u8 *signalling = x86_jump_if(x, X86_NS);
    x86_mov_imm(x, RCX, 9);
    for (unsigned n = 0; n < ARRAY_LENGTH(found); n++) {
        x86_patch_here(x, found[n]);
    }
    x86_patch_here(x, infinite);
    x86_patch_here(x, signalling);
    x86_alu_imm(x, X86_AND, X86_4, RDX, 7);
    x86_alu(x, X86_XOR, X86_4, RCX, RDX);
    x86_mov_imm(x, RAX, 1);
    x86_shift_cl(x, X86_SHL, X86_4, RAX);
    x_written(t, i->rd, RAX);
    end_ways(t, &ways);
}

static void emit_move(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    enum x86_reg to = x_result(t, i->rd);
    switch (i->op) {
    case OP_FMV_X_W:
        x86_float_to_reg(x, X86_4, to, f_read(t, i->rs1, 0));
        x86_extend(x, X86_4, true, to, to);
        x_written(t, i->rd, to);
        break;
    case OP_FMV_X_D:
        x86_float_to_reg(x, X86_8, to, f_read(t, i->rs1, 0));
        x_written(t, i->rd, to);
        break;
    default: {
        unsigned result = f_result(t, i->rd);
        bool d = i->op == OP_FMV_D_X;
        x86_reg_to_float(x, d ? X86_8 : X86_4, result, x_read(t, i->rs1, RAX));
        finish_from_int(t, d, i->rd, result);
        break;
    }
    }
}

static bool emit_to_int(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FCVT_W_S:
    case OP_FCVT_W_D:
        return emit_to_signed(t, X86_4, i->op == OP_FCVT_W_D, i);
    case OP_FCVT_L_S:
    case OP_FCVT_L_D:
        return emit_to_signed(t, X86_8, i->op == OP_FCVT_L_D, i);
    case OP_FCVT_WU_S:
    case OP_FCVT_WU_D:
        return emit_to_unsigned(t, X86_4, i->op == OP_FCVT_WU_D, i);
    case OP_FCVT_LU_S:
    case OP_FCVT_LU_D:
        return emit_to_unsigned(t, X86_8, i->op == OP_FCVT_LU_D, i);
    default:
        return false;
    }
}

static bool emit_from_int(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FCVT_S_W:
    case OP_FCVT_D_W:
        emit_from_signed(t, X86_4, i->op == OP_FCVT_D_W, i);
        return true;
    case OP_FCVT_S_L:
    case OP_FCVT_D_L:
        emit_from_signed(t, X86_8, i->op == OP_FCVT_D_L, i);
        return true;
    case OP_FCVT_S_WU:
    case OP_FCVT_D_WU:
        emit_from_unsigned(t, X86_4, i->op == OP_FCVT_D_WU, i);
        return true;
    case OP_FCVT_S_LU:
    case OP_FCVT_D_LU:
        emit_from_unsigned(t, X86_8, i->op == OP_FCVT_D_LU, i);
        return true;
    default:
        return false;
    }
}

bool emit_conversion(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FCVT_S_D:
        emit_narrow(t, i);
        return true;
    case OP_FCVT_D_S:
        emit_widen(t, i);
        return true;
    case OP_FCLASS_S:
    case OP_FCLASS_D:
        emit_class(t, i->op == OP_FCLASS_D, i);
        return true;
    case OP_FMV_X_W:
    case OP_FMV_X_D:
    case OP_FMV_W_X:
    case OP_FMV_D_X:
        emit_move(t, i);
        return true;
    default:
        return emit_to_int(t, i) || emit_from_int(t, i);
    }
}
