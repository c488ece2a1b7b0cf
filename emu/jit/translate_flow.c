/* SPDX-License-Identifier: MIT */
/*
 * translate_flow.c - how control goes from block to block of a region.
 *
 * Blocks that run into each other form a trace, which takes its instructions from the budget once,
 * where it is entered; a branch out of its middle gives back what it will not execute.  A loop's
 * head begins a trace and its last branch ends one, so a round of a simple loop is charged once.
 *
 *        label: FS dirty and MXCSR the guest's?   (traces with floating point, from those without)
 *      checked: budget -= instructions of the trace from here on; too little: out
 *         body: the code
 *
 * A block in the middle of a trace has its label (if somebody wants it) out of the way.
 */
#include "emu/jit/translate.h"

enum { TRACE_INSNS = 120 };

static bool uses_float(const struct region *r, const struct region_block *block)
{
    for (unsigned i = 0; i < block->count; i++) {
        const struct insn *insn = &r->insn[block->first + i];
        if (insn_is_float_csr(insn) ||
            ((insn_table[insn->op].flags & INSN_FP) && !insn_is_foreign(insn))) {
            return true;
        }
    }
    return false;
}

static bool runs_on(const struct region_block *block)
{
    return block->end == END_NEXT || block->end == END_BRANCH || block->end == END_STEP;
}

static void count_ways(struct translator *t, bool *loop_head)
{
    const struct region *r = t->region;
    for (unsigned b = 0; b < r->blocks; b++) {
        const struct region_block *block = &r->block[b];
        int to;
        if ((block->end == END_BRANCH || block->end == END_JUMP) &&
            (to = region_block_at(r, block->target)) >= 0) {
            t->plan[to].ways++;
            loop_head[to] |= block->target <= block->offset;
        }
        if (runs_on(block) && (to = region_block_at(r, block->next)) >= 0) {
            t->plan[to].ways++;
        }
    }
}

void plan_traces(struct translator *t)
{
    const struct region *r = t->region;
    bool loop_head[REGION_BLOCKS] = {false};
    unsigned length = 0;
    count_ways(t, loop_head);
    for (unsigned b = 0; b < r->blocks; b++) {
        const struct region_block *block = &r->block[b], *before = b > 0 ? block - 1 : NULL;
        bool follows = before && (before->end == END_NEXT || before->end == END_BRANCH) &&
                       before->next == block->offset && !loop_head[b] &&
                       !(before->end == END_BRANCH && before->target <= before->offset) &&
                       length + block->count <= TRACE_INSNS;
        length = follows ? length + block->count : block->count;
        t->plan[b].trace = follows ? t->plan[b - 1].trace : (u16)b;
        bool has_float = uses_float(r, block);
        t->plan[t->plan[b].trace].has_float |= has_float;
        t->has_float |= has_float;
    }
    for (unsigned b = r->blocks - 1; b-- > 0;) {
        if (t->plan[b + 1].trace == t->plan[b].trace) {
            t->plan[b].after = (u8)(r->block[b + 1].count + t->plan[b + 1].after);
        }
    }
}

static bool is_head(const struct translator *t, unsigned b)
{
    return t->plan[b].trace == b;
}

static bool has_float(const struct translator *t, unsigned b)
{
    return t->plan[t->plan[b].trace].has_float;
}

/* A jump that will lead to a place of a block. */
static void patch_to(struct translator *t, u8 *from, unsigned block, enum block_place place)
{
    if (t->patches == PATCHES) {
        t->x.full = true;
        return;
    }
    t->plan[block].wanted |= place == PLACE_LABEL;
    t->patch[t->patches].from = from;
    t->patch[t->patches].place = (u8)place;
    t->patch[t->patches++].block = (u16)block;
}

/* Where a jump from the present block to `to` leads when nothing is charged for it. */
static enum block_place way_in(const struct translator *t, unsigned to)
{
    bool checked = !has_float(t, to) || has_float(t, t->block);
    return is_head(t, to) && checked ? PLACE_CHECKED : PLACE_LABEL;
}

