/* SPDX-License-Identifier: MIT */
/*
 * translate_single.c - single precision, and minimum and maximum of both, in SSE2 (and FMA3).
 *
 * A single lies in an f register with all ones above it; what has something else there counts as
 * the canonical NaN (volume I, "NaN Boxing of Narrower Values").  Which registers hold a boxed
 * single is known behind instructions that make one; the others are looked at, and left to the
 * interpreter if they do not.  Scalar SSE leaves the upper part of its first operand alone, so the
 * box of the first operand becomes that of the result.
 */
#include "emu/jit/translate.h"

enum { WAYS = 4 };

/* Jumps to the interpreter, for one instruction. */
struct slow_ways {
    u8 *from[WAYS];
    unsigned count;
};

static void add_way(struct slow_ways *ways, u8 *from)
{
    ways->from[ways->count++] = from;
}

static void end_ways(struct translator *t, const struct slow_ways *ways)
{
    for (unsigned i = 0; i < ways->count; i++) {
        add_stub(t, ways->from[i], STUB_STEP, 0);
    }
}

/* Uses rax. */
static void need_single(struct translator *t, struct slow_ways *ways, unsigned f)
{
    struct x86 *x = &t->x;
    if (t->boxed >> f & 1) {
        return;
    }
    if (f_host(t, f) == REGION_NONE) {
        struct x86_mem above = f_at(f);
        above.disp += 4;
        x86_alu_store_imm(x, X86_CMP, X86_4, above, -1);
    } else {
        x86_float_to_reg(x, X86_8, RAX, f_host(t, f));
        x86_shift_imm(x, X86_SHR, X86_8, RAX, 32);
        x86_alu_imm(x, X86_CMP, X86_4, RAX, -1);
    }
    /* Nothing is known behind it either: the interpreter comes back to the same place. */
    add_way(ways, x86_jump_if(x, X86_NE));
}

static void check_nan(struct translator *t, unsigned reg)
{
    x86_ucomi(&t->x, false, reg, reg);
    add_stub(t, x86_jump_if(&t->x, X86_P), STUB_NAN_SINGLE, reg);
}

static void emit_arithmetic(struct translator *t, enum x86_sse op, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    bool root = op == X86_SQRT;
    need_single(t, &ways, i->rs1);
    if (!root) {
        need_single(t, &ways, i->rs2);
    }
    unsigned to = f_result(t, i->rd);
    if (!root && f_host(t, i->rs2) == to && i->rs1 != i->rs2) {
        to = 0;
    }
    unsigned a = f_read(t, i->rs1, to);
    if (a != to) {
        x86_float_mov(&t->x, to, a);
    }
    if (root) {
        x86_sse(&t->x, op, false, to, to);
    } else if (f_host(t, i->rs2) == REGION_NONE) {
        x86_sse_load(&t->x, op, false, to, f_at(i->rs2));
    } else {
        x86_sse(&t->x, op, false, to, i->rs1 == i->rs2 ? to : f_host(t, i->rs2));
    }
    check_nan(t, to);
    f_written(t, i->rd, to);
    end_ways(t, &ways);
}

static bool emit_fma(struct translator *t, enum x86_fma op, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    if (!t->jit->features.fma) {
        return false;
    }
    need_single(t, &ways, i->rs1);
    need_single(t, &ways, i->rs2);
    need_single(t, &ways, i->rs3);
    unsigned a = f_read(t, i->rs1, 0);
    if (a != 0) {
        x86_float_mov(&t->x, 0, a);
    }
    unsigned b = f_read(t, i->rs2, 1), c = f_read(t, i->rs3, 2);
    x86_fma213(&t->x, op, false, 0, b, c);
    x86_ucomi(&t->x, false, 0, 0);
    add_way(&ways, x86_jump_if(&t->x, X86_P));
    f_written(t, i->rd, 0);
    end_ways(t, &ways);
    return true;
}

