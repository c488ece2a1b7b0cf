/* SPDX-License-Identifier: MIT */
/*
 * translate_run.c - runs of loads, or of stores, through one base register: what functions begin
 * and end with, copies of structures.
 *
 * One comparison with the TLB (or the page memory) does for all: if the last access hits, and the
 * first lies on its page, none of them can miss or trap, so nothing can happen between the first
 * and the last but themselves.  Else the interpreter executes the run.
 *
 * Alignment is tested for the widest access, and the others must be aligned if that one is.
 * Instructions between the accesses may be simple ones (insn_is_simple): they leave rdx alone,
 * where the host address of the run's lowest byte is.
 */
#include "emu/jit/translate.h"

enum { RUN_INSNS = 24, RUN_SPAN = 1024 };

struct run {
    unsigned count, accesses;
    unsigned size;  /* of the widest access */
    unsigned bytes; /* of the instructions */
    i32 low, high;  /* the accesses lie between them, relative to the base register */
    unsigned base;  /* that register */
    enum tlb_table table;
};

/* Takes the access in if it belongs to the run. */
static bool accept(struct run *run, const struct insn *i, const struct memory_access *access)
{
    i32 low = i->imm < run->low ? i->imm : run->low;
    i32 end = i->imm + access->size;
    i32 high = end > run->high ? end : run->high;
    if (access->table != run->table || i->rs1 != run->base || (i->imm & (access->size - 1)) ||
        high - low > RUN_SPAN || (access->table == TLB_LOAD && !access->is_float && i->rd == 0)) {
        return false;
    }
    run->low = low;
    run->high = high;
    run->size = access->size > run->size ? access->size : run->size;
    run->accesses++;
    return true;
}

static struct run find_run(const struct insn *first, const struct memory_access *access,
                           unsigned available)
{
    struct run run = {
        .low = first->imm, .high = first->imm, .base = first->rs1, .table = access->table};
    unsigned bytes = 0;
    for (unsigned k = 0; k < available && k < RUN_INSNS; k++) {
        const struct insn *i = &first[k];
        struct memory_access a;
        bytes += i->len;
        if (memory_access_of(i, &a)) {
            if (!accept(&run, i, &a)) {
                break;
            }
            run.count = k + 1;
            run.bytes = bytes;
            if (a.table == TLB_LOAD && !a.is_float && i->rd == run.base) {
                break;
            }
        } else if (!insn_is_simple(i) || i->rd == run.base) {
            break;
        }
    }
    /* Widened to what the widest access is aligned to. */
    run.low &= -(i32)run.size;
    run.high = (run.high + (i32)run.size - 1) & -(i32)run.size;
    return run;
}

