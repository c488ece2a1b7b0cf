/* SPDX-License-Identifier: MIT */
/* translate.c - one region into host code: entries, blocks, control flow, stubs; see internal.h. */
#include "emu/jit/translate.h"
#include "emu/jit/listing.h"

#include <stdlib.h>
#include <string.h>

/* Callee-saved or not makes no difference: helpers find every guest register in memory. */
static const u8 int_host[REGION_INT_REGS] = {RBX, RSI, RDI, R8, R9, R10, R11, R12, R13};
enum { FLOAT_HOST_FIRST = 3 };

enum x86_reg x_host(const struct translator *t, unsigned x)
{
    if (t->renamed == x && x != 0) {
        return RDX;
    }
    u8 reg = t->region->int_reg[x];
    return reg == REGION_NONE ? X86_NONE : (enum x86_reg)int_host[reg];
}

unsigned f_host(const struct translator *t, unsigned f)
{
    u8 reg = t->region->float_reg[f];
    return reg == REGION_NONE ? REGION_NONE : FLOAT_HOST_FIRST + (unsigned)reg;
}

void x_copy(struct translator *t, enum x86_reg to, unsigned x)
{
    enum x86_reg host = x_host(t, x);
    if (x == 0) {
        x86_mov_imm(&t->x, to, 0);
    } else if (host == X86_NONE) {
        x86_load(&t->x, X86_8, false, to, x_at(x));
    } else if (host != to) {
        x86_mov(&t->x, X86_8, to, host);
    }
}

enum x86_reg x_read(struct translator *t, unsigned x, enum x86_reg scratch)
{
    enum x86_reg host = x_host(t, x);
    if (host != X86_NONE) {
        return host;
    }
    x_copy(t, scratch, x);
    return scratch;
}

enum x86_reg x_result(const struct translator *t, unsigned x)
{
    enum x86_reg host = x_host(t, x);
    return host == X86_NONE ? RAX : host;
}

void x_written(struct translator *t, unsigned x, enum x86_reg reg)
{
    enum x86_reg host = x_host(t, x);
    if (x == 0) {
        return;
    }
    if (host == X86_NONE) {
        x86_store(&t->x, X86_8, x_at(x), reg);
    } else if (host != reg) {
        x86_mov(&t->x, X86_8, host, reg);
    }
}

unsigned f_read(struct translator *t, unsigned f, unsigned scratch)
{
    unsigned host = f_host(t, f);
    if (host != REGION_NONE) {
        return host;
    }
    x86_float_load(&t->x, true, scratch, f_at(f));
    return scratch;
}

unsigned f_result(const struct translator *t, unsigned f)
{
    unsigned host = f_host(t, f);
    return host == REGION_NONE ? 0 : host;
}

void f_written(struct translator *t, unsigned f, unsigned reg)
{
    unsigned host = f_host(t, f);
    if (host == REGION_NONE) {
        x86_float_store(&t->x, true, f_at(f), reg);
    } else if (host != reg) {
        x86_float_mov(&t->x, host, reg);
    }
}

struct stub *new_stub(struct translator *t, u8 *from, enum stub_kind kind)
{
    if (t->stubs == STUBS) {
        t->x.full = true;
        t->stubs = 0; /* all is thrown away */
    }
    struct stub *s = &t->stub[t->stubs++];
    *s = (struct stub){.from = from,
                       .back = x86_here(&t->x),
                       .block = t->block,
                       .insn = t->insn,
                       .kind = (u8)kind};
    return s;
}

void add_stub(struct translator *t, u8 *from, enum stub_kind kind, unsigned reg)
{
    new_stub(t, from, kind)->reg = (u8)reg;
}

void add_site(struct translator *t, u8 *from, enum jit_site_kind kind, unsigned size, unsigned reg)
{
    struct stub *s = new_stub(t, from, STUB_SITE);
    s->site = (u8)kind;
    s->size = (u8)size;
    s->site_reg = (u8)reg;
}

void also_from(struct translator *t, u8 *from)
{
    struct stub *last = t->stubs ? &t->stub[t->stubs - 1] : NULL;
    if (last && from) {
        last->also[last->also[0] != NULL] = from;
    }
}

void add_site_uncharged(struct translator *t, u8 *from, enum jit_site_kind kind)
{
    add_site(t, from, kind, 0, 0);
    t->stub[t->stubs - 1].uncharged = true;
}

