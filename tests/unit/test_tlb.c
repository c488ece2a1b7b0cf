/* SPDX-License-Identifier: MIT */
/*
 * test_tlb.c - the TLB may only remember what software has not fenced away, never invents, and
 * drops exactly what a fence names.
 *
 * The model is the set of answers that a real machine may give: for each (ASID, page) the PTE
 * values that were in memory since the last fence that covers it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_code.h"

#define PAGES 24 /* virtual pages in play, from VA 0 */
#define SPACES 3 /* ASIDs, each with tables of its own */
#define HISTORY 64
#define LEAF_TABLE(space) (RIG_BASE + 0x10000 + (u64)(space)*0x3000 + 0x2000)
#define ROOT(space) (RIG_BASE + 0x10000 + (u64)(space)*0x3000)
#define FRAMES (RIG_BASE + 0x100000)

/* The PTEs that a translation may still use. */
struct past {
    u64 pte[HISTORY];
    unsigned count;
};

struct stage {
    struct rig rig;
    struct past past[SPACES][PAGES];
    u64 random;
    unsigned space; /* in satp */
};

static u64 leaf_address(unsigned space, unsigned page)
{
    return LEAF_TABLE(space) + 8 * page;
}

static u64 current(struct stage *s, unsigned space, unsigned page)
{
    return rig_peek(&s->rig, leaf_address(space, page));
}

static void forget(struct stage *s, unsigned space, unsigned page)
{
    s->past[space][page].count = 0;
}

static void remember(struct stage *s, unsigned space, unsigned page)
{
    struct past *past = &s->past[space][page];
    if (past->count == HISTORY) {
        /* No room: fence, so that the model stays exact. */
        hart_fence(&s->rig.hart[0], true, (u64)page << 12, false, 0);
        for (unsigned i = 0; i < SPACES; i++) {
            forget(s, i, page);
        }
    }
    past->pte[past->count++] = current(s, space, page);
}

static void change_pte(struct stage *s)
{
    unsigned space = (unsigned)(fuzz_random(&s->random) % SPACES);
    unsigned page = (unsigned)(fuzz_random(&s->random) % PAGES);
    remember(s, space, page);
    u64 frame = FRAMES + (fuzz_random(&s->random) % 32) * 4096;
    u64 flags = fuzz_random(&s->random) & (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_U);
    if (fuzz_chance(&s->random, 70)) {
        flags |= PTE_V | PTE_R;
    }
    /* Global means the same in every space; software keeps to that, see test_global. */
    rig_u64(&s->rig, leaf_address(space, page), frame >> 2 | flags);
}

static void fence(struct stage *s)
{
    bool by_address = fuzz_random(&s->random) & 1, by_asid = fuzz_random(&s->random) & 1;
    unsigned page = (unsigned)(fuzz_random(&s->random) % PAGES);
    unsigned space = (unsigned)(fuzz_random(&s->random) % SPACES);
    hart_fence(&s->rig.hart[0], by_address, ((u64)page << 12) + (fuzz_random(&s->random) & 0xfff),
               by_asid, space + 1);
    for (unsigned i = 0; i < SPACES; i++) {
        for (unsigned j = 0; j < PAGES; j++) {
            if ((!by_asid || i == space) && (!by_address || j == page)) {
                forget(s, i, j);
            }
        }
    }
}

static void switch_space(struct stage *s)
{
    s->space = (unsigned)(fuzz_random(&s->random) % SPACES);
    csr_poke(&s->rig.hart[0], CSR_SATP,
             (u64)SATP_SV39 << SATP_MODE_SHIFT | (u64)(s->space + 1) << SATP_ASID_SHIFT |
                 ROOT(s->space) >> 12);
}

static void switch_mode(struct stage *s)
{
    struct hart *h = &s->rig.hart[0];
    csr_poke(h, CSR_MSTATUS, fuzz_random(&s->random) & (MSTATUS_SUM | MSTATUS_MXR));
    hart_set_privilege(h, fuzz_random(&s->random) & 1);
}

static bool allows(const struct hart *h, u64 pte, enum access access)
{
    return (pte & PTE_V) && (pte & (PTE_R | PTE_W)) != PTE_W && (pte & (PTE_R | PTE_W | PTE_X)) &&
           walk_permits(pte, access, h->priv, (h->mstatus & MSTATUS_SUM) != 0,
                        (h->mstatus & MSTATUS_MXR) != 0);
}

