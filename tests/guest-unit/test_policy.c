/* SPDX-License-Identifier: MIT */
/*
 * test_policy.c - the kernel's replacement policies, alone: FIFO, LIFO and CLOCK against plain
 * simulations written here, the victims of each on short strings against what they were, and
 * what each is known for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy_rig.h"

static struct rig rig;

static u64 run(const struct policy *policy, const char *string, u64 frames, u64 pages, u64 steps,
               u64 stores)
{
    rig_start(&rig, policy, frames, 1);
    rig_string_restart();
    for (u64 step = 0; step < steps; step++)
        rig_touch(&rig, rig_string(string, pages, step), stores != 0 && step % stores == 0);
    return rig.faults;
}

static const char *const strings[] = {"loop", "zipf", "scan"};

/* ---- plain simulations ---- */

enum order { FIRST, NEWEST };

/* A list of pages in the order in which they came. */
static u64 simulate_line(enum order order, const char *string, u64 frames, u64 pages, u64 steps)
{
    u64 line[64], count = 0, faults = 0;

    rig_string_restart();
    for (u64 step = 0; step < steps; step++) {
        u64 page = rig_string(string, pages, step), at = 0;

        while (at < count && line[at] != page)
            at++;
        if (at < count)
            continue;
        faults++;
        if (count == frames && order == FIRST)
            memmove(line, line + 1, (frames - 1) * sizeof *line);
        count -= count == frames;
        line[count++] = page;
    }
    return faults;
}

static u64 simulate_clock(const char *string, u64 frames, u64 pages, u64 steps)
{
    u64 ring[64], hand = 0, count = 0, faults = 0;
    bool used[64] = {false};

    rig_string_restart();
    for (u64 step = 0; step < steps; step++) {
        u64 page = rig_string(string, pages, step), at = 0;

        while (at < count && ring[at] != page)
            at++;
        if (at == count) {
            faults++;
            if (count < frames) {
                count++;
            } else {
                for (; used[hand]; hand = (hand + 1) % frames)
                    used[hand] = false;
                at = hand;
                hand = (hand + 1) % frames;
            }
            ring[at] = page;
        }
        used[at] = true;
    }
    return faults;
}

static void same_as_simulated(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3; i++) {
        for (u64 frames = 4; frames <= 60; frames += 7) {
            assert_int_equal(run(&policy_fifo, strings[i], frames, 70, 3000, 4),
                             simulate_line(FIRST, strings[i], frames, 70, 3000));
            assert_int_equal(run(&policy_lifo, strings[i], frames, 70, 3000, 4),
                             simulate_line(NEWEST, strings[i], frames, 70, 3000));
        }
    }
}

/* The first of a process only: the hand starts at 0. */
static void clock_as_simulated(void **unused)
{
    (void)unused;
    assert_int_equal(run(&policy_clock, "zipf", 40, 70, 5000, 4),
                     simulate_clock("zipf", 40, 70, 5000));
    assert_int_equal(run(&policy_fifo, "zipf", 40, 70, 5000, 4),
                     simulate_line(FIRST, "zipf", 40, 70, 5000));
    assert_true(simulate_clock("zipf", 40, 70, 5000) < simulate_line(FIRST, "zipf", 40, 70, 5000));
}

/* Belady's anomaly: with one frame more FIFO faults more, on the string of his paper. */
static void belady(void **unused)
{
    static const u8 string[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
    u64 faults[2];

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        rig_start(&rig, &policy_fifo, 3 + i, 1);
        for (size_t step = 0; step < sizeof string; step++)
            rig_touch(&rig, string[step], false);
        faults[i] = rig.faults;
    }
    assert_int_equal(faults[0], 9);
    assert_int_equal(faults[1], 10);
}

/* ---- victims ---- */

static const struct golden {
    const char *policy, *string, *victims;
} goldens[] = {
#include "policy_victims.def"
};

static const struct policy *find(const char *name)
{
#define POLICY(symbol, text, help)                 \
    if (strcmp(policy_##symbol.name, name) == 0) { \
        return &policy_##symbol;                   \
    }
#include "policy.def"
    return NULL;
}

/* The first 24 pages that leave 8 frames, of 12 (loop) or 32 pages; one reference in 3 stores. */
static void print_victims(const struct golden *golden, char *text, size_t size)
{
    size_t length = 0;

    run(find(golden->policy), golden->string, 8, strcmp(golden->string, "loop") ? 32 : 12, 90, 3);
    text[0] = '\0';
    for (u64 i = 0; i < rig.evictions && i < 24; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%llu", i ? " " : "",
                                   (unsigned long long)rig.victims[i]);
}

static void victims(void **unused)
{
    bool same = true;
    char text[256];

    (void)unused;
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        print_victims(&goldens[i], text, sizeof text);
        if (strcmp(text, goldens[i].victims) != 0) {
            fprintf(stderr, "{\"%s\", \"%s\",\n \"%s\"},\n", goldens[i].policy, goldens[i].string,
                    text);
            same = false;
        }
    }
    assert_true(same);
}

/* ---- what each is known for ---- */

static void characters(void **unused)
{
    u64 fifo = run(&policy_fifo, "loop", 375, 500, 5000, 4);

    (void)unused;
    assert_int_equal(fifo, 5000);
    assert_true(run(&policy_lifo, "loop", 375, 500, 5000, 4) < fifo / 2);
    assert_true(run(&policy_random_choice, "loop", 375, 500, 5000, 4) < fifo * 2 / 3);
    assert_true(run(&policy_working_set, "loop", 375, 500, 5000, 4) < fifo * 2 / 3);
    fifo = run(&policy_fifo, "zipf", 375, 500, 5000, 4);
    assert_true(run(&policy_clock, "zipf", 375, 500, 5000, 4) < fifo);
    assert_true(run(&policy_aging, "zipf", 375, 500, 5000, 4) < fifo);
    assert_true(run(&policy_working_set, "zipf", 375, 500, 5000, 4) < fifo);
    fifo = run(&policy_fifo, "scan", 375, 500, 5000, 4);
    assert_true(run(&policy_working_set, "scan", 375, 500, 5000, 4) < fifo * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_as_simulated), cmocka_unit_test(victims),
        cmocka_unit_test(same_as_simulated),  cmocka_unit_test(belady),
        cmocka_unit_test(characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