void patch_blocks(struct translator *t)
{
    for (unsigned i = 0; i < t->patches; i++) {
        const struct block_plan *plan = &t->plan[t->patch[i].block];
        x86_patch(&t->x, t->patch[i].from, plan->at[t->patch[i].place]);
    }
}

/* FS off would make the first floating-point instruction trap: let the interpreter find out. */
static void emit_float_check(struct translator *t)
{
    x86_load(&t->x, X86_4, false, RAX, HART_AT(mstatus));
    x86_alu_imm(&t->x, X86_AND, X86_4, RAX, (i32)MSTATUS_FS);
    x86_alu_imm(&t->x, X86_CMP, X86_4, RAX, (i32)MSTATUS_FS);
    add_site_uncharged(t, x86_jump_if(&t->x, X86_NE), SITE_BUDGET);
    x86_mov_imm(&t->x, RAX, (u64)(uintptr_t)&t->jit->float_live);
    x86_alu_store_imm(&t->x, X86_CMP, X86_4, x86_at(RAX, 0), 0);
    add_stub(t, x86_jump_if(&t->x, X86_E), STUB_FLOAT, 0);
}

static void emit_charge(struct translator *t, unsigned b)
{
    x86_alu_imm(&t->x, X86_SUB, X86_8, R15, t->region->block[b].count + t->plan[b].after);
    add_site(t, x86_jump_if(&t->x, X86_S), SITE_BUDGET, 0, 0);
}

void emit_labels(struct translator *t)
{
    for (unsigned b = 0; b < t->region->blocks; b++) {
        struct block_plan *plan = &t->plan[b];
        if (plan->at[PLACE_LABEL] || plan->swallowed ||
            !(plan->wanted || t->region->block[b].entry)) {
            continue;
        }
        t->block = (u16)b;
        t->insn = t->region->block[b].first;
        plan->at[PLACE_LABEL] = x86_here(&t->x);
        if (has_float(t, b)) {
            emit_float_check(t);
            plan->after_check = x86_here(&t->x);
        }
        if (is_head(t, b)) {
            x86_jump_to(&t->x, plan->at[PLACE_CHECKED]);
        } else {
            emit_charge(t, b);
            x86_jump_to(&t->x, plan->at[PLACE_BODY]);
        }
    }
}

/* rdx: the entry of the fetch TLB for the page in rcx.  The jump: it is not there. */
static u8 *probe_fetch(struct translator *t)
{
    struct x86 *x = &t->x;
    x86_mov(x, X86_4, RDX, RCX);
    x86_shift_imm(x, X86_SHR, X86_4, RDX, RAM_PAGE_SHIFT - 4);
    x86_alu_imm(x, X86_AND, X86_4, RDX, (TLB_FETCH_ENTRIES - 1) << 4);
    x86_alu_load(x, X86_ADD, X86_8, RDX, HART_AT(fetch_context));
    x86_alu_load(x, X86_CMP, X86_8, RCX, x86_at(RDX, offsetof(struct tlb_context, fetch)));
    return x86_jump_if(x, X86_NE);
}

/*
 * The second half of the instruction is wherever the next page is mapped now: both pages must be in
 * the fetch TLB, as for the interpreter, and the half what it was; else the interpreter does it.
 */
static void emit_straddle_check(struct translator *t)
{
    struct x86 *x = &t->x;
    i32 addend = (i32)(offsetof(struct tlb_context, fetch) + offsetof(struct tlb_entry, addend));
    x86_load(x, X86_8, false, RCX, HART_AT(fetch_page));
    u8 *here_missing = probe_fetch(t);
    x86_alu_imm(x, X86_ADD, X86_8, RCX, (i32)RAM_PAGE_SIZE);
    u8 *next_missing = probe_fetch(t);
    x86_alu_load(x, X86_ADD, X86_8, RCX, x86_at(RDX, addend));
    x86_load(x, X86_2, false, RAX, x86_at(RCX, 0));
    x86_alu_imm(x, X86_CMP, X86_4, RAX, (i32)(t->region->straddle_bits >> 16));
    add_site(t, x86_jump_if(x, X86_NE), SITE_BUDGET, 0, 0);
    also_from(t, here_missing);
    also_from(t, next_missing);
}

