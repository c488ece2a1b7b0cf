/* SPDX-License-Identifier: MIT */
/* region.c - finds the blocks of a region and chooses its registers; see region.h. */
#include "emu/jit/region.h"
#include "emu/isa/csr.h"

#include <string.h>

enum { PAGE = 4096, SLOTS = REGION_SLOTS, MOST_DEPTH = 3 };

/* What is known of each halfword of the page while a region is being found. */
struct search {
    const u8 *page;
    u64 physical;
    u32 extensions;
    const struct region_guide *guide;
    bool seen[SLOTS];   /* an instruction starts here */
    bool leader[SLOTS]; /* a block starts here */
    bool entry[SLOTS];
    bool elsewhere[SLOTS]; /* another region begins here */
    struct insn *decoded;  /* those that were seen */
    u16 work[SLOTS];
    u16 cold[REGION_BLOCKS]; /* targets of branches that never went there */
    unsigned pending, colds, instructions;
    unsigned low, high; /* the leaders lie between them */
};

static bool decode_at(const struct search *s, unsigned offset, struct insn *insn)
{
    u16 low, high = 0;
    if (offset + 2 > PAGE) {
        return false;
    }
    memcpy(&low, s->page + offset, 2);
    if (insn_length(low) == 4) {
        if (offset + 4 > PAGE) {
            return false;
        }
        memcpy(&high, s->page + offset + 2, 2);
    }
    insn_decode((u32)low | (u32)high << 16, s->extensions, insn);
    return true;
}

static bool on_page(i32 offset)
{
    return offset >= 0 && offset < PAGE;
}

static void push(struct search *s, i32 offset, bool entry)
{
    if (!on_page(offset) || s->elsewhere[offset / 2]) {
        return;
    }
    s->leader[offset / 2] = true;
    s->low = (unsigned)offset < s->low ? (unsigned)offset : s->low;
    s->high = (unsigned)offset > s->high ? (unsigned)offset : s->high;
    s->entry[offset / 2] |= entry;
    if (!s->seen[offset / 2] && s->pending < SLOTS) {
        s->work[s->pending++] = (u16)offset;
    }
}

static bool met(const struct search *s, i32 offset)
{
    return on_page(offset) && s->guide->met(s->guide->ctx, s->physical + (u64)offset);
}

/* A jump inside the page.  A loop's head is an entry: that is where a cold way comes back. */
static void push_target(struct search *s, unsigned from, i32 target)
{
    if (met(s, target)) {
        push(s, target, target <= (i32)from);
    } else if (on_page(target) && s->colds < REGION_BLOCKS) {
        s->cold[s->colds++] = (u16)target;
    }
}

/* Follows one instruction: true when the walk goes on behind it. */
static bool follow(struct search *s, unsigned offset, const struct insn *insn)
{
    i32 here = (i32)offset, next = here + insn->len;
    u16 flags = insn_table[insn->op].flags;
    if (flags & INSN_BRANCH) {
        push_target(s, offset, here + insn->imm);
        push(s, next, false);
        return true;
    }
    if (insn->op == OP_JAL && insn->rd == 0) {
        push_target(s, offset, here + insn->imm);
        return false;
    }
    if (insn->op == OP_JAL || insn->op == OP_JALR) {
        /* A call: somebody will come back to the next instruction. */
        bool returned = insn->rd != 0 && met(s, next);
        if (returned) {
            push(s, next, true);
        }
        return returned;
    }
    if (insn->op == OP_ILLEGAL || insn->op == OP_SRET || insn->op == OP_MRET ||
        insn->op == OP_EBREAK) {
        return false;
    }
    if ((flags & INSN_ENDS) && !insn_is_light_csr(insn)) {
        push(s, next, true);
    }
    return true;
}

