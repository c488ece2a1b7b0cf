/* SPDX-License-Identifier: MIT */
/*
 * translate_memory.c - loads and stores: the TLB probe in line, everything else in a stub.
 *
 * The probe is one comparison (tlb.h): it covers translation, rights, alignment and every reason to
 * be slow.
 */
#include "emu/jit/translate.h"

u8 *emit_probe(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size)
{
    struct x86 *x = &t->x;
    i32 base = table == TLB_STORE ? (i32)offsetof(struct tlb_context, store) : 0;
    enum x86_reg from = x_host(t, i->rs1);
    if (from != X86_NONE) {
        x86_lea(x, X86_8, RAX, x86_at(from, i->imm));
    } else {
        x_copy(t, RAX, i->rs1);
        if (i->imm != 0) {
            x86_alu_imm(x, X86_ADD, X86_8, RAX, i->imm);
        }
    }
    x86_mov(x, X86_4, RCX, RAX);
    x86_shift_imm(x, X86_SHR, X86_4, RCX, 12 - 4);
    x86_alu_imm(x, X86_AND, X86_4, RCX, (TLB_DATA_ENTRIES - 1) << 4);
    x86_mov(x, X86_8, RDX, RAX);
    x86_alu_imm(x, X86_AND, X86_8, RDX, (i32)(i64)TLB_TAG_MASK(size));
    x86_alu_load(x, X86_CMP, X86_8, RDX, x86_index(R14, RCX, 1, base));
    u8 *slow = x86_jump_if(x, X86_NE);
    x86_alu_load(x, X86_ADD, X86_8, RAX, x86_index(R14, RCX, 1, base + 8));
    return slow;
}

enum { RECENT_FIXED = 4 }; /* the first page memories belong to sp, gp and tp */

void forget_recent(struct translator *t, u32 written)
{
    enum { SP = 2, TP = 4 };
    t->near &= ~written;
    for (; written; written &= written - 1) {
        unsigned x = (unsigned)__builtin_ctz(written);
        t->recent[x] = (u8)(x >= SP && x <= TP ? x - SP + 1 : 0);
    }
}

void follow_addresses(struct translator *t, const struct insn *i, u32 written)
{
    i64 distance = 0;
    bool near = false;
    if (i && i->op == OP_AUIPC) {
        distance = (i64)t->region->insn_offset[t->insn] + i->imm;
        near = true;
    } else if (i && i->op == OP_ADDI && (t->near >> i->rs1 & 1)) {
        distance = t->distance[i->rs1] + i->imm;
        near = true;
    }
    forget_recent(t, written);
    if (near && i->rd != 0) {
        t->near |= 1u << i->rd;
        t->distance[i->rd] = distance;
    }
    if (i && !insn_is_float_csr(i) &&
        (insn_is_foreign(i) ||
         (insn_table[i->op].flags & (INSN_CSR | INSN_PRIV | INSN_CBO | INSN_AMO)))) {
        t->known_pages = 0;
    }
}

/* A page memory that nobody in this trace counts on, or will use, any more. */
static unsigned take_recent(struct translator *t)
{
    struct jit *jit = t->jit;
    jit->next_recent = (jit->next_recent + 1) % (TLB_RECENT - RECENT_FIXED);
    unsigned taken = RECENT_FIXED + jit->next_recent;
    for (unsigned k = 0; k < t->known_pages; k++) {
        if (t->known_page[k].recent == taken) {
            t->known_page[k] = t->known_page[--t->known_pages];
        }
    }
    for (unsigned x = 1; x < 32; x++) {
        if (t->recent[x] == taken + 1) {
            t->recent[x] = 0;
        }
    }
    return taken;
}

static unsigned recent_of(struct translator *t, unsigned base)
{
    if (t->recent[base] == 0) {
        t->recent[base] = (u8)(take_recent(t) + 1);
    }
    return t->recent[base] - 1u;
}

/* The present instruction's; granted anew when another instruction had it. */
static struct jit_credit *credit_of(const struct translator *t)
{
    u64 physical = t->region->physical + t->region->insn_offset[t->insn];
    u32 index = credit_index(physical);
    struct jit_credit *credit = &t->jit->credit[index];
    if (credit->physical != physical) {
        *credit = (struct jit_credit){.physical = physical};
        t->jit->credit_left[index] = CREDIT_MISSES;
    }
    return credit;
}

/* An access under construction: the operand, and the stub whose rest is up to finish_access(). */
struct access {
    struct x86_mem at; /* uses rcx, and rax if the base has no register */
    struct stub *stub; /* NULL: it cannot fail */
};

/* rdx = rs1 + imm; the register with rs1, rax if it has none. */
static enum x86_reg address_of(struct translator *t, const struct insn *i)
{
    enum x86_reg base = x_read(t, i->rs1, RAX);
    if (i->imm != 0) {
        x86_lea(&t->x, X86_8, RDX, x86_at(base, i->imm));
    } else {
        x86_mov(&t->x, X86_8, RDX, base);
    }
    return base;
}

