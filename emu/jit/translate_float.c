/* SPDX-License-Identifier: MIT */
/*
 * translate_float.c - double-precision arithmetic in SSE2 (and FMA3).
 *
 * While translated code runs, the host's sticky exception bits stand for those of fflags and
 * MXCSR's rounding mode is frm (helpers.c keeps both in step), with exceptions masked and denormals
 * exact; SSE detects tininess after rounding, as RISC-V does.  What differs is NaN: RISC-V gives
 * the canonical one always, so every result is compared with itself.
 */
#include "emu/isa/csr.h"
#include "emu/jit/translate.h"

static void check_nan(struct translator *t, unsigned reg)
{
    x86_ucomi(&t->x, true, reg, reg);
    add_stub(t, x86_jump_if(&t->x, X86_P), STUB_NAN, reg);
}

static void emit_arithmetic(struct translator *t, enum x86_sse op, const struct insn *i)
{
    unsigned to = f_result(t, i->rd);
    if (f_host(t, i->rs2) == to && i->rd == i->rs2 && i->rs1 != i->rs2) {
        to = 0;
    }
    unsigned a = f_read(t, i->rs1, to);
    if (a != to) {
        x86_float_mov(&t->x, to, a);
    }
    if (f_host(t, i->rs2) == REGION_NONE) {
        x86_sse_load(&t->x, op, true, to, f_at(i->rs2));
    } else {
        x86_sse(&t->x, op, true, to, f_host(t, i->rs2));
    }
    check_nan(t, to);
    f_written(t, i->rd, to);
}

static void emit_sqrt(struct translator *t, const struct insn *i)
{
    unsigned to = f_result(t, i->rd);
    x86_sse(&t->x, X86_SQRT, true, to, f_read(t, i->rs1, 1));
    check_nan(t, to);
    f_written(t, i->rd, to);
}

/*
 * A NaN result is done again by the interpreter: infinity times zero plus a quiet NaN is invalid in
 * RISC-V and not in FMA3.
 */
static bool emit_fma(struct translator *t, enum x86_fma op, const struct insn *i)
{
    if (!t->jit->features.fma) {
        return false;
    }
    unsigned a = f_read(t, i->rs1, 0);
    if (a != 0) {
        x86_float_mov(&t->x, 0, a);
    }
    unsigned b = f_read(t, i->rs2, 1), c = f_read(t, i->rs3, 2);
    x86_fma213(&t->x, op, true, 0, b, c);
    x86_ucomi(&t->x, true, 0, 0);
    u8 *nan = x86_jump_if(&t->x, X86_P);
    f_written(t, i->rd, 0);
    add_stub(t, nan, STUB_STEP, 0);
    return true;
}

static void emit_compare(struct translator *t, const struct insn *i)
{
    unsigned a = f_read(t, i->rs1, 0), b = f_read(t, i->rs2, 1);
    enum x86_reg to = x_result(t, i->rd);
    if (i->op == OP_FEQ_D) {
        x86_ucomi(&t->x, true, a, b);
        x86_setcc(&t->x, X86_E, RAX);
        x86_setcc(&t->x, X86_NP, RCX);
        x86_alu(&t->x, X86_AND, X86_4, RAX, RCX);
    } else {
        /* b against a: unordered sets the carry, so neither "above" holds. */
        x86_comi(&t->x, true, b, a);
        x86_setcc(&t->x, i->op == OP_FLT_D ? X86_A : X86_AE, RAX);
    }
    x86_extend(&t->x, X86_1, false, to, RAX);
    if (i->rd != 0) {
        x_written(t, i->rd, to);
    }
}

