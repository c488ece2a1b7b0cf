/* SPDX-License-Identifier: MIT */
/* translate_int.c - integer instructions of I and M. */
#include "emu/jit/translate.h"

static bool commutes(enum x86_alu op)
{
    return op == X86_ADD || op == X86_AND || op == X86_OR || op == X86_XOR;
}

void alu_with(struct translator *t, enum x86_alu op, enum x86_width w, enum x86_reg to, unsigned x)
{
    if (x == 0) {
        x86_alu_imm(&t->x, op, w, to, 0);
    } else if (x_host(t, x) == X86_NONE) {
        x86_alu_load(&t->x, op, w, to, x_at(x));
    } else {
        x86_alu(&t->x, op, w, to, x_host(t, x));
    }
}

static void finish_word(struct translator *t, unsigned rd, enum x86_width w, enum x86_reg from)
{
    enum x86_reg to = x_result(t, rd);
    if (w == X86_4) {
        x86_extend(&t->x, X86_4, true, to, from);
        from = to;
    }
    x_written(t, rd, from);
}

/* rd = rs1 op rs2 */
static void emit_alu(struct translator *t, enum x86_alu op, enum x86_width w, const struct insn *i)
{
    unsigned a = i->rs1, b = i->rs2;
    enum x86_reg to = x_result(t, i->rd);
    if (b == i->rd && a != b && commutes(op)) {
        unsigned swap = a;
        a = b;
        b = swap;
    }
    if (b == i->rd && a != b) {
        to = RAX; /* rd must not change before it has been read */
    }
    if (a == 0 || (b == 0 && op != X86_AND)) {
        if (op == X86_SUB && a == 0) {
            x_copy(t, RAX, b);
            x86_unary(&t->x, X86_NEG, w, RAX);
            to = RAX;
        } else if (op == X86_AND) {
            x86_mov_imm(&t->x, to, 0);
        } else {
            x_copy(t, to, a == 0 ? b : a); /* mv */
        }
    } else if (op == X86_ADD && w == X86_8 && a != 0 && b != 0 && x_host(t, a) != X86_NONE &&
               x_host(t, b) != X86_NONE && x_host(t, a) != to) {
        x86_lea(&t->x, X86_8, to, x86_index(x_host(t, a), x_host(t, b), 1, 0));
    } else {
        x_copy(t, to, a);
        alu_with(t, op, w, to, b);
    }
    finish_word(t, i->rd, w, to);
}

static void emit_alu_imm(struct translator *t, enum x86_alu op, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    if (i->rd == i->rs1 && x_host(t, i->rd) == X86_NONE) {
        x86_alu_store_imm(&t->x, op, X86_8, x_at(i->rd), i->imm);
        return;
    }
    x_copy(t, to, i->rs1);
    x86_alu_imm(&t->x, op, X86_8, to, i->imm);
    x_written(t, i->rd, to);
}

static void emit_addi(struct translator *t, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd), from = x_host(t, i->rs1);
    if (i->rs1 == 0) {
        x86_mov_imm(&t->x, to, (u64)(i64)i->imm);
    } else if (i->imm == 0) {
        x_copy(t, to, i->rs1);
    } else if (from != X86_NONE && from != to) {
        x86_lea(&t->x, X86_8, to, x86_at(from, i->imm));
    } else {
        emit_alu_imm(t, X86_ADD, i);
        return;
    }
    x_written(t, i->rd, to);
}

static void emit_addiw(struct translator *t, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    if (i->imm != 0) {
        enum x86_reg from = x_read(t, i->rs1, RAX);
        x86_lea(&t->x, X86_4, RAX, x86_at(from, i->imm));
        x86_extend(&t->x, X86_4, true, to, RAX);
    } else {
        x86_extend(&t->x, X86_4, true, to, x_read(t, i->rs1, RAX)); /* sext.w */
    }
    x_written(t, i->rd, to);
}

void emit_shift_imm(struct translator *t, enum x86_shift op, enum x86_width w, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    x_copy(t, to, i->rs1);
    if (i->imm != 0) {
        x86_shift_imm(&t->x, op, w, to, (unsigned)i->imm);
    }
    finish_word(t, i->rd, w, to);
}

void emit_shift(struct translator *t, enum x86_shift op, enum x86_width w, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    bool rotates = op == X86_ROL || op == X86_ROR;
    if (t->jit->features.bmi2 && !rotates) {
        enum x86_reg value = x_read(t, i->rs1, RAX), count = x_read(t, i->rs2, RCX);
        x86_shift_bmi2(&t->x, op, w, to, value, count);
    } else {
        x_copy(t, RCX, i->rs2);
        x_copy(t, RAX, i->rs1);
        x86_shift_cl(&t->x, op, w, RAX);
        to = RAX;
    }
    finish_word(t, i->rd, w, to);
}

void emit_set(struct translator *t, enum x86_cond condition, unsigned rd)
{
    enum x86_reg to = x_result(t, rd);
    x86_setcc(&t->x, condition, RAX);
    x86_extend(&t->x, X86_1, false, to, RAX);
    x_written(t, rd, to);
}