/* The page of the access is asked from the TLB. */
static struct access begin_by_tlb(struct translator *t, const struct insn *i, enum tlb_table table,
                                  unsigned size)
{
    struct x86 *x = &t->x;
    enum { INDEX_SHIFT = RAM_PAGE_SHIFT - 4 };
    i32 entry = table == TLB_STORE ? (i32)offsetof(struct tlb_context, store) : 0;
    enum x86_reg base = address_of(t, i);
    if (t->jit->features.bmi2) {
        x86_rorx(x, X86_4, RCX, RDX, INDEX_SHIFT);
    } else {
        x86_mov(x, X86_4, RCX, RDX);
        x86_shift_imm(x, X86_SHR, X86_4, RCX, INDEX_SHIFT);
    }
    x86_alu_imm(x, X86_AND, X86_4, RCX, (TLB_DATA_ENTRIES - 1) << 4);
    x86_alu_imm(x, X86_AND, X86_8, RDX, (i32)(i64)TLB_TAG_MASK(size));
    x86_alu_load(x, X86_CMP, X86_8, RDX, x86_index(R14, RCX, 1, entry));
    struct stub *stub = new_stub(t, x86_jump_if(x, X86_NE), STUB_ACCESS);
    x86_load(x, X86_8, false, RCX,
             x86_index(R14, RCX, 1, entry + (i32)offsetof(struct tlb_entry, addend)));
    stub->base = (u8)base;
    return (struct access){x86_index(base, RCX, 1, i->imm), stub};
}

/*
 * Worth a guess: accesses to the stack, and those of programs.  A kernel's code comes back with
 * other pages after many other accesses, and a wrong guess costs thrice a probe.
 */
static bool stays_on_page(const struct translator *t, unsigned base)
{
    enum { SP = 2 };
    return base == SP || (base != 0 && !t->region->of_kernel);
}

int recent_for(struct translator *t, unsigned base)
{
    return stays_on_page(t, base) && !credit_of(t)->bad ? (int)recent_of(t, base) : -1;
}

static i32 recent_addend(enum tlb_table table, unsigned recent)
{
    return recent_tag(table, recent) + (i32)offsetof(struct tlb_recent, addend);
}

/* The page of the access is looked for in the page memory. */
static struct access begin_by_recent(struct translator *t, const struct insn *i,
                                     enum tlb_table table, unsigned size, unsigned recent)
{
    struct x86 *x = &t->x;
    const u8 *again = x86_here(x);
    enum x86_reg base = address_of(t, i);
    x86_alu_imm(x, X86_AND, X86_8, RDX, (i32)(i64)TLB_TAG_MASK(size));
    x86_alu_load(x, X86_CMP, X86_8, RDX, x86_at(R14, recent_tag(table, recent)));
    u8 *miss = x86_jump_if(x, X86_NE);
    x86_load(x, X86_8, false, RCX, x86_at(R14, recent_addend(table, recent)));
    struct stub *stub = new_stub(t, miss, STUB_RECENT);
    stub->base = (u8)base;
    stub->recent = (u8)recent;
    stub->again = again;
    return (struct access){x86_index(base, RCX, 1, i->imm), stub};
}

bool is_near(struct translator *t, const struct insn *i, enum tlb_table table, unsigned size)
{
    return table == TLB_LOAD && (t->near >> i->rs1 & 1) &&
           ((t->distance[i->rs1] + i->imm) & (i64)(size - 1)) == 0 && stays_on_page(t, i->rs1) &&
           !credit_of(t)->bad;
}

/*
 * A load at a distance from the code that is known: constants of programs.  Where its page was met
 * before in this trace, it is in the page memory still.
 */
static struct access begin_near(struct translator *t, const struct insn *i, unsigned size)
{
    i64 page = (t->distance[i->rs1] + i->imm) & -(i64)RAM_PAGE_SIZE;
    for (unsigned k = 0; k < t->known_pages; k++) {
        if (t->known_page[k].page == page) {
            enum x86_reg base = x_read(t, i->rs1, RAX);
            x86_load(&t->x, X86_8, false, RCX,
                     x86_at(R14, recent_addend(TLB_LOAD, t->known_page[k].recent)));
            return (struct access){x86_index(base, RCX, 1, i->imm), NULL};
        }
    }
    unsigned recent = take_recent(t);
    struct access access = begin_by_recent(t, i, TLB_LOAD, size, recent);
    if (t->known_pages < KNOWN_PAGES) {
        access.stub->settles = true;
        t->known_page[t->known_pages].page = page;
        t->known_page[t->known_pages++].recent = (u8)recent;
    }
    return access;
}

/* The page of the access is known, the recent one of its base register, or asked from the TLB. */
static struct access begin_access(struct translator *t, const struct insn *i, enum tlb_table table,
                                  unsigned size)
{
    bool knows = t->known_pages > 0;
    struct access access;
    int recent = -1;
    if (is_near(t, i, table, size)) {
        access = begin_near(t, i, size);
    } else if ((recent = recent_for(t, i->rs1)) >= 0) {
        access = begin_by_recent(t, i, table, size, (unsigned)recent);
    } else {
        access = begin_by_tlb(t, i, table, size);
    }
    if (access.stub) {
        access.stub->knows = knows;
    }
    return access;
}

