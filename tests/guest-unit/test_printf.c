/* SPDX-License-Identifier: MIT */
/* test_printf.c - the kernel's formatted text, against the host's. */
#define vsnprintf kernel_vsnprintf
#define snprintf kernel_snprintf
#include "lib/printf.h"
#undef vsnprintf
#undef snprintf

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define SAME(...)                                                                \
    do {                                                                         \
        char ours[128], theirs[128];                                             \
        int length = kernel_snprintf(ours, sizeof(ours), __VA_ARGS__);           \
        assert_int_equal(length, snprintf(theirs, sizeof(theirs), __VA_ARGS__)); \
        assert_string_equal(ours, theirs);                                       \
    } while (0)

static void numbers(void **state)
{
    (void)state;
    SAME("%d %i %u", -5, 42, 4000000000u);
    SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
    SAME("%x %X %#x %08x %o", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 8u);
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%hhd %hhu %hd", (signed char)-1, (unsigned char)255, (short)-2);
    SAME("%.3d|%6.3d|%-6.3d|", 7, 7, 7);
    SAME("%*d|%-*d|", 6, 1, 6, 2);
    SAME("%zu %%", (size_t)12);
}

static void strings(void **state)
{
    (void)state;
    SAME("%s|%10s|%-10s|%.2s|%c", "abc", "abc", "abc", "abc", 'x');
    SAME("%.*s", 3, "abcdef");
}

static void cuts_at_the_end(void **state)
{
    char buffer[8];

    (void)state;
    memset(buffer, 'z', sizeof(buffer));
    assert_int_equal(kernel_snprintf(buffer, 4, "%d", 123456), 6);
    assert_string_equal(buffer, "123");
    assert_int_equal(buffer[4], 'z');
    assert_int_equal(kernel_snprintf(NULL, 0, "%s", "hello"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(cuts_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
