/* SPDX-License-Identifier: MIT */
/*
 * block.h - decoded blocks, and the cache that keeps them.
 *
 * A block is a run of instructions decoded once, keyed by the physical address of the first.  It
 * lies in one page and does not know its virtual address, so it serves every mapping, privilege
 * and address space.  Conditional branches may stand in the middle; everything else that changes
 * pc, and everything after which the next instruction has to be looked up anew, ends it.
 *
 * Every block ends with an op END, which goes on behind it (also when it cannot be reached), so
 * (op + 1)->offset is the offset of the next instruction.
 *
 * Links: each place where a block leaves for an address in the same page has a slot that holds the
 * block there.  An empty slot holds the cache's `unlinked` block and a dropped block keeps its
 * memory until the next flush; both have a count that no budget reaches, so the one test at entry
 * (budget >= count) also finds them.  Slots lie in front of the block.
 *
 * Invariant: ram->code has the bits of all granules of live blocks.
 */
#ifndef FAULTLINE_BLOCK_H
#define FAULTLINE_BLOCK_H

#include "emu/base/error.h"
#include "emu/hart/hart.h"
#include "emu/interp/interp.h"

#define BLOCK_MAX_OPS 64
#define BLOCK_MAX_LINKS 12
#define BLOCK_UNREACHABLE INT32_MAX
#define LINK_NONE 0      /* the slot that is never filled: targets outside of the page */
#define REGISTER_SINK 32 /* hart.x: writes to x0 */

/* Operations of the interpreter beyond the instructions of insn.def. */
enum interp_op {
    DO_END = OP_COUNT, /* go on at page + offset */
    DO_LI,             /* rd = imm */
    DO_MV,             /* rd = rs1 */
    DO_PROBE,          /* slti x0 */
    DO_COUNT
};

/*
 * imm: immediate; for branches and jal the target's offset from the page start; for auipc that of
 * the result; for CSR and other system instructions the instruction's bits; rs3 of fused
 * multiply-adds.
 * aux: link slot (or LINK_NONE) of branches, jal and END; rounding mode of floating point.
 * rs1 of jal, rs2 of jalr: length of the instruction.
 */
struct op {
    i32 handler; /* distance of the handler's label, see run.c */
    i32 imm;
    u8 rd, rs1, rs2, aux;
    u16 offset; /* of the instruction from the page start */
    u16 rest;   /* instructions from this one to the end of the block, this one included; END: 1 */
};
_Static_assert(sizeof(struct op) == 16, "four to a cache line");

struct block {
    u64 pa;
    i32 count;               /* instructions; BLOCK_UNREACHABLE: dropped */
    u32 bytes;               /* of guest code */
    struct block *chain;     /* next in the hash bucket */
    struct block *page_next; /* next in the same page */
    struct op op[];
};

static inline struct block **block_link(struct block *block, unsigned slot)
{
    return (struct block **)block - 1 - slot;
}

/* What is executed often is the patron's: a third of the arena is enough for the rest. */
#define BLOCK_ARENA_OF_PATRON ((size_t)8 << 20)

#define BLOCK_BUCKETS (1u << 15)

struct block_cache {
    struct ram *ram;
    struct hart *const *harts;
    unsigned hart_count;
    const i32 *handlers; /* by insn_op and interp_op */
    struct block *bucket[BLOCK_BUCKETS];
    struct block **page; /* by page of RAM */
    u8 *arena;
    size_t used, limit; /* bytes of the arena */
    struct block *unlinked;
    u64 flushes;
    struct interp_patron patron; /* without functions: there is none */
    bool stretch;                /* interp_stretch() runs */
};

bool block_cache_init(struct block_cache *cache, struct ram *ram, struct hart *const *harts,
                      unsigned hart_count, const i32 *handlers, struct error *err);
void block_cache_destroy(struct block_cache *cache);
void block_cache_flush(struct block_cache *cache);

static inline unsigned block_hash(u64 pa)
{
    return (unsigned)((pa >> 1) ^ (pa >> 14)) & (BLOCK_BUCKETS - 1);
}

/* The block at pa, or NULL. */
static inline struct block *block_find(const struct block_cache *cache, u64 pa)
{
    struct block *block = cache->bucket[block_hash(pa)];
    while (block && block->pa != pa) {
        block = block->chain;
    }
    return block;
}

/*
 * Decodes the block at pa, which lies in RAM.  NULL when the first instruction crosses the page's
 * end.  May flush the cache: then no block from before may be touched any more.
 */
struct block *block_translate(struct block_cache *cache, u64 pa, u32 extensions);
/* One instruction as op[0], END as op[1]; no links. */
void block_decode_single(const struct block_cache *cache, u32 bits, u64 pc, u32 extensions,
                         struct op op[2]);
/* Drops the block that begins at pa, if there is one: nothing links to it any more. */
void block_forget(struct block_cache *cache, u64 pa);
/* Drops the blocks that overlap [pa, pa+length). */
void block_invalidate(struct block_cache *cache, u64 pa, u64 length);

#endif