static void begin_block(struct translator *t, unsigned b)
{
    struct block_plan *plan = &t->plan[b];
    if (is_head(t, b)) {
        if (plan->has_float && t->falls && !t->falls_checked) {
            plan->at[PLACE_LABEL] = x86_here(&t->x);
            emit_float_check(t);
        }
        plan->at[PLACE_CHECKED] = x86_here(&t->x);
        if (!plan->has_float) {
            plan->at[PLACE_LABEL] = plan->at[PLACE_CHECKED];
        }
        emit_charge(t, b);
    }
    plan->at[PLACE_BODY] = x86_here(&t->x);
    if (t->region->straddles) {
        emit_straddle_check(t);
    }
}

void emit_open_link(struct translator *t, u8 *jump, bool indirect, i32 offset)
{
    if (t->x.full || t->links == LINKS) {
        t->x.full = true;
        return;
    }
    t->link[t->links] = (struct jit_link){.from = t->made,
                                          .jump = jump,
                                          .slow = x86_here(&t->x),
                                          .indirect = indirect,
                                          .checked = has_float(t, t->block),
                                          .offset = offset};
    x86_mov_imm(&t->x, RCX, t->links++);
    x86_jump_to(&t->x, t->open_link);
}

/* A branch to an address outside of the region, or one that gives back what was charged beyond
 * it. */
void emit_edge_stub(struct translator *t, const struct stub *s)
{
    if (s->target < 0) {
        u8 *jump = s->from;
        if (s->refund > 0) {
            x86_alu_imm(&t->x, X86_ADD, X86_8, R15, s->refund);
            jump = x86_jump(&t->x);
            x86_patch_here(&t->x, jump);
        }
        emit_open_link(t, jump, false, s->leave_to);
        return;
    }
    x86_alu_imm(&t->x, X86_ADD, X86_8, R15, s->refund);
    patch_to(t, x86_jump(&t->x), (unsigned)s->target, (enum block_place)s->place);
}

/* The conditional jump `from` goes to this offset. */
static void branch_to(struct translator *t, u8 *from, i32 offset)
{
    unsigned refund = t->plan[t->block].after;
    int to = region_block_at(t->region, offset);
    enum block_place place = PLACE_LABEL;
    if (to >= 0 && to > t->block && t->plan[to].trace == t->plan[t->block].trace) {
        refund -= t->region->block[to].count + t->plan[to].after;
        place = PLACE_BODY;
    } else if (to >= 0) {
        place = way_in(t, (unsigned)to);
    }
    if (to >= 0 && refund == 0) {
        patch_to(t, from, (unsigned)to, place);
        return;
    }
    struct stub *s = new_stub(t, from, STUB_EDGE);
    s->target = (i16)to;
    s->leave_to = offset;
    s->refund = (u8)refund;
    s->place = (u8)place;
    if (to >= 0 && place == PLACE_LABEL) {
        t->plan[to].wanted = true;
    }
}

/* From the end of the present block, which ends its trace or runs on in it. */
static void go_to_offset(struct translator *t, i32 offset)
{
    int to = region_block_at(t->region, offset);
    if (to < 0) {
        new_stub(t, x86_jump(&t->x), STUB_LEAVE)->leave_to = offset;
    } else if ((unsigned)to == t->next_block) {
        t->falls = true;
        t->falls_checked = has_float(t, t->block);
    } else {
        patch_to(t, x86_jump(&t->x), (unsigned)to, way_in(t, (unsigned)to));
    }
}

static void write_link(struct translator *t, unsigned rd, u16 next)
{
    if (rd != 0) {
        enum x86_reg to = x_host(t, rd) == X86_NONE ? RCX : x_host(t, rd);
        x86_load(&t->x, X86_8, false, to, HART_AT(fetch_page));
        x86_alu_imm(&t->x, X86_ADD, X86_8, to, next);
        x_written(t, rd, to);
    }
}

static enum x86_cond branch_condition(u16 op)
{
    switch (op) {
    case OP_BEQ:
        return X86_E;
    case OP_BNE:
        return X86_NE;
    case OP_BLT:
        return X86_L;
    case OP_BGE:
        return X86_GE;
    case OP_BLTU:
        return X86_B;
    default:
        return X86_AE;
    }
}

