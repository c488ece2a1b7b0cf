/* SPDX-License-Identifier: MIT */
/*
 * loop_code.h - random programs of test_jit.c: instructions that compilers emit, in loops of one
 * page, which go on and on in translated code; in M-mode, or in S-mode with two address spaces.
 */
#ifndef FAULTLINE_TESTS_LOOP_CODE_H
#define FAULTLINE_TESTS_LOOP_CODE_H

#include "tests/unit/rig.h"

#include "emu/isa/csr.h"

enum { CODE = 0x1000, CODE_WORDS = 512, DATA = 0x10000, DATA_SIZE = 0x4000, HANDLER = 0x800 };

/* What a random program may do besides computing. */
enum { WITH_PAGING = 1, WITH_CODE_STORES = 2, WITH_INTERRUPTS = 4, WITH_TWO_HARTS = 8 };

static u64 seed;
static unsigned world; /* WITH_ of the program being made */

static u32 rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (u32)(seed >> 16);
}

static u32 below(u32 n)
{
    return rnd() % n;
}

/* s0, s1 and sp point to data, so no instruction may write them (often). */
static bool is_pointer(unsigned reg)
{
    return reg == s0 || reg == s1 || reg == sp || reg == tp || reg == gp || reg == s2 ||
           reg == s3 || reg == s4;
}

static unsigned any_destination(void)
{
    unsigned rd = below(32);
    return is_pointer(rd) ? a0 : rd;
}

static i32 near_word(unsigned at)
{
    i32 to = (i32)at + (i32)below(40) - 20;
    to = to < 0 ? 0 : to >= CODE_WORDS ? CODE_WORDS - 1 : to;
    return (to - (i32)at) * 4;
}

/* Instructions that change what memory and the instructions to come mean. */
static u32 world_word(void)
{
    static const u16 readable[] = {0xc00, 0xc01, 0xc02, 0x001, 0x002, 0x003, 0x100, 0x142};
    static const u16 plain[] = {CSR_SEPC, CSR_SCAUSE, CSR_STVAL};
    switch (below(14)) {
    case 12:
        return CSRRW(any_destination(), plain[below(ARRAY_LENGTH(plain))], below(32));
    case 13:
        return asm_i(below(2) ? CSRRS(0, 0, 0) : CSRRC(0, 0, 0), any_destination(), below(32),
                     plain[below(ARRAY_LENGTH(plain))]);
    case 0:
        return CSRRW(0, 0x180, below(2) ? s2 : s3); /* satp */
    case 1:
        return SFENCE_VMA(below(2) ? s0 : zero, below(2) ? s4 : zero);
    case 2:
        return below(2) ? CSRRS(0, 0x100, s4) : CSRRC(0, 0x100, s4); /* SUM, MXR */
    case 3:
        return CSRRWI(0, 0x002, below(6)); /* frm, reserved ones too */
    case 4:
        return CSRRS(any_destination(), readable[below(ARRAY_LENGTH(readable))], 0);
    case 5:
        return SD(below(32), (i32)below(256) * 8, gp); /* a page table */
    case 6:
        return FENCE_I;
    case 7:
        return CSRRW(any_destination(), 0x001, below(32)); /* fflags */
    case 8:
        return CSRRW(any_destination(), 0x002, below(2) ? zero : below(32)); /* frm */
    default:
        return world & WITH_CODE_STORES ? SW(t6, (i32)below(512) * 4, tp) : NOP;
    }
}

/* A compressed instruction that goes to the next one and leaves the pointers alone. */
static u32 random_half(void)
{
    for (;;) {
        unsigned row = OP_COUNT + below(OP_ROWS - OP_COUNT);
        const struct insn_info *info = &insn_table[row];
        u32 half = info->match | (rnd() & ~info->mask & 0xffff);
        struct insn insn;
        insn_decode(half, ISA_DEFAULT, &insn);
        bool writes = !(insn_table[insn.op].flags & (INSN_STORE | INSN_FP));
        if (insn.op != OP_ILLEGAL && insn.op != OP_EBREAK &&
            !(info->flags & (INSN_BRANCH | INSN_JUMP)) && !(writes && is_pointer(insn.rd))) {
            return half;
        }
    }
}

/* Constants at a distance from the code: an address in t4, and loads from around it. */
static u32 constant_word(bool address)
{
    const u32 loads[] = {LB(0, 0, t4), LH(0, 0, t4),       LW(0, 0, t4),
                         LD(0, 0, t4), 0x2007u | t4 << 15, 0x3007u | t4 << 15}; /* flw, fld */
    if (address) {
        return below(4) ? AUIPC(t4, 0xe + below(5)) : AUIPC(t4, below(0x60));
    }
    if (below(8) == 0) {
        return ADDI(t4, t4, (i32)below(4096) - 2048);
    }
    i32 offset = (i32)below(4096) - 2048;
    return loads[below(ARRAY_LENGTH(loads))] | any_destination() << 7 |
           (u32)(below(8) ? offset & ~7 : offset) << 20;
}

