/* SPDX-License-Identifier: MIT */
/* test_expect.c - the graders' expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu/trace/expect.h"
#include "emu/trace/nearest.h"

static bool check(const char *text, const struct trace_counts *counts, const char *said)
{
    struct error err = {0};
    struct expect *e = expect_parse(text, &err);
    char *out = NULL;
    size_t size;

    if (!e)
        fail_msg("%s: %s", text, err.text);
    FILE *file = open_memstream(&out, &size);
    bool ok = expect_holds(e, counts, file);
    fclose(file);
    if (said)
        assert_non_null(strstr(out, said));
    else
        assert_int_equal(size, 0);
    free(out);
    expect_free(e);
    return ok;
}

static void terms_hold_or_not(void **state)
{
    struct trace_counts c = {.faults = 100, .major = 3};

    (void)state;
    c.kind[FAULT_COW_COPY] = 40;
    c.kind[FAULT_SWAP_READ] = 3;
    c.event[PROBE_EV_EVICT] = 7;
    c.result[RESULT_SIGSEGV] = 1;
    assert_true(check("cow-copy=40,swap-read>0", &c, NULL));
    assert_true(check("cow-copy==40, swap-read>=3, zero-fill=0", &c, NULL));
    assert_true(check("cow-copy=30..40,evict<8,sigsegv=1,major=3,minor=97,faults!=5", &c, NULL));
    assert_true(check("label-mismatch=0,unmatched=0,cow-copy<=0x28", &c, NULL));
    assert_false(check("cow-copy=41", &c, "expected cow-copy=41, but there were 40"));
    assert_false(check("cow-copy=40,swap-read>3", &c, "swap-read>3"));
    assert_false(check("cow-copy=41..50", &c, "40"));
    assert_false(check("faults<100", &c, "100"));
    assert_false(check("faults!=100", &c, "100"));
}

static void nonsense_is_refused_in_words(void **state)
{
    static const char *const text[][2] = {
        {"cow-cpy=40", "did you mean 'cow-copy'"},
        {"cow-copy", "NAME=NUMBER"},
        {"cow-copy=", "NAME=NUMBER"},
        {"=4", "no"},
        {"cow-copy=4x", "'x'"},
        {"cow-copy=9..4", "range"},
        {"cow-copy=-1", "NAME=NUMBER"},
        {"", "NAME=NUMBER"},
        {"cow-copy=1,,zero-fill=2", "NAME=NUMBER"},
        {"cow-copy=99999999999999999999999", "NAME=NUMBER"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1", "too long"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(text); i++) {
        struct error err = {0};
        assert_null(expect_parse(text[i][0], &err));
        assert_non_null(strstr(err.text, text[i][1]));
    }
}

static void distances_are_right(void **state)
{
    (void)state;
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("walk", "walk"), 0);
    assert_int_equal(edit_distance("wakl", "walk"), 1);
    assert_int_equal(edit_distance("faluts", "faults"), 1);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_hold_or_not),
        cmocka_unit_test(nonsense_is_refused_in_words),
        cmocka_unit_test(distances_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