/* One access: its outcome must follow from the PTE in memory or from a remembered one. */
static void access_page(struct stage *s)
{
    struct hart *h = &s->rig.hart[0];
    unsigned page = (unsigned)(fuzz_random(&s->random) % PAGES);
    bool store = fuzz_random(&s->random) & 1;
    enum access access = store ? ACCESS_STORE : ACCESS_LOAD;
    u64 va = ((u64)page << 12) + 8, value = 0;
    u64 pte = current(s, s->space, page), mark = fuzz_random(&s->random);
    unsigned priv = h->priv;
    u64 status = h->mstatus, trapped = h->trapped;
    struct hart saved_mode = {.priv = h->priv, .mstatus = status};
    bool worked = store ? hart_store(h, va, 8, mark) : hart_load(h, va, 8, &value);
    bool explained = false;
    struct past *past = &s->past[s->space][page];
    for (unsigned i = 0; i <= past->count && !explained; i++) {
        u64 candidate = i == past->count ? pte : past->pte[i];
        u64 frame = pte_address(candidate);
        if (allows(&saved_mode, candidate, access)) {
            explained = worked && rig_peek(&s->rig, frame + 8) == (store ? mark : value);
        } else {
            /* A fault always comes from memory as it is: invalid PTEs are not cached. */
            explained = !worked && i == past->count;
        }
    }
    if (!explained) {
        fail_msg("page %u space %u store %d worked %d pte %lx priv %u", page, s->space, store,
                 worked, pte, priv);
    }
    if (!worked) {
        assert_int_equal(h->trapped, trapped + 1);
        assert_int_equal(h->mtval, va);
        assert_int_equal(h->mcause, store ? CAUSE_STORE_PAGE : CAUSE_LOAD_PAGE);
        csr_poke(h, CSR_MSTATUS, status);
        hart_set_privilege(h, priv);
    }
}

static void stage_init(struct stage *s, u64 seed)
{
    memset(s, 0, sizeof(*s));
    s->random = seed;
    rig_init(&s->rig, 4 << 20);
    struct hart *h = &s->rig.hart[0];
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    for (unsigned i = 0; i < SPACES; i++) {
        rig_u64(&s->rig, ROOT(i), (ROOT(i) + 0x1000) >> 2 | PTE_V);
        rig_u64(&s->rig, ROOT(i) + 0x1000, LEAF_TABLE(i) >> 2 | PTE_V);
    }
    /* Each frame says which it is. */
    for (u64 i = 0; i < 32; i++) {
        rig_u64(&s->rig, FRAMES + 4096 * i + 8, 0xf0000 + i);
    }
    switch_space(s);
    switch_mode(s);
}

static void test_random_histories(void **state)
{
    (void)state;
    static struct stage s;
    for (u64 seed = 1; seed <= 20; seed++) {
        stage_init(&s, seed);
        for (unsigned i = 0; i < 20000; i++) {
            unsigned what = (unsigned)(fuzz_random(&s.random) % 100);
            if (what < 60) {
                access_page(&s);
            } else if (what < 75) {
                change_pte(&s);
            } else if (what < 85) {
                fence(&s);
            } else if (what < 93) {
                switch_space(&s);
            } else {
                switch_mode(&s);
            }
        }
        rig_destroy(&s.rig);
    }
}

/* Nothing but a fence of this page and space, or replacement, makes a cached entry go. */
static void test_fence_is_exact(void **state)
{
    (void)state;
    static struct stage s;
    u64 value;
    stage_init(&s, 1);
    struct hart *h = &s.rig.hart[0];
    hart_set_privilege(h, PRIV_SUPERVISOR);
    csr_poke(h, CSR_MSTATUS, 0);
    for (unsigned space = 0; space < 2; space++) {
        for (unsigned page = 0; page < 4; page++) {
            rig_u64(&s.rig, leaf_address(space, page),
                    (FRAMES + 4096 * (space * 4 + page)) >> 2 | 0xcf);
        }
    }
    for (s.space = 0; s.space < 2; s.space++) {
        csr_poke(h, CSR_SATP,
                 (u64)SATP_SV39 << 60 | (u64)(s.space + 1) << 44 | ROOT(s.space) >> 12);
        for (unsigned page = 0; page < 4; page++) {
            assert_true(hart_load(h, (u64)page << 12, 8, &value));
            rig_u64(&s.rig, leaf_address(s.space, page), 0);
        }
    }
    hart_fence(h, true, 0x1fff, true, 2);  /* page 1 of the second space */
    hart_fence(h, true, 0x2000, false, 0); /* page 2 everywhere */
    u64 fills = h->counters.load_fills;
    for (unsigned space = 0; space < 2; space++) {
        for (unsigned page = 0; page < 4; page++) {
            csr_poke(h, CSR_SATP,
                     (u64)SATP_SV39 << 60 | (u64)(space + 1) << 44 | ROOT(space) >> 12);
            hart_set_privilege(h, PRIV_SUPERVISOR);
            bool gone = page == 2 || (page == 1 && space == 1);
            assert_int_equal(hart_load(h, (u64)page << 12, 8, &value), !gone);
        }
    }
    assert_int_equal(h->counters.load_fills, fills);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    hart_fence(h, false, 0, true, 2); /* one whole space */
    assert_false(hart_load(h, 0, 8, &value));
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | (u64)1 << 44 | ROOT(0) >> 12);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    assert_true(hart_load(h, 0, 8, &value));
    rig_destroy(&s.rig);
}

