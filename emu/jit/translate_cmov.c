/* SPDX-License-Identifier: MIT */
/*
 * translate_cmov.c - a branch around one or two simple instructions becomes a conditional move:
 * compilers make such branches from conditions that cannot be predicted.
 */
#include "emu/jit/translate.h"

enum { CONVERTED_INSNS = 2 };

bool insn_is_simple(const struct insn *i)
{
    switch (i->op) {
    case OP_ADDI:
    case OP_ADDIW:
    case OP_ANDI:
    case OP_ORI:
    case OP_XORI:
    case OP_SLLI:
    case OP_SRLI:
    case OP_SRAI:
    case OP_SLLIW:
    case OP_SRLIW:
    case OP_SRAIW:
    case OP_LUI:
    case OP_ADD:
    case OP_ADDW:
    case OP_SUB:
    case OP_SUBW:
    case OP_AND:
    case OP_OR:
    case OP_XOR:
        return true;
    default:
        return false;
    }
}

bool can_convert(const struct translator *t, unsigned b)
{
    const struct region *r = t->region;
    if (b + 2 >= r->blocks || t->plan[b + 2].trace != t->plan[b].trace) {
        return false;
    }
    const struct region_block *from = &r->block[b], *body = from + 1, *join = from + 2;
    const struct insn *first = &r->insn[body->first];
    if (from->target != join->offset || body->next != join->offset || body->end != END_NEXT ||
        body->entry || t->plan[b + 1].ways != 1 || body->count > CONVERTED_INSNS ||
        first->rd == 0 || x_host(t, first->rd) == X86_NONE) {
        return false;
    }
    for (unsigned i = 0; i < body->count; i++) {
        if (!insn_is_simple(&first[i]) || first[i].rd != first->rd) {
            return false;
        }
    }
    return true;
}

/* The skipped block's result is made in rdx and taken if the branch does not skip it. */
void convert_branch(struct translator *t, unsigned b, const struct insn *branch)
{
    const struct region_block *body = &t->region->block[b + 1];
    const struct insn *first = &t->region->insn[body->first];
    struct insn_use use = insn_use_of(first);
    enum x86_reg host = x_host(t, first->rd);
    t->plan[b + 1].swallowed = true;
    if (use.int_read >> first->rd & 1) {
        x86_mov(&t->x, X86_8, RDX, host);
    }
    t->renamed = first->rd;
    for (unsigned i = 0; i < body->count; i++) {
        t->insn = (u16)(body->first + i);
        listing_mark(t, t->insn);
        emit_int(t, &first[i]);
    }
    t->renamed = 0;
    forget_recent(t, 1u << first->rd);
    t->insn = (u16)(body->first - 1);
    enum x86_cond skips = emit_condition(t, branch);
    x86_lea(&t->x, X86_8, RCX, x86_at(R15, body->count));
    x86_cmov(&t->x, skips ^ 1, X86_8, host, RDX);
    x86_cmov(&t->x, skips, X86_8, R15, RCX);
}
