/* SPDX-License-Identifier: MIT */
/*
 * translate_mode.c - floating point and its environment: rounding modes, flags, what is known of
 * boxes; the way to the instructions' own code.
 */
#include "emu/isa/csr.h"
#include "emu/jit/translate_float.h"

enum { RM_DYNAMIC = 7, MXCSR_MODE_SHIFT = 13, MXCSR_MODE = 3 << MXCSR_MODE_SHIFT };

/* eax = MXCSR without its rounding mode. */
static void read_mxcsr(struct x86 *x)
{
    x86_store_mxcsr(x, FRAME_AT(mxcsr));
    x86_load(x, X86_4, false, RAX, FRAME_AT(mxcsr));
    x86_alu_imm(x, X86_AND, X86_4, RAX, ~MXCSR_MODE);
}

static void write_mxcsr(struct x86 *x)
{
    x86_store(x, X86_4, FRAME_AT(mxcsr), RAX);
    x86_load_mxcsr(x, FRAME_AT(mxcsr));
}

/* For one instruction the host's rounding mode is the one that is in it; the flags stay. */
static void begin_static_mode(struct translator *t, unsigned rm)
{
    read_mxcsr(&t->x);
    x86_alu_imm(&t->x, X86_OR, X86_4, RAX, (i32)(mode_of_host(rm) << MXCSR_MODE_SHIFT));
    write_mxcsr(&t->x);
}

static void end_static_mode(struct translator *t)
{
    read_mxcsr(&t->x);
    x86_mov_imm(&t->x, RCX, (u64)(uintptr_t)&t->jit->float_mode);
    x86_load(&t->x, X86_4, false, RCX, x86_at(RCX, 0));
    x86_alu_imm(&t->x, X86_AND, X86_4, RCX, MXCSR_MODE);
    x86_alu(&t->x, X86_OR, X86_4, RAX, RCX);
    write_mxcsr(&t->x);
}

/* Whether the host's mode matters: not where the result is exact or made by a mode of its own. */
static bool rounds_statically(const struct insn *i)
{
    if (!(insn_table[i->op].flags & INSN_RM) || i->rm == RM_DYNAMIC) {
        return false;
    }
    switch (i->op) {
    case OP_FCVT_D_W:
    case OP_FCVT_D_WU:
    case OP_FCVT_D_S:
        return false;
    default:
        return insn_table[i->op].format != FORMAT_XF_RM;
    }
}

bool emit_float(struct translator *t, const struct insn *i)
{
    if (!(insn_table[i->op].flags & INSN_FP)) {
        return false;
    }
    bool by_itself = rounds_statically(i);
    if (by_itself) {
        begin_static_mode(t, i->rm);
    }
    if (!emit_arithmetic(t, i) && !emit_conversion(t, i)) {
        return false; /* the step that comes instead sets the mode again */
    }
    if (by_itself) {
        end_static_mode(t);
    }
    return true;
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