/* G: an address fence by ASID leaves it, one without takes it. */
static void test_global(void **state)
{
    (void)state;
    static struct stage s;
    u64 value;
    stage_init(&s, 1);
    struct hart *h = &s.rig.hart[0];
    csr_poke(h, CSR_MSTATUS, 0);
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | (u64)1 << 44 | ROOT(0) >> 12);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    rig_u64(&s.rig, leaf_address(0, 0), FRAMES >> 2 | 0xcf | PTE_G);
    assert_true(hart_load(h, 0, 8, &value));
    rig_u64(&s.rig, leaf_address(0, 0), 0);
    hart_fence(h, true, 0, true, 1);
    hart_fence(h, false, 0, true, 1);
    assert_true(hart_load(h, 0, 8, &value));
    hart_fence(h, true, 0, false, 0);
    assert_false(hart_load(h, 0, 8, &value));
    rig_destroy(&s.rig);
}

/* Any address in a large page takes all its slices; others stay. */
static void test_large_page(void **state)
{
    (void)state;
    static struct stage s;
    u64 value;
    stage_init(&s, 1);
    struct hart *h = &s.rig.hart[0];
    csr_poke(h, CSR_MSTATUS, 0);
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | (u64)1 << 44 | ROOT(0) >> 12);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    u64 level1 = ROOT(0) + 0x1000;
    rig_u64(&s.rig, level1 + 8, RIG_BASE >> 2 | 0xcf);  /* 2 MiB at 0x200000 */
    rig_u64(&s.rig, level1 + 16, RIG_BASE >> 2 | 0xcf); /* and at 0x400000 */
    for (u64 va = 0x200000; va < 0x600000; va += 0x10000) {
        assert_true(hart_load(h, va, 8, &value));
    }
    rig_u64(&s.rig, level1 + 8, 0);
    rig_u64(&s.rig, level1 + 16, 0);
    hart_fence(h, true, 0x234567, false, 0);
    for (u64 va = 0x200000; va < 0x600000; va += 0x10000) {
        assert_int_equal(hart_load(h, va, 8, &value), va >= 0x400000);
        hart_set_privilege(h, PRIV_SUPERVISOR);
    }
    rig_destroy(&s.rig);
}

/* Seventeen keys in sixteen contexts: the least recently selected one goes. */
static void test_contexts_are_replaced(void **state)
{
    (void)state;
    struct tlb tlb;
    struct error err = {0};
    u8 page[1];
    struct counters counters = {0};
    assert_true(tlb_init(&tlb, &counters, &err));
    struct tlb_context *first = tlb_select(&tlb, 1, 0);
    tlb_fill(first, TLB_LOAD, 0x5000, 0, page, 0, 0, false);
    for (u64 i = 2; i <= TLB_CONTEXTS; i++) {
        assert_ptr_not_equal(tlb_select(&tlb, i, 0), first);
    }
    assert_ptr_equal(tlb_select(&tlb, 1, 0), first);
    assert_false(tlb_entry(first, TLB_LOAD, 0x5000)->tag & TLB_EMPTY);
    struct tlb_context *second = tlb_select(&tlb, 2, 0);
    struct tlb_context *third = tlb_select(&tlb, 3, 0);
    assert_ptr_not_equal(second, third);
    assert_ptr_not_equal(tlb_select(&tlb, 100, 0), first); /* 4 went */
    assert_ptr_equal(tlb_select(&tlb, 1, 0), first);
    assert_int_equal(counters.contexts_replaced, 1);
    tlb_select(&tlb, 4, 0); /* 5 goes */
    for (u64 i = 6; i <= TLB_CONTEXTS + 1; i++) {
        tlb_select(&tlb, i + 200, 0);
    }
    /* Every older one has gone by now; the selected one again comes empty. */
    struct tlb_context *again = tlb_select(&tlb, 300, 0);
    assert_int_not_equal(tlb_entry(again, TLB_LOAD, 0x5000)->tag & PAGE_MASK, 0x5000);
    tlb_destroy(&tlb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_fence_is_exact),
        cmocka_unit_test(test_global),
        cmocka_unit_test(test_large_page),
        cmocka_unit_test(test_contexts_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
