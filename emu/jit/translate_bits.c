/* SPDX-License-Identifier: MIT */
/* translate_bits.c - integer instructions of Zba, Zbb, Zbs and Zicond. */
#include "emu/jit/translate.h"

/* rd = rs2 + (rs1 << shift), of the low word of rs1 with `word` */
static void emit_shift_add(struct translator *t, unsigned shift, bool word, const struct insn *i)
{
    enum x86_reg a, b = x_read(t, i->rs2, RCX), to = x_result(t, i->rd);
    if (word) {
        x86_extend(&t->x, X86_4, false, RAX, x_read(t, i->rs1, RAX));
        a = RAX;
    } else {
        a = x_read(t, i->rs1, RAX);
    }
    x86_lea(&t->x, X86_8, to, x86_index(b, a, 1u << shift, 0));
    x_written(t, i->rd, to);
}

static bool emit_zba(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_SH1ADD:
    case OP_SH2ADD:
    case OP_SH3ADD:
        emit_shift_add(t, i->op == OP_SH1ADD ? 1 : i->op == OP_SH2ADD ? 2 : 3, false, i);
        return true;
    case OP_ADD_UW:
    case OP_SH1ADD_UW:
    case OP_SH2ADD_UW:
    case OP_SH3ADD_UW:
        emit_shift_add(t,
                       i->op == OP_ADD_UW      ? 0
                       : i->op == OP_SH1ADD_UW ? 1
                       : i->op == OP_SH2ADD_UW ? 2
                                               : 3,
                       true, i);
        return true;
    case OP_SLLI_UW:
        x86_extend(&t->x, X86_4, false, RAX, x_read(t, i->rs1, RAX));
        x86_shift_imm(&t->x, X86_SHL, X86_8, RAX, (unsigned)i->imm);
        x_written(t, i->rd, RAX);
        return true;
    default:
        return false;
    }
}

static void emit_logic_not(struct translator *t, enum x86_alu op, const struct insn *i)
{
    x_copy(t, RAX, i->rs2);
    x86_unary(&t->x, X86_NOT, X86_8, RAX);
    alu_with(t, op, X86_8, RAX, i->rs1);
    x_written(t, i->rd, RAX);
}

static void emit_choose(struct translator *t, enum x86_cond take_second, const struct insn *i)
{
    x_copy(t, RAX, i->rs1);
    enum x86_reg b = x_read(t, i->rs2, RCX);
    x86_alu(&t->x, X86_CMP, X86_8, b, RAX);
    x86_cmov(&t->x, take_second, X86_8, RAX, b);
    x_written(t, i->rd, RAX);
}

static void emit_extend(struct translator *t, enum x86_width w, bool sign, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    x86_extend(&t->x, w, sign, to, x_read(t, i->rs1, RAX));
    x_written(t, i->rd, to);
}

static bool emit_count(struct translator *t, const struct insn *i)
{
    const struct jit_features *have = &t->jit->features;
    enum x86_width w = i->op == OP_CLZW || i->op == OP_CTZW || i->op == OP_CPOPW ? X86_4 : X86_8;
    bool leading = i->op == OP_CLZ || i->op == OP_CLZW;
    bool trailing = i->op == OP_CTZ || i->op == OP_CTZW;
    if (leading ? !have->lzcnt : trailing ? !have->tzcnt : !have->popcnt) {
        return false;
    }
    enum x86_reg to = x_result(t, i->rd), from = x_read(t, i->rs1, RAX);
    if (leading) {
        x86_lzcnt(&t->x, w, to, from);
    } else if (trailing) {
        x86_tzcnt(&t->x, w, to, from);
    } else {
        x86_popcnt(&t->x, w, to, from);
    }
    x_written(t, i->rd, to);
    return true;
}

/* Each byte 0xff unless it is 0: the top bit of (b & 0x7f) + 0x7f | b tells, and h * 2 - h / 128
 * fills the byte below it. */
