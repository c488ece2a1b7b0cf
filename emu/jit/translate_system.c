/* SPDX-License-Identifier: MIT */
/*
 * translate_system.c - what kernels do at every trap and every critical section, in line: the trap
 * registers of S-mode, sstatus, cbo.zero.
 *
 * Only what has no further effect is done here: S-mode, no change of MXR, no interrupt that becomes
 * possible; FS changes only where the region has no floating point, for it is looked at where a
 * trace with such begins.  Everything else is a step, which then leaves the block where it has to.
 */
#include "emu/hart/csrs.h"
#include "emu/jit/translate.h"

/* Where a CSR that is a plain register lies in the hart; 0: it is none. */
static i64 plain_field(unsigned number)
{
    switch (number) {
    case CSR_SSCRATCH:
        return offsetof(struct hart, sscratch);
    case CSR_SEPC:
        return offsetof(struct hart, sepc);
    case CSR_SCAUSE:
        return offsetof(struct hart, scause);
    case CSR_STVAL:
        return offsetof(struct hart, stval);
    default:
        return 0;
    }
}

static bool immediate_form(const struct insn *i)
{
    return i->op == OP_CSRRWI || i->op == OP_CSRRSI || i->op == OP_CSRRCI;
}

static enum csr_operation operation_of(const struct insn *i)
{
    return i->op == OP_CSRRW || i->op == OP_CSRRWI   ? CSR_WRITE
           : i->op == OP_CSRRS || i->op == OP_CSRRSI ? CSR_SET
                                                     : CSR_CLEAR;
}

static bool writes_csr(const struct insn *i)
{
    return operation_of(i) == CSR_WRITE || i->rs1 != 0;
}

/* Goes on only in S-mode.  Uses rax. */
static u8 *only_supervisor(struct translator *t)
{
    x86_load(&t->x, X86_1, false, RAX, HART_AT(priv));
    x86_alu_imm(&t->x, X86_CMP, X86_4, RAX, PRIV_SUPERVISOR);
    return x86_jump_if(&t->x, X86_NE);
}

static void copy_operand(struct translator *t, enum x86_reg to, const struct insn *i)
{
    if (immediate_form(i)) {
        x86_mov_imm(&t->x, to, i->rs1);
    } else {
        x_copy(t, to, i->rs1);
    }
}

static void emit_plain(struct translator *t, const struct insn *i, i64 field)
{
    struct x86 *x = &t->x;
    struct x86_mem at = x86_at(RBP, field - HART_BIAS);
    enum csr_operation operation = operation_of(i);
    u8 *slow = only_supervisor(t);
    if (i->rd != 0 || operation != CSR_WRITE) {
        x86_load(x, X86_8, false, RAX, at);
    }
    if (writes_csr(i)) {
        copy_operand(t, RCX, i);
        if (operation == CSR_SET) {
            x86_alu(x, X86_OR, X86_8, RCX, RAX);
        } else if (operation == CSR_CLEAR) {
            x86_unary(x, X86_NOT, X86_8, RCX);
            x86_alu(x, X86_AND, X86_8, RCX, RAX);
        }
        if (i->imm == CSR_SEPC) {
            x86_alu_imm(x, X86_AND, X86_8, RCX, -2);
        }
        x86_store(x, X86_8, at, RCX);
    }
    x_written(t, i->rd, RAX);
    add_stub(t, slow, STUB_STEP, 0);
}

/* rd = sstatus as it reads, of mstatus in rax: SD is made from FS, UXL is 2.  Uses rcx. */
static void emit_status_read(struct translator *t, unsigned rd)
{
    struct x86 *x = &t->x;
    enum { FS_LOW = 13, FS_CARRY = 15, SD = 63, UXL_64_BIT = 33 };
    /* Adding one to FS carries out of it when it is 3; the bit above it is always 0. */
    x86_lea(x, X86_4, RCX, x86_at(RAX, 1 << FS_LOW));
    x86_alu_imm(x, X86_AND, X86_4, RCX, 1 << FS_CARRY);
    x86_shift_imm(x, X86_SHL, X86_8, RCX, SD - FS_CARRY);
    x86_bit_imm(x, X86_BTS, X86_8, RCX, UXL_64_BIT);
    x86_alu_imm(x, X86_AND, X86_4, RAX, (i32)SSTATUS_WRITABLE);
    x86_alu(x, X86_OR, X86_8, RAX, RCX);
    x_written(t, rd, RAX);
}

/* Bits of sstatus that do more than being there. */
static i32 heavy_bits(const struct translator *t)
{
    return (i32)(MSTATUS_SUM | MSTATUS_MXR | (t->has_float ? MSTATUS_FS : 0));
}

