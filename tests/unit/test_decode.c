/* SPDX-License-Identifier: MIT */
/*
 * test_decode.c: the instruction table is sound and both decoders read it alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "emu/isa/insn.h"
#include "emu/isa/csr.h"

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint32_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static bool same(uint32_t word, uint32_t extensions)
{
    struct insn fast;
    struct insn slow;
    insn_decode(word, extensions, &fast);
    insn_decode_slow(word, extensions, &slow);
    if (memcmp(&fast, &slow, sizeof fast) != 0) {
        print_error("word %08x: fast %s rd %u rs1 %u rs2 %u rs3 %u rm %u imm %d, "
                    "slow %s rd %u rs1 %u rs2 %u rs3 %u rm %u imm %d\n",
                    word, insn_table[fast.row].mnemonic, fast.rd, fast.rs1, fast.rs2, fast.rs3,
                    fast.rm, fast.imm, insn_table[slow.row].mnemonic, slow.rd, slow.rs1, slow.rs2,
                    slow.rs3, slow.rm, slow.imm);
        return false;
    }
    return true;
}

static void no_two_long_rows_overlap(void **state)
{
    (void)state;
    for (unsigned a = 1; a < OP_COUNT; a++) {
        const struct insn_info *p = &insn_table[a];
        assert_int_equal(p->match & ~p->mask, 0);
        assert_int_equal(p->mask & 0x7f, 0x7f);
        assert_int_equal(p->base, a);
        for (unsigned b = a + 1; b < OP_COUNT; b++) {
            const struct insn_info *q = &insn_table[b];
            if (((p->match ^ q->match) & p->mask & q->mask) == 0) {
                fail_msg("%s and %s overlap", p->mnemonic, q->mnemonic);
            }
        }
    }
}

static void no_two_short_rows_overlap(void **state)
{
    (void)state;
    unsigned known = 0;
    for (uint32_t word = 0; word < 0x10000; word++) {
        if (insn_length(word) == 2) {
            unsigned count = insn_matches(word);
            if (count > 1) {
                fail_msg("%04x is %u instructions", word, count);
            }
            known += count;
        }
    }
    /* Every other one: those with a rule against a zero or a reserved code point. */
    assert_in_range(known, 40000, 48000);
}

static void decoders_agree_on_all_short_words(void **state)
{
    (void)state;
    for (uint32_t word = 0; word < 0x10000; word++) {
        if (insn_length(word) == 2) {
            /* The high half must not matter. */
            assert_true(same(word | random_word() << 16, ISA_DEFAULT));
            assert_true(same(word, ISA_DEFAULT & ~(uint32_t)ISA_D));
            assert_true(same(word, ISA_DEFAULT & ~(uint32_t)ISA_C));
        }
    }
}

/* Every row with its operand bits at random, and with one mask bit flipped: neighbours. */
static void decoders_agree_on_structured_words(void **state)
{
    (void)state;
    for (unsigned row = 1; row < OP_COUNT; row++) {
        const struct insn_info *info = &insn_table[row];
        for (unsigned i = 0; i < 1000; i++) {
            uint32_t word = (random_word() & ~info->mask) | info->match;
            assert_true(same(word, ~0u));
            assert_true(same(word ^ 1u << (random_word() & 31), ~0u));
            assert_true(same(word, random_word()));
        }
    }
}

static void decoders_agree_on_random_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 400000; i++) {
        assert_true(same(random_word() | 3, ~0u));
    }
}

/* A row decodes to itself, so that no earlier row hides it. */
static void every_row_is_reachable(void **state)
{
    (void)state;
    for (unsigned row = 1; row < OP_COUNT; row++) {
        struct insn insn;
        insn_decode(insn_table[row].match, ~0u, &insn);
        assert_int_equal(insn.op, row);
        insn_decode(insn_table[row].match, ~insn_table[row].extensions, &insn);
        assert_int_equal(insn.op, OP_ILLEGAL);
    }
}

static void known_words(void **state)
{
    (void)state;
    struct insn i;
    insn_decode(0x00000000, ~0u, &i);
    assert_int_equal(i.op, OP_ILLEGAL);
    assert_int_equal(i.len, 2);
    insn_decode(0xffffffff, ~0u, &i);
    assert_int_equal(i.op, OP_ILLEGAL);
    assert_int_equal(i.len, 4);
    insn_decode(0xff010113, ~0u, &i); /* addi sp,sp,-16 */
    assert_int_equal(i.op, OP_ADDI);
    assert_int_equal(i.rd, 2);
    assert_int_equal(i.rs1, 2);
    assert_int_equal(i.imm, -16);
    insn_decode(0x00552013, ~0u, &i); /* slti zero,a0,5: a probe */
    assert_int_equal(i.op, OP_SLTI);
    assert_int_equal(i.rd, 0);
    assert_int_equal(i.rs1, 10);
    assert_int_equal(i.imm, 5);
    insn_decode(0x8082, ~0u, &i); /* ret */
    assert_int_equal(i.op, OP_JALR);
    assert_int_equal(i.row, OP_C_JR);
    assert_int_equal(i.rs1, 1);
    assert_int_equal(i.len, 2);
    insn_decode(0x18051073, ~0u, &i); /* csrw satp,a0 */
    assert_int_equal(i.op, OP_CSRRW);
    assert_int_equal(i.imm, CSR_SATP);
    insn_decode(0x0005a52f | 3u << 25, ~0u, &i); /* amoadd.w.aqrl a0,zero,(a1) */
    assert_int_equal(i.op, OP_AMOADD_W);
    assert_int_equal(i.order, 3);
    insn_decode(0x02b57553, ~0u, &i); /* fadd.d, dynamic */
    assert_int_equal(i.op, OP_FADD_D);
    assert_int_equal(i.rm, 7);
    insn_decode(0x02b55553, ~0u, &i); /* rm 5 is reserved */
    assert_int_equal(i.op, OP_ILLEGAL);
}

static void csr_numbers_are_ordered_and_unique(void **state)
{
    (void)state;
    bool seen[4096] = {false};
#define CSR(number, NAME, name, extensions)                                                        \
    assert_false(seen[number]);                                                                    \
    seen[number] = true;
#include "emu/isa/csr.def"
    assert_int_equal(csr_privilege(CSR_SATP), 1);
    assert_int_equal(csr_privilege(CSR_MSTATUS), 3);
    assert_true(csr_read_only(CSR_TIME));
    assert_false(csr_read_only(CSR_MCYCLE));
}

static void fast_decoder_is_fast(void **state)
{
    (void)state;
    static uint32_t words[4096];
    struct insn insn;
    unsigned sum = 0;
    for (unsigned i = 0; i < 4096; i++) {
        const struct insn_info *info = &insn_table[1 + i % (OP_ROWS - 1)];
        words[i] = (random_word() & ~info->mask) | info->match;
    }
    clock_t start = clock();
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 4096; i++) {
            insn_decode(words[i], ISA_DEFAULT, &insn);
            sum += insn.op;
        }
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%.0f million decodes a second (%u)\n", 2000 * 4096 / seconds / 1e6, sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_long_rows_overlap),
        cmocka_unit_test(no_two_short_rows_overlap),
        cmocka_unit_test(every_row_is_reachable),
        cmocka_unit_test(decoders_agree_on_all_short_words),
        cmocka_unit_test(decoders_agree_on_structured_words),
        cmocka_unit_test(decoders_agree_on_random_words),
        cmocka_unit_test(known_words),
        cmocka_unit_test(csr_numbers_are_ordered_and_unique),
        cmocka_unit_test(fast_decoder_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
