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

bool jit_make_thunks(struct jit *jit)
{
    struct x86 x = {jit->memory.write, jit->memory.write, jit->memory.write + jit->memory.size,
                    jit->memory.run, false};
    jit->enter = (void (*)(struct hart *, struct jit_frame *, const u8 *))(uintptr_t)x86_here(&x);
    make_enter(&x);
    make_dispatch(jit, &x);
    make_leave(jit, &x);
    jit->fixed = ((size_t)(x.next - x.start) + 63) & ~(size_t)63;
    jit->used = jit->fixed;
    code_memory_publish(&jit->memory, 0, jit->used);
    return !x.full;
}
