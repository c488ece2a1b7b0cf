/* SPDX-License-Identifier: MIT */
/*
 * test_walk.c - the page walk and PMP against slow models written from the manual's text alone, on
 * random tables, registers and accesses; and the observer's walk, which must have no effect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_code.h"

#define ROUNDS 100000
#define TABLES 6 /* pages of random tables at the start of RAM */

/* ---- PMP, one byte at a time ---- */

/* The lowest entry that matches the byte, or -1. */
static int pmp_model_entry(const struct hart *h, u64 byte)
{
    for (int i = 0; i < PMP_ENTRIES; i++) {
        unsigned mode = (unsigned)h->pmp_config[i] >> 3 & 3;
        u64 address = h->pmp_address[i];
        u64 below = i > 0 ? h->pmp_address[i - 1] : 0;
        u64 word = byte >> 2;
        if (mode == 1 && word >= below && word < address) {
            return i;
        }
        if (mode == 2 && word == address) {
            return i;
        }
        if (mode == 3) {
            unsigned ones = 0;
            while (ones < 54 && (address >> ones & 1)) {
                ones++;
            }
            /* yyyy...y011..1 with `ones` ones: 2^(ones+3) bytes */
            unsigned shift = ones + 1;
            if (shift >= 54 || word >> shift == address >> shift) {
                return i;
            }
        }
    }
    return -1;
}

static bool pmp_model(const struct hart *h, u64 pa, u64 size, enum access access, unsigned priv)
{
    int lowest = -1;
    for (u64 i = 0; i < size; i++) {
        int entry = pmp_model_entry(h, pa + i);
        if (entry >= 0 && (lowest < 0 || entry < lowest)) {
            lowest = entry;
        }
    }
    if (lowest < 0) {
        return priv == PRIV_MACHINE;
    }
    for (u64 i = 0; i < size; i++) {
        if (pmp_model_entry(h, pa + i) != lowest) {
            return false;
        }
    }
    u8 config = h->pmp_config[lowest];
    if (priv == PRIV_MACHINE && !(config & 0x80)) {
        return true;
    }
    return access == ACCESS_LOAD ? config & 1 : access == ACCESS_STORE ? config & 2 : config & 4;
}

static void random_pmp(struct hart *h, u64 *random, unsigned entries)
{
    /* Locks would stay: straight into the registers, then derived. */
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        u8 config = 0;
        if (i < entries) {
            config = (u8)(fuzz_random(random) & 0x9f);
            config = (config & 3) == 2 ? (u8)(config & ~2) : config;
        }
        u64 span = (u64)0xffff >> (fuzz_random(random) & 15);
        h->pmp_config[i] = config;
        h->pmp_address[i] = ((RIG_BASE >> 2) + (fuzz_random(random) & 0x1fff)) |
                            (fuzz_chance(random, 60) ? span : 0);
        if (fuzz_chance(random, 5)) {
            h->pmp_address[i] = BIT(54) - 1;
        }
    }
    pmp_update(h);
}

static void test_pmp(void **state)
{
    (void)state;
    static struct rig rig;
    u64 random = 11;
    unsigned allowed = 0, uniform = 0;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 20 == 0) {
            random_pmp(h, &random, 1 + (unsigned)(fuzz_random(&random) % PMP_ENTRIES));
        }
        static const u8 sizes[] = {1, 2, 4, 8, 8, 64};
        static const u8 privs[] = {PRIV_USER, PRIV_SUPERVISOR, PRIV_MACHINE};
        u64 size = sizes[fuzz_random(&random) % 6];
        u64 pa = RIG_BASE + (fuzz_random(&random) & 0x7fff);
        enum access access = (enum access)(fuzz_random(&random) % 3);
        unsigned priv = privs[fuzz_random(&random) % 3];
        bool want = pmp_model(h, pa, size, access, priv);
        assert_int_equal(pmp_permits(h, pa, size, access, priv), want);
        allowed += want;
        if (i % 50 == 0 && pmp_uniform(h, pa)) {
            /* Then the page as a whole gives the same answer as each of its bytes. */
            u64 page = pa & PAGE_MASK;
            bool whole = pmp_model(h, page, 1, access, priv);
            for (u64 at = 1; at < PAGE_BYTES - 8; at += 61) {
                assert_int_equal(pmp_model(h, page + at, 8, access, priv), whole);
            }
            uniform++;
        }
    }
    assert_in_range(allowed, ROUNDS / 10, ROUNDS * 9 / 10);
    assert_true(uniform > 100);
    rig_destroy(&rig);
}

