/* SPDX-License-Identifier: MIT */
/*
 * translate_float.c - floating-point arithmetic of both widths in SSE2 and FMA3.
 *
 * While translated code runs, the host's sticky exception bits stand for those of fflags and
 * MXCSR's rounding mode is frm (helpers.c keeps both in step), with exceptions masked and denormals
 * exact; SSE detects tininess after rounding, as RISC-V does.  What differs is NaN: RISC-V gives
 * the canonical one always, so every result is compared with itself.
 */
#include "emu/jit/translate_float.h"

void need_boxed(struct translator *t, struct slow_ways *ways, bool d, unsigned f)
{
    struct x86 *x = &t->x;
    if (d || (t->boxed >> f & 1)) {
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
    /* Nothing is known behind it either: C comes back to the same place. */
    add_way(ways, x86_jump_if(x, X86_NE));
}

void check_nan(struct translator *t, bool d, unsigned reg)
{
    x86_ucomi(&t->x, d, reg, reg);
    add_stub(t, x86_jump_if(&t->x, X86_P), d ? STUB_NAN : STUB_NAN_SINGLE, reg);
}

/* a op b, where a may be overwritten only if it is `to`. */
static void emit_binary(struct translator *t, enum x86_sse op, bool d, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    unsigned rs1 = i->rs1, rs2 = i->rs2, to = f_result(t, i->rd);
    need_boxed(t, &ways, d, rs1);
    need_boxed(t, &ways, d, rs2);
    if (i->rd == rs2 && rs1 != rs2) {
        if (op == X86_FADD || op == X86_FMUL) {
            rs2 = rs1;
            rs1 = i->rd;
        } else {
            to = 0;
        }
    }
    unsigned a = f_read(t, rs1, to);
    if (a != to) {
        x86_float_mov(&t->x, to, a);
    }
    if (rs1 == rs2) {
        x86_sse(&t->x, op, d, to, to);
    } else if (f_host(t, rs2) == REGION_NONE) {
        x86_sse_load(&t->x, op, d, to, f_at(rs2));
    } else {
        x86_sse(&t->x, op, d, to, f_host(t, rs2));
    }
    check_nan(t, d, to);
    f_written(t, i->rd, to);
    end_ways(t, &ways);
}

static void emit_sqrt(struct translator *t, bool d, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    unsigned to = f_result(t, i->rd);
    need_boxed(t, &ways, d, i->rs1);
    unsigned from = f_read(t, i->rs1, 1);
    if (!d && from != to) {
        x86_float_mov(&t->x, to, from); /* the box */
    }
    x86_sse(&t->x, X86_SQRT, d, to, from);
    check_nan(t, d, to);
    f_written(t, i->rd, to);
    end_ways(t, &ways);
}

/* The factors stay where they are for the stub, so the sum is made elsewhere if rd is one. */
static bool emit_fma(struct translator *t, enum x86_fma op, bool d, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    if (!t->jit->features.fma) {
        return false;
    }
    need_boxed(t, &ways, d, i->rs1);
    need_boxed(t, &ways, d, i->rs2);
    need_boxed(t, &ways, d, i->rs3);
    unsigned to = i->rd == i->rs1 || i->rd == i->rs2 ? 0 : f_result(t, i->rd);
    unsigned c = f_read(t, i->rs3, to);
    if (c != to) {
        x86_float_mov(&t->x, to, c);
    }
    unsigned a = f_read(t, i->rs1, 1), b = f_read(t, i->rs2, 2);
    x86_fma231(&t->x, op, d, to, a, b);
    x86_ucomi(&t->x, d, to, to);
    struct stub *nan = new_stub(t, x86_jump_if(&t->x, X86_P), STUB_NAN_SUM);
    nan->reg = (u8)to;
    nan->factor[0] = (u8)a;
    nan->factor[1] = (u8)b;
    nan->size = d ? 8 : 4;
    f_written(t, i->rd, to);
    end_ways(t, &ways);
    return true;
}

/* rax = 0 if the register is an infinity.  Uses rcx. */
static void compare_infinity(struct x86 *x, bool d, unsigned reg)
{
    x86_float_to_reg(x, X86_8, RAX, reg);
    x86_shift_imm(x, X86_SHL, d ? X86_8 : X86_4, RAX, 1); /* the sign goes */
    x86_mov_imm(x, RCX, d ? 0x7ffull << 53 : 0xffu << 24);
    x86_alu(x, X86_XOR, d ? X86_8 : X86_4, RAX, RCX);
}

/*
 * Infinity times zero is invalid in RISC-V even when a quiet NaN is added, in FMA3 it is not then.
 * With an infinity as a factor the product raises nothing else.
 */
void emit_nan_sum_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    bool d = s->size == 8;
    compare_infinity(x, d, s->factor[0]);
    u8 *infinite = x86_jump_if(x, X86_E);
    compare_infinity(x, d, s->factor[1]);
    u8 *finite = x86_jump_if(x, X86_NE);
    x86_patch_here(x, infinite);
    x86_float_mov(x, s->reg, s->factor[0]);
    x86_sse(x, X86_FMUL, d, s->reg, s->factor[1]);
    x86_patch_here(x, finite);
    x86_mov_imm(x, RAX, d ? 0x7ff8000000000000ull : 0xffffffff7fc00000ull);
    x86_reg_to_float(x, X86_8, s->reg, RAX);
    x86_jump_to(x, s->back);
}

