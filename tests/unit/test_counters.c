/* SPDX-License-Identifier: MIT */
/* test_counters.c - what is counted adds up, and both engines count the same where they must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "emu/jit/jit.h"
#include "rig.h"

#include "fuzz_code.h"

static void run(struct rig *rig, rig_engine create, struct counters *out)
{
    rig_init_with(rig, FUZZ_RAM, 1, ISA_DEFAULT, create);
    fuzz_setup(rig, 7);
    rig_run(rig, 300000);
    hart_count_mode(&rig->hart[0]);
    *out = rig->hart[0].counters;
}

static u64 by_mode(const struct counters *c)
{
    return c->user_instructions + c->supervisor_instructions + c->machine_instructions;
}

static void modes_add_up(void **state)
{
    (void)state;
    static struct rig rig;
    struct counters c;
    run(&rig, interp_create, &c);
    assert_int_equal(by_mode(&c), hart_executed(&rig.hart[0]));
    assert_int_equal(c.interpreted_instructions, hart_executed(&rig.hart[0]));
    assert_true(c.user_instructions > 0 && c.supervisor_instructions > 0);
    assert_true(c.exceptions >= c.page_faults);
    rig_destroy(&rig);
}

/* What happens to the guest is counted alike by both engines; how it was executed is not. */
static void engines_agree(void **state)
{
    (void)state;
    if (!jit_supported()) {
        skip();
    }
    static struct rig a, b;
    struct counters ca, cb;
    run(&a, interp_create, &ca);
    run(&b, jit_create, &cb);
    assert_int_equal(by_mode(&ca), by_mode(&cb));
    assert_int_equal(ca.exceptions, cb.exceptions);
    assert_int_equal(ca.interrupts, cb.interrupts);
    assert_int_equal(ca.trap_returns, cb.trap_returns);
    assert_int_equal(ca.page_faults, cb.page_faults);
    assert_int_equal(ca.walks, cb.walks);
    assert_int_equal(ca.load_fills, cb.load_fills);
    assert_int_equal(ca.store_fills, cb.store_fills);
    assert_int_equal(ca.fetch_fills, cb.fetch_fills);
    assert_int_equal(ca.context_switches, cb.context_switches);
    assert_int_equal(ca.contexts_replaced, cb.contexts_replaced);
    assert_int_equal(ca.fences_all, cb.fences_all);
    assert_int_equal(ca.fences_of_pages, cb.fences_of_pages);
    assert_int_equal(ca.device_accesses, cb.device_accesses);
    assert_int_equal(ca.regions_translated, 0);
    assert_true(cb.regions_translated > 0 && cb.code_bytes > 0);
    assert_true(cb.interpreted_instructions < hart_executed(&b.hart[0]));
    rig_destroy(&a);
    rig_destroy(&b);
}

static void every_row_has_words(void **state)
{
    (void)state;
    unsigned count = 0;
    for (; counter_info(count); count++) {
        assert_true(strlen(counter_info(count)->name) > 3 && strlen(counter_info(count)->help) > 3);
    }
    assert_int_equal(count, sizeof(struct counters) / sizeof(u64));
    struct counters sum = {0}, one = {.user_instructions = 3, .single_steps = 4};
    counters_add(&sum, &one);
    counters_add(&sum, &one);
    assert_int_equal(counter_value(&sum, 0), 6);
    assert_int_equal(counter_value(&sum, count - 1), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_add_up),
        cmocka_unit_test(engines_agree),
        cmocka_unit_test(every_row_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
