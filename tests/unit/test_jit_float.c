/* SPDX-License-Identifier: MIT */
/*
 * Every floating-point instruction translated against the same interpreted: operands where
 * something happens (zeroes, subnormals, limits of the integer types, infinities, NaNs of both
 * kinds, singles without their box), all static rounding modes under all values of frm, results in
 * the place of operands, operands in registers and in memory; on this host and on one without
 * extensions.
 */
#include "tests/unit/rig.h"

#include "emu/isa/csr.h"
#include "emu/jit/jit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MEMORY = 1 << 22, FIRST_CODE = 0x1000, CODE_END = MEMORY - 0x1000, ROUND = 5, TUPLES = 24 };

static const u64 doubles[] = {
    0,                  /* zero */
    1,                  /* subnormals */
    0x000fffffffffffff, /* ... */
    0x0010000000000000, /* the least normal number */
    0x0010000000000001, /* ... */
    0x3ca0000000000000, /* half an ulp of 1 */
    0x3fdfffffffffffff, /* before 0.5 */
    0x3fe0000000000000, /* 0.5 */
    0x3ff0000000000000, /* 1 */
    0x3ff8000000000000, /* 1.5 */
    0x4004000000000000, /* 2.5 */
    0x41dfffffff800000, /* 2^31 - 2 */
    0x41dfffffffc00000, /* 2^31 - 1 */
    0x41dfffffffe00000, /* 2^31 - 0.5 */
    0x41e0000000000000, /* 2^31 */
    0x41e0000000100000, /* 2^31 + 0.5 */
    0x41e0000000200000, /* 2^31 + 1 */
    0x41efffffffe00000, /* 2^32 - 1 */
    0x41effffffff00000, /* 2^32 - 0.5 */
    0x41f0000000000000, /* 2^32 */
    0x41f0000000080000, /* 2^32 + 0.5 */
    0x43dfffffffffffff, /* before 2^63 */
    0x43e0000000000000, /* 2^63 */
    0x43e0000000000001, /* ... */
    0x43efffffffffffff, /* before 2^64 */
    0x43f0000000000000, /* 2^64 */
    0x47efffffe0000000, /* the greatest single */
    0x47efffffefffffff, /* before what rounds to infinity as a single */
    0x380fffffffffffff, /* around the least normal single */
    0x36a0000000000000, /* the least single */
    0x7fefffffffffffff, /* the greatest number */
    0x7ff0000000000000, /* infinity */
    0x7ff0000000000001, /* signalling NaN */
    0x7ff8000000000000, /* the canonical NaN */
    0x7ffc000000001234, /* another quiet one */
};

static const u32 singles[] = {
    0,          1,          0x007fffff, 0x00800000, 0x00800001, 0x33800000, 0x3effffff,
    0x3f000000, 0x3f800000, 0x3fc00000, 0x40200000, 0x4effffff, 0x4f000000, 0x4f000001,
    0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000, 0x7f7fffff,
    0x7f800000, 0x7f800001, 0x7fc00000, 0x7fe01234,
};

static const u64 integers[] = {
    0,
    1,
    UINT64_MAX,
    INT32_MAX,
    (u64)1 << 31,
    UINT32_MAX,
    0xffffffff80000000,
    (u64)1 << 32,
    0x1000001,
    0x2000003,
    INT64_MAX,
    (u64)1 << 63,
    ((u64)1 << 63) + 1,
    ((u64)1 << 63) + 0x400,
    ((u64)1 << 63) + 0x401,
    ((u64)1 << 63) + 0xc00,
    ((u64)1 << 63) + ((u64)1 << 39),
    ((u64)1 << 63) + ((u64)1 << 39) + 1,
    0xfffffffffffffbff,
    0xfffffffffffffc00,
    0x20000000000001,
    0x20000000000003,
};

static u64 state;

static u64 rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 8;
}

/* Zero, infinity and a quiet NaN by themselves: products of the first two added to the third. */
static u64 any_double(void)
{
    static const u64 extreme[] = {0, 0x7ff0000000000000, 0x7ff8000000000000};
    if (rnd() % 4 == 0) {
        return extreme[rnd() % ARRAY_LENGTH(extreme)];
    }
    u64 value = rnd() % 4 ? doubles[rnd() % ARRAY_LENGTH(doubles)]
                          : (0x3fe + rnd() % 66) << 52 | rnd() % ((u64)1 << 52);
    return value ^ (rnd() % 2) << 63;
}

static u64 any_single(void)
{
    static const u64 extreme[] = {0xffffffff00000000, 0xffffffff7f800000, 0xffffffff7fc00000};
    if (rnd() % 4 == 0) {
        return extreme[rnd() % ARRAY_LENGTH(extreme)];
    }
    u64 value = rnd() % 4 ? singles[rnd() % ARRAY_LENGTH(singles)]
                          : (0x7e + rnd() % 66) << 23 | rnd() % (1 << 23);
    value ^= (rnd() % 2) << 31;
    return value | (rnd() % 16 ? 0xffffffff00000000u : rnd() << 32);
}

/* The registers of one execution, the same for both machines. */
static void set_operands(struct rig *a, struct rig *b, bool d, unsigned frm)
{
    struct hart *g = &a->hart[0], *h = &b->hart[0];
    for (unsigned i = 0; i < 32; i++) {
        g->f[i] = h->f[i] = d ? any_double() : any_single();
        if (i != zero && i != t1) {
            g->x[i] = h->x[i] = rnd() % 4 ? integers[rnd() % ARRAY_LENGTH(integers)] : rnd();
        }
    }
    g->frm = h->frm = frm;
    g->fflags = h->fflags = 0;
    g->mstatus |= MSTATUS_FS;
    h->mstatus |= MSTATUS_FS;
}

