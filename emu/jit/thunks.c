/* SPDX-License-Identifier: MIT */
/* thunks.c - the code that stands at the start of code memory: in, out, and on to the next region.
 */
#include "emu/jit/translate.h"

static const u8 saved[] = {RBX, RBP, R12, R13, R14, R15};

static void make_enter(struct x86 *x)
{
    /* (hart, frame to copy from, where to go) */
    for (unsigned i = 0; i < sizeof saved; i++) {
        x86_push(x, saved[i]);
    }
    x86_alu_imm(x, X86_SUB, X86_8, RSP, FRAME_BYTES);
    x86_lea(x, X86_8, RBP, x86_at(RDI, HART_BIAS));
    for (i32 at = 0; at < FRAME_BYTES; at += 8) {
        x86_load(x, X86_8, false, RAX, x86_at(RSI, at));
        x86_store(x, X86_8, x86_at(RSP, at), RAX);
    }
    x86_store(x, X86_8, FRAME_AT(home), RSI);
    x86_jump_reg(x, RDX);
}

static void make_dispatch(struct jit *jit, struct x86 *x)
{
    jit->dispatch_store = x86_here(x);
    x86_store(x, X86_8, HART_AT(budget), R15);
    jit->dispatch = x86_here(x);
    x86_lea(x, X86_8, RDI, x86_at(RBP, -HART_BIAS));
    x86_mov(x, X86_8, RSI, RSP);
    x86_call(x, (const void *)(uintptr_t)jit_dispatch, RAX);
    x86_load(x, X86_8, false, R15, HART_AT(budget));
    x86_load(x, X86_8, false, R14, HART_AT(context));
    x86_jump_reg(x, RAX);
}

/* From a link that leads nowhere yet: rax is the target's virtual address if it is indirect. */
static void make_open_link(struct jit *jit, struct x86 *x)
{
    jit->open_link = x86_here(x);
    x86_store(x, X86_8, HART_AT(pc), RAX);
    x86_jump_to(x, jit->dispatch_store);
}

static void make_leave(struct jit *jit, struct x86 *x)
{
    jit->leave = x86_here(x);
    x86_load(x, X86_8, false, RCX, FRAME_AT(home));
    x86_load(x, X86_4, false, RAX, FRAME_AT(exit_reason));
    x86_store(x, X86_4, x86_at(RCX, offsetof(struct jit_frame, exit_reason)), RAX);
    x86_alu_imm(x, X86_ADD, X86_8, RSP, FRAME_BYTES);
    for (unsigned i = sizeof saved; i-- > 0;) {
        x86_pop(x, saved[i]);
    }
    x86_return(x);
}

/*
 * Called by the slow routine of a region, which was called at the site: both addresses are on the
 * stack.  Returns to the routine, or goes to the dispatcher.
 */
static void make_slow(struct jit *jit, struct x86 *x)
{
    jit->slow = x86_here(x);
    x86_lea(x, X86_8, RDI, x86_at(RBP, -HART_BIAS));
    x86_load(x, X86_8, false, RSI, x86_at(RSP, 8));
    x86_mov(x, X86_8, RDX, RAX);
    x86_mov(x, X86_8, RCX, R15);
    x86_lea(x, X86_8, R8, x86_at(RSP, 16));
    x86_call(x, (const void *)(uintptr_t)jit_slow, RAX);
    x86_test(x, X86_4, RAX, RAX);
    u8 *dispatch = x86_jump_if(x, X86_E);
    x86_load(x, X86_8, false, R14, HART_AT(context));
    x86_return(x);
    x86_patch_here(x, dispatch);
    x86_alu_imm(x, X86_ADD, X86_8, RSP, 16);
    x86_jump_to(x, jit->dispatch);
}

/*
 * On at the virtual address in rax, all guest registers being in memory: the page by the fetch TLB,
 * the code by the jump table.  Whatever is not found there is found by the dispatcher.
 */