static const struct region_block *present_block(const struct translator *t)
{
    return &t->region->block[t->block];
}

int rest_of_block(const struct translator *t)
{
    const struct region_block *block = present_block(t);
    return block->first + block->count - t->insn + t->plan[t->block].after;
}

/* Writes back what the region may have changed; touches nothing else. */
static void spill_registers(struct translator *t)
{
    for (unsigned x = 1; x < 32; x++) {
        if (x_host(t, x) != X86_NONE && (t->region->int_written >> x & 1)) {
            x86_store(&t->x, X86_8, x_at(x), x_host(t, x));
        }
    }
    for (unsigned f = 0; f < 32; f++) {
        if (f_host(t, f) != REGION_NONE && (t->region->float_written >> f & 1)) {
            x86_float_store(&t->x, true, f_at(f), f_host(t, f));
        }
    }
}

static void reload_registers(struct translator *t)
{
    for (unsigned x = 1; x < 32; x++) {
        if (x_host(t, x) != X86_NONE) {
            x86_load(&t->x, X86_8, false, x_host(t, x), x_at(x));
        }
    }
    for (unsigned f = 0; f < 32; f++) {
        if (f_host(t, f) != REGION_NONE) {
            x86_float_load(&t->x, true, f_host(t, f), f_at(f));
        }
    }
}

/* The bits of the present instruction. */
static u32 present_bits(const struct translator *t)
{
    if (t->region->straddles) {
        return t->region->straddle_bits;
    }
    const u8 *at = t->region->page + t->region->insn_offset[t->insn];
    u32 bits = 0;
    memcpy(&bits, at, t->region->insn[t->insn].len);
    return bits;
}

/* Calls out for the site that follows; back: where to go on, or NULL: behind the site. */
void call_out(struct translator *t, struct jit_step_site *site, size_t size, const u8 *back,
              bool uncharged)
{
    x86_call_near(&t->x, t->slow);
    const u8 *here = x86_here(&t->x);
    site->site.resume = (i32)(back ? back - here : (ptrdiff_t)size);
    site->site.offset = t->region->insn_offset[t->insn];
    site->site.rest = uncharged ? 0 : (u8)rest_of_block(t);
    site->site.length = t->region->insn[t->insn].len;
    x86_data(&t->x, site, size);
}

void call_step(struct translator *t, const u8 *back)
{
    struct jit_step_site site = {
        .site.kind = SITE_STEP, .insn = t->region->insn[t->insn], .bits = present_bits(t)};
    call_out(t, &site, sizeof site, back, false);
}

void emit_step(struct translator *t)
{
    call_step(t, NULL);
}

void emit_jump_lookup(struct x86 *x)
{
    x86_mov(x, X86_4, RCX, RAX);
    x86_mov(x, X86_4, RDX, RAX);
    x86_shift_imm(x, X86_SHR, X86_4, RCX, 1);
    x86_shift_imm(x, X86_SHR, X86_4, RDX, JUMP_FOLD);
    x86_alu(x, X86_XOR, X86_4, RCX, RDX);
    x86_alu_imm(x, X86_AND, X86_4, RCX, JUMP_ENTRIES - 1);
    x86_shift_imm(x, X86_SHL, X86_4, RCX, 5); /* 32 bytes an entry */
    x86_alu_load(x, X86_ADD, X86_8, RCX, FRAME_AT(jumps));
    x86_alu_load(x, X86_CMP, X86_8, RAX, x86_at(RCX, offsetof(struct jump_entry, host)));
}

/*
 * On at the virtual address in rax.  Where the target is in this region, registers stay; else they
 * go to memory, and the jump table's entry or the thunk for the rest leads on.
 */