/* A word of the instruction table with random operands that keep the program running. */
static u32 random_word(unsigned at)
{
    if (at / 32 % 4 == 1 && below(3) == 0) {
        return constant_word(below(6) == 0);
    }
    if (world && below(16) == 0) {
        return world_word();
    }
    if (below(8) == 0) {
        u32 low = random_half();
        return low | random_half() << 16;
    }
    for (;;) {
        unsigned op = 1 + below(OP_COUNT - 1);
        const struct insn_info *info = &insn_table[op];
        u32 word = info->match | (rnd() & ~info->mask);
        unsigned rd = any_destination();
        word = (word & ~(31u << 7)) | rd << 7;
        if ((info->match ^ word) & info->mask) {
            word = (word & ~info->mask) | info->match;
        }
        if ((info->flags & INSN_FP) && !(info->flags & (INSN_LOAD | INSN_STORE)) && below(2) &&
            !is_pointer(word >> 7 & 7)) {
            /* Few registers, so that one comes after the other. */
            word = info->match |
                   (word & ~info->mask & ~(24u << 7 | 24u << 15 | 24u << 20 | 24u << 27));
        }
        if ((info->flags & INSN_RM) && below(4)) {
            word |= 7u << 12; /* the dynamic rounding mode, which compilers use */
        }
        if (info->flags & INSN_BRANCH) {
            return asm_b(info->match, below(32), below(32), near_word(at));
        }
        if (op == OP_JAL) {
            return asm_jal(below(4) ? 0 : ra, near_word(at));
        }
        if (op == OP_JALR) {
            if (below(4)) {
                continue;
            }
            return 0x67 | (below(2) ? 0u : (unsigned)t0) << 7 | ra << 15; /* jalr via ra */
        }
        if (info->flags & (INSN_LOAD | INSN_STORE)) {
            word = (word & ~(31u << 15)) | (below(8) ? (below(2) ? s0 : s1) : below(32)) << 15;
        }
        if (op == OP_WFI || op == OP_MRET || op == OP_SRET || (info->flags & INSN_CSR)) {
            continue;
        }
        if (op == OP_SLTI && rd == 0) {
            continue;
        }
        return word;
    }
}

/* FAR: as far from the window as makes the TLB's entries collide. */
enum { TABLES = 0x40000, WINDOW = 0x40000000, FAR = TLB_DATA_ENTRIES * 0x1000 };

/*
 * Two address spaces that show the first 256 KiB of memory at WINDOW, in the second one in another
 * order: the code twice, some pages read-only, for users, not accessed, or missing.
 */
static void make_tables(struct rig *rig)
{
    for (unsigned space = 0; space < 2; space++) {
        u64 root = RIG_BASE + TABLES + space * 0x3000, middle = root + 0x1000, last = root + 0x2000;
        rig_u64(rig, root + 8, (middle >> 12) << 10 | 1);
        rig_u64(rig, middle, (last >> 12) << 10 | 1);
        rig_u64(rig, middle + 8 * (FAR >> 21), (last >> 12) << 10 | 1);
        for (u64 page = 0; page < 128; page++) {
            u64 frame = page < 64 ? page : space ? page - 64 : 127 - page;
            u64 flags = 0xcf; /* V R W X A D */
            if (page > 20) {
                flags = below(8) == 0 ? 0 : 0x0f | (u64)below(4) << 6 | (below(3) == 0 ? 0x10 : 0);
                flags &= below(6) == 0 ? ~(u64)4 : ~(u64)0;
                flags |= below(8) == 0 ? 0x20 : 0; /* global */
            }
            rig_u64(rig, last + 8 * page, ((RIG_BASE >> 12) + frame) << 10 | flags);
        }
    }
}

/* Where the page of the code can be seen: always, and in one of the spaces. */
static u64 any_window(void)
{
    static const u64 windows[] = {WINDOW, WINDOW, WINDOW + 64 * 0x1000,
                                  WINDOW + 126 * 0x1000 - CODE};
    return windows[below(ARRAY_LENGTH(windows))];
}

static void enter_supervisor(struct rig *rig, unsigned index)
{
    struct hart *h = &rig->hart[index];
    make_tables(rig);
    hart_start_supervisor(h, WINDOW + CODE, 0);
    h->medeleg = h->mideleg = 0;
    h->mtvec = RIG_BASE + HANDLER;
    h->sscratch = WINDOW + CODE;
    h->satp = 8ull << 60 | 1ull << 44 | (RIG_BASE + TABLES) >> 12;
    h->mstatus |= MSTATUS_FS;
    hart_select_contexts(h);
    /* Second: where pages are in another order, some missing. */
    h->x[s0] = WINDOW + (below(2) ? DATA + 0x800 : 127 * 0x1000 - DATA - 0x1000 + 0x800);
    h->x[s1] = WINDOW + DATA + 0x2ff8 + (below(2) ? FAR : 0);
    h->x[sp] = WINDOW + DATA + 0xf00;
    h->x[tp] = WINDOW + CODE;
    h->x[gp] = WINDOW + TABLES + 0x2000;
    h->x[s2] = h->satp;
    h->x[s3] = 8ull << 60 | 2ull << 44 | (RIG_BASE + TABLES + 0x3000) >> 12;
    h->x[s4] = MSTATUS_SUM | (below(2) ? MSTATUS_MXR : 0);
    h->x[ra] = any_window() + CODE + 4 * below(CODE_WORDS);
    h->x[t6] = ADDI(a1, a1, 7);
}