static void test_pmp_locks_and_legal_values(void **state)
{
    (void)state;
    static struct rig rig;
    u64 value;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    csr_poke(h, CSR_PMPADDR1, 0x1234);
    csr_poke(h, CSR_PMPADDR2, UINT64_MAX);
    csr_peek(h, CSR_PMPADDR2, &value);
    assert_int_equal(value, BIT(54) - 1);
    /* entry 2: locked TOR; entry 0: W without R; reserved bits 5 and 6 */
    csr_poke(h, CSR_PMPCFG0, 0x8f0062);
    csr_peek(h, CSR_PMPCFG0, &value);
    assert_int_equal(value, 0x8f0000);
    csr_poke(h, CSR_PMPADDR1, 0x99); /* the lower bound of a locked TOR */
    csr_peek(h, CSR_PMPADDR1, &value);
    assert_int_equal(value, 0x1234);
    csr_poke(h, CSR_PMPADDR2, 0);
    csr_peek(h, CSR_PMPADDR2, &value);
    assert_int_equal(value, BIT(54) - 1);
    csr_poke(h, CSR_PMPCFG0, 0);
    csr_peek(h, CSR_PMPCFG0, &value);
    assert_int_equal(value, 0x8f0000);
    csr_poke(h, CSR_PMPCFG2, 0x1f00000000000000);
    csr_peek(h, CSR_PMPCFG2, &value);
    assert_int_equal(value, 0x1f00000000000000);
    assert_false(csr_peek(h, 0x3a1, &value));
    rig_destroy(&rig);
}

/* ---- the walk ---- */

struct model {
    enum walk_result result;
    u64 pa, pte_address, new_pte;
    bool writes;
};

static u64 field(u64 value, int high, int low)
{
    u64 out = 0;
    for (int i = high; i >= low; i--) {
        out = out << 1 | (value >> i & 1);
    }
    return out;
}

/* Steps 1 to 10 of "Virtual Address Translation Process", Sv39 and Sv48. */
static struct model walk_model(struct rig *rig, const struct hart *h, u64 va, enum access access,
                               unsigned priv)
{
    struct model m = {.result = WALK_PAGE_FAULT};
    int levels = field(h->satp, 63, 60) == 9 ? 4 : 3;
    int top = 12 + 9 * levels - 1;
    for (int i = top; i < 64; i++) {
        if (field(va, i, i) != field(va, top, top)) {
            return m;
        }
    }
    u64 a = field(h->satp, 43, 0) * 4096;
    int i = levels - 1;
    u64 pte, address;
    for (;;) {
        address = a + field(va, 12 + 9 * i + 8, 12 + 9 * i) * 8;
        if (!ram_contains(&rig->ram, address, 8) ||
            !pmp_model(h, address, 8, ACCESS_LOAD, PRIV_SUPERVISOR)) {
            m.result = WALK_ACCESS_FAULT;
            return m;
        }
        pte = rig_peek(rig, address);
        bool v = field(pte, 0, 0), r = field(pte, 1, 1), w = field(pte, 2, 2), x = field(pte, 3, 3);
        if (!v || (!r && w) || field(pte, 63, 54) != 0) {
            return m;
        }
        if (r || x) {
            break;
        }
        if (field(pte, 4, 4) || field(pte, 6, 6) || field(pte, 7, 7) || --i < 0) {
            return m;
        }
        a = field(pte, 53, 10) * 4096;
    }
    bool u = field(pte, 4, 4), sum = h->mstatus & MSTATUS_SUM, mxr = h->mstatus & MSTATUS_MXR;
    if (priv == PRIV_USER ? !u : u && (access == ACCESS_FETCH || !sum)) {
        return m;
    }
    bool allowed = access == ACCESS_FETCH   ? field(pte, 3, 3)
                   : access == ACCESS_STORE ? field(pte, 2, 2)
                                            : field(pte, 1, 1) || (mxr && field(pte, 3, 3));
    if (!allowed) {
        return m;
    }
    for (int j = 0; j < i; j++) {
        if (field(pte, 10 + 9 * j + 8, 10 + 9 * j) != 0) {
            return m;
        }
    }
    m.pte_address = address;
    m.new_pte = pte | BIT(6) | (access == ACCESS_STORE ? BIT(7) : 0);
    m.writes = m.new_pte != pte;
    if (m.writes && !(h->menvcfg & ENVCFG_ADUE)) {
        return m;
    }
    if (m.writes && !pmp_model(h, address, 8, ACCESS_STORE, PRIV_SUPERVISOR)) {
        m.result = WALK_ACCESS_FAULT;
        return m;
    }
    u64 below = ((u64)1 << (12 + 9 * i)) - 1;
    m.result = WALK_OK;
    m.pa = (field(pte, 53, 10) * 4096 & ~below) | (va & below);
    return m;
}

static u64 random_pte(u64 *random)
{
    u64 flags = fuzz_random(random) & 0xff;
    flags |= fuzz_chance(random, 90) ? PTE_V : 0;
    u64 page = RIG_BASE / 4096 + fuzz_random(random) % (TABLES + 1);
    if (fuzz_chance(random, 35)) {
        flags = (flags & PTE_G) | PTE_V; /* a pointer */
    } else if (fuzz_chance(random, 50)) {
        page &= ~(u64)0x3ffff; /* perhaps an aligned large leaf */
        flags |= PTE_R;
    }
    if (fuzz_chance(random, 3)) {
        page = fuzz_random(random) & (BIT(44) - 1);
    }
    u64 high = fuzz_chance(random, 3) ? fuzz_random(random) << 54 : 0;
    return high | page << 10 | flags;
}

