/* SPDX-License-Identifier: MIT */
/* test_bitmap.c - searching bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/bitmap.h"

#define BITS 200u

static void finds_set_and_clear_bits(void **state)
{
    u64 map[BITMAP_WORDS(BITS)] = {0};

    (void)state;
    assert_int_equal(bitmap_next_set(map, BITS, 0), BITS);
    assert_int_equal(bitmap_next_clear(map, BITS, 199), 199);
    bitmap_set(map, 63);
    bitmap_set(map, 64);
    bitmap_set(map, 199);
    assert_int_equal(bitmap_next_set(map, BITS, 0), 63);
    assert_int_equal(bitmap_next_set(map, BITS, 65), 199);
    assert_int_equal(bitmap_next_clear(map, BITS, 63), 65);
    assert_int_equal(bitmap_next_clear(map, BITS, 199), BITS);
    assert_int_equal(bitmap_count(map, BITS), 3);
    bitmap_clear(map, 63);
    assert_false(bitmap_test(map, 63));
    assert_true(bitmap_test(map, 64));
}

static void ignores_bits_behind_the_end(void **state)
{
    u64 map[BITMAP_WORDS(BITS)] = {0, 0, 0, ~0ull};

    (void)state;
    assert_int_equal(bitmap_next_set(map, 192, 0), 192);
    assert_int_equal(bitmap_count(map, BITS), BITS - 192);
}

static void finds_runs(void **state)
{
    u64 map[BITMAP_WORDS(BITS)] = {0};

    (void)state;
    for (u64 bit = 0; bit < BITS; bit += 10) {
        bitmap_set(map, bit);
    }
    assert_int_equal(bitmap_find_run(map, BITS, 0, 9), 1);
    assert_int_equal(bitmap_find_run(map, BITS, 5, 9), 11);
    assert_int_equal(bitmap_find_run(map, BITS, 0, 10), BITS);
    bitmap_clear(map, 60);
    assert_int_equal(bitmap_find_run(map, BITS, 0, 19), 51);
    assert_int_equal(bitmap_find_run(map, BITS, 191, 10), BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_set_and_clear_bits),
        cmocka_unit_test(ignores_bits_behind_the_end),
        cmocka_unit_test(finds_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
