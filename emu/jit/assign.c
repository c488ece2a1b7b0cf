/* SPDX-License-Identifier: MIT */
/* assign.c - which guest registers a region holds in which host registers: those used most, in the
 * place that each of them prefers. */
#include "emu/jit/region.h"

#include <string.h>

/*
 * Regions that hold the same register had better hold it in the same place: where a guest register
 * goes if nobody else wants to go there.  Those that are often used together differ: a0 to a5, s0,
 * s1 and sp; fa0 to fa5 and the low ft; s and fs as they are numbered.
 */
static const u8 int_preferred[32] = {0, 8, 4, 3, 2, 4, 5, 6, 5, 6, 1, 2, 7, 8, 3, 0,
                                     4, 5, 7, 8, 2, 3, 0, 1, 4, 5, 6, 7, 6, 3, 2, 1};
static const u8 float_preferred[32] = {8, 9, 10, 11, 6,  7,  0, 1, 6, 7, 0, 1, 2, 3, 4,  5,
                                       8, 9, 8,  9,  10, 11, 6, 7, 0, 1, 2, 3, 4, 5, 10, 11};

/* Gives the `count` registers of the greatest weight host registers: their preferred ones, the
 * heavier first. */
static void assign(u8 reg[32], const u64 weight[32], unsigned count, const u8 preferred[32])
{
    u8 chosen[32], taken[32] = {0};
    unsigned n = 0;
    memset(reg, REGION_NONE, 32);
    for (u32 left = UINT32_MAX; n < count; n++) {
        unsigned best = 32;
        for (unsigned i = 0; i < 32; i++) {
            if ((left >> i & 1) && weight[i] > 1 && (best == 32 || weight[i] > weight[best])) {
                best = i;
            }
        }
        if (best == 32) {
            break;
        }
        left &= ~(1u << best);
        chosen[n] = (u8)best;
        if (!taken[preferred[best]]) {
            taken[preferred[best]] = 1;
            reg[best] = preferred[best];
        }
    }
    unsigned host = 0;
    for (unsigned k = 0; k < n; k++) {
        if (reg[chosen[k]] == REGION_NONE) {
            while (taken[host]) {
                host++;
            }
            taken[host] = 1;
            reg[chosen[k]] = (u8)host;
        }
    }
}

static void add_weight(u64 sum[32], u32 registers, u64 weight)
{
    for (; registers; registers &= registers - 1) {
        sum[__builtin_ctz(registers)] += weight;
    }
}

void region_choose_registers(struct region *r)
{
    u64 int_weight[32] = {0}, float_weight[32] = {0};
    for (unsigned b = 0; b < r->blocks; b++) {
        u64 weight = 1ull << (3 * r->block[b].depth);
        for (unsigned i = 0; i < r->block[b].count; i++) {
            struct insn_use use = insn_use_of(&r->insn[r->block[b].first + i]);
            r->int_written |= use.int_written;
            r->float_written |= use.float_written;
            add_weight(int_weight, use.int_read, weight);
            add_weight(int_weight, use.int_written, weight);
            add_weight(float_weight, use.float_read, weight);
            add_weight(float_weight, use.float_written, weight);
        }
    }
    assign(r->int_reg, int_weight, REGION_INT_REGS, int_preferred);
    assign(r->float_reg, float_weight, REGION_FLOAT_REGS, float_preferred);
}
