/* SPDX-License-Identifier: MIT */
/* test_path_name.c - splitting paths into names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "fs/path_name.h"

/* Splits a path and joins its components with '|'. */
static int split(const char *path, char *out)
{
    const char *name;
    size_t length;
    int result;

    *out = 0;
    while ((result = path_next_component(&path, &name, &length)) == 1) {
        strncat(out, name, length);
        strcat(out, "|");
    }
    return result;
}

static void splits_at_slashes(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(split("/usr/bin/env", out), 0);
    assert_string_equal(out, "usr|bin|env|");
    assert_int_equal(split("a//b///c/", out), 0);
    assert_string_equal(out, "a|b|c|");
    assert_int_equal(split("../.", out), 0);
    assert_string_equal(out, "..|.|");
}

static void nothing_but_slashes_has_no_component(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(split("", out), 0);
    assert_string_equal(out, "");
    assert_int_equal(split("///", out), 0);
    assert_string_equal(out, "");
}

static void names_have_at_most_255_bytes(void **state)
{
    char path[300];
    const char *at = path, *name;
    size_t length;

    (void)state;
    memset(path, 'x', sizeof(path));
    path[255] = 0;
    assert_int_equal(path_next_component(&at, &name, &length), 1);
    assert_int_equal(length, 255);
    path[255] = 'x';
    path[256] = 0;
    at = path;
    assert_int_equal(path_next_component(&at, &name, &length), -ENAMETOOLONG);
}

static void the_last_component_is_known(void **state)
{
    bool slash;

    (void)state;
    assert_true(path_is_last("", &slash));
    assert_false(slash);
    assert_true(path_is_last("//", &slash));
    assert_true(slash);
    assert_false(path_is_last("/x", &slash));
    assert_true(name_is_dot("./x", 1));
    assert_false(name_is_dot("..", 2));
    assert_true(name_is_dot_dot("../", 2));
    assert_false(name_is_dot_dot("...", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_slashes),
        cmocka_unit_test(nothing_but_slashes_has_no_component),
        cmocka_unit_test(names_have_at_most_255_bytes),
        cmocka_unit_test(the_last_component_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