static void emit_status(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    enum csr_operation operation = operation_of(i);
    u8 *slow = only_supervisor(t), *changes = NULL, *pending = NULL;
    x86_load(x, X86_8, false, RAX, HART_AT(mstatus));
    if (writes_csr(i)) {
        /* rdx: the bits that change. */
        copy_operand(t, RDX, i);
        if (operation == CSR_SET) {
            x86_mov(x, X86_4, RCX, RAX);
            x86_unary(x, X86_NOT, X86_4, RCX);
            x86_alu(x, X86_AND, X86_4, RDX, RCX);
        } else {
            x86_alu(x, operation == CSR_CLEAR ? X86_AND : X86_XOR, X86_4, RDX, RAX);
        }
        x86_alu_imm(x, X86_AND, X86_4, RDX, (i32)SSTATUS_WRITABLE);
        if (!immediate_form(i) || operation == CSR_WRITE) {
            x86_mov(x, X86_4, RCX, RDX);
            x86_alu_imm(x, X86_AND, X86_4, RCX, heavy_bits(t));
            changes = x86_jump_if(x, X86_NE);
        }
        if (operation != CSR_CLEAR) { /* turning off cannot let an interrupt in */
            x86_load(x, X86_8, false, RCX, HART_AT(mip));
            x86_alu_load(x, X86_OR, X86_8, RCX, HART_AT(mip_software));
            x86_alu_load(x, X86_AND, X86_8, RCX, HART_AT(mie));
            pending = x86_jump_if(x, X86_NE);
        }
        x86_alu_store(x, X86_XOR, X86_8, HART_AT(mstatus), RDX);
    }
    if (i->rd != 0) {
        emit_status_read(t, i->rd);
    }
    add_stub(t, slow, STUB_STEP, 0);
    also_from(t, pending);
    if (changes) {
        add_stub(t, changes, STUB_SUM, 0);
    }
}

/*
 * SUM turns on and off at every copy from or to user memory.  If nothing else that matters changes,
 * the context that belongs to the other value may be known (tlb.h); then this is what
 * hart_select_contexts does.
 */
void emit_sum_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    const struct insn *i = &t->region->insn[s->insn];
    struct x86_mem mode = x86_at(RCX, offsetof(struct tlb_context, mode));
    struct x86_mem satp = x86_at(RCX, offsetof(struct tlb_context, satp));
    u8 *fail[4];
    x86_mov(x, X86_4, RAX, RDX);
    x86_alu_imm(x, X86_AND, X86_4, RAX, heavy_bits(t) | (i32)MSTATUS_SIE);
    x86_alu_imm(x, X86_CMP, X86_4, RAX, (i32)MSTATUS_SUM);
    fail[0] = x86_jump_if(x, X86_NE);
    x86_load(x, X86_8, false, RCX, x86_at(R14, offsetof(struct tlb_context, twin)));
    x86_test(x, X86_8, RCX, RCX);
    fail[1] = x86_jump_if(x, X86_E);
    x86_load(x, X86_4, false, RAX, x86_at(R14, offsetof(struct tlb_context, mode)));
    x86_alu_imm(x, X86_XOR, X86_4, RAX, (i32)TLB_MODE(0, 1, 0));
    x86_alu_load(x, X86_CMP, X86_4, RAX, mode);
    fail[2] = x86_jump_if(x, X86_NE);
    x86_load(x, X86_8, false, RAX, x86_at(R14, offsetof(struct tlb_context, satp)));
    x86_alu_load(x, X86_CMP, X86_8, RAX, satp);
    fail[3] = x86_jump_if(x, X86_NE);

    x86_load(x, X86_8, false, RAX, HART_AT(tlb.clock));
    x86_alu_imm(x, X86_ADD, X86_8, RAX, 1);
    x86_store(x, X86_8, HART_AT(tlb.clock), RAX);
    x86_store(x, X86_8, x86_at(RCX, offsetof(struct tlb_context, stamp)), RAX);
    x86_alu_store_imm(x, X86_ADD, X86_8, HART_AT(counters.context_switches), 1);
    x86_store(x, X86_8, HART_AT(context), RCX);
    x86_mov(x, X86_8, R14, RCX);
    x86_load(x, X86_8, false, RAX, HART_AT(mstatus));
    x86_alu_store(x, X86_XOR, X86_8, HART_AT(mstatus), RDX);
    if (i->rd != 0) {
        emit_status_read(t, i->rd);
    }
    x86_jump_to(x, s->back);
    for (unsigned n = 0; n < ARRAY_LENGTH(fail); n++) {
        x86_patch_here(x, fail[n]);
    }
    call_step(t, s->back);
}

static void emit_cbo_zero(struct translator *t, const struct insn *i)
{
    struct x86 *x = &t->x;
    u8 *slow = only_supervisor(t);
    x86_load(x, X86_4, false, RAX, HART_AT(menvcfg));
    x86_alu_imm(x, X86_AND, X86_4, RAX, (i32)ENVCFG_CBZE);
    u8 *disabled = x86_jump_if(x, X86_E);
    struct insn at = *i;
    at.imm = 0;
    u8 *miss = emit_probe(t, &at, TLB_STORE, 1);
    x86_alu_imm(x, X86_AND, X86_8, RAX, -CBO_BLOCK);
    x86_float_zero(x, 0);
    for (i32 offset = 0; offset < CBO_BLOCK; offset += 16) {
        x86_float_store16(x, x86_at(RAX, offset), 0);
    }
    add_stub(t, slow, STUB_STEP, 0);
    also_from(t, disabled);
    also_from(t, miss);
}

bool emit_system(struct translator *t, const struct insn *i)
{
    if (i->op == OP_CBO_ZERO) {
        emit_cbo_zero(t, i);
        return true;
    }
    if (insn_is_float_csr(i)) {
        return emit_float_csr(t, i);
    }
    if (!(insn_table[i->op].flags & INSN_CSR) || !(t->jit->harts[0]->extensions & ISA_S)) {
        return false;
    }
    if (i->imm == CSR_SSTATUS) {
        emit_status(t, i);
        return true;
    }
    i64 field = plain_field((unsigned)i->imm);
    if (field != 0) {
        emit_plain(t, i, field);
    }
    return field != 0;
}
