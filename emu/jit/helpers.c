/* SPDX-License-Identifier: MIT */
/*
 * helpers.c - what translated code calls: slow accesses, single steps, and the dispatcher.
 *
 * MXCSR: translated code lets the host's sticky exception bits stand for fflags and has frm as its
 * rounding mode.  C code must see neither, so whoever comes from translated code first takes the
 * flags over and sets the mode of C (begin_c), and puts the guest's back when the same block goes
 * on (end_c).  Reading and writing MXCSR is slow, so it is left alone until a block with floating
 * point has made it the guest's: jit->float_live.
 */
#include "emu/jit/internal.h"
#include "emu/hart/access.h"
#include "emu/hart/csrs.h"
#include "emu/interp/interp.h"

#include <xmmintrin.h>

/* Invalid, zero divide, overflow, underflow, inexact; bit 1 is x86's own (denormal). */
#define FLAGS(m) \
    ((m)&1 ? 16 : 0) | ((m)&4 ? 8 : 0) | ((m)&8 ? 4 : 0) | ((m)&16 ? 2 : 0) | ((m)&32 ? 1 : 0)
#define FLAGS4(m) FLAGS(m), FLAGS((m) + 1), FLAGS((m) + 2), FLAGS((m) + 3)
#define FLAGS16(m) FLAGS4(m), FLAGS4((m) + 4), FLAGS4((m) + 8), FLAGS4((m) + 12)
const u8 jit_flags_of_mxcsr[64] = {FLAGS16(0), FLAGS16(16), FLAGS16(32), FLAGS16(48)};

enum { MXCSR_DEFAULT = 0x1f80, MXCSR_MODE_SHIFT = 13 };
enum { FRM_LAST_ON_HOST = 3 }; /* to nearest with ties away is not in SSE */

static struct jit *jit_of(const struct hart *h)
{
    return (struct jit *)h->engine;
}

static void begin_c(struct hart *h)
{
    if (LIKELY(!jit_of(h)->float_live)) {
        return;
    }
    unsigned mxcsr = _mm_getcsr();
    h->fflags |= jit_flags_of_mxcsr[mxcsr & 63];
    _mm_setcsr(MXCSR_DEFAULT);
}

static void end_c(struct hart *h)
{
    /* RISC-V: nearest, zero, down, up.  x86: nearest, down, up, zero. */
    static const u8 mode[4] = {0, 3, 1, 2};
    struct jit *jit = jit_of(h);
    jit->float_mode = MXCSR_DEFAULT | (unsigned)mode[h->frm & 3] << MXCSR_MODE_SHIFT;
    if (jit->float_live) {
        _mm_setcsr(jit->float_mode);
    }
}

u32 jit_float_begin(void)
{
    u32 mxcsr = _mm_getcsr();
    _mm_setcsr(MXCSR_DEFAULT);
    return mxcsr;
}

void jit_float_end(u32 mxcsr)
{
    _mm_setcsr(mxcsr);
}

static u64 extend_loaded(u64 value, const struct jit_site *site)
{
    unsigned shift = 64 - 8u * (site->size & SITE_SIZE);
    return site->size & SITE_SIGNED ? (u64)((i64)(value << shift) >> shift) : value;
}

/*
 * A misaligned access that does not leave its page, which is in the TLB: as access.h, without the
 * way there.  Linux makes millions at boot to measure how slow they are.
 */
static bool access_misaligned(struct hart *h, const struct jit_site *site, u64 va)
{
    unsigned size = site->size & SITE_SIZE;
    bool store = site->kind == SITE_STORE || site->kind == SITE_FSTORE;
    const struct tlb_entry *entry = tlb_entry(h->context, store ? TLB_STORE : TLB_LOAD, va);
    if (entry->tag != (va & ~(u64)0xfff) || (va & 0xfff) > RAM_PAGE_SIZE - size) {
        return false;
    }
    u8 *host = (u8 *)(uintptr_t)(va + entry->addend);
    switch (site->kind) {
    case SITE_STORE:
        store_sized(host, h->x[site->reg], size);
        break;
    case SITE_FSTORE:
        store_sized(host, h->f[site->reg], size);
        break;
    case SITE_FLOAD:
        h->f[site->reg] = load_sized(host, size) | (size == 4 ? 0xffffffff00000000u : 0);
        break;
    default:
        if (site->reg != 0) {
            h->x[site->reg] = extend_loaded(load_sized(host, size), site);
        }
        break;
    }
    *(store ? &h->counters.slow_stores : &h->counters.slow_loads) += 1;
    return true;
}