static void make_other(struct jit *jit, struct x86 *x)
{
    jit->other.entry = x86_here(x);
    x86_mov(x, X86_8, RSI, RAX);
    x86_mov(x, X86_8, RCX, RAX);
    x86_alu_imm(x, X86_AND, X86_8, RCX, -4096);
    x86_alu_load(x, X86_CMP, X86_8, RCX, HART_AT(fetch_page));
    u8 *same_page = x86_jump_if(x, X86_E);
    /* Another page: its entry in the fetch TLB must hit, as the interpreter demands. */
    x86_mov(x, X86_4, RDX, RAX);
    x86_shift_imm(x, X86_SHR, X86_4, RDX, 12 - 4);
    x86_alu_imm(x, X86_AND, X86_4, RDX, (TLB_FETCH_ENTRIES - 1) << 4);
    x86_alu_load(x, X86_ADD, X86_8, RDX, HART_AT(fetch_context));
    i32 fetch = (i32)offsetof(struct tlb_context, fetch);
    x86_alu_load(x, X86_CMP, X86_8, RCX, x86_at(RDX, fetch));
    u8 *no_page = x86_jump_if(x, X86_NE);
    x86_store(x, X86_8, HART_AT(fetch_page), RCX);
    x86_load(x, X86_8, false, RDX, x86_at(RDX, fetch + 8));
    x86_store(x, X86_8, FRAME_AT(fetch_delta), RDX);
    x86_alu(x, X86_ADD, X86_8, RCX, RDX);
    u64 host_of_zero = (u64)(uintptr_t)jit->ram->host - jit->ram->base;
    x86_mov_imm(x, RDX, host_of_zero);
    x86_alu(x, X86_SUB, X86_8, RCX, RDX);
    x86_store(x, X86_8, HART_AT(fetch_physical), RCX);
    x86_patch_here(x, same_page);
    x86_alu_load(x, X86_ADD, X86_8, RAX, FRAME_AT(fetch_delta));
    emit_jump_lookup(x);
    u8 *unknown = x86_jump_if(x, X86_NE);
    x86_jump_mem(x, x86_at(RCX, offsetof(struct jump_entry, entry)));
    x86_patch_here(x, no_page);
    x86_patch_here(x, unknown);
    x86_store(x, X86_8, HART_AT(pc), RSI);
    x86_jump_to(x, jit->dispatch_store);
}

/*
 * A load or store that does not go to its recent page: rdx = virtual address, ecx = 8 * number of
 * the page memory | credit << 16.  When the TLB has the page, remembers it: zero flag set, rcx =
 * the addend.  Else the zero flag is clear.  rax, rdx and all guest registers stay.
 */