static void emit_sign(struct translator *t, const struct insn *i)
{
    if (i->rs1 == i->rs2) { /* fmv, fneg, fabs */
        unsigned from = f_read(t, i->rs1, 0), to = f_result(t, i->rd);
        if (i->op != OP_FSGNJ_D) {
            if (from != to) {
                x86_float_mov(&t->x, to, from);
            }
            bool negate = i->op == OP_FSGNJN_D;
            x86_sse_logic_load(&t->x, negate ? X86_PXOR : X86_PAND, to,
                               negate ? FRAME_AT(sign) : FRAME_AT(magnitude));
            from = to;
        }
        f_written(t, i->rd, from);
        return;
    }
    x86_float_to_reg(&t->x, X86_8, RAX, f_read(t, i->rs1, 0));
    x86_float_to_reg(&t->x, X86_8, RCX, f_read(t, i->rs2, 0));
    if (i->op == OP_FSGNJN_D) {
        x86_unary(&t->x, X86_NOT, X86_8, RCX);
    }
    x86_shift_imm(&t->x, X86_SHR, X86_8, RCX, 63);
    x86_shift_imm(&t->x, X86_SHL, X86_8, RCX, 63);
    if (i->op == OP_FSGNJX_D) {
        x86_alu(&t->x, X86_XOR, X86_8, RAX, RCX);
    } else {
        x86_bit_imm(&t->x, X86_BTR, X86_8, RAX, 63);
        x86_alu(&t->x, X86_OR, X86_8, RAX, RCX);
    }
    unsigned to = f_result(t, i->rd);
    x86_reg_to_float(&t->x, X86_8, to, RAX);
    f_written(t, i->rd, to);
}

/* The host gives the most negative number for all that does not fit; RISC-V saturates. */
static void emit_to_int(struct translator *t, enum x86_width w, const struct insn *i)
{
    struct x86 *x = &t->x;
    x86_cvt_float_to_int(x, true, i->rm == 1, w, RAX, f_read(t, i->rs1, 0));
    x86_mov(x, X86_8, RCX, RAX);
    x86_alu_imm(x, X86_ADD, w, RCX, -1);
    u8 *special = x86_jump_if(x, X86_O);
    if (w == X86_4) {
        x86_extend(x, X86_4, true, RAX, RAX);
    }
    if (i->rd != 0) {
        x_written(t, i->rd, RAX);
    }
    add_stub(t, special, STUB_STEP, 0);
}

static void emit_from_int(struct translator *t, enum x86_width w, const struct insn *i)
{
    enum x86_reg from = x_read(t, i->rs1, RAX);
    x86_reg_to_float(&t->x, X86_8, 0, from); /* ends the dependence on what was in the register */
    x86_cvt_int_to_float(&t->x, true, w, 0, from);
    f_written(t, i->rd, 0);
}

static void emit_move(struct translator *t, const struct insn *i)
{
    if (i->op == OP_FMV_X_D) {
        enum x86_reg to = x_result(t, i->rd);
        if (i->rd != 0) {
            x86_float_to_reg(&t->x, X86_8, to, f_read(t, i->rs1, 0));
            x_written(t, i->rd, to);
        }
        return;
    }
    unsigned to = f_result(t, i->rd);
    x86_reg_to_float(&t->x, X86_8, to, x_read(t, i->rs1, RAX));
    f_written(t, i->rd, to);
}

bool emit_float(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_FADD_D:
        emit_arithmetic(t, X86_FADD, i);
        return true;
    case OP_FSUB_D:
        emit_arithmetic(t, X86_FSUB, i);
        return true;
    case OP_FMUL_D:
        emit_arithmetic(t, X86_FMUL, i);
        return true;
    case OP_FDIV_D:
        emit_arithmetic(t, X86_FDIV, i);
        return true;
    case OP_FSQRT_D:
        emit_sqrt(t, i);
        return true;
    case OP_FMADD_D:
        return emit_fma(t, X86_FMADD, i);
    case OP_FMSUB_D:
        return emit_fma(t, X86_FMSUB, i);
    case OP_FNMSUB_D:
        return emit_fma(t, X86_FNMADD, i);
    case OP_FNMADD_D:
        return emit_fma(t, X86_FNMSUB, i);
    case OP_FEQ_D:
    case OP_FLT_D:
    case OP_FLE_D:
        emit_compare(t, i);
        return true;
    case OP_FSGNJ_D:
    case OP_FSGNJN_D:
    case OP_FSGNJX_D:
        emit_sign(t, i);
        return true;
    case OP_FCVT_W_D:
    case OP_FCVT_L_D:
        emit_to_int(t, i->op == OP_FCVT_W_D ? X86_4 : X86_8, i);
        return true;
    case OP_FCVT_D_W:
    case OP_FCVT_D_L:
        emit_from_int(t, i->op == OP_FCVT_D_W ? X86_4 : X86_8, i);
        return true;
    case OP_FMV_X_D:
    case OP_FMV_D_X:
        emit_move(t, i);
        return true;
    default:
        return false;
    }
}