/* The TLB would settle the load now. */
static bool is_settled(const struct hart *h, u64 va, unsigned size)
{
    const struct tlb_entry *entry =
        &h->context->load[va >> RAM_PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)];
    return (va & TLB_TAG_MASK(size)) == entry->tag;
}

static void set_loaded(struct hart *h, const struct jit_site *site, u64 value)
{
    if (site->kind == SITE_FLOAD) {
        h->f[site->reg] = (site->size & SITE_SIZE) == 4 ? value | 0xffffffff00000000u : value;
    } else if (site->reg != 0) {
        h->x[site->reg] = extend_loaded(value, site);
    }
}

/*
 * A load or store that the TLB did not settle.  Non-zero: done, and the region may go on; or, with
 * SITE_SETTLES, the TLB settles the load when it is made again.
 */
static u32 access_slowly(struct hart *h, const struct jit_site *site, u64 va)
{
    unsigned size = site->size & SITE_SIZE;
    const struct tlb_context *context = h->context;
    u64 drops = context->recent_drops, value = 0;
    bool again = false, ok;
    begin_c(h);
    switch (site->kind) {
    case SITE_STORE:
        ok = hart_store(h, va, size, h->x[site->reg]);
        break;
    case SITE_FSTORE:
        ok = hart_store(h, va, size, h->f[site->reg]);
        break;
    default:
        ok = hart_load(h, va, size, &value);
        break;
    }
    bool leaves =
        h->stop || h->fetch_page == FETCH_NONE ||
        ((site->size & SITE_KNOWS) && (h->context != context || context->recent_drops != drops));
    if (ok && (site->size & SITE_SETTLES)) {
        again = !leaves && is_settled(h, va, size);
        leaves = !again;
    }
    if (ok && !again && site->kind != SITE_STORE && site->kind != SITE_FSTORE) {
        set_loaded(h, site, value);
    }
    end_c(h);
    if (ok && leaves) {
        /* Something wants to be looked at before the next instruction. */
        h->pc += site->length;
        h->budget--;
        return 0;
    }
    return ok;
}

/* Lets the interpreter execute `count` instructions at the most; h->budget stays exact. */
static enum exit_reason interpret(struct jit *jit, struct hart *h, i64 count)
{
    i64 keep = h->budget > count ? h->budget - count : 0;
    h->budget -= keep;
    h->granted -= keep;
    enum exit_reason reason = jit->interp->run(jit->interp, h);
    h->budget += keep;
    h->granted += keep;
    return reason;
}

static u64 dropped_so_far(const struct jit *jit)
{
    return jit->counters->regions_killed + jit->counters->code_flushes;
}

/*
 * Some instructions, by the interpreter.  Non-zero: they went to the next one, `bytes` further, and
 * nothing wants attention, so the region may go on.
 */
static u32 steps(struct hart *h, struct jit_frame *frame, unsigned count, unsigned bytes)
{
    struct jit *jit = frame->jit;
    const struct tlb_context *context = h->context;
    u64 pc = h->pc, page = h->fetch_page, drops = context->recent_drops;
    u32 stop = h->stop;
    u64 dropped = dropped_so_far(jit);
    h->counters.single_steps += count;
    begin_c(h);
    if (interpret(jit, h, count) == EXIT_STOP) {
        h->stop |= STOP_RETURN;
    }
    end_c(h);
    bool next = h->pc == pc + bytes;
    /* The interpreter sets and serves STOP_EVENTS by itself: what is left is new.  It finds the
     * page again behind a store that drops this very region. */
    return next && !stop && !h->stop && !h->waiting && h->fetch_page == page &&
           h->context == context && context->recent_drops == drops &&
           dropped == dropped_so_far(jit) && h->frm <= FRM_LAST_ON_HOST;
}

static u32 leave_behind(struct hart *h, const struct insn *i)
{
    h->budget--;
    h->pc += i->len;
    return 0;
}

/*
 * The present instruction was executed and counted by nobody yet.  Non-zero: the region goes on
 * behind it (its budget has it counted); else everything is made exact for the dispatcher.
 */
static u32 go_on(struct hart *h, const struct insn *i, u64 page)
{
    u64 cause;
    end_c(h);
    if (h->stop == STOP_EVENTS && !hart_interrupt_pending(h, &cause)) {
        h->stop = 0; /* interrupts were turned on or off, and none is there: very common */
    }
    if (!h->stop && h->fetch_page == page && h->frm <= FRM_LAST_ON_HOST) {
        return 1;
    }
    return leave_behind(h, i);
}