static void emit_compare(struct translator *t, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    need_single(t, &ways, i->rs1);
    need_single(t, &ways, i->rs2);
    unsigned a = f_read(t, i->rs1, 0), b = f_read(t, i->rs2, 1);
    if (i->op == OP_FEQ_S) {
        x86_ucomi(&t->x, false, a, b);
        x86_setcc(&t->x, X86_E, RAX);
        x86_setcc(&t->x, X86_NP, RCX);
        x86_alu(&t->x, X86_AND, X86_4, RAX, RCX);
    } else {
        x86_comi(&t->x, false, b, a);
        x86_setcc(&t->x, i->op == OP_FLT_S ? X86_A : X86_AE, RAX);
    }
    x86_extend(&t->x, X86_1, false, RAX, RAX);
    x_written(t, i->rd, RAX);
    end_ways(t, &ways);
}

static void emit_sign(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    need_single(t, &ways, i->rs1);
    need_single(t, &ways, i->rs2);
    unsigned to = f_result(t, i->rd), a = f_read(t, i->rs1, 0); /* rd may be rs2 */
    if (i->rs1 == i->rs2) {                                     /* fmv, fneg, fabs */
        if (a != to) {
            x86_float_mov(x, to, a);
        }
        if (i->op != OP_FSGNJ_S) {
            bool negate = i->op == OP_FSGNJN_S;
            x86_sse_logic_load(x, negate ? X86_PXOR : X86_PAND, to,
                               negate ? FRAME_AT(sign_single) : FRAME_AT(magnitude_single));
        }
    } else {
        x86_float_to_reg(x, X86_8, RAX, a);
        x86_float_to_reg(x, X86_8, RCX, f_read(t, i->rs2, 1));
        if (i->op == OP_FSGNJN_S) {
            x86_unary(x, X86_NOT, X86_4, RCX);
        }
        x86_alu_imm(x, X86_AND, X86_4, RCX, INT32_MIN);
        if (i->op == OP_FSGNJX_S) {
            x86_alu(x, X86_XOR, X86_8, RAX, RCX);
        } else {
            x86_bit_imm(x, X86_BTR, X86_8, RAX, 31);
            x86_alu(x, X86_OR, X86_8, RAX, RCX);
        }
        x86_reg_to_float(x, X86_8, to, RAX);
    }
    f_written(t, i->rd, to);
    end_ways(t, &ways);
}

/* The host gives the most negative number for all that does not fit; RISC-V saturates. */
static void emit_to_int(struct translator *t, enum x86_width w, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    need_single(t, &ways, i->rs1);
    x86_cvt_float_to_int(x, false, i->rm == 1, w, RAX, f_read(t, i->rs1, 0));
    x86_mov(x, X86_8, RCX, RAX);
    x86_alu_imm(x, X86_ADD, w, RCX, -1);
    add_way(&ways, x86_jump_if(x, X86_O));
    if (w == X86_4) {
        x86_extend(x, X86_4, true, RAX, RAX);
    }
    x_written(t, i->rd, RAX);
    end_ways(t, &ways);
}

static void emit_from_int(struct translator *t, enum x86_width w, const struct insn *i)
{
    enum x86_reg from = x_read(t, i->rs1, RAX);
    x86_float_zero(&t->x, 0);
    x86_cvt_int_to_float(&t->x, false, w, 0, from);
    x86_sse_logic_load(&t->x, X86_POR, 0, FRAME_AT(box));
    f_written(t, i->rd, 0);
}

static void emit_narrow(struct translator *t, const struct insn *i)
{
    unsigned from = f_read(t, i->rs1, 1);
    x86_float_zero(&t->x, 0);
    x86_cvt_float_to_float(&t->x, true, 0, from);
    check_nan(t, 0);
    x86_sse_logic_load(&t->x, X86_POR, 0, FRAME_AT(box));
    f_written(t, i->rd, 0);
}

static void emit_widen(struct translator *t, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    need_single(t, &ways, i->rs1);
    unsigned from = f_read(t, i->rs1, 1);
    x86_float_zero(&t->x, 0);
    x86_cvt_float_to_float(&t->x, false, 0, from);
    x86_ucomi(&t->x, true, 0, 0);
    add_stub(t, x86_jump_if(&t->x, X86_P), STUB_NAN, 0);
    f_written(t, i->rd, 0);
    end_ways(t, &ways);
}