/* frm: reading it, and writing what it is already; all else is a step. */
static bool emit_frm(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    bool writes = i->op == OP_CSRRW || i->op == OP_CSRRWI;
    if (!writes && i->rs1 != 0) {
        return false;
    }
    if (writes) {
        if (i->op == OP_CSRRWI) {
            x86_mov_imm(x, RAX, i->rs1);
        } else {
            x_copy(t, RAX, i->rs1);
        }
        x86_alu_imm(x, X86_AND, X86_4, RAX, 7);
        x86_alu_load(x, X86_CMP, X86_4, RAX, HART_AT(frm));
        u8 *changes = x86_jump_if(x, X86_NE);
        if (i->rd != 0) {
            x_written(t, i->rd, RAX);
        }
        add_stub(t, changes, STUB_STEP, 0);
    } else if (i->rd != 0) {
        enum x86_reg to = x_result(t, i->rd);
        x86_load(x, X86_4, false, to, HART_AT(frm));
        x_written(t, i->rd, to);
    }
    return true;
}

/* fflags: what is in the hart and what the host's sticky bits add; writing clears those. */
static bool emit_fflags(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    bool writes = i->op == OP_CSRRW || i->op == OP_CSRRWI;
    if (!writes && i->rs1 != 0) {
        return false;
    }
    if (i->op == OP_CSRRW) {
        x_copy(t, RDX, i->rs1);
    } else if (writes) {
        x86_mov_imm(x, RDX, i->rs1);
    }
    if (i->rd != 0) {
        x86_store_mxcsr(x, FRAME_AT(mxcsr));
        x86_load(x, X86_4, false, RAX, FRAME_AT(mxcsr));
        x86_alu_imm(x, X86_AND, X86_4, RAX, 0x3f);
        x86_mov_imm(x, RCX, (u64)(uintptr_t)jit_flags_of_mxcsr);
        x86_load(x, X86_1, false, RAX, x86_index(RCX, RAX, 1, 0));
        x86_alu_load(x, X86_OR, X86_4, RAX, HART_AT(fflags));
        x_written(t, i->rd, RAX);
    }
    if (writes) {
        x86_alu_imm(x, X86_AND, X86_4, RDX, 0x1f);
        x86_store(x, X86_4, HART_AT(fflags), RDX);
        x86_mov_imm(x, RCX, (u64)(uintptr_t)&t->jit->float_mode);
        x86_load_mxcsr(x, x86_at(RCX, 0));
    }
    return true;
}

/*
 * frflags, a comparison, fsflags of the same: how compilers compare without raising anything for
 * quiet NaNs.  The flags stay what they are; only when a NaN is there the last instruction has to
 * put them right.
 */
bool emit_quiet_compare(struct translator *t, const struct insn *i)
{
    const struct insn *compare = i + 1, *restore = i + 2;
    if (i->op != OP_CSRRS || i->imm != CSR_FFLAGS || i->rs1 != 0 || i->rd == 0 ||
        (compare->op != OP_FLT_D && compare->op != OP_FLE_D) || compare->rd == 0 ||
        compare->rd == i->rd || restore->op != OP_CSRRW || restore->imm != CSR_FFLAGS ||
        restore->rd != 0 || restore->rs1 != i->rd) {
        return false;
    }
    emit_fflags(t, i);
    unsigned a = f_read(t, compare->rs1, 0), b = f_read(t, compare->rs2, 1);
    enum x86_reg to = x_result(t, compare->rd);
    x86_ucomi(&t->x, true, b, a);
    x86_setcc(&t->x, compare->op == OP_FLT_D ? X86_A : X86_AE, RAX);
    u8 *nan = x86_jump_if(&t->x, X86_P);
    const u8 *back = x86_here(&t->x);
    x86_extend(&t->x, X86_1, false, to, RAX);
    x_written(t, compare->rd, to);
    t->insn = (u16)(t->insn + 2);
    new_stub(t, nan, STUB_QUIET)->quiet_back = back;
    return true;
}

void emit_quiet_stub(struct translator *t, const struct stub *s)
{
    const struct insn *compare = &t->region->insn[s->insn - 1];
    x86_mov_imm(&t->x, RAX, 0);
    x_written(t, compare->rd, RAX);
    emit_step(t);
    x86_mov_imm(&t->x, RAX, 0);
    x86_jump_to(&t->x, s->quiet_back);
}

bool emit_float_csr(struct translator *t, const struct insn *i)
{
    return i->imm == CSR_FRM ? emit_frm(t, i) : emit_fflags(t, i);
}
