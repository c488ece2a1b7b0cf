/* SPDX-License-Identifier: MIT */
/* translate.h - inside the translator only: the state of one translation and its parts. */
#ifndef FAULTLINE_JIT_TRANSLATE_H
#define FAULTLINE_JIT_TRANSLATE_H

#include "emu/jit/internal.h"

enum stub_kind {
    STUB_SITE, /* calls out: a struct jit_site */
    STUB_STEP, /* the instruction needs the interpreter after all */
    STUB_NAN,  /* a result that has to be the canonical NaN */
    STUB_NAN_SINGLE,
    STUB_NAN_SUM,  /* ... of a multiplication with addition */
    STUB_SATURATE, /* a conversion to a signed integer in rax that may not have fitted */
    STUB_FLOAT,    /* MXCSR is still C's */
    STUB_ACCESS,   /* an access that the TLB does not settle */
    STUB_RUN,      /* a run of accesses (translate_run.c) that is not as simple as it looked */
    STUB_RUN_PAGE, /* ... that does not go to its recent page */
    STUB_RECENT,   /* an access that does not go to its recent page */
    STUB_QUIET,    /* a NaN in a comparison that is to raise nothing */
    STUB_SUM,      /* sstatus changes in more than SIE, SPIE, SPP; rdx: the bits */
    STUB_EDGE,     /* a branch that gives budget back, or leaves the region */
    STUB_LEAVE,    /* a jump out of the region */
    STUB_AWAY,     /* an indirect jump */
};

/* Where a block can be entered (translate_flow.c). */
enum block_place { PLACE_LABEL, PLACE_CHECKED, PLACE_BODY, PLACES };

struct block_plan {
    const u8 *at[PLACES];  /* NULL: not yet written */
    u16 trace;             /* the block that begins its trace */
    u8 after;              /* instructions of the trace behind this block */
    u8 ways;               /* how many blocks of the region lead here */
    bool has_float;        /* of a trace's first block: some instruction of the trace is float */
    bool wanted;           /* somebody jumps to its label */
    const u8 *after_check; /* in its label, behind what floating point needs; or NULL */
    bool swallowed;        /* its code is in the block before, as a conditional move */
};

/* Code out of the way: written behind the region, jumped to from `from`, going on at `back`. */
struct stub {
    u8 *from, *also[2];
    const u8 *back;
    u16 block, insn;
    u8 kind;
    u8 reg;                  /* STUB_NAN, STUB_NAN_SUM, STUB_SATURATE: the xmm register */
    u8 factor[2];            /* STUB_NAN_SUM: those with the factors */
    u8 site, site_reg, size; /* STUB_SITE: enum jit_site_kind and what it needs */
    bool uncharged;          /* ... before the trace's instructions were taken from the budget */
    u8 refund, place;        /* STUB_EDGE: budget to give back, enum block_place of the target */
    i16 target;              /* ... the block, or -1 */
    i32 leave_to;            /* ... or the offset from the page's start */
    u8 base;                 /* STUB_ACCESS, STUB_RECENT: the host register */
    u8 recent;               /* STUB_RECENT: number of the page memory */
    bool settles, knows;     /* ... SITE_SETTLES, SITE_KNOWS */
    const u8 *again;         /* ... where the access begins */
    const u8 *resume;        /* ... behind the access; `back` is where rcx is the addend */
    const u8 *quiet_back;    /* STUB_QUIET: where eax is the result */
};

enum { LINKS = 2 * REGION_BLOCKS };
enum { KNOWN_PAGES = 8 };
enum { STUBS = 2048, PATCHES = 1024, MARKS = REGION_INSNS + STUBS + 2 };

struct listing_place;