/* Of equal operands (zeroes of both signs) the bits decide; with a NaN the interpreter does. */
static void emit_least(struct translator *t, bool d, bool least, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    if (!d) {
        need_single(t, &ways, i->rs1);
        need_single(t, &ways, i->rs2);
    }
    unsigned a = f_read(t, i->rs1, 0), b = f_read(t, i->rs2, 1);
    if (a != 0) {
        x86_float_mov(x, 0, a);
    }
    x86_ucomi(x, d, 0, b);
    add_way(&ways, x86_jump_if(x, X86_P));
    u8 *differ = x86_jump_if(x, X86_NE);
    x86_sse_logic(x, least ? X86_POR : X86_PAND, 0, b);
    u8 *done = x86_jump(x);
    x86_patch_here(x, differ);
    x86_sse(x, least ? X86_FMIN : X86_FMAX, d, 0, b);
    x86_patch_here(x, done);
    f_written(t, i->rd, 0);
    end_ways(t, &ways);
}

static void emit_move(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    if (i->op == OP_FMV_X_W) {
        x86_float_to_reg(x, X86_8, RAX, f_read(t, i->rs1, 0));
        x86_extend(x, X86_4, true, RAX, RAX);
        x_written(t, i->rd, RAX);
        return;
    }
    x86_extend(x, X86_4, false, RAX, x_read(t, i->rs1, RAX));
    box_single(t, RAX, i->rd);
}

void follow_boxes(struct translator *t, const struct insn *i)
{
    if (!(insn_table[i->op].flags & INSN_FP)) {
        return;
    }
    u32 written = insn_use_of(i).float_written;
    if (insn_is_foreign(i)) {
        t->boxed = 0;
    } else if (insn_makes_single(i)) {
        t->boxed |= written;
    } else {
        t->boxed &= ~written;
    }
}

static bool emit_conversion(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FCVT_W_S:
    case OP_FCVT_L_S:
        emit_to_int(t, i->op == OP_FCVT_W_S ? X86_4 : X86_8, i);
        return true;
    case OP_FCVT_S_W:
    case OP_FCVT_S_L:
        emit_from_int(t, i->op == OP_FCVT_S_W ? X86_4 : X86_8, i);
        return true;
    case OP_FCVT_S_D:
        emit_narrow(t, i);
        return true;
    case OP_FCVT_D_S:
        emit_widen(t, i);
        return true;
    case OP_FMV_X_W:
    case OP_FMV_W_X:
        emit_move(t, i);
        return true;
    case OP_FMIN_D:
    case OP_FMAX_D:
        emit_least(t, true, i->op == OP_FMIN_D, i);
        return true;
    case OP_FMIN_S:
    case OP_FMAX_S:
        emit_least(t, false, i->op == OP_FMIN_S, i);
        return true;
    default:
        return false;
    }
}

bool emit_single(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FADD_S:
        emit_arithmetic(t, X86_FADD, i);
        return true;
    case OP_FSUB_S:
        emit_arithmetic(t, X86_FSUB, i);
        return true;
    case OP_FMUL_S:
        emit_arithmetic(t, X86_FMUL, i);
        return true;
    case OP_FDIV_S:
        emit_arithmetic(t, X86_FDIV, i);
        return true;
    case OP_FSQRT_S:
        emit_arithmetic(t, X86_SQRT, i);
        return true;
    case OP_FMADD_S:
        return emit_fma(t, X86_FMADD, i);
    case OP_FMSUB_S:
        return emit_fma(t, X86_FMSUB, i);
    case OP_FNMSUB_S:
        return emit_fma(t, X86_FNMADD, i);
    case OP_FNMADD_S:
        return emit_fma(t, X86_FNMSUB, i);
    case OP_FEQ_S:
    case OP_FLT_S:
    case OP_FLE_S:
        emit_compare(t, i);
        return true;
    case OP_FSGNJ_S:
    case OP_FSGNJN_S:
    case OP_FSGNJX_S:
        emit_sign(t, i);
        return true;
    default:
        return emit_conversion(t, i);
    }
}
