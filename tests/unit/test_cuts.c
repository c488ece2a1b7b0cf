/* SPDX-License-Identifier: MIT */
/*
 * test_cuts.c - a run may be cut anywhere: running N + M instructions in random pieces, or through
 * save and load into another machine, ends in the same state as running them in one go, to the bit
 * and with the TLB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_code.h"

#define SEEDS 60
#define INSTRUCTIONS 20000

static void fresh(struct rig *rig, u64 seed)
{
    rig_init_with(rig, FUZZ_RAM, 1, ISA_DEFAULT, interp_create);
    fuzz_setup(rig, seed);
}

static struct buffer saved_state(const struct rig *rig)
{
    struct serial_writer writer = {0};
    rig_save(rig, &writer);
    assert_false(writer.out.failed);
    return writer.out;
}

/* Names the first register that differs, which says more than the offset in two long streams. */
static void explain(const struct rig *a, const struct rig *b)
{
    const struct hart *g = &a->hart[0], *h = &b->hart[0];
    print_message("pc %lx %lx executed %lu %lu trapped %lu %lu now %lu %lu priv %u %u\n", g->pc,
                  h->pc, g->executed, h->executed, g->trapped, h->trapped, a->clock.now,
                  b->clock.now, g->priv, h->priv);
    for (unsigned i = 0; i < 32; i++) {
        if (g->x[i] != h->x[i]) {
            print_message("x%u %lx %lx\n", i, g->x[i], h->x[i]);
        }
    }
}

static void assert_same(const struct rig *a, const struct rig *b, u64 seed)
{
    struct buffer x = saved_state(a), y = saved_state(b);
    if (x.size != y.size || memcmp(x.data, y.data, x.size) != 0) {
        explain(a, b);
        fail_msg("seed %lu: states differ", seed);
    }
    buffer_free(&x);
    buffer_free(&y);
}

static void test_random_cuts(void **state)
{
    (void)state;
    static struct rig whole, cut;
    for (u64 seed = 1; seed <= SEEDS; seed++) {
        fresh(&whole, seed);
        fresh(&cut, seed);
        u64 random = seed * 77, done = 0;
        rig_run(&whole, INSTRUCTIONS);
        while (done < INSTRUCTIONS) {
            u64 part = 1 + fuzz_random(&random) % (fuzz_chance(&random, 70) ? 7 : 900);
            part = part < INSTRUCTIONS - done ? part : INSTRUCTIONS - done;
            u64 ran = rig_run(&cut, part);
            if (ran == 0) {
                break; /* waits for ever */
            }
            done += ran;
        }
        assert_same(&whole, &cut, seed);
        rig_destroy(&whole);
        rig_destroy(&cut);
    }
}

/* The worst case: one instruction at a time. */
static void test_single_steps(void **state)
{
    (void)state;
    static struct rig whole, cut;
    for (u64 seed = 1000; seed < 1010; seed++) {
        fresh(&whole, seed);
        fresh(&cut, seed);
        rig_run(&whole, INSTRUCTIONS);
        for (u64 i = 0; i < INSTRUCTIONS; i++) {
            rig_run(&cut, 1);
        }
        assert_same(&whole, &cut, seed);
        rig_destroy(&whole);
        rig_destroy(&cut);
    }
}

static void test_save_load_go_on(void **state)
{
    (void)state;
    static struct rig first, second;
    for (u64 seed = 2000; seed < 2000 + SEEDS / 2; seed++) {
        u64 random = seed;
        fresh(&first, seed);
        rig_run(&first, fuzz_random(&random) % INSTRUCTIONS);
        struct buffer saved = saved_state(&first);
        rig_init_with(&second, FUZZ_RAM, 1, ISA_DEFAULT, interp_create);
        /* Something else has run there before. */
        fuzz_setup(&second, seed + 1);
        rig_run(&second, 500);
        struct error err = {0};
        if (!rig_load(&second, &saved, &err)) {
            fail_msg("seed %lu: %s", seed, err.text);
        }
        assert_same(&first, &second, seed);
        rig_run(&first, INSTRUCTIONS);
        rig_run(&second, INSTRUCTIONS);
        assert_same(&first, &second, seed);
        buffer_free(&saved);
        rig_destroy(&first);
        rig_destroy(&second);
    }
}

/* Truncated or damaged states are refused, or loaded as something legal; they never crash. */
static void test_hostile_states(void **state)
{
    (void)state;
    static struct rig rig, victim;
    u64 random = 5;
    fresh(&rig, 3);
    rig_run(&rig, 3000);
    struct serial_writer writer = {0};
    hart_save(&rig.hart[0], &writer);
    fresh(&victim, 4);
    for (unsigned i = 0; i < 3000; i++) {
        struct buffer copy = {0};
        size_t size = writer.out.size;
        buffer_append(&copy, writer.out.data, size);
        if (i % 3 == 0) {
            size = fuzz_random(&random) % size;
        } else {
            for (unsigned j = 0; j < i % 5; j++) {
                copy.data[fuzz_random(&random) % size] ^= (u8)(1u << (fuzz_random(&random) & 7));
            }
        }
        struct serial_reader reader;
        struct error err = {0};
        serial_reader_init(&reader, copy.data, size);
        bool ok = hart_load_state(&victim.hart[0], &reader, &err);
        assert_true(ok || err.text[0]);
        if (i % 3 == 0) {
            assert_false(ok);
        }
        rig_run(&victim, 200);
        buffer_free(&copy);
    }
    serial_writer_free(&writer);
    rig_destroy(&rig);
    rig_destroy(&victim);
}

/* The programs must be worth something: all privileges, traps, translations, code changes. */
static void test_programs_go_everywhere(void **state)
{
    (void)state;
    static struct rig rig;
    u64 in[4] = {0}, trapped = 0, paged = 0;
    u64 dropped = 0;
    for (u64 seed = 1; seed < 20; seed++) {
        fresh(&rig, seed);
        for (unsigned i = 0; i < 2000; i++) {
            rig_run(&rig, 10);
            in[rig.hart[0].priv]++;
            paged += rig.hart[0].fetch_context->satp != 0;
        }
        trapped += rig.hart[0].trapped;
        dropped += rig.hart[0].counters.blocks_dropped;
        rig_destroy(&rig);
    }
    print_message("user %lu supervisor %lu machine %lu paged %lu trapped %lu dropped %lu\n", in[0],
                  in[1], in[3], paged, trapped, dropped);
    assert_true(in[0] > 500 && in[1] > 500 && in[3] > 500 && paged > 500);
    assert_true(trapped > 1000 && dropped > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_go_everywhere), cmocka_unit_test(test_random_cuts),
        cmocka_unit_test(test_single_steps),           cmocka_unit_test(test_save_load_go_on),
        cmocka_unit_test(test_hostile_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
