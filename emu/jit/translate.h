/* SPDX-License-Identifier: MIT */
/* translate.h - inside the translator only: the state of one translation and its parts. */
#ifndef FAULTLINE_JIT_TRANSLATE_H
#define FAULTLINE_JIT_TRANSLATE_H

#include "emu/jit/internal.h"

enum stub_kind {
    STUB_SITE,  /* calls out: a struct jit_site */
    STUB_STEP,  /* the instruction needs the interpreter after all */
    STUB_NAN,   /* a result that has to be the canonical NaN */
    STUB_FLOAT, /* MXCSR is still C's */
};

/* Code out of the way: written behind the region, jumped to from `from`, going on at `back`. */
struct stub {
    u8 *from, *also[2];
    const u8 *back;
    u16 block, insn;
    u8 kind;
    u8 reg;                  /* STUB_NAN: the xmm register */
    u8 site, site_reg, size; /* STUB_SITE: enum jit_site_kind and what it needs */
};

enum { STUBS = 2048, PATCHES = 512, MARKS = REGION_INSNS + STUBS + 2 };

struct listing_mark;

struct translator {
    struct x86 x;
    struct jit *jit;
    const struct region *region;
    u64 id;
    const u8 *label[REGION_BLOCKS]; /* where the blocks begin; NULL = not yet written */
    struct {
        u8 *from;
        u16 block;
    } patch[PATCHES]; /* jumps to blocks */
    unsigned patches;
    struct stub stub[STUBS];
    unsigned stubs;
    const u8 *slow;            /* routine of the region: calls out for the site that called it */
    const u8 *indirect;        /* goes on at the virtual address in rax */
    u16 block, insn;           /* being translated: index of the block, index in region.insn */
    struct listing_mark *mark; /* for the listing (listing.h), or NULL: MARKS of them */
    unsigned marks;
};

/* Fields of the hart and registers as memory operands. */
#define HART_AT(field) x86_at(RBP, (i64)offsetof(struct hart, field) - HART_BIAS)
#define FRAME_AT(field) x86_at(RSP, (i64)offsetof(struct jit_frame, field))

static inline struct x86_mem x_at(unsigned x)
{
    return x86_at(RBP, (i64)(offsetof(struct hart, x) + 8 * (size_t)x) - HART_BIAS);
}

static inline struct x86_mem f_at(unsigned f)
{
    return x86_at(RBP, (i64)(offsetof(struct hart, f) + 8 * (size_t)f) - HART_BIAS);
}

/* The host register of a guest register, or X86_NONE when it lives in memory. */
enum x86_reg x_host(const struct translator *t, unsigned x);
unsigned f_host(const struct translator *t, unsigned f); /* REGION_NONE */

/* A register that holds x: its own, or `scratch` after loading it (0 for x0). */
enum x86_reg x_read(struct translator *t, unsigned x, enum x86_reg scratch);
/* Copies x into `to`. */
void x_copy(struct translator *t, enum x86_reg to, unsigned x);
/* Where the result for x may be made (rax when it lives in memory), and what follows. */
enum x86_reg x_result(const struct translator *t, unsigned x);
void x_written(struct translator *t, unsigned x, enum x86_reg reg);

unsigned f_read(struct translator *t, unsigned f, unsigned scratch);
unsigned f_result(const struct translator *t, unsigned f); /* xmm0 when it lives in memory */
void f_written(struct translator *t, unsigned f, unsigned reg);

/* A jump to code that is written later. */
void add_stub(struct translator *t, u8 *from, enum stub_kind kind, unsigned reg);
/* ... that calls out; size: of the access, with SITE_SIGNED. */
void add_site(struct translator *t, u8 *from, enum jit_site_kind kind, unsigned size, unsigned reg);

/* Another jump to the stub that was added last; NULL: none. */
void also_from(struct translator *t, u8 *from);

/* Instructions of the block from the present one on, itself included: what r15 lacks. */
int rest_of_block(const struct translator *t);
/* The whole present instruction by the interpreter, all registers through memory. */
void emit_step(struct translator *t);

/* translate_int.c, translate_memory.c, translate_float.c: true when they know the instruction. */
bool emit_int(struct translator *t, const struct insn *i);
bool emit_memory(struct translator *t, const struct insn *i);
bool emit_float(struct translator *t, const struct insn *i);
bool emit_atomic(struct translator *t, const struct insn *i); /* translate_atomic.c */
bool emit_system(struct translator *t, const struct insn *i); /* translate_system.c */
/* rax = virtual address rs1 + imm, then the TLB probe for an access of this size: goes on with the
 * host address in rax; on a miss jumps (to be patched: the result) with the virtual one there.
 * Uses rcx and rdx. */
u8 *emit_probe(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size);
/* rax: a host address.  rcx = its jump entry; the comparison that follows tells whether it is.
 * Uses rdx. */
void emit_jump_lookup(struct x86 *x);

#endif
