/* SPDX-License-Identifier: MIT */
/*
 * translate_atomic.c - lr, sc and amo in line.  One host thread runs all harts, so they are plain
 * loads and stores; what the TLB probe does not settle is done by access.h, one step.
 */
#include "emu/jit/translate.h"

/* The guest physical address of the host address in rax. */
static void physical_address(struct translator *t, enum x86_reg to)
{
    const struct ram *ram = t->jit->ram;
    x86_mov_imm(&t->x, to, ram->base - (u64)(uintptr_t)ram->host);
    x86_alu(&t->x, X86_ADD, X86_8, to, RAX);
}

/* Writes from outside of the harts so far: they end a reservation. */
static void outside_writes(struct translator *t, enum x86_reg to)
{
    x86_mov_imm(&t->x, to, (u64)(uintptr_t)&t->jit->ram->dma_writes);
    x86_load(&t->x, X86_8, false, to, x86_at(to, 0));
}

static void emit_load_reserved(struct translator *t, const struct insn *i, unsigned size)
{
    struct x86 *x = &t->x;
    u8 *slow = emit_probe(t, i, TLB_LOAD, size);
    physical_address(t, RCX);
    x86_store(x, X86_8, HART_AT(reservation), RCX);
    outside_writes(t, RCX);
    x86_store(x, X86_8, HART_AT(reservation_dma), RCX);
    x86_store_imm(x, X86_4, HART_AT(reservation_size), (i32)size);
    enum x86_reg to = x_result(t, i->rd);
    x86_load(x, (enum x86_width)size, size == 4, to, x86_at(RAX, 0));
    x_written(t, i->rd, to);
    add_stub(t, slow, STUB_STEP, 0);
}

static void emit_store_conditional(struct translator *t, const struct insn *i, unsigned size)
{
    struct x86 *x = &t->x;
    u8 *slow = emit_probe(t, i, TLB_STORE, size);
    u8 *fail[3];
    physical_address(t, RCX);
    x86_alu_load(x, X86_CMP, X86_8, RCX, HART_AT(reservation));
    fail[0] = x86_jump_if(x, X86_NE);
    x86_alu_store_imm(x, X86_CMP, X86_4, HART_AT(reservation_size), (i32)size);
    fail[1] = x86_jump_if(x, X86_NE);
    outside_writes(t, RCX);
    x86_alu_load(x, X86_CMP, X86_8, RCX, HART_AT(reservation_dma));
    fail[2] = x86_jump_if(x, X86_NE);
    x86_store(x, (enum x86_width)size, x86_at(RAX, 0), x_read(t, i->rs2, RCX));
    x86_mov_imm(x, RDX, 0);
    u8 *done = x86_jump(x);
    for (unsigned n = 0; n < 3; n++) {
        x86_patch_here(x, fail[n]);
    }
    x86_mov_imm(x, RDX, 1);
    x86_patch_here(x, done);
    x86_store_imm(x, X86_4, HART_AT(reservation_size), 0);
    x_written(t, i->rd, RDX);
    add_stub(t, slow, STUB_STEP, 0);
}

static void emit_amo(struct translator *t, const struct insn *i, unsigned size, int operation)
{
    struct x86 *x = &t->x;
    u8 *slow = emit_probe(t, i, TLB_STORE, size);
    x_copy(t, RCX, i->rs2);
    x86_load(x, (enum x86_width)size, size == 4, RDX, x86_at(RAX, 0));
    if (operation >= 0) {
        x86_alu(x, (enum x86_alu)operation, X86_8, RCX, RDX);
    }
    x86_store(x, (enum x86_width)size, x86_at(RAX, 0), RCX);
    x_written(t, i->rd, RDX);
    add_stub(t, slow, STUB_STEP, 0);
}

bool emit_atomic(struct translator *t, const struct insn *i)
{
    enum { SWAP = -1 };
    unsigned size = insn_table[i->op].match >> 12 & 1 ? 8 : 4; /* .d or .w */
    switch (i->op) {
    case OP_LR_W:
    case OP_LR_D:
        emit_load_reserved(t, i, size);
        return true;
    case OP_SC_W:
    case OP_SC_D:
        emit_store_conditional(t, i, size);
        return true;
    case OP_AMOSWAP_W:
    case OP_AMOSWAP_D:
        emit_amo(t, i, size, SWAP);
        return true;
    case OP_AMOADD_W:
    case OP_AMOADD_D:
        emit_amo(t, i, size, X86_ADD);
        return true;
    case OP_AMOXOR_W:
    case OP_AMOXOR_D:
        emit_amo(t, i, size, X86_XOR);
        return true;
    case OP_AMOAND_W:
    case OP_AMOAND_D:
        emit_amo(t, i, size, X86_AND);
        return true;
    case OP_AMOOR_W:
    case OP_AMOOR_D:
        emit_amo(t, i, size, X86_OR);
        return true;
    default:
        return false;
    }
}