static void emit_indirect_routine(struct translator *t)
{
    struct x86 *x = &t->x;
    t->indirect = x86_here(x);
    x86_mov(x, X86_8, RCX, RAX);
    x86_alu_imm(x, X86_AND, X86_8, RCX, -4096);
    x86_alu_load(x, X86_CMP, X86_8, RCX, HART_AT(fetch_page));
    u8 *other_page = x86_jump_if(x, X86_NE);
    x86_alu_load(x, X86_ADD, X86_8, RAX, FRAME_AT(fetch_delta));
    emit_jump_lookup(x);
    u8 *unknown = x86_jump_if(x, X86_NE);
    x86_alu_store_imm(x, X86_CMP, X86_8, x86_at(RCX, offsetof(struct jump_entry, region)),
                      (i32)t->id);
    u8 *outside = x86_jump_if(x, X86_NE);
    x86_jump_mem(x, x86_at(RCX, offsetof(struct jump_entry, inside)));
    x86_patch_here(x, unknown);
    x86_alu_load(x, X86_SUB, X86_8, RAX, FRAME_AT(fetch_delta));
    x86_patch_here(x, other_page);
    x86_load(x, X86_8, false, RCX, FRAME_AT(other));
    x86_patch_here(x, outside);
    spill_registers(t);
    x86_jump_mem(x, x86_at(RCX, offsetof(struct jump_entry, entry)));
}

void emit_insn(struct translator *t, const struct insn *i)
{
    if (insn_is_foreign(i)) {
        emit_step(t);
    } else if (!emit_int(t, i) && !emit_memory(t, i) && !emit_float(t, i) && !emit_atomic(t, i) &&
               !emit_system(t, i)) {
        emit_step(t);
    }
}

void listing_mark(struct translator *t, unsigned insn)
{
    if (t->mark && t->marks < MARKS) {
        t->mark[t->marks++] = (struct listing_place){x86_here(&t->x), (u16)insn};
    }
}

_Static_assert(offsetof(struct jit, float_mode) == offsetof(struct jit, float_live) + 4,
               "STUB_FLOAT reaches one from the other");

static void emit_stub(struct translator *t, const struct stub *s)
{
    struct x86 *x = &t->x;
    t->block = s->block;
    t->insn = s->insn;
    x86_patch_here(x, s->from);
    for (unsigned i = 0; i < ARRAY_LENGTH(s->also) && s->also[i]; i++) {
        x86_patch_here(x, s->also[i]);
    }
    switch (s->kind) {
    case STUB_SITE: {
        struct jit_step_site site = {
            .site = {.kind = s->site, .reg = s->site_reg, .size = s->size}};
        call_out(t, &site, sizeof site.site, s->back, s->uncharged);
        break;
    }
    case STUB_STEP:
        call_step(t, s->back);
        break;
    case STUB_NAN_SUM:
        emit_nan_sum_stub(t, s);
        break;
    case STUB_SATURATE:
        emit_saturate_stub(t, s);
        break;
    case STUB_QUIET:
        emit_quiet_stub(t, s);
        break;
    case STUB_ACCESS:
        emit_access_stub(t, s);
        break;
    case STUB_RUN:
    case STUB_RUN_PAGE:
        emit_run_stub(t, s);
        break;
    case STUB_RECENT:
        emit_recent_stub(t, s);
        break;
    case STUB_SUM:
        emit_sum_stub(t, s);
        break;
    case STUB_EDGE:
        emit_edge_stub(t, s);
        break;
    case STUB_LEAVE:
    case STUB_AWAY:
        emit_open_link(t, s->from, s->kind == STUB_AWAY, s->leave_to);
        break;
    case STUB_FLOAT:
        x86_load_mxcsr(x, x86_at(RAX, 4));
        x86_store_imm(x, X86_4, x86_at(RAX, 0), 1);
        x86_jump_to(x, s->back);
        break;
    default: /* STUB_NAN, STUB_NAN_SINGLE */
        x86_mov_imm(x, RAX, s->kind == STUB_NAN ? 0x7ff8000000000000ull : 0xffffffff7fc00000ull);
        x86_reg_to_float(x, X86_8, s->reg, RAX);
        x86_jump_to(x, s->back);
        break;
    }
}

static void emit_routines(struct translator *t)
{
    t->slow = x86_here(&t->x);
    spill_registers(t);
    x86_call_near(&t->x, t->jit->slow);
    x86_pop(&t->x, RCX); /* the site */
    reload_registers(t);
    x86_jump_mem(&t->x, FRAME_AT(resume));
    t->open_link = x86_here(&t->x);
    x86_store(&t->x, X86_8, FRAME_AT(link), RCX);
    x86_mov_imm(&t->x, RCX, (u64)(uintptr_t)t->made);
    x86_store(&t->x, X86_8, FRAME_AT(link_from), RCX);
    spill_registers(t);
    x86_jump_to(&t->x, t->jit->open_link);
    emit_indirect_routine(t);
}