static void search_from(struct search *s, unsigned offset)
{
    push(s, (i32)offset, true);
    while (s->pending > 0) {
        unsigned at = s->work[--s->pending];
        while (s->instructions < REGION_INSNS / 2 && at < PAGE && !s->seen[at / 2] &&
               !s->elsewhere[at / 2] && decode_at(s, at, &s->decoded[at / 2])) {
            const struct insn *insn = &s->decoded[at / 2];
            s->seen[at / 2] = true;
            s->instructions++;
            if (!follow(s, at, insn)) {
                break;
            }
            at += insn->len;
        }
    }
    /* What is in the region anyway can be jumped to. */
    for (unsigned i = 0; i < s->colds; i++) {
        if (s->seen[s->cold[i] / 2]) {
            s->leader[s->cold[i] / 2] = true;
        }
    }
}

static void end_block(struct region_block *block, const struct insn *last, unsigned offset)
{
    u16 flags = insn_table[last->op].flags;
    if (last->op == OP_JAL) {
        block->end = END_JUMP;
        block->target = (i32)offset + last->imm;
    } else if (last->op == OP_JALR) {
        block->end = END_INDIRECT;
    } else if (flags & INSN_BRANCH) {
        block->end = END_BRANCH;
        block->target = (i32)offset + last->imm;
    } else {
        block->end = END_STEP;
    }
}

bool insns_are_far_jump(const struct insn *insn)
{
    return insn[0].op == OP_AUIPC && insn[0].rd != 0 && insn[1].op == OP_JALR &&
           insn[1].rs1 == insn[0].rd;
}

/* auipc and jalr: a jump whose target is as known as that of jal. */
static void end_far(struct region_block *block, const struct insn *insn, unsigned offset)
{
    i64 target = ((i64)offset + insn[0].imm + insn[1].imm) & ~(i64)1;
    if (insns_are_far_jump(insn) && target == (i32)target) {
        block->end = END_JUMP;
        block->target = (i32)target;
    }
}

/* Adds the block that starts at `offset`; false when there is no room for it. */
static bool add_block(struct region *r, struct search *s, unsigned offset)
{
    if (r->blocks == REGION_BLOCKS || r->insns + BLOCK_INSNS > REGION_INSNS) {
        return false;
    }
    struct region_block *block = &r->block[r->blocks];
    *block = (struct region_block){.offset = (u16)offset,
                                   .first = (u16)r->insns,
                                   .end = END_NEXT,
                                   .entry = s->entry[offset / 2]};
    unsigned at = offset;
    for (;;) {
        struct insn *insn = &r->insn[r->insns];
        if (at < PAGE && s->seen[at / 2]) {
            *insn = s->decoded[at / 2];
        } else if (at >= PAGE || !decode_at(s, at, insn)) {
            block->end = END_PAGE;
            break;
        }
        r->insn_offset[r->insns++] = (u16)at;
        block->count++;
        r->granules |= 1ull << (at / 64) | 1ull << ((at + insn->len - 1) / 64);
        unsigned here = at;
        at += insn->len;
        if (((insn_table[insn->op].flags & INSN_ENDS) && !insn_is_light_csr(insn)) ||
            insn->op == OP_ILLEGAL) {
            end_block(block, insn, here);
            if (block->count >= 2) {
                end_far(block, insn - 1, r->insn_offset[r->insns - 2]);
            }
            break;
        }
        if (at < PAGE && (s->leader[at / 2] || s->elsewhere[at / 2])) {
            break;
        }
        if (block->count == BLOCK_INSNS) {
            if (at < PAGE) {
                s->leader[at / 2] = true;
                s->high = at > s->high ? at : s->high;
            }
            break;
        }
    }
    block->next = (u16)at;
    if (block->count == 0) {
        return true; /* the page ends here: nothing to translate */
    }
    r->block_at[offset / 2] = (u8)++r->blocks;
    return true;
}

int region_block_at(const struct region *r, i32 offset)
{
    return on_page(offset) ? r->block_at[offset / 2] - 1 : -1;
}