static void emit_compare(struct translator *t, enum x86_cond condition, const struct insn *i,
                         bool immediate)
{
    enum x86_reg a = x_read(t, i->rs1, RAX);
    if (immediate) {
        x86_alu_imm(&t->x, X86_CMP, X86_8, a, i->imm);
    } else {
        alu_with(t, X86_CMP, X86_8, a, i->rs2);
    }
    emit_set(t, condition, i->rd);
}

static void emit_mul(struct translator *t, enum x86_width w, const struct insn *i)
{
    x_copy(t, RAX, i->rs1);
    x86_imul(&t->x, w, RAX, x_read(t, i->rs2, RCX));
    finish_word(t, i->rd, w, RAX);
}

/* The upper half of the product; mulhsu is mulhu less rs2 where rs1 is negative. */
static void emit_mulh(struct translator *t, const struct insn *i)
{
    x_copy(t, RAX, i->rs1);
    enum x86_reg b = x_read(t, i->rs2, RCX);
    x86_unary(&t->x, i->op == OP_MULH ? X86_IMUL : X86_MUL, X86_8, b);
    if (i->op == OP_MULHSU) {
        x_copy(t, RAX, i->rs1);
        x86_shift_imm(&t->x, X86_SAR, X86_8, RAX, 63);
        x86_alu(&t->x, X86_AND, X86_8, RAX, b);
        x86_alu(&t->x, X86_SUB, X86_8, RDX, RAX);
    }
    x_written(t, i->rd, RDX);
}

/*
 * Division has no traps: by zero gives all ones and the dividend, and the one overflow (most
 * negative by -1) gives the dividend and 0.
 */
static void emit_divide(struct translator *t, enum x86_width w, bool sign, bool remainder,
                        const struct insn *i)
{
    struct x86 *x = &t->x;
    u8 *minus_one = NULL, *done_minus_one = NULL;
    x_copy(t, RCX, i->rs2);
    x_copy(t, RAX, i->rs1);
    x86_test(x, w, RCX, RCX);
    u8 *zero = x86_jump_if(x, X86_E);
    if (sign) {
        x86_alu_imm(x, X86_CMP, w, RCX, -1);
        minus_one = x86_jump_if(x, X86_E);
        x86_sign_to_rdx(x, w);
        x86_unary(x, X86_IDIV, w, RCX);
    } else {
        x86_mov_imm(x, RDX, 0);
        x86_unary(x, X86_DIV, w, RCX);
    }
    if (remainder) {
        x86_mov(x, X86_8, RAX, RDX);
    }
    u8 *done = x86_jump(x);
    if (minus_one) {
        x86_patch_here(x, minus_one);
        if (remainder) {
            x86_mov_imm(x, RAX, 0);
        } else {
            x86_unary(x, X86_NEG, w, RAX);
        }
        done_minus_one = x86_jump(x);
    }
    x86_patch_here(x, zero);
    if (!remainder) {
        x86_mov_imm(x, RAX, UINT64_MAX);
    }
    x86_patch_here(x, done);
    if (done_minus_one) {
        x86_patch_here(x, done_minus_one);
    }
    finish_word(t, i->rd, w, RAX);
}

static bool emit_m(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_MUL:
        emit_mul(t, X86_8, i);
        return true;
    case OP_MULW:
        emit_mul(t, X86_4, i);
        return true;
    case OP_MULH:
    case OP_MULHU:
    case OP_MULHSU:
        emit_mulh(t, i);
        return true;
    case OP_DIV:
    case OP_DIVW:
    case OP_REM:
    case OP_REMW:
        emit_divide(t, i->op == OP_DIV || i->op == OP_REM ? X86_8 : X86_4, true,
                    i->op == OP_REM || i->op == OP_REMW, i);
        return true;
    case OP_DIVU:
    case OP_DIVUW:
    case OP_REMU:
    case OP_REMUW:
        emit_divide(t, i->op == OP_DIVU || i->op == OP_REMU ? X86_8 : X86_4, false,
                    i->op == OP_REMU || i->op == OP_REMUW, i);
        return true;
    default:
        return false;
    }
}

static void emit_auipc(struct translator *t, const struct insn *i)
{
    enum x86_reg to = x_result(t, i->rd);
    i64 distance = (i64)t->region->insn_offset[t->insn] + i->imm;
    x86_load(&t->x, X86_8, false, to, HART_AT(fetch_page));
    if (distance == (i32)distance) {
        x86_alu_imm(&t->x, X86_ADD, X86_8, to, (i32)distance);
    } else {
        x86_mov_imm(&t->x, RCX, (u64)distance);
        x86_alu(&t->x, X86_ADD, X86_8, to, RCX);
    }
    x_written(t, i->rd, to);
}