static void emit_or_combine(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    x_copy(t, RAX, i->rs1);
    x86_mov_imm(x, RCX, 0x7f7f7f7f7f7f7f7full);
    x86_mov(x, X86_8, RDX, RAX);
    x86_alu(x, X86_AND, X86_8, RDX, RCX);
    x86_alu(x, X86_ADD, X86_8, RDX, RCX);
    x86_alu(x, X86_OR, X86_8, RDX, RAX);
    x86_mov_imm(x, RCX, 0x8080808080808080ull);
    x86_alu(x, X86_AND, X86_8, RDX, RCX);
    x86_lea(x, X86_8, RAX, x86_index(RDX, RDX, 1, 0));
    x86_shift_imm(x, X86_SHR, X86_8, RDX, 7);
    x86_alu(x, X86_SUB, X86_8, RAX, RDX);
    x_written(t, i->rd, RAX);
}

static bool emit_zbb(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_ANDN:
        emit_logic_not(t, X86_AND, i);
        return true;
    case OP_ORN:
        emit_logic_not(t, X86_OR, i);
        return true;
    case OP_XNOR:
        emit_logic_not(t, X86_XOR, i);
        return true;
    case OP_MIN:
        emit_choose(t, X86_L, i);
        return true;
    case OP_MINU:
        emit_choose(t, X86_B, i);
        return true;
    case OP_MAX:
        emit_choose(t, X86_G, i);
        return true;
    case OP_MAXU:
        emit_choose(t, X86_A, i);
        return true;
    case OP_ROL:
    case OP_ROLW:
        emit_shift(t, X86_ROL, i->op == OP_ROL ? X86_8 : X86_4, i);
        return true;
    case OP_ROR:
    case OP_RORW:
        emit_shift(t, X86_ROR, i->op == OP_ROR ? X86_8 : X86_4, i);
        return true;
    case OP_RORI:
    case OP_RORIW:
        emit_shift_imm(t, X86_ROR, i->op == OP_RORI ? X86_8 : X86_4, i);
        return true;
    case OP_SEXT_B:
        emit_extend(t, X86_1, true, i);
        return true;
    case OP_SEXT_H:
        emit_extend(t, X86_2, true, i);
        return true;
    case OP_ZEXT_H:
        emit_extend(t, X86_2, false, i);
        return true;
    case OP_ORC_B:
        emit_or_combine(t, i);
        return true;
    case OP_REV8:
        x_copy(t, RAX, i->rs1);
        x86_bswap(&t->x, X86_8, RAX);
        x_written(t, i->rd, RAX);
        return true;
    case OP_CLZ:
    case OP_CLZW:
    case OP_CTZ:
    case OP_CTZW:
    case OP_CPOP:
    case OP_CPOPW:
        return emit_count(t, i);
    default:
        return false;
    }
}

static void emit_bit(struct translator *t, enum x86_bit op, const struct insn *i, bool immediate)
{
    x_copy(t, RAX, i->rs1);
    if (immediate) {
        x86_bit_imm(&t->x, op, X86_8, RAX, (unsigned)i->imm);
    } else {
        x86_bit(&t->x, op, X86_8, RAX, x_read(t, i->rs2, RCX));
    }
    if (op == X86_BT) {
        emit_set(t, X86_B, i->rd);
    } else {
        x_written(t, i->rd, RAX);
    }
}

static bool emit_zbs(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_BCLR:
    case OP_BCLRI:
        emit_bit(t, X86_BTR, i, i->op == OP_BCLRI);
        return true;
    case OP_BEXT:
    case OP_BEXTI:
        emit_bit(t, X86_BT, i, i->op == OP_BEXTI);
        return true;
    case OP_BINV:
    case OP_BINVI:
        emit_bit(t, X86_BTC, i, i->op == OP_BINVI);
        return true;
    case OP_BSET:
    case OP_BSETI:
        emit_bit(t, X86_BTS, i, i->op == OP_BSETI);
        return true;
    case OP_CZERO_EQZ:
    case OP_CZERO_NEZ: {
        enum x86_reg condition = x_read(t, i->rs2, RCX);
        x_copy(t, RAX, i->rs1);
        x86_mov_imm(&t->x, RDX, 0);
        x86_test(&t->x, X86_8, condition, condition);
        x86_cmov(&t->x, i->op == OP_CZERO_EQZ ? X86_E : X86_NE, X86_8, RAX, RDX);
        x_written(t, i->rd, RAX);
        return true;
    }
    default:
        return false;
    }
}

bool emit_bits(struct translator *t, const struct insn *i)
{
    return emit_zba(t, i) || emit_zbb(t, i) || emit_zbs(t, i);
}