enum x86_cond emit_condition(struct translator *t, const struct insn *i)
{
    enum x86_reg a = x_read(t, i->rs1, RAX);
    if (i->rs2 == 0) {
        /* Against zero: the carry is clear as after a comparison with 0. */
        x86_test(&t->x, X86_8, a, a);
    } else if (x_host(t, i->rs2) == X86_NONE) {
        x86_alu_load(&t->x, X86_CMP, X86_8, a, x_at(i->rs2));
    } else {
        x86_alu(&t->x, X86_CMP, X86_8, a, x_host(t, i->rs2));
    }
    return branch_condition(i->op);
}

static void emit_indirect(struct translator *t, const struct region_block *block,
                          const struct insn *i)
{
    x_copy(t, RAX, i->rs1);
    if (i->imm != 0) {
        x86_alu_imm(&t->x, X86_ADD, X86_8, RAX, i->imm);
    }
    x86_alu_imm(&t->x, X86_AND, X86_8, RAX, -2);
    write_link(t, i->rd, block->next);
    new_stub(t, x86_jump(&t->x), STUB_AWAY);
}

static void emit_end(struct translator *t, unsigned b)
{
    const struct region_block *block = &t->region->block[b];
    const struct insn *last = &t->region->insn[block->first + block->count - 1];
    switch (block->end) {
    case END_JUMP:
        write_link(t, last->rd, block->next);
        go_to_offset(t, block->target);
        break;
    case END_BRANCH:
        if (can_convert(t, b)) {
            convert_branch(t, b, last);
            t->next_block = b + 2;
            t->falls = true; /* in the same trace */
            return;
        }
        branch_to(t, x86_jump_if(&t->x, emit_condition(t, last)), block->target);
        go_to_offset(t, block->next);
        break;
    case END_INDIRECT:
        emit_indirect(t, block, last);
        break;
    default:
        go_to_offset(t, block->next);
        break;
    }
}

/* The address of a far jump whose register then gets the address to return to. */
static bool is_swallowed(const struct region_block *block, const struct insn *insn, unsigned index)
{
    return index + 2 == block->count && block->end == END_JUMP && insns_are_far_jump(insn) &&
           insn[0].rd == insn[1].rd;
}

static bool is_control(const struct region_block *block, unsigned index)
{
    return index + 1 == block->count &&
           (block->end == END_JUMP || block->end == END_BRANCH || block->end == END_INDIRECT);
}

unsigned emit_block(struct translator *t, unsigned b)
{
    const struct region_block *block = &t->region->block[b];
    t->block = (u16)b;
    t->insn = block->first;
    t->next_block = b + 1;
    listing_mark(t, t->insn);
    if (t->plan[b].ways > 1 || t->region->block[b].entry || is_head(t, b)) {
        forget_recent(t, ~0u);
        t->known_pages = 0;
        t->boxed = 0;
    }
    begin_block(t, b);
    t->falls = false;
    for (unsigned i = 0; i < block->count;) {
        const struct insn *insn = &t->region->insn[block->first + i];
        t->insn = (u16)(block->first + i);
        if (i > 0) {
            listing_mark(t, t->insn);
        }
        if (is_control(block, i)) {
            break;
        }
        if (is_swallowed(block, insn, i)) {
            i++;
            continue;
        }
        unsigned run = emit_run(t, block->count - i);
        if (run > 0) {
            i += run;
            continue;
        }
        const struct insn *one = NULL;
        u32 written = insn_use_of(insn).int_written;
        bool three = i + 2 < block->count && !is_control(block, i + 2);
        bool pair = i + 1 < block->count && !is_control(block, i + 1);
        if (three && emit_quiet_compare(t, insn)) {
            written |= insn_use_of(insn + 1).int_written;
            i += 3;
        } else if (pair && emit_pair(t, insn, insn + 1)) {
            i += 2;
        } else {
            emit_insn(t, insn);
            follow_boxes(t, insn);
            one = insn;
            i++;
        }
        follow_addresses(t, one, written);
    }
    emit_end(t, b);
    return t->next_block;
}
