/* SPDX-License-Identifier: MIT */
/*
 * test_lockstep.c - the translator gives the interpreter's state, to the bit and with the TLB, on
 * random programs that use everything (fuzz_code.h), compared at random moments; one and two
 * harts.
 *
 * LOCKSTEP_SEEDS=n and LOCKSTEP_FIRST=n in the environment make it longer or look at one seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emu/jit/jit.h"
#define FUZZ_ENTRY_SPAN 0x400 /* so that code becomes worth translating */
#include "fuzz_code.h"

#define INSTRUCTIONS 150000

static u64 from_environment(const char *name, u64 fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : fallback;
}

static void explain_hart(const struct hart *g, const struct hart *h)
{
    print_message("hart %u pc %lx %lx executed %lu %lu trapped %lu %lu priv %u %u fflags %x %x "
                  "mstatus %lx %lx\n",
                  g->id, g->pc, h->pc, g->executed, h->executed, g->trapped, h->trapped, g->priv,
                  h->priv, g->fflags, h->fflags, g->mstatus, h->mstatus);
    for (unsigned i = 1; i < 32; i++) {
        if (g->x[i] != h->x[i]) {
            print_message("x%u %lx %lx\n", i, g->x[i], h->x[i]);
        }
    }
    for (unsigned i = 0; i < 32; i++) {
        if (g->f[i] != h->f[i]) {
            print_message("f%u %lx %lx\n", i, g->f[i], h->f[i]);
        }
    }
}

static void assert_same(const struct rig *a, const struct rig *b, u64 seed, u64 at, u64 pc)
{
    struct serial_writer x = {0}, y = {0};
    rig_save(a, &x);
    rig_save(b, &y);
    if (x.out.size != y.out.size || memcmp(x.out.data, y.out.data, x.out.size) != 0) {
        for (unsigned i = 0; i < a->count; i++) {
            explain_hart(&a->hart[i], &b->hart[i]);
        }
        fail_msg("seed %lu: states differ after %lu instructions; the last run began at pc %lx",
                 seed, at, pc);
    }
    serial_writer_free(&x);
    serial_writer_free(&y);
}

/* In all runs: the greater part must not be about the interpreter, and they must have run out of
 * memory for code. */
static u64 regions, pieces, executed, interpreted;

static void count_work(const struct rig *rig)
{
    regions += rig->hart[0].counters.regions_translated;
    pieces += rig->hart[0].counters.code_flushes;
    for (unsigned i = 0; i < rig->count; i++) {
        executed += hart_executed(&rig->hart[i]);
        interpreted += rig->hart[i].counters.interpreted_instructions;
    }
}

static void compare(u64 seed, unsigned harts, bool fine)
{
    static struct rig a, b;
    rig_init_with(&a, FUZZ_RAM, harts, ISA_DEFAULT, interp_create);
    rig_init_with(&b, FUZZ_RAM, harts, ISA_DEFAULT, jit_create);
    if (seed % 3 != 0) { /* the others change between interpreting and translated code */
        jit_translate_at_once(b.engine);
    }
    if (seed % 5 == 0) {
        jit_pretend_old_host(b.engine);
    }
    if (seed % 4 == 1) {
        jit_use_little_memory(b.engine);
    }
    if (seed % 2 == 0) {
        jit_guess_pages(b.engine);
    }
    fuzz_setup(&a, seed);
    fuzz_setup(&b, seed);
    u64 random = seed * 31, done = 0;
    while (done < INSTRUCTIONS) {
        unsigned hart = (unsigned)(fuzz_random(&random) % harts);
        u64 part = 1 + fuzz_random(&random) % (fine ? 40 : 6000);
        u64 pc = a.hart[hart].pc;
        u64 ran = rig_run_hart(&a, hart, part);
        assert_int_equal(rig_run_hart(&b, hart, part), ran);
        if (harts > 1) {
            hart_end_reservation(&a.hart[hart]);
            hart_end_reservation(&b.hart[hart]);
        }
        done += ran + 1;
        /* Registers each time; all of memory now and then. */
        if (memcmp(a.hart[hart].x, b.hart[hart].x, 32 * sizeof(u64)) != 0 ||
            a.hart[hart].pc != b.hart[hart].pc || fuzz_chance(&random, fine ? 1 : 60)) {
            assert_same(&a, &b, seed, done, pc);
        }
    }
    assert_same(&a, &b, seed, done, 0);
    count_work(&b);
    rig_destroy(&a);
    rig_destroy(&b);
}

static void test_one_hart(void **state)
{
    (void)state;
    u64 first = from_environment("LOCKSTEP_FIRST", 1);
    u64 seeds = from_environment("LOCKSTEP_SEEDS", 40);
    for (u64 seed = first; seed < first + seeds; seed++) {
        compare(seed, 1, seed % 4 == 0);
    }
    print_message("%lu regions in %lu programs, %lu pieces of memory used again\n", regions, seeds,
                  pieces);
    assert_true(regions > seeds * 10);
    assert_true(seeds < 40 || pieces > 0);
}

static void test_two_harts(void **state)
{
    (void)state;
    u64 first = from_environment("LOCKSTEP_FIRST", 1);
    u64 seeds = from_environment("LOCKSTEP_SEEDS", 20);
    for (u64 seed = first; seed < first + seeds; seed++) {
        compare(seed + 100000, 2, seed % 4 == 0);
    }
    print_message("%lu instructions, %lu of them interpreted, %lu regions\n", executed, interpreted,
                  regions);
    assert_true(interpreted < executed / 2 + executed / 8);
}

int main(void)
{
    if (!jit_supported()) {
        print_message("this host runs no translated code\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_hart),
        cmocka_unit_test(test_two_harts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
