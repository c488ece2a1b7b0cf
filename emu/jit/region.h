/* SPDX-License-Identifier: MIT */
/*
 * region.h - what is translated at once: the blocks of one guest page that direct jumps and
 * branches reach from an entry, loops included, with one assignment of registers for all of them.
 *
 * A region never leaves its physical page and says nothing of virtual addresses, so its code serves
 * every mapping of the page.  Calls are not followed (the place they return to is), unless the
 * callee is in the region anyway.
 */
#ifndef FAULTLINE_JIT_REGION_H
#define FAULTLINE_JIT_REGION_H

#include "emu/base/types.h"
#include "emu/isa/insn.h"

enum {
    REGION_SLOTS = 2048, /* places in a page where an instruction can begin */
    REGION_BLOCKS = 96,
    REGION_INSNS = 640,
    BLOCK_INSNS = 64,    /* a block's cost fits a byte and its exits are near */
    REGION_INT_REGS = 9, /* host registers that hold guest x registers */
    REGION_FLOAT_REGS = 12,
};

/* How a block ends. */
enum block_end {
    END_NEXT,     /* runs into the next instruction (block limit, or a block starts there) */
    END_JUMP,     /* jal, or auipc and jalr */
    END_BRANCH,   /* conditional */
    END_INDIRECT, /* jalr */
    END_STEP,     /* an instruction that only the interpreter does and that may go anywhere */
    END_PAGE,     /* the next instruction is not wholly on this page */
};

struct region_block {
    u16 offset;       /* of its first instruction in the page */
    u16 first, count; /* its instructions in region.insn */
    u16 next;         /* offset behind its last instruction (up to 4096) */
    u8 end;           /* enum block_end */
    u8 depth;         /* loops around it, at most 3 */
    i32 target;       /* END_JUMP, END_BRANCH: offset from the page's start; may lie outside */
    bool entry;       /* can be reached from outside of the region */
};

struct region {
    const u8 *page;                           /* host address of the page */
    u64 physical;                             /* of the page */
    struct region_block block[REGION_BLOCKS]; /* in order of offsets */
    unsigned blocks;
    u8 block_at[REGION_SLOTS]; /* 1 + the block that begins there; 0: none */
    struct insn insn[REGION_INSNS];
    u16 insn_offset[REGION_INSNS];
    unsigned insns;
    u8 int_reg[32];   /* guest x register -> index of a host register, or REGION_NONE */
    u8 float_reg[32]; /* likewise for f */
    u32 int_written, float_written; /* guest registers that some instruction writes */
    u64 granules;      /* bit g: instructions of the region lie in the 64-byte granule g */
    bool of_kernel;    /* it was executed in S-mode when it was chosen: a hint, no more */
    bool straddles;    /* it is one instruction, whose second half is on the next page */
    u32 straddle_bits; /* that instruction */
};

enum { REGION_NONE = 0xff };

/* What is known of the code so far: where a region had better end. */
struct region_guide {
    void *ctx;
    bool (*met)(void *ctx, u64 physical); /* did control ever arrive there by a jump? */
    /* Sets those of the page at `physical` where another region can be entered. */
    void (*find_entries)(void *ctx, u64 physical, bool entry[REGION_SLOTS]);
};

/*
 * Finds the region that is entered at `offset` (even, < 4096).  False when its first instruction is
 * not wholly on the page.  Where branches and calls lead that never went there, as far as the guide
 * knows, the region is left: half of all code is for what hardly ever happens.  It also ends where
 * another one begins.
 */
bool region_find(struct region *region, const u8 *page, u64 physical, unsigned offset,
                 u32 extensions, const struct region_guide *guide);

/*
 * The region of one instruction at the end of the page, `bits`, half of which lies on the next
 * page. What is there belongs to the mapping, so its code looks at every execution (translate.c).
 */
void region_make_straddling(struct region *region, const u8 *page, u64 physical, u32 bits,
                            u32 extensions);

/* assign.c: int_reg, float_reg and what is written, when the blocks are known. */
void region_choose_registers(struct region *region);

/* The block that starts at this offset, or -1. */
int region_block_at(const struct region *region, i32 offset);

/* Which registers an instruction reads and writes, as bit masks without x0. */
struct insn_use {
    u32 int_read, int_written, float_read, float_written;
};
struct insn_use insn_use_of(const struct insn *insn);

/* A CSR instruction on one of the registers that translated code reads and writes itself
 * (translate_system.c): it does not end a block. */
bool insn_is_float_csr(const struct insn *insn); /* of these: frm and fflags */
bool insn_is_light_csr(const struct insn *insn);

/* It leaves a boxed single in its f register, and the translator has code for it. */
bool insn_makes_single(const struct insn *insn);

/* These two are auipc and jalr, a jump together. */
bool insns_are_far_jump(const struct insn *insn);

/* The translator has no code for it: one step of the interpreter. */
bool insn_is_foreign(const struct insn *insn);

#endif