static void emit_compare(struct translator *t, enum x86_cond condition, bool d,
                         const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    need_boxed(t, &ways, d, i->rs1);
    need_boxed(t, &ways, d, i->rs2);
    unsigned a = f_read(t, i->rs1, 0), b = f_read(t, i->rs2, 1);
    enum x86_reg to = x_result(t, i->rd);
    if (condition == X86_E) {
        x86_ucomi(&t->x, d, a, b);
        x86_setcc(&t->x, X86_E, RAX);
        x86_setcc(&t->x, X86_NP, RCX);
        x86_alu(&t->x, X86_AND, X86_4, RAX, RCX);
    } else {
        /* b against a: unordered sets the carry, so neither "above" holds. */
        x86_comi(&t->x, d, b, a);
        x86_setcc(&t->x, condition, RAX);
    }
    x86_extend(&t->x, X86_1, false, to, RAX);
    x_written(t, i->rd, to);
    end_ways(t, &ways);
}

enum sign_of { SIGN_OTHER, SIGN_NEGATED, SIGN_BOTH };

/* fmv, fneg, fabs */
static void emit_own_sign(struct translator *t, enum sign_of sign, bool d, const struct insn *i)
{
    unsigned from = f_read(t, i->rs1, 0), to = f_result(t, i->rd);
    if (sign != SIGN_OTHER) {
        if (from != to) {
            x86_float_mov(&t->x, to, from);
        }
        if (sign == SIGN_NEGATED) {
            x86_sse_logic_load(&t->x, X86_PXOR, to, d ? FRAME_AT(sign) : FRAME_AT(sign_single));
        } else {
            x86_sse_logic_load(&t->x, X86_PAND, to,
                               d ? FRAME_AT(magnitude) : FRAME_AT(magnitude_single));
        }
        from = to;
    }
    f_written(t, i->rd, from);
}

static void emit_sign(struct translator *t, enum sign_of sign, bool d, const struct insn *i)
{
    struct slow_ways ways = {.count = 0};
    need_boxed(t, &ways, d, i->rs1);
    need_boxed(t, &ways, d, i->rs2);
    if (i->rs1 == i->rs2) {
        emit_own_sign(t, sign, d, i);
        end_ways(t, &ways);
        return;
    }
    unsigned other = f_read(t, i->rs2, 1), to = f_result(t, i->rd);
    if (other != 1) {
        x86_float_mov(&t->x, 1, other);
    }
    x86_sse_logic_load(&t->x, sign == SIGN_NEGATED ? X86_PANDN : X86_PAND, 1,
                       d ? FRAME_AT(sign) : FRAME_AT(sign_single));
    unsigned from = f_read(t, i->rs1, to);
    if (from != to) {
        x86_float_mov(&t->x, to, from);
    }
    if (sign != SIGN_BOTH) {
        x86_sse_logic_load(&t->x, X86_PAND, to,
                           d ? FRAME_AT(magnitude) : FRAME_AT(magnitude_single));
    }
    x86_sse_logic(&t->x, sign == SIGN_BOTH ? X86_PXOR : X86_POR, to, 1);
    f_written(t, i->rd, to);
    end_ways(t, &ways);
}