static void random_tables(struct rig *rig, u64 *random)
{
    u8 *at = ram_pointer(&rig->ram, RIG_BASE, TABLES * PAGE_BYTES);
    for (u64 i = 0; i < TABLES * PAGE_BYTES; i += 8) {
        store_u64(at + i, random_pte(random));
    }
}

static void random_rules(struct hart *h, u64 *random)
{
    u64 mode = fuzz_chance(random, 70) ? SATP_SV39 : SATP_SV48;
    h->satp = mode << SATP_MODE_SHIFT | (RIG_BASE / 4096 + fuzz_random(random) % TABLES);
    h->mstatus = fuzz_random(random) & (MSTATUS_SUM | MSTATUS_MXR);
    h->menvcfg = fuzz_random(random) & ENVCFG_ADUE;
    if (fuzz_chance(random, 70)) {
        memset(h->pmp_config, 0, sizeof(h->pmp_config));
        h->pmp_config[0] = 0x1f;
        h->pmp_address[0] = BIT(54) - 1;
        pmp_update(h);
    } else {
        random_pmp(h, random, 4);
    }
}

static void test_walk_against_model(void **state)
{
    (void)state;
    static struct rig rig;
    u64 random = 7;
    unsigned seen[3] = {0}, updates = 0;
    rig_init_with(&rig, 1 << 20, 1, ISA_DEFAULT | ISA_SV48, interp_create);
    struct hart *h = &rig.hart[0];
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 2000 == 0) {
            random_tables(&rig, &random);
        }
        if (i % 20 == 0) {
            random_rules(h, &random);
        }
        u64 va = sign_extend(fuzz_random(&random), pte_levels(h->satp) == 3 ? 39 : 48);
        if (fuzz_chance(&random, 3)) {
            va = fuzz_random(&random);
        }
        enum access access = (enum access)(fuzz_random(&random) % 3);
        unsigned priv = fuzz_random(&random) & 1;
        struct model want = walk_model(&rig, h, va, access, priv);
        u64 before = want.writes ? rig_peek(&rig, want.pte_address) : 0;
        struct peek peek;
        walk_peek(&rig.ram, h->satp, va, &peek);
        struct walk got;
        enum walk_result result = walk(h, va, access, priv, &got);
        assert_int_equal(result, want.result);
        seen[result]++;
        if (result == WALK_OK) {
            assert_int_equal(got.pa, want.pa);
            assert_int_equal(got.pte_address, want.pte_address);
            assert_int_equal(got.pte, want.new_pte);
            assert_int_equal(rig_peek(&rig, want.pte_address), want.new_pte);
            assert_int_equal(peek.result, PEEK_LEAF);
            assert_int_equal(peek.pa, want.pa);
            assert_int_equal(peek.step[peek.steps - 1].pte_address, want.pte_address);
            updates += want.writes;
            assert_true(walk_permits(got.pte, access, priv, (h->mstatus & MSTATUS_SUM) != 0,
                                     (h->mstatus & MSTATUS_MXR) != 0));
        } else if (want.writes) {
            assert_int_equal(rig_peek(&rig, want.pte_address), before);
        }
    }
    print_message("ok %u page faults %u access faults %u updates %u\n", seen[WALK_OK],
                  seen[WALK_PAGE_FAULT], seen[WALK_ACCESS_FAULT], updates);
    assert_true(seen[WALK_OK] > 2000 && seen[WALK_PAGE_FAULT] > 2000 &&
                seen[WALK_ACCESS_FAULT] > 500 && updates > 200);
    rig_destroy(&rig);
}

static void test_peek_has_no_effect(void **state)
{
    (void)state;
    static struct rig rig;
    u64 random = 3;
    rig_init(&rig, 1 << 20);
    random_tables(&rig, &random);
    u8 *tables = ram_pointer(&rig.ram, RIG_BASE, TABLES * PAGE_BYTES);
    u8 *copy = malloc(TABLES * PAGE_BYTES);
    assert_non_null(copy);
    memcpy(copy, tables, TABLES * PAGE_BYTES);
    unsigned leaves = 0;
    for (unsigned i = 0; i < 20000; i++) {
        struct peek peek;
        u64 satp =
            (u64)SATP_SV39 << SATP_MODE_SHIFT | (RIG_BASE / 4096 + fuzz_random(&random) % TABLES);
        walk_peek(&rig.ram, satp, sign_extend(fuzz_random(&random), 39), &peek);
        leaves += peek.result == PEEK_LEAF;
        assert_true(peek.steps <= 3);
    }
    assert_true(leaves > 100);
    assert_memory_equal(copy, tables, TABLES * PAGE_BYTES);
    free(copy);
    rig_destroy(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pmp),
        cmocka_unit_test(test_pmp_locks_and_legal_values),
        cmocka_unit_test(test_walk_against_model),
        cmocka_unit_test(test_peek_has_no_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