/* Doubles and boxed singles near each other, limits of the integer types, subnormals, the rest. */
static u64 any_float(void)
{
    static const u64 special[] = {
        0,
        1,
        0x7ff0000000000000,
        0x7ff8000000000000,
        0x7ff0000000000001,
        0x41dfffffffe00000,
        0xc1e0000000100000,
        0x41efffffffe00000,
        0x43e0000000000000,
        0x3fe0000000000000,
        0x0010000000000000,
        0xffffffff00000000,
        0xffffffff7f800000,
        0xffffffff7fc00000,
        0xffffffff7f800001,
        0xffffffff4f000000,
        0xffffffff00800000,
        0x123456783f800000,
    };
    switch (below(4)) {
    case 0:
        return special[below(ARRAY_LENGTH(special))] ^ (u64)below(2) << 63;
    case 1:
        return 0xffffffff00000000u | (below(2) ? 0x3f800000u + (rnd() >> 8) : rnd());
    case 2:
        return 0x3ff0000000000000ull + ((u64)rnd() << 30);
    default:
        return (u64)rnd() << 32 | rnd();
    }
}

static void make_hart(struct rig *rig, unsigned index)
{
    struct hart *h = &rig->hart[index];
    h->mtvec = RIG_BASE + HANDLER;
    h->pc = RIG_BASE + CODE;
    h->mstatus |= MSTATUS_FS;
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = below(3) ? rnd() : (u64)rnd() << 32 | rnd();
        h->f[i] = any_float();
    }
    h->x[s0] = RIG_BASE + DATA + 0x800;
    h->x[s1] = RIG_BASE + DATA + 0x2ff8;
    h->x[sp] = RIG_BASE + DATA + 0xf00;
    h->x[ra] = RIG_BASE + CODE + 4 * below(CODE_WORDS);
    if (world & WITH_PAGING) {
        enter_supervisor(rig, index);
    }
}

static void make_program(struct rig *rig, const u32 *words)
{
    u64 keep = seed;
    seed = 12345;
    rig_write_handler(rig, RIG_BASE + HANDLER);
    rig_words(rig, RIG_BASE + CODE, words, CODE_WORDS);
    for (u64 at = 0; at < DATA_SIZE; at += 8) {
        rig_u64(rig, RIG_BASE + DATA + at, any_float());
    }
    for (unsigned i = 0; i < rig->count; i++) {
        make_hart(rig, i);
    }
    seed = keep;
}

/* How compilers compare without raising anything for quiet NaNs. */
static void quiet_comparison(u32 *words)
{
    unsigned flags = any_destination(), keeper = below(8) ? flags : below(32);
    const u32 compare = insn_table[below(2) ? OP_FLT_D : OP_FLE_D].match;
    words[0] = CSRRS(flags, CSR_FFLAGS, 0);
    words[1] = asm_r(compare, any_destination(), below(32), below(32));
    words[2] = CSRRW(0, CSR_FFLAGS, keeper);
}

/* What may drop the page of a constant from the TLB, or select another one. */
static u32 disturbance(void)
{
    switch (below(7)) {
    case 0:
    case 1:
        return LD(any_destination(), (i32)below(512) * 8 - 2048, s1);
    case 2:
        return world ? CSRRS(0, CSR_SSTATUS, s4) : NOP;
    case 3:
        return world ? CSRRC(0, CSR_SSTATUS, s4) : NOP;
    case 4:
        return AMOADD_D(any_destination(), a2, s1);
    case 5:
        return SD(a3, (i32)below(512) * 8 - 2048, below(2) ? s0 : s1);
    default:
        return LD(any_destination(), (i32)below(4096) - 2048, below(2) ? s0 : sp);
    }
}

/* Two loads from one page near the code and something between them. */
static void constants(u32 *words)
{
    words[0] = constant_word(true);
    words[1] = LD(a4, (i32)below(512) * 8 - 2048, t4);
    words[2] = disturbance();
    words[3] = (below(2) ? LD(a5, 0, t4) : LW(a5, 0, t4)) | (rnd() & ~(below(4) ? 7u : 0u)) << 20;
}

/* A jump back at the end, so that the program never falls out. */
static void random_program(u32 *words)
{
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        words[i] = random_word(i);
    }
    for (unsigned i = below(60); i + 3 < CODE_WORDS; i += 3 + below(120)) {
        quiet_comparison(&words[i]);
    }
    for (unsigned i = below(40); i + 4 < CODE_WORDS; i += 4 + below(60)) {
        constants(&words[i]);
    }
    words[CODE_WORDS - 1] = asm_jal(0, -(CODE_WORDS - 1) * 4);
}

#endif