/* Of equal operands (zeroes of both signs) the bits decide; with a NaN C does. */
static void emit_least(struct translator *t, bool least, bool d, const struct insn *i)
{
    struct x86 *x = &t->x;
    struct slow_ways ways = {.count = 0};
    need_boxed(t, &ways, d, i->rs1);
    need_boxed(t, &ways, d, i->rs2);
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

static bool emit_sum(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FMADD_S:
    case OP_FMADD_D:
        return emit_fma(t, X86_FMADD, i->op == OP_FMADD_D, i);
    case OP_FMSUB_S:
    case OP_FMSUB_D:
        return emit_fma(t, X86_FMSUB, i->op == OP_FMSUB_D, i);
    case OP_FNMSUB_S:
    case OP_FNMSUB_D:
        return emit_fma(t, X86_FNMADD, i->op == OP_FNMSUB_D, i);
    case OP_FNMADD_S:
    case OP_FNMADD_D:
        return emit_fma(t, X86_FNMSUB, i->op == OP_FNMADD_D, i);
    default:
        return false;
    }
}

static bool emit_choice(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FEQ_S:
    case OP_FEQ_D:
        emit_compare(t, X86_E, i->op == OP_FEQ_D, i);
        return true;
    case OP_FLT_S:
    case OP_FLT_D:
        emit_compare(t, X86_A, i->op == OP_FLT_D, i);
        return true;
    case OP_FLE_S:
    case OP_FLE_D:
        emit_compare(t, X86_AE, i->op == OP_FLE_D, i);
        return true;
    case OP_FSGNJ_S:
    case OP_FSGNJ_D:
        emit_sign(t, SIGN_OTHER, i->op == OP_FSGNJ_D, i);
        return true;
    case OP_FSGNJN_S:
    case OP_FSGNJN_D:
        emit_sign(t, SIGN_NEGATED, i->op == OP_FSGNJN_D, i);
        return true;
    case OP_FSGNJX_S:
    case OP_FSGNJX_D:
        emit_sign(t, SIGN_BOTH, i->op == OP_FSGNJX_D, i);
        return true;
    case OP_FMIN_S:
    case OP_FMIN_D:
        emit_least(t, true, i->op == OP_FMIN_D, i);
        return true;
    case OP_FMAX_S:
    case OP_FMAX_D:
        emit_least(t, false, i->op == OP_FMAX_D, i);
        return true;
    default:
        return false;
    }
}

bool emit_arithmetic(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FADD_S:
    case OP_FADD_D:
        emit_binary(t, X86_FADD, i->op == OP_FADD_D, i);
        return true;
    case OP_FSUB_S:
    case OP_FSUB_D:
        emit_binary(t, X86_FSUB, i->op == OP_FSUB_D, i);
        return true;
    case OP_FMUL_S:
    case OP_FMUL_D:
        emit_binary(t, X86_FMUL, i->op == OP_FMUL_D, i);
        return true;
    case OP_FDIV_S:
    case OP_FDIV_D:
        emit_binary(t, X86_FDIV, i->op == OP_FDIV_D, i);
        return true;
    case OP_FSQRT_S:
    case OP_FSQRT_D:
        emit_sqrt(t, i->op == OP_FSQRT_D, i);
        return true;
    default:
        return emit_sum(t, i) || emit_choice(t, i);
    }
}