/* rdx = the host address of the run's lowest byte.  Leads to stubs where that is not possible. */
static void emit_check(struct translator *t, const struct run *run)
{
    struct x86 *x = &t->x;
    const u8 *again = x86_here(x);
    enum { INDEX_SHIFT = RAM_PAGE_SHIFT - 4 };
    i32 mask = (i32)(i64)TLB_TAG_MASK(run->size), last = run->high - (i32)run->size, addend;
    int recent = recent_for(t, run->base);
    enum x86_reg base = x_read(t, run->base, RAX);
    x86_lea(x, X86_8, RDX, x86_at(base, last));
    struct x86_mem entry;
    if (recent >= 0) {
        entry = x86_at(R14, recent_tag(run->table, (unsigned)recent));
        addend = entry.disp + (i32)offsetof(struct tlb_recent, addend);
    } else {
        if (t->jit->features.bmi2) {
            x86_rorx(x, X86_4, RCX, RDX, INDEX_SHIFT);
        } else {
            x86_mov(x, X86_4, RCX, RDX);
            x86_shift_imm(x, X86_SHR, X86_4, RCX, INDEX_SHIFT);
        }
        x86_alu_imm(x, X86_AND, X86_4, RCX, (TLB_DATA_ENTRIES - 1) << 4);
        entry = x86_index(R14, RCX, 1,
                          run->table == TLB_STORE ? (i32)offsetof(struct tlb_context, store) : 0);
        addend = entry.disp + (i32)offsetof(struct tlb_entry, addend);
    }
    x86_alu_imm(x, X86_AND, X86_8, RDX, mask);
    x86_alu_load(x, X86_CMP, X86_8, RDX, entry);
    u8 *miss = x86_jump_if(x, X86_NE), *other_page = NULL;
    /* Signed: no page that is mapped lies at the wrap of signed addresses. */
    x86_lea(x, X86_8, RAX, x86_at(base, run->low));
    if (run->low != last) {
        x86_alu(x, X86_CMP, X86_8, RAX, RDX);
        other_page = x86_jump_if(x, X86_L);
    }
    entry.disp = addend;
    x86_load(x, X86_8, false, RDX, entry);
    x86_alu(x, X86_ADD, X86_8, RDX, RAX);
    struct stub *s = new_stub(t, miss, recent >= 0 ? STUB_RUN_PAGE : STUB_RUN);
    s->back = again;
    s->also[0] = recent >= 0 ? NULL : other_page;
    s->recent = (u8)recent;
    s->base = (u8)base;
    s->site = (u8)run->table;
    s->leave_to = last;
    struct stub *far = recent >= 0 && other_page ? new_stub(t, other_page, STUB_RUN) : NULL;
    for (struct stub *each = &t->stub[t->stubs - (far ? 2 : 1)]; each < &t->stub[t->stubs];
         each++) {
        each->site_reg = (u8)run->count;
        each->refund = (u8)run->bytes;
        each->size = (u8)run->size;
    }
}

/* What is known of registers' values is brought up to date. */
static void emit_one(struct translator *t, const struct insn *i, const struct run *run)
{
    struct memory_access access;
    if (memory_access_of(i, &access)) {
        emit_access_at(t, i, &access, x86_at(RDX, i->imm - run->low), RAX);
    } else {
        emit_int(t, i);
    }
    follow_boxes(t, i);
    forget_recent(t, insn_use_of(i).int_written);
}

unsigned emit_run(struct translator *t, unsigned available)
{
    const struct insn *first = &t->region->insn[t->insn];
    struct memory_access access;
    if (available < 2 || first->rs1 == 0 || !memory_access_of(first, &access) ||
        is_near(t, first, access.table, access.size)) {
        return 0;
    }
    struct run run = find_run(first, &access, available);
    if (run.accesses < 2) {
        return 0;
    }
    u16 insn = t->insn;
    unsigned stubs = t->stubs;
    emit_check(t, &run);
    unsigned made = t->stubs - stubs;
    for (unsigned k = 0; k < run.count; k++) {
        t->insn = (u16)(insn + k);
        if (k > 0) {
            listing_mark(t, t->insn);
        }
        emit_one(t, &first[k], &run);
    }
    for (unsigned k = 0; k < made && !t->x.full; k++) {
        t->stub[stubs + k].resume = x86_here(&t->x);
    }
    return run.count;
}

void emit_run_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    if (s->kind == STUB_RUN_PAGE) {
        u64 physical = t->region->physical + t->region->insn_offset[s->insn];
        x86_lea(x, X86_8, RDX, x86_at((enum x86_reg)s->base, s->leave_to));
        x86_mov_imm(x, RCX, (u64)credit_index(physical) << 16 | s->recent * 8u);
        x86_call_near(x, t->jit->recent_miss[s->site][__builtin_ctz(s->size)]);
        x86_patch(x, x86_jump_if(x, X86_E), s->back);
    }
    struct jit_step_site site = {.site = {.kind = SITE_RUN, .reg = s->site_reg, .size = s->refund}};
    call_out(t, &site, sizeof site.site, s->resume, false);
}
