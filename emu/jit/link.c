/* SPDX-License-Identifier: MIT */
/*
 * link.c - direct ways from region to region.
 *
 * A place where a region is left is a *link*: a jump that leads to C until its target is known and
 * translated.  Then a *bond* is made, a bridge: code that brings the guest registers from where the
 * one region has them to where the other wants them, and jumps.  A jump with a target of its own
 * has one bond, an indirect one up to WAYS, each behind a comparison with the virtual address.
 *
 * Registers.  While a region runs, memory is right for the guest registers that it does not hold
 * in host registers and for those that it holds and never writes.  So a bridge stores what the
 * source has written and the target does not write, moves what both hold in different places, and
 * loads what only the target holds.  Between regions that hold the same it is no code at all.
 *
 * Pages.  A region is code of a physical page.  Where source and target lie on the same one, a
 * direct link needs no test: the page that instructions come from (h->fetch_page) stays.  Else the
 * bridge asks the fetch TLB for the target's page, as the interpreter does at this point, and
 * compares where it is with where it was; what fails goes the general way.
 *
 * A region that is dropped takes the bonds to it along: the links lead to C again.
 */
#include "emu/jit/listing.h"
#include "emu/jit/translate.h"

#include <stdlib.h>

enum {
    WAYS = 4,
    /* Misses of an indirect link whose ways are all taken, before they are given to others. */
    PATIENCE = 2000,
};

/* Moves of one kind of register that happen at once. */
struct moves {
    u8 to[32], from[32];
    unsigned count;
};

static bool is_source(const struct moves *m, u8 reg)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (m->from[i] == reg) {
            return true;
        }
    }
    return false;
}

static void emit_move(struct x86 *x, bool is_float, u8 to, u8 from)
{
    if (is_float) {
        x86_float_mov(x, to, from);
    } else {
        x86_mov(x, X86_8, (enum x86_reg)to, (enum x86_reg)from);
    }
}

/* rax or xmm0 is free, and stands in where moves form a ring. */
static void emit_moves(struct x86 *x, bool is_float, struct moves *m)
{
    enum { SPARE = 0 };
    while (m->count > 0) {
        unsigned i = 0;
        while (i < m->count && is_source(m, m->to[i])) {
            i++;
        }
        if (i < m->count) {
            emit_move(x, is_float, m->to[i], m->from[i]);
            m->count--;
            m->to[i] = m->to[m->count];
            m->from[i] = m->from[m->count];
            continue;
        }
        emit_move(x, is_float, SPARE, m->from[0]);
        u8 from = m->from[0];
        for (i = 0; i < m->count; i++) {
            m->from[i] = m->from[i] == from ? SPARE : m->from[i];
        }
    }
}

static void emit_transfer(struct x86 *x, bool is_float, const struct jit_holding *from,
                          const struct jit_holding *to)
{
    struct moves moves = {.count = 0};
    for (unsigned i = 0; i < 32; i++) {
        u8 source = from->host[i], target = to->host[i];
        struct x86_mem memory = is_float ? f_at(i) : x_at(i);
        bool dirty = source != JIT_NOWHERE && (from->written >> i & 1);
        bool stays_dirty = target != JIT_NOWHERE && (to->written >> i & 1);
        if (dirty && !stays_dirty) {
            if (is_float) {
                x86_float_store(x, true, memory, source);
            } else {
                x86_store(x, X86_8, memory, (enum x86_reg)source);
            }
        }
        if (source != JIT_NOWHERE && target != JIT_NOWHERE && source != target) {
            moves.to[moves.count] = target;
            moves.from[moves.count++] = source;
        }
    }
    emit_moves(x, is_float, &moves);
    for (unsigned i = 0; i < 32; i++) {
        if (from->host[i] == JIT_NOWHERE && to->host[i] != JIT_NOWHERE) {
            if (is_float) {
                x86_float_load(x, true, to->host[i], f_at(i));
            } else {
                x86_load(x, X86_8, false, (enum x86_reg)to->host[i], x_at(i));
            }
        }
    }
}

static i32 page_offset(i32 offset)
{
    return offset & (i32)(RAM_PAGE_SIZE - 1);
}

enum {
    FETCH_TAG = offsetof(struct tlb_context, fetch),
    FETCH_ADDEND = FETCH_TAG + offsetof(struct tlb_entry, addend),
};

static u64 host_of(const struct jit *jit, u64 physical)
{
    return (u64)(uintptr_t)jit->ram->host + (physical - jit->ram->base);
}

/* A bridge being written. */
struct bridge {
    struct x86 x;
    u8 *fails[2];         /* jumps to be taken when the target's page is not where it was */
    u8 *other_target;     /* ... when the target is another one */
    struct x86_mem where; /* the target's virtual address by then */
};