static void assert_same(const struct rig *a, const struct rig *b, u32 word, const u64 f[32],
                        const u64 x[32])
{
    const struct hart *g = &a->hart[0], *h = &b->hart[0];
    if (memcmp(g->f, h->f, sizeof g->f) == 0 && memcmp(g->x, h->x, 32 * sizeof(u64)) == 0 &&
        g->fflags == h->fflags && g->frm == h->frm && g->pc == h->pc && g->mstatus == h->mstatus &&
        hart_executed(g) == hart_executed(h)) {
        return;
    }
    unsigned rd = word >> 7 & 31, rs1 = word >> 15 & 31, rs2 = word >> 20 & 31, rs3 = word >> 27;
    fail_msg("%08x frm %u: f %llx %llx %llx x %llx: interp f %llx x %llx flags %llx, "
             "jit f %llx x %llx flags %llx",
             word, g->frm, (unsigned long long)f[rs1], (unsigned long long)f[rs2],
             (unsigned long long)f[rs3], (unsigned long long)x[rs1], (unsigned long long)g->f[rd],
             (unsigned long long)g->x[rd], (unsigned long long)g->x[t0],
             (unsigned long long)h->f[rd], (unsigned long long)h->x[rd],
             (unsigned long long)h->x[t0]);
}

/* The instruction between setting and reading the flags, and one that rounds by frm behind them;
 * round after round, or once. */
static void try_word(struct rig *a, struct rig *b, u64 *at, u32 word, bool d, bool loop)
{
    const u32 code[ROUND] = {CSRRW(0, CSR_FFLAGS, t2), word, CSRRS(t0, CSR_FFLAGS, 0),
                             d ? FDIV_D(31, 14, 15) : FDIV_S(31, 14, 15),
                             loop ? JAL(0, -16) : JALR(0, t1, 0)};
    u64 pc = RIG_BASE + *at;
    *at += sizeof code;
    rig_words(a, pc, code, ROUND);
    rig_words(b, pc, code, ROUND);
    a->hart[0].x[t1] = b->hart[0].x[t1] = RIG_BASE;
    for (unsigned i = 0; i < TUPLES; i++) {
        set_operands(a, b, d, (unsigned)rnd() % (i % 8 == 0 ? 8 : 4));
        u64 f[32], x[32];
        memcpy(f, a->hart[0].f, sizeof f);
        memcpy(x, a->hart[0].x, sizeof x);
        a->hart[0].pc = b->hart[0].pc = pc;
        rig_run(a, ROUND);
        rig_run(b, ROUND);
        assert_same(a, b, word, f, x);
    }
}

/* Registers of the operands: all different, and every way to be the same. */
static u32 place_operands(u32 word, const struct insn_info *info, unsigned pattern)
{
    static const u8 place[][4] = {{10, 11, 12, 13}, {10, 10, 12, 13}, {10, 11, 10, 13},
                                  {10, 11, 12, 10}, {10, 11, 11, 13}, {10, 11, 12, 11},
                                  {10, 11, 12, 12}, {10, 10, 10, 10}, {10, 11, 11, 11}};
    const u8 *p = place[pattern % ARRAY_LENGTH(place)];
    u32 wanted = (u32)p[0] << 7 | (u32)p[1] << 15 | (u32)p[2] << 20 | (u32)p[3] << 27;
    return info->match | (((word & 0x7000) | wanted) & ~info->mask);
}

enum { PATTERNS = 9 };

static void try_instruction(struct rig *a, struct rig *b, u64 *at, const struct insn_info *info)
{
    bool d = strstr(info->mnemonic, ".d") && !strstr(info->mnemonic, ".d.s"); /* the operands */
    bool rounds = (info->flags & INSN_RM) != 0;
    for (u32 rm = 0; rm < (rounds ? 8 : 1); rm++) {
        for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
            u32 word = place_operands(rm << 12, info, pattern);
            try_word(a, b, at, word, d, pattern % 2);
            if (rm == 7 || !rounds) {
                try_word(a, b, at, word, d, !(pattern % 2));
            }
        }
    }
}

static void try_all(bool old_host)
{
    static struct rig a, b;
    rig_init_with(&a, MEMORY, 1, ISA_DEFAULT, interp_create);
    rig_init_with(&b, MEMORY, 1, ISA_DEFAULT, jit_create);
    jit_translate_at_once(b.engine);
    if (old_host) {
        jit_pretend_old_host(b.engine);
    }
    state = 88172645463325252u;
    u64 at = FIRST_CODE;
    unsigned tried = 0;
    for (unsigned op = 1; op < OP_COUNT; op++) {
        const struct insn_info *info = &insn_table[op];
        if ((info->flags & INSN_FP) && !(info->flags & (INSN_LOAD | INSN_STORE))) {
            try_instruction(&a, &b, &at, info);
            tried++;
        }
    }
    const struct counters *counters = &b.hart[0].counters;
    print_message("%u instructions, %lu executed, %lu of them by the interpreter, %lu by C\n",
                  tried, hart_executed(&b.hart[0]), counters->interpreted_instructions,
                  counters->helper_calls);
    assert_true(at < CODE_END);
    /* The modes that are no host's, and illegal ones, are the interpreter's. */
    assert_true(counters->interpreted_instructions < hart_executed(&b.hart[0]) / 4);
    rig_destroy(&a);
    rig_destroy(&b);
}

static void this_host(void **unused)
{
    (void)unused;
    try_all(false);
}

static void old_host(void **unused)
{
    (void)unused;
    try_all(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_host),
        cmocka_unit_test(old_host),
    };
    return jit_supported() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
