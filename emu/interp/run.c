/* SPDX-License-Identifier: MIT */
/*
 * run.c - the interpreter's loop: finds blocks, runs them by threaded dispatch, leaves them.
 *
 * The bodies of the instructions are in ops_*.h; they read like the manual: RD = RS1 + IMM.
 *
 * Counting: entering a block takes all its instructions from the budget at once; whoever leaves it
 * earlier gives back what was not executed (op->rest says how much).  Before anything that can
 * look at the hart from outside, MAKE_EXACT sets pc and budget to the moment before the
 * instruction.  A block that does not fit into the budget is copied up to where the budget ends.
 *
 * Nothing that has an effect on the guest is done for an instruction before it is certain that the
 * budget allows it: so runs can be cut anywhere and go on as if nothing had happened.
 */
#include <string.h>

#include "emu/hart/access.h"
#include "emu/hart/csrs.h"
#include "emu/hart/fpu.h"
#include "emu/interp/execute.h"

static u64 divide(i64 dividend, i64 divisor)
{
    if (divisor == 0) {
        return UINT64_MAX;
    }
    /* -2^63 / -1 overflows; negation gives the result that the manual wants. */
    return divisor == -1 ? 0 - (u64)dividend : (u64)(dividend / divisor);
}

static u64 remainder_of(i64 dividend, i64 divisor)
{
    if (divisor == 0) {
        return (u64)dividend;
    }
    return divisor == -1 ? 0 : (u64)(dividend % divisor);
}

static u64 rotate_right(u64 value, u64 count)
{
    count &= 63;
    return count ? value >> count | value << (64 - count) : value;
}

static u32 rotate_right32(u32 value, u64 count)
{
    count &= 31;
    return count ? value >> count | value << (32 - count) : value;
}

/* Each byte that is not 0 becomes 0xff. */
static u64 or_combine(u64 value)
{
    const u64 low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
    u64 high = (((value & low7) + low7) | value) & ~low7;
    return (high << 1) - (high >> 7);
}

static __attribute__((noinline)) bool slow_load(struct hart *h, const struct op *op, u64 page,
                                                u64 va, unsigned size, u64 *value)
{
    h->pc = page + op->offset;
    h->budget += op->rest;
    if (!hart_load(h, va, size, value)) {
        return false;
    }
    h->budget -= op->rest;
    return true;
}

static __attribute__((noinline)) bool slow_store(struct hart *h, const struct op *op, u64 page,
                                                 u64 va, unsigned size, u64 value)
{
    h->pc = page + op->offset;
    h->budget += op->rest;
    if (!hart_store(h, va, size, value)) {
        return false;
    }
    h->budget -= op->rest;
    return true;
}

/* The block at h->pc, h->fetch_page being its page; NULL: the instruction crosses the page end. */
static struct block *block_here(struct block_cache *cache, const struct hart *h)
{
    u64 pa = h->fetch_physical | (h->pc & (PAGE_BYTES - 1));
    struct block *block = block_find(cache, pa);
    return block ? block : block_translate(cache, pa, h->extensions);
}

/* Asked where control arrives; true: the stretch ends here. */
static bool patron_wants(const struct block_cache *cache, struct hart *h)
{
    u64 pa = h->fetch_physical | (h->pc & (PAGE_BYTES - 1));
    if (!cache->patron.wanted(cache->patron.ctx, pa)) {
        return false;
    }
    hart_sync(h);
    return true;
}

/* The first `count` instructions of a block, followed by END. */
static const struct op *cut_block(const struct block_cache *cache, const struct block *block,
                                  unsigned count, struct op *copy)
{
    memcpy(copy, block->op, count * sizeof(struct op));
    for (unsigned i = 0; i < count; i++) {
        copy[i].rest = (u16)(count - i);
    }
    unsigned offset = block->op[count].offset;
    copy[count] = (struct op){.handler = cache->handlers[DO_END],
                              .imm = (i32)offset,
                              .aux = LINK_NONE,
                              .offset = (u16)offset,
                              .rest = 1};
    return copy;
}

#define DISPATCH goto *((const u8 *)&&op_ILLEGAL + op->handler)
#define NEXT      \
    do {          \
        op++;     \
        DISPATCH; \
    } while (0)
/* After something that may have called devices, hooks or dropped code. */
#define NEXT_AFTER_SLOW                                   \
    do {                                                  \
        if (UNLIKELY(h->stop || h->fetch_page != page)) { \
            goto leave_behind;                            \
        }                                                 \
        NEXT;                                             \
    } while (0)
/* To the address page + imm, through the link slot. */
#define FOLLOW                                               \
    do {                                                     \
        struct block *next_ = *block_link(block, op->aux);   \
        i64 left_ = h->budget + op->rest - 1 - next_->count; \
        if (UNLIKELY(left_ < 0)) {                           \
            goto leave;                                      \
        }                                                    \
        h->budget = left_;                                   \
        block = next_;                                       \
        op = block->op;                                      \
        DISPATCH;                                            \
    } while (0)
#define MAKE_EXACT                 \
    do {                           \
        h->pc = page + op->offset; \
        h->budget += op->rest;     \
    } while (0)
#define BACK_TO_BLOCK (h->budget -= op->rest)
#define NEED_FLOAT                            \
    if (UNLIKELY(!(h->mstatus & MSTATUS_FS))) \
    goto refuse
