/* SPDX-License-Identifier: MIT */
/* block.c - see block.h. */
#include "emu/interp/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES ((size_t)24 << 20)
#define LINKS_BYTES (BLOCK_MAX_LINKS * sizeof(struct block *))
#define BLOCK_BYTES_MAX \
    (LINKS_BYTES + sizeof(struct block) + (BLOCK_MAX_OPS + 1) * sizeof(struct op))

static u64 page_index(const struct block_cache *cache, u64 pa)
{
    return (pa - cache->ram->base) >> RAM_PAGE_SHIFT;
}

static size_t page_table_bytes(const struct block_cache *cache)
{
    return (cache->ram->size >> RAM_PAGE_SHIFT) * sizeof(struct block *);
}

static void *allot(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

bool block_cache_init(struct block_cache *cache, struct ram *ram, struct hart *const *harts,
                      unsigned hart_count, const i32 *handlers, struct error *err)
{
    *cache = (struct block_cache){.ram = ram,
                                  .harts = harts,
                                  .hart_count = hart_count,
                                  .handlers = handlers,
                                  .limit = ARENA_BYTES};
    cache->arena = allot(ARENA_BYTES);
    cache->page = allot(page_table_bytes(cache));
    u8 *unlinked = calloc(1, sizeof(struct block *) + sizeof(struct block));
    if (!cache->arena || !cache->page || !unlinked) {
        free(unlinked);
        block_cache_destroy(cache);
        return error_set(err, ENOMEM, "out of memory");
    }
    cache->unlinked = (struct block *)(void *)(unlinked + sizeof(struct block *));
    cache->unlinked->count = BLOCK_UNREACHABLE;
    *block_link(cache->unlinked, LINK_NONE) = cache->unlinked;
    return true;
}

void block_cache_destroy(struct block_cache *cache)
{
    if (cache->arena) {
        munmap(cache->arena, ARENA_BYTES);
    }
    if (cache->page) {
        munmap(cache->page, page_table_bytes(cache));
    }
    if (cache->unlinked) {
        free(block_link(cache->unlinked, LINK_NONE));
    }
    cache->arena = NULL;
    cache->page = NULL;
    cache->unlinked = NULL;
}

/* The bits of a page without this cache's own. */
static u64 code_of_others(const struct block_cache *cache, u64 pa)
{
    return cache->patron.held ? cache->patron.held(cache->patron.ctx, pa & PAGE_MASK) : 0;
}

void block_cache_flush(struct block_cache *cache)
{
    for (unsigned i = 0; i < BLOCK_BUCKETS; i++) {
        for (struct block *b = cache->bucket[i]; b; b = b->chain) {
            *ram_code(cache->ram, b->pa) = code_of_others(cache, b->pa);
            cache->page[page_index(cache, b->pa)] = NULL;
        }
        cache->bucket[i] = NULL;
    }
    cache->used = 0;
    cache->flushes++;
    cache->harts[0]->counters.block_flushes++;
}

/* Bits of the granules of a block in its page. */
static u64 granules_of(const struct block *block)
{
    u64 offset = block->pa & (RAM_PAGE_SIZE - 1);
    u64 first = offset >> RAM_GRANULE_SHIFT;
    u64 last = (offset + block->bytes - 1) >> RAM_GRANULE_SHIFT;
    u64 up_to_last = last == 63 ? ~(u64)0 : BIT(last + 1) - 1;
    return up_to_last & ~(BIT(first) - 1);
}

static void mark_page(struct block_cache *cache, const struct block *block)
{
    u64 *code = ram_code(cache->ram, block->pa);
    if (*code == 0) {
        u64 page = block->pa & PAGE_MASK;
        for (unsigned i = 0; i < cache->hart_count; i++) {
            tlb_mark_code(&cache->harts[i]->tlb, ram_pointer(cache->ram, page, PAGE_BYTES));
        }
    }
    *code |= granules_of(block);
}

/* The instruction leaves the block, or changes what the next one may be. */
static bool ends_block(const struct insn *insn)
{
    if (insn->op == OP_ILLEGAL) {
        return true;
    }
    unsigned flags = insn_table[insn->op].flags;
    return (flags & INSN_ENDS) && !(flags & (INSN_BRANCH | INSN_CSR));
}

/* Whether handlers want the instruction's bits in imm. */
static bool wants_bits(unsigned operation)
{
    return operation == OP_ILLEGAL || (insn_table[operation].flags & (INSN_CSR | INSN_PRIV)) ||
           operation == OP_CBO_ZERO || (insn_table[operation].flags & INSN_CBO);
}

/* The cheapest handler for the instruction. */
static unsigned choose(const struct insn *insn, struct op *op)
{
    switch (insn->op) {
    case OP_ADDI:
        if (insn->rs1 == 0) {
            return DO_LI;
        }
        return insn->imm == 0 ? DO_MV : OP_ADDI;
    case OP_ADD:
        if (insn->rs1 == 0) {
            op->rs1 = insn->rs2;
            return DO_MV;
        }
        return insn->rs2 == 0 ? DO_MV : OP_ADD;
    case OP_LUI:
        return DO_LI;
    case OP_SLTI:
        return insn->rd == 0 ? DO_PROBE : OP_SLTI;
    default:
        return insn->op;
    }
}

/* rd names an x register, so that 0 means nowhere. */
static bool writes_x(const struct insn_info *info)
{
    return !(info->flags & INSN_FP) || info->format == FORMAT_XF_RM || info->format == FORMAT_XFF ||
           info->format == FORMAT_XF;
}

static void make_op(const struct block_cache *cache, const struct insn *insn, u32 bits,
                    unsigned offset, struct op *op)
{
    const struct insn_info *info = &insn_table[insn->op];
    unsigned flags = info->flags;
    *op = (struct op){
        .imm = insn->imm,
        .rd = insn->rd == 0 && writes_x(info) ? REGISTER_SINK : insn->rd,
        .rs1 = insn->rs1,
        .rs2 = insn->rs2,
        .aux = flags & INSN_RM ? insn->rm : LINK_NONE,
        .offset = (u16)offset,
    };
    if (info->format == FORMAT_FFFF_RM) {
        op->imm = insn->rs3;
    }
    if (insn->op == OP_AUIPC || insn->op == OP_JAL || (flags & INSN_BRANCH)) {
        op->imm = insn->imm + (i32)offset;
    }
    if (insn->op == OP_JAL) {
        op->rs1 = insn->len;
    } else if (insn->op == OP_JALR) {
        op->rs2 = insn->len;
    } else if (wants_bits(insn->op)) {
        op->imm = (i32)bits;
    }
    op->handler = cache->handlers[choose(insn, op)];
}

static void make_end(const struct block_cache *cache, unsigned offset, struct op *op)
{
    *op = (struct op){.handler = cache->handlers[DO_END],
                      .imm = (i32)offset,
                      .aux = LINK_NONE,
                      .offset = (u16)offset,
                      .rest = 1};
}

void block_decode_single(const struct block_cache *cache, u32 bits, u64 pc, u32 extensions,
                         struct op op[2])
{
    struct insn insn;
    unsigned offset = (unsigned)(pc & (PAGE_BYTES - 1));
    insn_decode(bits, extensions, &insn);
    make_op(cache, &insn, bits, offset, &op[0]);
    op[0].rest = 1;
    make_end(cache, offset + insn.len, &op[1]);
}

/* A slot for a way out to `target` (offset in the page), if that is in the page. */
static u8 new_link(struct block_cache *cache, struct block *block, i32 target, unsigned *links)
{
    if (target < 0 || target >= (i32)PAGE_BYTES) {
        return LINK_NONE;
    }
    *block_link(block, *links) = cache->unlinked;
    return (u8)(*links)++;
}

/* Decodes from `code` (the page's host address) on; returns false when nothing fits the page. */
static bool decode_block(struct block_cache *cache, struct block *block, const u8 *code,
                         u32 extensions)
{
    unsigned start = (unsigned)(block->pa & (PAGE_BYTES - 1));
    unsigned offset = start, count = 0, links = 1;
    bool ended = false;
    *block_link(block, LINK_NONE) = cache->unlinked;
    while (!ended && count < BLOCK_MAX_OPS && links < BLOCK_MAX_LINKS - 1 && offset < PAGE_BYTES) {
        u32 bits = load_u16(code + offset);
        if (insn_length(bits) == 4) {
            if (offset + 4 > PAGE_BYTES) {
                break;
            }
            bits = load_u32(code + offset);
        }
        struct insn insn;
        insn_decode(bits, extensions, &insn);
        struct op *op = &block->op[count++];
        make_op(cache, &insn, bits, offset, op);
        if (insn.op == OP_JAL || (insn_table[insn.op].flags & INSN_BRANCH)) {
            op->aux = new_link(cache, block, op->imm, &links);
        }
        ended = ends_block(&insn);
        offset += insn.len;
    }
    make_end(cache, offset, &block->op[count]);
    if (!ended) {
        block->op[count].aux = new_link(cache, block, (i32)offset, &links);
    }
    for (unsigned i = 0; i < count; i++) {
        block->op[i].rest = (u16)(count - i);
    }
    block->count = (i32)count;
    block->bytes = offset - start;
    return count > 0;
}

struct block *block_translate(struct block_cache *cache, u64 pa, u32 extensions)
{
    if (cache->limit - cache->used < BLOCK_BYTES_MAX) {
        block_cache_flush(cache);
    }
    struct block *block = (struct block *)(void *)(cache->arena + cache->used + LINKS_BYTES);
    *block = (struct block){.pa = pa};
    const u8 *code = ram_pointer(cache->ram, pa & PAGE_MASK, PAGE_BYTES);
    if (!code || !decode_block(cache, block, code, extensions)) {
        return NULL;
    }
    cache->used +=
        LINKS_BYTES + sizeof(struct block) + ((size_t)block->count + 1) * sizeof(struct op);
    mark_page(cache, block);
    struct block **bucket = &cache->bucket[block_hash(pa)];
    block->chain = *bucket;
    *bucket = block;
    struct block **page = &cache->page[page_index(cache, pa)];
    block->page_next = *page;
    *page = block;
    cache->harts[0]->counters.blocks_decoded++;
    return block;
}

static void drop(struct block_cache *cache, struct block *block)
{
    struct block **at = &cache->bucket[block_hash(block->pa)];
    while (*at != block) {
        at = &(*at)->chain;
    }
    *at = block->chain;
    block->count = BLOCK_UNREACHABLE;
    cache->harts[0]->counters.blocks_dropped++;
}

/* The marks in ram->code may stay: too many do no harm. */
void block_forget(struct block_cache *cache, u64 pa)
{
    struct block *block = block_find(cache, pa);
    if (!block) {
        return;
    }
    struct block **at = &cache->page[page_index(cache, pa)];
    while (*at != block) {
        at = &(*at)->page_next;
    }
    *at = block->page_next;
    drop(cache, block);
}

static void invalidate_in_page(struct block_cache *cache, u64 first, u64 last)
{
    struct block **at = &cache->page[page_index(cache, first)];
    u64 code = code_of_others(cache, first);
    while (*at) {
        struct block *block = *at;
        if (block->pa <= last && block->pa + block->bytes > first) {
            *at = block->page_next;
            drop(cache, block);
        } else {
            code |= granules_of(block);
            at = &block->page_next;
        }
    }
    *ram_code(cache->ram, first) = code;
}

void block_invalidate(struct block_cache *cache, u64 pa, u64 length)
{
    while (length) {
        u64 room = RAM_PAGE_SIZE - (pa & (RAM_PAGE_SIZE - 1));
        u64 part = room < length ? room : length;
        if (ram_contains(cache->ram, pa, part) && *ram_code(cache->ram, pa)) {
            invalidate_in_page(cache, pa, pa + part - 1);
        }
        pa += part;
        length -= part;
    }
}