static bool emit_immediate(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_LUI:
        x86_mov_imm(&t->x, x_result(t, i->rd), (u64)(i64)i->imm);
        x_written(t, i->rd, x_result(t, i->rd));
        return true;
    case OP_AUIPC:
        emit_auipc(t, i);
        return true;
    case OP_ADDI:
        emit_addi(t, i);
        return true;
    case OP_ADDIW:
        emit_addiw(t, i);
        return true;
    case OP_SLTI:
        emit_compare(t, X86_L, i, true);
        return true;
    case OP_SLTIU:
        emit_compare(t, X86_B, i, true);
        return true;
    case OP_XORI:
        emit_alu_imm(t, X86_XOR, i);
        return true;
    case OP_ORI:
        emit_alu_imm(t, X86_OR, i);
        return true;
    case OP_ANDI:
        emit_alu_imm(t, X86_AND, i);
        return true;
    case OP_SLLI:
    case OP_SLLIW:
        emit_shift_imm(t, X86_SHL, i->op == OP_SLLI ? X86_8 : X86_4, i);
        return true;
    case OP_SRLI:
    case OP_SRLIW:
        emit_shift_imm(t, X86_SHR, i->op == OP_SRLI ? X86_8 : X86_4, i);
        return true;
    case OP_SRAI:
    case OP_SRAIW:
        emit_shift_imm(t, X86_SAR, i->op == OP_SRAI ? X86_8 : X86_4, i);
        return true;
    default:
        return false;
    }
}

static bool emit_register(struct translator *t, const struct insn *i)
{
    switch (i->op) {
    case OP_ADD:
    case OP_ADDW:
        emit_alu(t, X86_ADD, i->op == OP_ADD ? X86_8 : X86_4, i);
        return true;
    case OP_SUB:
    case OP_SUBW:
        emit_alu(t, X86_SUB, i->op == OP_SUB ? X86_8 : X86_4, i);
        return true;
    case OP_XOR:
        emit_alu(t, X86_XOR, X86_8, i);
        return true;
    case OP_OR:
        emit_alu(t, X86_OR, X86_8, i);
        return true;
    case OP_AND:
        emit_alu(t, X86_AND, X86_8, i);
        return true;
    case OP_SLT:
        emit_compare(t, X86_L, i, false);
        return true;
    case OP_SLTU:
        emit_compare(t, X86_B, i, false);
        return true;
    case OP_SLL:
    case OP_SLLW:
        emit_shift(t, X86_SHL, i->op == OP_SLL ? X86_8 : X86_4, i);
        return true;
    case OP_SRL:
    case OP_SRLW:
        emit_shift(t, X86_SHR, i->op == OP_SRL ? X86_8 : X86_4, i);
        return true;
    case OP_SRA:
    case OP_SRAW:
        emit_shift(t, X86_SAR, i->op == OP_SRA ? X86_8 : X86_4, i);
        return true;
    default:
        return false;
    }
}

static void emit_constant(struct translator *t, unsigned rd, u64 value)
{
    enum x86_reg to = x_result(t, rd);
    x86_mov_imm(&t->x, to, value);
    x_written(t, rd, to);
}

/* slli and srli or srai: extensions, and shifts of unsigned words. */
static bool emit_shift_pair(struct translator *t, const struct insn *first,
                            const struct insn *second)
{
    enum x86_width w = first->imm == 32 ? X86_4 : first->imm == 48 ? X86_2 : X86_1;
    bool sign = second->op == OP_SRAI;
    if ((first->imm != 32 && first->imm != 48 && first->imm != 56) || second->imm > first->imm ||
        (sign && second->imm != first->imm)) {
        return false;
    }
    enum x86_reg to = x_result(t, second->rd);
    x86_extend(&t->x, w, sign, to, x_read(t, first->rs1, RAX));
    if (second->imm < first->imm) {
        x86_shift_imm(&t->x, X86_SHL, X86_8, to, (unsigned)(first->imm - second->imm));
    }
    x_written(t, second->rd, to);
    return true;
}

bool emit_pair(struct translator *t, const struct insn *first, const struct insn *second)
{
    if (first->rd == 0 || second->rd != first->rd || second->rs1 != first->rd) {
        return false;
    }
    if (first->op == OP_SLLI && (second->op == OP_SRLI || second->op == OP_SRAI)) {
        return emit_shift_pair(t, first, second);
    }
    if (first->op == OP_LUI && (second->op == OP_ADDI || second->op == OP_ADDIW)) {
        i64 value = (i64)first->imm + second->imm;
        emit_constant(t, first->rd, (u64)(second->op == OP_ADDIW ? (i32)value : value));
        return true;
    }
    return false;
}

bool emit_int(struct translator *t, const struct insn *i)
{
    if (i->op == OP_FENCE) {
        return true; /* one hart at a time, in order */
    }
    bool other = (insn_table[i->op].flags & (INSN_LOAD | INSN_STORE | INSN_FP | INSN_CSR)) != 0;
    if (!other && i->rd == 0) {
        return true; /* a hint: nothing to do */
    }
    return !other &&
           (emit_immediate(t, i) || emit_register(t, i) || emit_m(t, i) || emit_bits(t, i));
}