#define NEED_ROUNDING                                    \
    unsigned rm = op->aux == FPU_DYN ? h->frm : op->aux; \
    if (UNLIKELY(rm > FPU_RMM))                          \
    goto refuse
#define FLOAT_DIRTY (h->mstatus |= MSTATUS_FS)
#define OP(name) op_##name:
#define RD h->x[op->rd]
#define RS1 h->x[op->rs1]
#define RS2 h->x[op->rs2]
#define FD h->f[op->rd]
#define FS1 h->f[op->rs1]
#define FS2 h->f[op->rs2]
#define FS3 h->f[op->imm]
#define IMM ((i64)op->imm)

/* With h NULL it only gives its handler table: labels are known nowhere else. */
static enum exit_reason execute(struct block_cache *cache, struct hart *h, const i32 **table)
{
    static const i32 handlers[DO_COUNT] = {
#define HANDLER(name) (i32)((const u8 *)&&op_##name - (const u8 *)&&op_ILLEGAL)
        [OP_ILLEGAL] = HANDLER(ILLEGAL),
#define INSN(name, mnemonic, match, mask, format, extensions, flags) [OP_##name] = HANDLER(name),
#include "emu/isa/insn.def"
        [DO_END] = HANDLER(END),         [DO_LI] = HANDLER(LI),
        [DO_MV] = HANDLER(MV),           [DO_PROBE] = HANDLER(PROBE),
#undef HANDLER
    };
    if (!h) {
        *table = handlers;
        return EXIT_STOP;
    }

    struct op copy[BLOCK_MAX_OPS + 1];
    const struct op *op;
    struct block *block;
    struct tlb_context *context;
    u64 page;
    enum exit_reason reason;
    bool begun = false; /* a stretch executes something before anybody may want it to end */

    h->stop |= STOP_EVENTS;

look: /* everything may have changed */
    if ((h->stop || h->budget <= 0 || h->waiting) && hart_attend(h, &reason)) {
        return reason;
    }
    context = h->context;
    page = h->pc & PAGE_MASK;
    if (page != h->fetch_page) {
        if (!hart_enter_page(h)) {
            goto look;
        }
        if (h->fetch_page == FETCH_NONE) {
            goto single;
        }
    }
    goto here;

far: /* h->pc may lie in another page; nothing else has changed */
    page = h->pc & PAGE_MASK;
    if (page != h->fetch_page) {
        const struct tlb_entry *entry =
            &h->fetch_context->fetch[page >> PAGE_SHIFT & (TLB_FETCH_ENTRIES - 1)];
        if (UNLIKELY(entry->tag != page)) {
            goto look;
        }
        h->fetch_page = page;
        h->fetch_physical = page + entry->addend - (u64)(uintptr_t)h->ram->host + h->ram->base;
    }

here: /* h->pc lies in h->fetch_page */
    if (cache->stretch) {
        if (begun && patron_wants(cache, h)) {
            return EXIT_BUDGET;
        }
        begun = true;
    }
    block = block_here(cache, h);
    if (UNLIKELY(!block)) {
        goto single;
    }

enter:
    if (UNLIKELY(h->budget < block->count)) {
        if (h->budget <= 0) {
            goto look;
        }
        if (cache->stretch) {
            hart_sync(h);
            return EXIT_BUDGET;
        }
        op = cut_block(cache, block, (unsigned)h->budget, copy);
        h->budget = 0;
    } else {
        h->budget -= block->count;
        op = block->op;
    }
    DISPATCH;

single: /* an instruction that cannot be kept in a block */
    if (h->budget <= 0) {
        goto look;
    }
    {
        u32 bits;
        if (!hart_fetch(h, &bits)) {
            goto look;
        }
        block_decode_single(cache, bits, h->pc, h->extensions, copy);
        block = cache->unlinked;
        op = copy;
        h->budget--;
    }
    DISPATCH;

leave: /* FOLLOW found no block, or one that does not fit the budget */
    h->budget += op->rest - 1;
    h->pc = page + (u64)IMM;
    if (op->aux == LINK_NONE) {
        goto far;
    }
    {
        struct block **link = block_link(block, op->aux);
        if ((*link)->count != BLOCK_UNREACHABLE) {
            block = *link;
            goto enter;
        }
        if (cache->stretch && patron_wants(cache, h)) {
            return EXIT_BUDGET;
        }
        u64 flushes = cache->flushes;
        block = block_here(cache, h);
        if (!block) {
            goto single;
        }
        if (cache->flushes == flushes) {
            *link = block;
        }
    }
    goto enter;

leave_behind: /* executed, but the block must be left behind it */
    h->budget += op->rest - 1;
    h->pc = page + (op + 1)->offset;
    goto look;

refuse: /* illegal for a reason that decoding cannot know */
    MAKE_EXACT;
    {
        u32 bits = 0;
        if (hart_fetch(h, &bits)) {
            hart_illegal(h, bits);
        }
    }
    goto look;

#include "emu/interp/ops_integer.h"
#include "emu/interp/ops_memory.h"
#include "emu/interp/ops_float.h"
#include "emu/interp/ops_control.h"
}

enum exit_reason interp_execute(struct block_cache *cache, struct hart *h)
{
    i64 before = h->budget;
    enum exit_reason reason = execute(cache, h, NULL);
    h->counters.interpreted_instructions += (u64)(before - h->budget);
    return reason;
}

const i32 *interp_handlers(void)
{
    const i32 *table = NULL;
    execute(NULL, NULL, &table);
    return table;
}