static void set_page(struct x86 *x, u64 physical)
{
    x86_store(x, X86_8, HART_AT(fetch_page), RCX);
    x86_store(x, X86_8, FRAME_AT(fetch_delta), RAX);
    x86_mov_imm(x, RAX, physical);
    x86_store(x, X86_8, HART_AT(fetch_physical), RAX);
}

/*
 * The page that instructions come from becomes the one `offset` from the present one's start, if
 * the fetch TLB has it where it was.  Uses rax, rcx, rdx.
 */
static void emit_page_guard(struct jit *jit, struct bridge *b, i32 offset, u64 physical)
{
    struct x86 *x = &b->x;
    x86_load(x, X86_8, false, RCX, HART_AT(fetch_page));
    x86_alu_imm(x, X86_ADD, X86_8, RCX, offset - page_offset(offset));
    x86_mov(x, X86_4, RDX, RCX);
    x86_shift_imm(x, X86_SHR, X86_4, RDX, RAM_PAGE_SHIFT - 4);
    x86_alu_imm(x, X86_AND, X86_4, RDX, (TLB_FETCH_ENTRIES - 1) << 4);
    x86_alu_load(x, X86_ADD, X86_8, RDX, HART_AT(fetch_context));
    x86_mov_imm(x, RAX, host_of(jit, physical));
    x86_alu(x, X86_SUB, X86_8, RAX, RCX);
    x86_alu_load(x, X86_CMP, X86_8, RCX, x86_at(RDX, FETCH_TAG));
    b->fails[0] = x86_jump_if(x, X86_NE);
    x86_alu_load(x, X86_CMP, X86_8, RAX, x86_at(RDX, FETCH_ADDEND));
    b->fails[1] = x86_jump_if(x, X86_NE);
    b->where = x86_at(RCX, page_offset(offset));
    set_page(x, physical);
}

/* Goes on here if the target, in rax, is `va`, and its page is `physical`.  Uses rcx, rdx. */
static void emit_target_guard(struct jit *jit, struct bridge *b, const struct jit_region *from,
                              u64 va, u64 physical)
{
    struct x86 *x = &b->x;
    u64 page = va & ~(u64)(RAM_PAGE_SIZE - 1);
    i32 entry = (i32)((page >> RAM_PAGE_SHIFT & (TLB_FETCH_ENTRIES - 1)) << 4);
    x86_mov_imm(x, RCX, va);
    x86_alu(x, X86_CMP, X86_8, RAX, RCX);
    b->other_target = x86_jump_if(x, X86_NE);
    x86_alu_imm(x, X86_AND, X86_8, RCX, -(i32)RAM_PAGE_SIZE);
    b->where = x86_at(RCX, (i64)(va - page));
    if (physical == from->physical) {
        x86_alu_load(x, X86_CMP, X86_8, RCX, HART_AT(fetch_page));
        b->fails[0] = x86_jump_if(x, X86_NE);
        return;
    }
    x86_load(x, X86_8, false, RDX, HART_AT(fetch_context));
    x86_mov_imm(x, RAX, host_of(jit, physical) - page);
    x86_alu_load(x, X86_CMP, X86_8, RCX, x86_at(RDX, FETCH_TAG + entry));
    b->fails[0] = x86_jump_if(x, X86_NE);
    x86_alu_load(x, X86_CMP, X86_8, RAX, x86_at(RDX, FETCH_ADDEND + entry));
    b->fails[1] = x86_jump_if(x, X86_NE);
    set_page(x, physical);
}

static void patch_jump(struct jit *jit, u8 *jump, const u8 *target)
{
    struct x86 whole = {jit->memory.write, jump, jit->memory.write + jit->memory.size,
                        jit->memory.run, false};
    x86_patch(&whole, jump, target);
    code_memory_publish(&jit->memory, (size_t)(jump - jit->memory.write), 4);
}

/* Where targets go that the link does not know, while its ways are all taken. */
static void emit_patience(struct x86 *x, struct jit_link *link)
{
    link->patience = PATIENCE;
    x86_mov_imm(x, RCX, (u64)(uintptr_t)&link->patience);
    x86_alu_store_imm(x, X86_SUB, X86_4, x86_at(RCX, 0), 1);
    u8 *exhausted = x86_jump_if(x, X86_S);
    x86_jump_to(x, link->from->indirect);
    x86_patch(x, exhausted, link->slow);
}