static void find_loops(struct region *r)
{
    for (unsigned i = 0; i < r->blocks; i++) {
        const struct region_block *from = &r->block[i];
        bool jumps = from->end == END_BRANCH ||
                     (from->end == END_JUMP && r->insn[from->first + from->count - 1].rd == 0);
        if (!jumps || from->target > from->offset || region_block_at(r, from->target) < 0) {
            continue;
        }
        for (unsigned k = 0; k <= i; k++) {
            struct region_block *b = &r->block[k];
            if (b->offset >= from->target && b->depth < MOST_DEPTH) {
                b->depth++;
            }
        }
    }
}

static void forget_blocks(struct region *r)
{
    for (unsigned b = 0; b < r->blocks; b++) {
        r->block_at[r->block[b].offset / 2] = 0;
    }
    r->blocks = r->insns = 0;
}

static void begin_region(struct region *r, const u8 *page, u64 physical)
{
    forget_blocks(r);
    r->page = page;
    r->physical = physical;
    r->int_written = r->float_written = 0;
    r->granules = 0;
    r->straddles = false;
}

void region_make_straddling(struct region *r, const u8 *page, u64 physical, u32 bits,
                            u32 extensions)
{
    enum { OFFSET = PAGE - 2, LAST_GRANULE = 63 };
    begin_region(r, page, physical);
    struct insn *insn = &r->insn[0];
    insn_decode(bits, extensions, insn);
    r->block[0] = (struct region_block){
        .offset = OFFSET, .count = 1, .next = OFFSET + 4, .end = END_NEXT, .entry = true};
    if (((insn_table[insn->op].flags & INSN_ENDS) && !insn_is_light_csr(insn)) ||
        insn->op == OP_ILLEGAL) {
        end_block(&r->block[0], insn, OFFSET);
    }
    r->insn_offset[0] = OFFSET;
    r->blocks = r->insns = 1;
    r->block_at[OFFSET / 2] = 1;
    r->granules = 1ull << LAST_GRANULE;
    r->straddles = true;
    r->straddle_bits = bits;
    region_choose_registers(r);
}

bool region_find(struct region *r, const u8 *page, u64 physical, unsigned offset, u32 extensions,
                 const struct region_guide *guide)
{
    if (offset + 2 == PAGE && insn_length(page[offset]) == 4) {
        return false; /* common enough to be worth a test of its own */
    }
    struct insn decoded[SLOTS];
    struct search s = {.page = page,
                       .physical = physical,
                       .extensions = extensions,
                       .guide = guide,
                       .decoded = decoded,
                       .low = PAGE,
                       .high = 0};
    begin_region(r, page, physical);
    guide->find_entries(guide->ctx, physical, s.elsewhere);
    s.elsewhere[offset / 2] = false;
    search_from(&s, offset);
    for (unsigned at = s.low; at <= s.high; at += 2) {
        if (s.leader[at / 2] && s.seen[at / 2] && !add_block(r, &s, at)) {
            break;
        }
    }
    if (region_block_at(r, (i32)offset) < 0) {
        /* Too large to reach it in order: take what is from the entry on. */
        forget_blocks(r);
        r->granules = 0;
        for (unsigned at = offset; at <= s.high; at += 2) {
            if (s.leader[at / 2] && s.seen[at / 2] && !add_block(r, &s, at)) {
                break;
            }
        }
    }
    find_loops(r);
    region_choose_registers(r);
    return region_block_at(r, (i32)offset) >= 0;
}

bool insn_makes_single(const struct insn *insn)
{
    switch (insn->op) {
    case OP_FLW:
    case OP_FADD_S:
    case OP_FSUB_S:
    case OP_FMUL_S:
    case OP_FDIV_S:
    case OP_FSQRT_S:
    case OP_FMADD_S:
    case OP_FMSUB_S:
    case OP_FNMADD_S:
    case OP_FNMSUB_S:
    case OP_FSGNJ_S:
    case OP_FSGNJN_S:
    case OP_FSGNJX_S:
    case OP_FMIN_S:
    case OP_FMAX_S:
    case OP_FCVT_S_W:
    case OP_FCVT_S_L:
    case OP_FCVT_S_WU:
    case OP_FCVT_S_LU:
    case OP_FCVT_S_D:
    case OP_FMV_W_X:
        return true;
    default:
        return false;
    }
}