static void make_recent_miss(struct jit *jit, struct x86 *x, enum tlb_table table, unsigned log)
{
    i32 entries = table == TLB_STORE ? (i32)offsetof(struct tlb_context, store) : 0;
    i32 recent = (i32)(offsetof(struct tlb_context, recent) + table * sizeof(struct tlb_recent));
    struct x86_mem since = x86_at(RCX, offsetof(struct jit_credit, since));
    struct x86_mem bad = x86_at(RCX, offsetof(struct jit_credit, bad));
    struct x86_mem left = x86_at(RCX, 0);
    jit->recent_miss[table][log] = x86_here(x);
    x86_push(x, RSI);
    x86_push(x, RDI);
    x86_push(x, RCX);
    x86_shift_imm(x, X86_SHR, X86_4, RCX, 16);
    x86_mov(x, X86_4, RDI, RCX);
    x86_shift_imm(x, X86_SHL, X86_4, RCX, 2);
    x86_alu_load(x, X86_ADD, X86_8, RCX, x86_at(RSP, 32 + offsetof(struct jit_frame, credits)));
    x86_alu_store_imm(x, X86_SUB, X86_4, left, 1);
    u8 *exhausted = x86_jump_if(x, X86_S);
    const u8 *again = x86_here(x);
    x86_mov(x, X86_4, RSI, RDX);
    x86_shift_imm(x, X86_SHR, X86_4, RSI, 12 - 4);
    x86_alu_imm(x, X86_AND, X86_4, RSI, (TLB_DATA_ENTRIES - 1) << 4);
    x86_mov(x, X86_8, RCX, RDX);
    x86_alu_imm(x, X86_AND, X86_8, RCX, (i32)(i64)TLB_TAG_MASK(1u << log));
    x86_alu_load(x, X86_CMP, X86_8, RCX, x86_index(R14, RSI, 1, entries));
    u8 *miss = x86_jump_if(x, X86_NE);
    x86_load(x, X86_2, false, RDI, x86_at(RSP, 0));
    x86_shift_imm(x, X86_SHR, X86_4, RDI, 2);
    x86_store(x, X86_2, x86_index(R14, RDI, 1, recent + (i32)offsetof(struct tlb_recent, index)),
              RSI);
    x86_shift_imm(x, X86_SHL, X86_4, RDI, 2);
    x86_load(x, X86_8, false, RSI, x86_index(R14, RSI, 1, entries + 8));
    x86_store(x, X86_8, x86_index(R14, RDI, 1, recent), RCX);
    x86_store(x, X86_8, x86_index(R14, RDI, 1, recent + (i32)offsetof(struct tlb_recent, addend)),
              RSI);
    x86_mov(x, X86_8, RCX, RSI);
    x86_alu(x, X86_CMP, X86_4, RSI, RSI);
    x86_patch_here(x, miss);
    x86_lea(x, X86_8, RSP, x86_at(RSP, 8));
    x86_pop(x, RDI);
    x86_pop(x, RSI);
    x86_return(x);
    /* How long did these misses take?  rdi = the credit's index. */
    x86_patch_here(x, exhausted);
    x86_load(x, X86_4, false, RSI, HART_AT(executed));
    x86_alu_load(x, X86_ADD, X86_4, RSI, HART_AT(granted));
    x86_alu(x, X86_SUB, X86_4, RSI, R15);
    x86_store_imm(x, X86_4, left, CREDIT_MISSES);
    x86_load(x, X86_8, false, RCX, x86_at(RSP, 32 + offsetof(struct jit_frame, jit)));
    x86_load(x, X86_8, false, RCX, x86_at(RCX, offsetof(struct jit, credit)));
    x86_shift_imm(x, X86_SHL, X86_4, RDI, 4); /* 16 bytes each */
    x86_alu(x, X86_ADD, X86_8, RCX, RDI);
    x86_shift_imm(x, X86_SHR, X86_4, RDI, 4);
    x86_push(x, RSI);
    x86_alu_load(x, X86_SUB, X86_4, RSI, since);
    x86_alu_imm(x, X86_CMP, X86_4, RSI, CREDIT_INSTRUCTIONS);
    x86_pop(x, RSI);
    x86_store(x, X86_4, since, RSI);
    x86_patch(x, x86_jump_if(x, X86_AE), again);
    x86_store_imm(x, X86_4, bad, 1);
    x86_load(x, X86_8, false, RSI, x86_at(RSP, 32 + offsetof(struct jit_frame, jit)));
    x86_store(x, X86_4, x86_at(RSI, offsetof(struct jit, went_bad)), RDI);
    x86_jump_to(x, again);
}

bool jit_make_thunks(struct jit *jit)
{
    struct x86 x = {jit->memory.write, jit->memory.write, jit->memory.write + jit->memory.size,
                    jit->memory.run, false};
    jit->enter = (void (*)(struct hart *, struct jit_frame *, const u8 *))(uintptr_t)x86_here(&x);
    make_enter(&x);
    make_dispatch(jit, &x);
    make_open_link(jit, &x);
    make_leave(jit, &x);
    make_slow(jit, &x);
    make_other(jit, &x);
    for (unsigned log = 0; log < 4; log++) {
        make_recent_miss(jit, &x, TLB_LOAD, log);
        make_recent_miss(jit, &x, TLB_STORE, log);
    }
    jit->fixed = ((size_t)(x.next - x.start) + 63) & ~(size_t)63;
    code_memory_publish(&jit->memory, 0, jit->fixed);
    jit_empty_code_memory(jit);
    return !x.full;
}