static bool do_csr(struct hart *h, const struct insn *i, u32 bits)
{
    bool immediate = i->op == OP_CSRRWI || i->op == OP_CSRRSI || i->op == OP_CSRRCI;
    bool writes = i->op == OP_CSRRW || i->op == OP_CSRRWI;
    enum csr_operation operation = writes                                    ? CSR_WRITE
                                   : i->op == OP_CSRRS || i->op == OP_CSRRSI ? CSR_SET
                                                                             : CSR_CLEAR;
    u64 old;
    if (!hart_csr(h, (u32)i->imm, operation, !writes || i->rd != 0, writes || i->rs1 != 0,
                  immediate ? i->rs1 : h->x[i->rs1], &old, bits)) {
        return false;
    }
    if (i->rd != 0) {
        h->x[i->rd] = old;
    }
    return true;
}

static bool do_atomic(struct hart *h, const struct insn *i)
{
    u64 va = h->x[i->rs1], result;
    /* The mnemonics' .w and .d: bit 12 of the encoding. */
    unsigned size = insn_table[i->op].match >> 12 & 1 ? 8 : 4;
    bool ok;
    if (i->op == OP_LR_W || i->op == OP_LR_D) {
        ok = hart_load_reserved(h, va, size, &result);
    } else if (i->op == OP_SC_W || i->op == OP_SC_D) {
        ok = hart_store_conditional(h, va, size, h->x[i->rs2], &result);
    } else {
        ok = hart_amo(h, i->op, va, size, h->x[i->rs2], &result);
    }
    if (ok && i->rd != 0) {
        h->x[i->rd] = result;
    }
    return ok;
}

/*
 * After a fence or another satp the page of the instruction has to be looked up anew.  Where the
 * fetch TLB still has it at the same place, that changes nothing, and the region may go on.
 */
static bool still_here(struct hart *h, u64 page)
{
    const struct tlb_entry *entry = tlb_entry(h->fetch_context, TLB_FETCH, page);
    u64 host = (u64)(uintptr_t)h->ram->host + (h->fetch_physical - h->ram->base);
    if (h->fetch_page != FETCH_NONE || entry->tag != page || page + entry->addend != host) {
        return false;
    }
    h->fetch_page = page;
    return true;
}

/* Executed, and where to go on is in h->pc; `stays`: that is behind the instruction. */
static u32 went(struct hart *h, bool done, bool stays)
{
    if (done) {
        h->budget--;
        h->pc += stays ? 4 : 0;
    }
    return 0;
}

static u32 do_privileged(struct hart *h, const struct insn *i, u32 bits)
{
    bool moved, done;
    u64 page = h->fetch_page;
    switch (i->op) {
    case OP_ECALL:
        done = hart_ecall(h, &moved);
        return went(h, done, !moved);
    case OP_SRET:
        return went(h, hart_sret(h, bits), false);
    case OP_MRET:
        return went(h, hart_mret(h, bits), false);
    case OP_SFENCE_VMA:
        done = hart_sfence_vma(h, i->rs1 != 0, h->x[i->rs1], i->rs2 != 0, h->x[i->rs2], bits);
        return done && still_here(h, page) ? go_on(h, i, page) : went(h, done, true);
    case OP_FENCE_I:
        h->fetch_page = FETCH_NONE;
        return still_here(h, page) ? go_on(h, i, page) : went(h, true, true);
    default:
        return went(h, hart_wfi(h, bits), true);
    }
}

/* As step(), without the interpreter for what is common. */
static u32 execute(struct hart *h, struct jit_frame *frame, const struct jit_step_site *site)
{
    const struct insn insn = site->insn;
    u32 bits = site->bits;
    u64 page = h->fetch_page;
    begin_c(h);
    switch (insn.op) {
    case OP_ECALL:
    case OP_SRET:
    case OP_MRET:
    case OP_SFENCE_VMA:
    case OP_FENCE_I:
    case OP_WFI:
        return do_privileged(h, &insn, bits);
    case OP_CBO_ZERO:
        return hart_cbo_zero(h, h->x[insn.rs1], bits) ? go_on(h, &insn, page) : 0;
    case OP_SLTI:
        if (h->hook) {
            hart_probe(h, (unsigned)insn.imm & 0xfff, h->x[insn.rs1]);
        }
        return go_on(h, &insn, page);
    default:
        break;
    }
    u16 flags = insn_table[insn.op].flags;
    if (flags & INSN_CSR) {
        u64 status = h->mstatus;
        if (!do_csr(h, &insn, bits)) {
            return 0;
        }
        /* Blocks look at FS where they begin. */
        bool float_moved = ((status ^ h->mstatus) & MSTATUS_FS) != 0;
        if (insn.imm == CSR_SATP) {
            still_here(h, page);
        }
        return float_moved ? leave_behind(h, &insn) : go_on(h, &insn, page);
    }
    if (flags & INSN_AMO) {
        return do_atomic(h, &insn) ? go_on(h, &insn, page) : 0;
    }
    if ((flags & INSN_FP) && jit_float(h, &insn)) {
        return go_on(h, &insn, page);
    }
    return steps(h, frame, 1, insn.len);
}