/* Translated code exists for these; the rest is done by the interpreter, one at a time. */
static bool has_native_code(const struct insn *insn)
{
    u16 op = insn->op;
    switch (op) {
    case OP_SRET:
    case OP_MRET:
    case OP_ILLEGAL:
        return false;
    default:
        break;
    }
    u16 flags = insn_table[op].flags;
    if (flags & (INSN_CSR | INSN_PRIV | INSN_CBO)) {
        return false;
    }
    switch (op) {
    case OP_AMOMIN_W:
    case OP_AMOMIN_D:
    case OP_AMOMAX_W:
    case OP_AMOMAX_D:
    case OP_AMOMINU_W:
    case OP_AMOMINU_D:
    case OP_AMOMAXU_W:
    case OP_AMOMAXU_D:
    case OP_ECALL:
    case OP_EBREAK:
    case OP_FENCE_I:
        return false;
    default:
        break;
    }
    return true;
}

bool insn_is_float_csr(const struct insn *insn)
{
    return (insn_table[insn->op].flags & INSN_CSR) &&
           (insn->imm == CSR_FRM || insn->imm == CSR_FFLAGS);
}

bool insn_is_light_csr(const struct insn *insn)
{
    if (!(insn_table[insn->op].flags & INSN_CSR)) {
        return false;
    }
    return insn_is_float_csr(insn) || insn->imm == CSR_SSTATUS || insn->imm == CSR_SSCRATCH ||
           insn->imm == CSR_SEPC || insn->imm == CSR_SCAUSE || insn->imm == CSR_STVAL;
}

bool insn_is_foreign(const struct insn *insn)
{
    if (insn_is_light_csr(insn)) {
        return false;
    }
    if (!has_native_code(insn)) {
        return true;
    }
    if (insn->op == OP_SLTI && insn->rd == 0) {
        return true; /* a probe */
    }
    /* To nearest with ties away is not in SSE; what is behind it is illegal. */
    enum { RM_LAST_ON_HOST = 3, RM_DYNAMIC = 7 };
    return (insn_table[insn->op].flags & INSN_RM) && insn->rm > RM_LAST_ON_HOST &&
           insn->rm != RM_DYNAMIC;
}

struct insn_use insn_use_of(const struct insn *insn)
{
    struct insn_use use = {0, 0, 0, 0};
    if (insn_is_foreign(insn)) {
        return use;
    }
    u32 rd = 1u << insn->rd, rs1 = 1u << insn->rs1, rs2 = 1u << insn->rs2;
    u16 flags = insn_table[insn->op].flags;
    if (insn->op == OP_CBO_ZERO) {
        use = (struct insn_use){rs1, 0, 0, 0};
    } else if (flags & INSN_CSR) {
        bool immediate = insn_table[insn->op].format == FORMAT_CSRI;
        use = (struct insn_use){immediate ? 0 : rs1, rd, 0, 0};
    } else if (!(flags & INSN_FP)) {
        use = (struct insn_use){rs1 | rs2, rd, 0, 0};
    } else if (flags & INSN_LOAD) {
        use = (struct insn_use){rs1, 0, 0, rd};
    } else if (flags & INSN_STORE) {
        use = (struct insn_use){rs1, 0, rs2, 0};
    } else {
        switch (insn_table[insn->op].format) {
        case FORMAT_XF:
        case FORMAT_XF_RM:
        case FORMAT_XFF:
            use = (struct insn_use){0, rd, rs1 | rs2, 0};
            break;
        case FORMAT_FX:
        case FORMAT_FX_RM:
            use = (struct insn_use){rs1, 0, 0, rd};
            break;
        default:
            use = (struct insn_use){0, 0, rs1 | rs2 | 1u << insn->rs3, rd};
            break;
        }
    }
    use.int_read &= ~1u;
    use.int_written &= ~1u;
    return use;
}