struct translator {
    struct x86 x;
    struct jit *jit;
    const struct region *region;
    u64 id;
    struct block_plan plan[REGION_BLOCKS];
    unsigned patches, stubs;
    const u8 *slow;          /* routine of the region: calls out for the site that called it */
    const u8 *indirect;      /* goes on at the virtual address in rax */
    const u8 *open_link;     /* leaves by the link whose number is in ecx, which leads nowhere */
    struct jit_region *made; /* the region, being made */
    unsigned links;
    u16 block, insn;           /* being translated: index of the block, index in region.insn */
    unsigned next_block;       /* the one whose code follows the present one's */
    bool has_float;            /* some instruction of the region is floating point */
    bool falls, falls_checked; /* the block before runs into the present one; float was checked */
    u8 recent[32]; /* page memory of the present value of an x register + 1; 0: none yet */
    u32 near;      /* x registers that hold h->fetch_page and a known distance */
    i64 distance[32];
    /* Pages at such distances that are in page memories of loads: until a call to C drops any
     * (helpers.c then leaves the region). */
    struct {
        i64 page;
        u8 recent;
    } known_page[KNOWN_PAGES];
    unsigned known_pages;
    u32 boxed;                  /* f registers that hold boxed singles for sure */
    u8 renamed;                 /* x register whose value is in rdx for the moment, or 0 */
    struct listing_place *mark; /* for the listing (listing.h), or NULL: MARKS of them */
    unsigned marks;
    /* From here on nothing is cleared before a translation. */
    struct {
        u8 *from;
        u16 block;
        u8 place;
    } patch[PATCHES]; /* jumps to blocks */
    struct jit_link link[LINKS];
    struct stub stub[STUBS];
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

/* The present instruction by the interpreter; then on at `back`, or behind this if it is NULL. */
void call_step(struct translator *t, const u8 *back);

/* Another jump to the stub that was added last; NULL: none. */
void also_from(struct translator *t, u8 *from);

/* ... the same, where nothing has been taken from r15 yet. */
void add_site_uncharged(struct translator *t, u8 *from, enum jit_site_kind kind);
struct stub *new_stub(struct translator *t, u8 *from, enum stub_kind kind);

/* Instructions of the trace from the present one on, itself included: what r15 lacks. */
int rest_of_block(const struct translator *t);
/* The whole present instruction by the interpreter, all registers through memory. */
void emit_step(struct translator *t);

/* The next code is of this instruction (index, or as in listing.h). */
void listing_mark(struct translator *t, unsigned insn);

/* translate_flow.c: which blocks form traces; then the code of one block: the next to be written;
 * the labels that are out of the way; jumps between blocks. */
void plan_traces(struct translator *t);
unsigned emit_block(struct translator *t, unsigned b);
void emit_labels(struct translator *t);
void emit_edge_stub(struct translator *t, const struct stub *s);
/* Here is where a link leads while its target is not known; jump: its displacement. */
void emit_open_link(struct translator *t, u8 *jump, bool indirect, i32 offset);
void patch_blocks(struct translator *t);

/* One instruction that is no jump. */
void emit_insn(struct translator *t, const struct insn *i);
/* Two of them by code shorter than both have: true if there is. */
bool emit_pair(struct translator *t, const struct insn *first, const struct insn *second);
/* translate_int.c, translate_memory.c, translate_mode.c: true when they know the instruction. */
bool emit_int(struct translator *t, const struct insn *i);
bool emit_bits(struct translator *t, const struct insn *i); /* translate_bits.c: rd is not x0 */
/* to = to op x; rd = the condition; shifts, of words with X86_4. */
void alu_with(struct translator *t, enum x86_alu op, enum x86_width w, enum x86_reg to, unsigned x);
void emit_set(struct translator *t, enum x86_cond condition, unsigned rd);
void emit_shift(struct translator *t, enum x86_shift op, enum x86_width w, const struct insn *i);
void emit_shift_imm(struct translator *t, enum x86_shift op, enum x86_width w,
                    const struct insn *i);
bool emit_memory(struct translator *t, const struct insn *i);
bool emit_float(struct translator *t, const struct insn *i);
/* Three instructions from here on by one piece of code: true if they are such. */
bool emit_quiet_compare(struct translator *t, const struct insn *i);
void emit_quiet_stub(struct translator *t, const struct stub *s);
bool emit_float_csr(struct translator *t, const struct insn *i); /* of insn_is_float_csr */
void emit_nan_sum_stub(struct translator *t, const struct stub *s);
void emit_saturate_stub(struct translator *t, const struct stub *s);
/* After an instruction: which f registers hold boxed singles now. */
void follow_boxes(struct translator *t, const struct insn *i);
bool emit_atomic(struct translator *t, const struct insn *i); /* translate_atomic.c */
bool emit_system(struct translator *t, const struct insn *i);
void emit_sum_stub(struct translator *t, const struct stub *s); /* translate_system.c */
/* rax = virtual address rs1 + imm, then the TLB probe for an access of this size: goes on with the
 * host address in rax; on a miss jumps (to be patched: the result) with the virtual one there.
 * Uses rcx and rdx. */
/* x registers got new values: what is known of the old ones is forgotten. */
void forget_recent(struct translator *t, u32 written);
/* Behind an instruction (NULL: several) that wrote these x registers: what is known of addresses.
 */
void follow_addresses(struct translator *t, const struct insn *i, u32 written);
void emit_access_stub(struct translator *t, const struct stub *s);
void emit_recent_stub(struct translator *t, const struct stub *s);

/* A load or store by a plain instruction. */
struct memory_access {
    u8 table; /* enum tlb_table */
    u8 size;
    bool is_signed, is_float;
};
bool memory_access_of(const struct insn *i, struct memory_access *access);
/* The access at this place of host memory, nothing being in its way. */
void emit_access_at(struct translator *t, const struct insn *i, const struct memory_access *access,
                    struct x86_mem at, enum x86_reg scratch);
/* The page memory for accesses of the present instruction through this register, or -1: it is
 * better off without. */
int recent_for(struct translator *t, unsigned base);
/* ... its tag, from r14; the addend is behind it as in struct tlb_recent. */
static inline i32 recent_tag(enum tlb_table table, unsigned recent)
{
    return (i32)(offsetof(struct tlb_context, recent) + table * sizeof(struct tlb_recent) +
                 8 * (size_t)recent);
}

/* The load's address lies at a known distance from the code, which has a way of its own. */
bool is_near(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size);
/* translate_run.c: the code of the accesses that begin here, with what is between them, if there
 * are several through one register; how many instructions that was.  available: until the end of
 * the block. */
unsigned emit_run(struct translator *t, unsigned available);
void emit_run_stub(struct translator *t, const struct stub *s);
/* translate_flow.c: the comparison of a branch, and when it is taken.  Uses rax. */
enum x86_cond emit_condition(struct translator *t, const struct insn *i);
/* translate_cmov.c: the branch at the end of this block can be done without, and is. */
bool can_convert(const struct translator *t, unsigned block);
void convert_branch(struct translator *t, unsigned block, const struct insn *branch);
/* translate_cmov.c: its code needs rax and rcx at the most, and nothing of it can be seen before
 * it is over. */
bool insn_is_simple(const struct insn *i);
void call_out(struct translator *t, struct jit_step_site *site, size_t size, const u8 *back,
              bool uncharged);
u8 *emit_probe(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size);
/* rax: a host address.  rcx = its jump entry; the comparison that follows tells whether it is.
 * Uses rdx. */
void emit_jump_lookup(struct x86 *x);

#endif