/* Which guest registers the region has where. */
static void tell_holdings(const struct translator *t, struct jit_region *made)
{
    for (unsigned i = 0; i < 32; i++) {
        enum x86_reg x = x_host(t, i);
        unsigned f = f_host(t, i);
        made->integer.host[i] = x == X86_NONE ? JIT_NOWHERE : (u8)x;
        made->floating.host[i] = f == REGION_NONE ? JIT_NOWHERE : (u8)f;
    }
    made->integer.written = t->region->int_written;
    made->floating.written = t->region->float_written;
}

static bool keep_links(const struct translator *t, struct jit_region *made)
{
    made->link = malloc((t->links + 1) * sizeof *made->link);
    if (made->link) {
        memcpy(made->link, t->link, t->links * sizeof *made->link);
        made->links = t->links;
    }
    return made->link != NULL;
}

static struct jit_region *begin(struct translator *t)
{
    const struct region *r = t->region;
    unsigned entries = 0;
    for (unsigned b = 0; b < r->blocks; b++) {
        entries += r->block[b].entry;
    }
    struct jit_region *made = malloc(sizeof *made + entries * sizeof *made->entry);
    if (made) {
        *made = (struct jit_region){.physical = r->physical, .granules = r->granules, .id = t->id};
        tell_holdings(t, made);
    }
    return made;
}

/* A way in behind what floating point needs. */
static const u8 *checked_entry(const struct block_plan *plan)
{
    return plan->at[PLACE_CHECKED] ? plan->at[PLACE_CHECKED]
           : plan->after_check     ? plan->after_check
                                   : plan->at[PLACE_LABEL];
}

static bool finish(struct translator *t, struct jit_region *made)
{
    listing_mark(t, LISTING_ROUTINES);
    const struct region *r = t->region;
    made->indirect = t->indirect;
    const u8 *reload = x86_here(&t->x);
    reload_registers(t);
    x86_jump_reg(&t->x, RAX);
    for (unsigned b = 0; b < r->blocks; b++) {
        if (!r->block[b].entry) {
            continue;
        }
        made->entry[made->entries++] =
            (struct jit_entry){.physical = r->physical + r->block[b].offset,
                               .entry = x86_here(&t->x),
                               .inside = t->plan[b].at[PLACE_LABEL],
                               .checked = checked_entry(&t->plan[b]),
                               .count = r->block[b].count,
                               .region = made};
        x86_mov_imm(&t->x, RAX, (u64)(uintptr_t)t->plan[b].at[PLACE_LABEL]);
        x86_jump_to(&t->x, reload);
    }
    return !t->x.full && keep_links(t, made);
}

struct jit_region *jit_translate(struct jit *jit)
{
    struct translator *t = jit->translator;
    memset(t, 0, offsetof(struct translator, patch));
    u8 *start = jit->memory.write + jit->used;
    t->x = (struct x86){start, start, jit->memory.write + jit->end, jit->memory.run + jit->used,
                        false};
    t->jit = jit;
    t->region = &jit->scratch;
    t->id = ++jit->next_id;
    if (jit->listing) {
        t->mark = calloc(MARKS, sizeof *t->mark);
    }
    struct jit_region *made = t->made = begin(t);
    if (!made) {
        t->x.full = true;
    }
    listing_mark(t, LISTING_ROUTINES);
    emit_routines(t);
    plan_traces(t);
    for (unsigned b = 0; b < t->region->blocks;) {
        b = emit_block(t, b);
    }
    emit_labels(t);
    for (unsigned i = 0; i < t->stubs; i++) {
        struct stub s = t->stub[i];
        listing_mark(t, s.insn | LISTING_STUB);
        emit_stub(t, &s);
    }
    patch_blocks(t);
    if (t->x.full || !finish(t, made)) {
        free(made);
        made = NULL;
    }
    if (made) {
        size_t length = (size_t)(t->x.next - t->x.start);
        code_memory_publish(&jit->memory, jit->used, length);
        jit_note_region(jit, made, jit->memory.run + jit->used);
        jit->used += (length + 15) & ~(size_t)15;
        jit->counters->code_bytes += length;
        if (t->mark) {
            listing_print(jit->listing, t, x86_here(&t->x));
        }
    }
    free(t->mark);
    return made;
}

struct translator *jit_new_translator(void)
{
    return malloc(sizeof(struct translator));
}
