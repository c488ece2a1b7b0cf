/* SPDX-License-Identifier: MIT */
/* test_swapcheck.c - slots that the kernel tells against sectors that the disk sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "emu/observe/swapcheck.h"

static u64 now;

static void disk(struct swapcheck *c, unsigned device, bool write, u64 sector, u32 sectors,
                 bool failed)
{
    struct trace_record r = {.type = RECORD_DISK, .icount = ++now};

    r.disk = (struct trace_disk){sector, sectors, (u8)device, write, failed};
    swapcheck_record(c, &r);
}

static void told(struct swapcheck *c, unsigned event, u64 slot)
{
    struct trace_record r = {.type = (u8)(RECORD_PROBE + event), .icount = ++now};

    r.arg[0] = slot;
    swapcheck_record(c, &r);
}

static void agreement_is_silent(void **state)
{
    struct swapcheck c = {0};

    (void)state;
    disk(&c, 0, true, 1000, 8, false); /* the root disk: nothing is known of swap */
    disk(&c, 1, false, 0, 8, false);   /* the header */
    for (u64 slot = 1; slot < 300; slot++) {
        told(&c, PROBE_EV_SWAP_OUT, slot);
        disk(&c, 1, true, slot * 8, 8, false);
    }
    /* Several pages in one request, in another order than told. */
    told(&c, PROBE_EV_SWAP_OUT, 402);
    told(&c, PROBE_EV_SWAP_OUT, 401);
    told(&c, PROBE_EV_SWAP_OUT, 400);
    disk(&c, 1, true, 3200, 24, false);
    disk(&c, 1, false, 3200, 16, false);
    told(&c, PROBE_EV_SWAP_IN, 401);
    told(&c, PROBE_EV_SWAP_IN, 400);
    /* A write that fails is tried again. */
    told(&c, PROBE_EV_SWAP_OUT, 500);
    disk(&c, 1, true, 4000, 8, true);
    disk(&c, 1, true, 4000, 8, false);
    /* The other disk is nobody's business. */
    disk(&c, 0, true, 77, 3, false);
    disk(&c, 0, false, 88, 8, false);
    assert_true(c.has_device);
    assert_int_equal(c.device, 1);
    assert_int_equal(swapcheck_count(&c, now), 0);
    assert_int_equal(c.pages_told_out, 303);
}

static void every_disagreement_is_found(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 4; seed++) {
        struct swapcheck c = {0};
        told(&c, PROBE_EV_SWAP_OUT, 9);
        disk(&c, 1, true, 72, 8, false);
        assert_int_equal(swapcheck_count(&c, now), 0);
        switch (seed) {
        case 0: /* another slot than told */
            told(&c, PROBE_EV_SWAP_OUT, 10);
            disk(&c, 1, true, 88, 8, false);
            assert_non_null(strstr(c.first, "slot 11"));
            break;
        case 1: /* a swap-in out of thin air */
            told(&c, PROBE_EV_SWAP_IN, 9);
            assert_non_null(strstr(c.first, "not read"));
            break;
        case 2: /* half a page */
            disk(&c, 1, true, 76, 4, false);
            break;
        default: /* told and never written */
            told(&c, PROBE_EV_SWAP_OUT, 12);
            assert_int_equal(swapcheck_count(&c, now), 0);
            now += SWAPCHECK_LATE + 1;
        }
        assert_int_equal(swapcheck_count(&c, now), 1);
    }
}

static void any_numbers_are_survived(void **state)
{
    struct swapcheck c = {0};
    u64 random = 5;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if (random % 3 == 0)
            disk(&c, random >> 8 & 3, random >> 10 & 1, random % 5 ? random >> 40 : ~random,
                 (u32)(random >> 20) % 64, random >> 12 & 1);
        else
            told(&c, random % 3 == 1 ? PROBE_EV_SWAP_OUT : PROBE_EV_SWAP_IN, random >> 43);
        assert_true(c.tolds <= SWAPCHECK_LIST && c.reads <= SWAPCHECK_LIST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agreement_is_silent),
        cmocka_unit_test(every_disagreement_is_found),
        cmocka_unit_test(any_numbers_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