u32 jit_slow(struct hart *h, const struct jit_site *site, u64 va, i64 budget,
             struct jit_frame *frame)
{
    h->budget = budget + site->rest;
    h->pc = h->fetch_page + site->offset;
    frame->resume = (const u8 *)site + site->resume;
    switch (site->kind) {
    case SITE_BUDGET:
        frame->status = JIT_INTERPRET;
        return 0;
    case SITE_RUN:
        return steps(h, frame, site->reg, site->size);
    case SITE_STEP:
        h->counters.helper_calls++;
        return execute(h, frame, (const struct jit_step_site *)site);
    default:
        return (!(site->size & SITE_SETTLES) && access_misaligned(h, site, va)) ||
               access_slowly(h, site, va);
    }
}

/* Interprets for a while; true: the run has ended. */
static bool interpret_some(struct jit *jit, struct hart *h, i64 count, u32 *reason)
{
    enum exit_reason got = interp_stretch(jit->interp, h, count);
    if (got == EXIT_BUDGET && h->budget > 0) {
        return false;
    }
    *reason = got;
    return true;
}

const u8 *jit_dispatch(struct hart *h, struct jit_frame *frame)
{
    struct jit *jit = frame->jit;
    struct jit_link *link = jit_link_taken(h, frame);
    u64 link_pc = h->pc, dropped = dropped_so_far(jit);
    h->counters.side_exits++;
    begin_c(h);
    jit->float_live = 0;
    if (jit->went_bad) {
        jit_attend_credit(jit);
    }
    bool by_interp = frame->status == JIT_INTERPRET;
    frame->status = 0;
    enum exit_reason reason;
    unsigned weight = 1;
    for (;;) {
        if ((h->stop || h->budget <= 0 || h->waiting) && hart_attend(h, &reason)) {
            frame->exit_reason = reason;
            return jit->leave;
        }
        if (by_interp || h->frm > FRM_LAST_ON_HOST) {
            by_interp = false;
            if (interpret_some(jit, h, INTERPRET_STRETCH, &frame->exit_reason)) {
                return jit->leave;
            }
            continue;
        }
        u64 page = h->pc & ~(u64)0xfff;
        if (page != h->fetch_page) {
            if (!hart_enter_page(h)) {
                continue;
            }
        }
        struct jit_entry *entry = NULL;
        if (h->fetch_page != FETCH_NONE) {
            u64 at = h->fetch_physical + (h->pc & 0xfff);
            u64 target = (u64)(uintptr_t)jit->ram->host + (at - jit->ram->base);
            const struct jump_entry *known = &jit->jumps[jump_slot(target)];
            if (known->host == target && !link) {
                frame->fetch_delta = target - h->pc;
                end_c(h);
                return known->entry;
            }
            h->counters.table_misses++;
            entry = jit_find_entry(jit, h, at, weight);
        }
        /* The link is gone with its region if anything was dropped meanwhile. */
        if (link && entry && h->pc == link_pc && dropped == dropped_so_far(jit) &&
            !jit_link_make(jit, link, entry, h->pc)) {
            jit_make_room(jit);
            entry = NULL;
        }
        link = NULL;
        if (!entry) {
            h->counters.stretches++;
            i64 before = h->budget;
            if (interpret_some(jit, h, STRETCH, &frame->exit_reason)) {
                return jit->leave;
            }
            weight = before - h->budget > STRETCH - BLOCK_INSNS ? STRETCH_WEIGHT : 1;
            continue;
        }
        u64 host = (u64)(uintptr_t)jit->ram->host + (entry->physical - jit->ram->base);
        frame->fetch_delta = host - h->pc;
        jit->jumps[jump_slot(host)] =
            (struct jump_entry){host, entry->entry, entry->inside, entry->region->id};
        end_c(h);
        return entry->entry;
    }
}
