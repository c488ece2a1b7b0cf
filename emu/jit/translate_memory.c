/* SPDX-License-Identifier: MIT */
/*
 * translate_memory.c - loads and stores: the TLB probe in line, everything else in a stub.
 *
 * The probe is one comparison (tlb.h): it covers translation, rights, alignment and every reason to
 * be slow.
 */
#include "emu/jit/translate.h"

u8 *emit_probe(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size)
{
    struct x86 *x = &t->x;
    i32 base = table == TLB_STORE ? (i32)offsetof(struct tlb_context, store) : 0;
    enum x86_reg from = x_host(t, i->rs1);
    if (from != X86_NONE) {
        x86_lea(x, X86_8, RAX, x86_at(from, i->imm));
    } else {
        x_copy(t, RAX, i->rs1);
        if (i->imm != 0) {
            x86_alu_imm(x, X86_ADD, X86_8, RAX, i->imm);
        }
    }
    x86_mov(x, X86_4, RCX, RAX);
    x86_shift_imm(x, X86_SHR, X86_4, RCX, 12 - 4);
    x86_alu_imm(x, X86_AND, X86_4, RCX, (TLB_DATA_ENTRIES - 1) << 4);
    x86_mov(x, X86_8, RDX, RAX);
    x86_alu_imm(x, X86_AND, X86_8, RDX, (i32)(i64)TLB_TAG_MASK(size));
    x86_alu_load(x, X86_CMP, X86_8, RDX, x86_index(R14, RCX, 1, base));
    u8 *slow = x86_jump_if(x, X86_NE);
    x86_alu_load(x, X86_ADD, X86_8, RAX, x86_index(R14, RCX, 1, base + 8));
    return slow;
}

static void emit_load(struct translator *t, const struct insn *i, unsigned size, bool sign)
{
    u8 *slow = emit_probe(t, i, TLB_LOAD, size);
    enum x86_reg to = x_result(t, i->rd);
    x86_load(&t->x, (enum x86_width)size, sign, to, x86_at(RAX, 0));
    x_written(t, i->rd, to);
    add_site(t, slow, SITE_LOAD, size | (sign ? SITE_SIGNED : 0u), i->rd);
}

static void emit_store(struct translator *t, const struct insn *i, unsigned size)
{
    u8 *slow = emit_probe(t, i, TLB_STORE, size);
    x86_store(&t->x, (enum x86_width)size, x86_at(RAX, 0), x_read(t, i->rs2, RCX));
    add_site(t, slow, SITE_STORE, size, i->rs2);
}

/* A single in an f register has all ones above it. */
static void box_single(struct translator *t, enum x86_reg bits, unsigned rd)
{
    x86_mov_imm(&t->x, RCX, 0xffffffff00000000ull);
    x86_alu(&t->x, X86_OR, X86_8, bits, RCX);
    unsigned to = f_result(t, rd);
    x86_reg_to_float(&t->x, X86_8, to, bits);
    f_written(t, rd, to);
}

static void emit_float_load(struct translator *t, const struct insn *i, unsigned size)
{
    u8 *slow = emit_probe(t, i, TLB_LOAD, size);
    if (size == 8) {
        unsigned to = f_result(t, i->rd);
        x86_float_load(&t->x, true, to, x86_at(RAX, 0));
        f_written(t, i->rd, to);
    } else {
        x86_load(&t->x, X86_4, false, RAX, x86_at(RAX, 0));
        box_single(t, RAX, i->rd);
    }
    add_site(t, slow, SITE_FLOAD, size, i->rd);
}

static void emit_float_store(struct translator *t, const struct insn *i, unsigned size)
{
    u8 *slow = emit_probe(t, i, TLB_STORE, size);
    x86_float_store(&t->x, size == 8, x86_at(RAX, 0), f_read(t, i->rs2, 1));
    add_site(t, slow, SITE_FSTORE, size, i->rs2);
}

bool emit_memory(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_LB:
    case OP_LBU:
        emit_load(t, i, 1, i->op == OP_LB);
        return true;
    case OP_LH:
    case OP_LHU:
        emit_load(t, i, 2, i->op == OP_LH);
        return true;
    case OP_LW:
    case OP_LWU:
        emit_load(t, i, 4, i->op == OP_LW);
        return true;
    case OP_LD:
        emit_load(t, i, 8, false);
        return true;
    case OP_SB:
        emit_store(t, i, 1);
        return true;
    case OP_SH:
        emit_store(t, i, 2);
        return true;
    case OP_SW:
        emit_store(t, i, 4);
        return true;
    case OP_SD:
        emit_store(t, i, 8);
        return true;
    case OP_FLW:
        emit_float_load(t, i, 4);
        return true;
    case OP_FLD:
        emit_float_load(t, i, 8);
        return true;
    case OP_FSW:
        emit_float_store(t, i, 4);
        return true;
    case OP_FSD:
        emit_float_store(t, i, 8);
        return true;
    default:
        return false;
    }
}