static void finish_access(struct translator *t, const struct access *access,
                          enum jit_site_kind kind, unsigned size, unsigned reg)
{
    if (!access->stub) {
        return;
    }
    access->stub->site = (u8)kind;
    access->stub->size = (u8)size;
    access->stub->site_reg = (u8)reg;
    access->stub->resume = x86_here(&t->x);
}

/* The access is C's; rax: the virtual address. */
static void call_for_access(struct translator *t, const struct stub *s)
{
    struct jit_step_site site = {.site = {.kind = s->site, .reg = s->site_reg, .size = s->size}};
    site.site.size |= (u8)((s->settles ? SITE_SETTLES : 0) | (s->knows ? SITE_KNOWS : 0));
    call_out(t, &site, sizeof site.site, s->settles ? s->again : s->resume, false);
}

void emit_access_stub(struct translator *t, const struct stub *s)
{
    const struct insn *i = &t->region->insn[s->insn];
    x86_lea(&t->x, X86_8, RAX, x86_at((enum x86_reg)s->base, i->imm));
    call_for_access(t, s);
}

void emit_recent_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    const struct insn *i = &t->region->insn[s->insn];
    u64 physical = t->region->physical + t->region->insn_offset[s->insn];
    unsigned size = s->size & SITE_SIZE;
    bool store = s->site == SITE_STORE || s->site == SITE_FSTORE;
    x86_lea(x, X86_8, RDX, x86_at((enum x86_reg)s->base, i->imm));
    x86_mov_imm(x, RCX, (u64)credit_index(physical) << 16 | s->recent * 8u);
    x86_call_near(x, t->jit->recent_miss[store ? TLB_STORE : TLB_LOAD][__builtin_ctz(size)]);
    x86_patch(x, x86_jump_if(x, X86_E), s->back);
    x86_mov(x, X86_8, RAX, RDX);
    call_for_access(t, s);
}

void emit_access_at(struct translator *t, const struct insn *i, const struct memory_access *a,
                    struct x86_mem at, enum x86_reg scratch)
{
    struct x86 *x = &t->x;
    bool is_double = a->size == 8;
    if (a->table == TLB_LOAD && !a->is_float) {
        enum x86_reg to = x_result(t, i->rd);
        x86_load(x, (enum x86_width)a->size, a->is_signed, to, at);
        x_written(t, i->rd, to);
    } else if (a->table == TLB_LOAD) {
        unsigned to = f_result(t, i->rd);
        x86_float_load(x, is_double, to, at);
        if (!is_double) {
            x86_sse_logic_load(x, X86_POR, to, FRAME_AT(box));
        }
        f_written(t, i->rd, to);
    } else if (!a->is_float) {
        x86_store(x, (enum x86_width)a->size, at, x_read(t, i->rs2, scratch));
    } else {
        x86_float_store(x, is_double, at, f_read(t, i->rs2, 1));
    }
}

bool memory_access_of(const struct insn *i, struct memory_access *access)
{
    static const struct {
        u16 op;
        struct memory_access access;
    } known[] = {
        {OP_LB, {TLB_LOAD, 1, true, false}},   {OP_LBU, {TLB_LOAD, 1, false, false}},
        {OP_LH, {TLB_LOAD, 2, true, false}},   {OP_LHU, {TLB_LOAD, 2, false, false}},
        {OP_LW, {TLB_LOAD, 4, true, false}},   {OP_LWU, {TLB_LOAD, 4, false, false}},
        {OP_LD, {TLB_LOAD, 8, false, false}},  {OP_FLW, {TLB_LOAD, 4, false, true}},
        {OP_FLD, {TLB_LOAD, 8, false, true}},  {OP_SB, {TLB_STORE, 1, false, false}},
        {OP_SH, {TLB_STORE, 2, false, false}}, {OP_SW, {TLB_STORE, 4, false, false}},
        {OP_SD, {TLB_STORE, 8, false, false}}, {OP_FSW, {TLB_STORE, 4, false, true}},
        {OP_FSD, {TLB_STORE, 8, false, true}},
    };
    for (unsigned k = 0; k < ARRAY_LENGTH(known); k++) {
        if (known[k].op == i->op) {
            *access = known[k].access;
            return true;
        }
    }
    return false;
}

bool emit_memory(struct translator *t, const struct insn *i)
{
    struct memory_access access;
    if (!memory_access_of(i, &access)) {
        return false;
    }
    bool is_load = access.table == TLB_LOAD;
    struct access begun = begin_access(t, i, access.table, access.size);
    emit_access_at(t, i, &access, begun.at, RDX);
    finish_access(t, &begun,
                  is_load ? (access.is_float ? SITE_FLOAD : SITE_LOAD)
                          : (access.is_float ? SITE_FSTORE : SITE_STORE),
                  access.size | (access.is_signed ? SITE_SIGNED : 0u), is_load ? i->rd : i->rs2);
    return true;
}