/* There is room.  *other: the jump for other targets of an indirect link. */
static const u8 *make_bridge(struct jit *jit, struct jit_link *link, const struct jit_entry *entry,
                             u64 va, u8 **other)
{
    u8 *start = jit->memory.write + jit->used;
    struct bridge b = {
        .x = {start, start, jit->memory.write + jit->end, jit->memory.run + jit->used, false}};
    const struct jit_region *from = link->from, *to = entry->region;
    const u8 *begin = x86_here(&b.x);
    if (link->indirect) {
        emit_target_guard(jit, &b, from, va, to->physical);
    } else if (link->offset != page_offset(link->offset)) {
        emit_page_guard(jit, &b, link->offset, to->physical);
    }
    emit_transfer(&b.x, false, &from->integer, &to->integer);
    emit_transfer(&b.x, true, &from->floating, &to->floating);
    const u8 *target = link->checked ? entry->checked : entry->inside;
    if (x86_here(&b.x) == begin) {
        return target;
    }
    x86_jump_to(&b.x, target);
    if (b.fails[0]) {
        x86_patch_here(&b.x, b.fails[0]);
        if (b.fails[1]) {
            x86_patch_here(&b.x, b.fails[1]);
        }
        x86_lea(&b.x, X86_8, RAX, b.where);
        x86_jump_to(&b.x, from->indirect);
    }
    if (b.other_target) {
        x86_patch_here(&b.x, b.other_target);
        *other = x86_jump(&b.x);
        if (link->ways + 1 == WAYS) {
            x86_patch_here(&b.x, *other);
            emit_patience(&b.x, link);
        } else {
            x86_patch(&b.x, *other, link->slow);
        }
    }
    size_t length = (size_t)(b.x.next - b.x.start);
    code_memory_publish(&jit->memory, jit->used, length);
    jit->used += (length + 15) & ~(size_t)15;
    jit->counters->code_bytes += length;
    if (jit->listing) {
        listing_bridge(jit->listing, from->id, entry, begin, start, length);
    }
    return begin;
}

/* A bridge that another direct link of the same region has. */
static const u8 *find_bridge(const struct jit_link *link, const struct jit_entry *entry)
{
    const struct jit_region *from = link->from;
    for (unsigned i = 0; i < from->links && !link->indirect; i++) {
        const struct jit_link *other = &from->link[i];
        if (!other->indirect && other->bond && other->bond->entry == entry &&
            other->offset == link->offset && other->checked == link->checked) {
            return other->bond->code;
        }
    }
    return NULL;
}

static void remove_bonds(struct jit_link *link)
{
    while (link->bond) {
        struct jit_bond *bond = link->bond;
        link->bond = bond->next;
        *bond->at = bond->next_to;
        if (bond->next_to) {
            bond->next_to->at = bond->at;
        }
        jit_forget_noted_bond(bond);
        free(bond);
    }
    link->ways = 0;
}

void jit_link_open(struct jit *jit, struct jit_link *link)
{
    remove_bonds(link);
    patch_jump(jit, link->jump, link->slow);
    jit->counters->links_cut++;
}

void jit_link_forget(struct jit *jit, struct jit_region *region)
{
    for (unsigned i = 0; i < region->links; i++) {
        remove_bonds(&region->link[i]);
    }
    while (region->bonds_to) {
        jit_link_open(jit, region->bonds_to->link);
    }
    free(region->link);
}

void jit_link_free(struct jit_region *region)
{
    for (unsigned i = 0; i < region->links; i++) {
        while (region->link[i].bond) {
            struct jit_bond *bond = region->link[i].bond;
            region->link[i].bond = bond->next;
            free(bond);
        }
    }
    free(region->link);
}

struct jit_link *jit_link_taken(struct hart *h, struct jit_frame *frame)
{
    struct jit_region *from = frame->link_from;
    if (!from) {
        return NULL;
    }
    frame->link_from = NULL;
    struct jit_link *link = &from->link[frame->link];
    if (!link->indirect) {
        h->pc = h->fetch_page + (u64)(i64)link->offset;
    }
    return link;
}

bool jit_link_make(struct jit *jit, struct jit_link *link, struct jit_entry *entry, u64 va)
{
    struct jit_region *to = entry->region;
    bool same_page = !link->indirect && link->offset == page_offset(link->offset);
    if (same_page && to->physical != link->from->physical) {
        return true;
    }
    if (!jit_room_for_bridge(jit)) {
        return false;
    }
    if (link->ways == WAYS) {
        jit_link_open(jit, link); /* none of them was of use lately */
    }
    u8 *other = NULL;
    const u8 *code = find_bridge(link, entry);
    if (!code) {
        code = make_bridge(jit, link, entry, va, &other);
    }
    struct jit_bond *bond = malloc(sizeof *bond);
    if (!bond) {
        return true; /* it stays open */
    }
    *bond = (struct jit_bond){
        .link = link, .entry = entry, .code = code, .other = other, .next = link->bond};
    patch_jump(jit, link->bond ? link->bond->other : link->jump, code);
    link->bond = bond;
    link->ways++;
    bond->next_to = to->bonds_to;
    bond->at = &to->bonds_to;
    if (bond->next_to) {
        bond->next_to->at = &bond->next_to;
    }
    to->bonds_to = bond;
    jit_note_bond(jit, bond);
    jit->counters->regions_linked++;
    return true;
}
