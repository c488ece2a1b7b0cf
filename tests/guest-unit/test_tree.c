/* SPDX-License-Identifier: MIT */
/* test_tree.c - the balanced tree of areas: order, balance and searches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/tree.h"

#define KEYS 512u

static struct tree_node nodes[KEYS];
static bool present[KEYS];

static u32 random_u32(void)
{
    static u32 seed = 99;

    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void check_all(const struct tree *tree)
{
    struct tree_node *below = NULL;

    assert_true(tree_is_valid(tree));
    for (u32 key = 0; key < KEYS; key++) {
        below = present[key] ? &nodes[key] : below;
        assert_ptr_equal(tree_find(tree, key), present[key] ? &nodes[key] : NULL);
        assert_ptr_equal(tree_find_at_or_below(tree, key), below);
    }
    for (u32 key = KEYS, above = KEYS; key-- > 0;) {
        above = present[key] ? key : above;
        assert_ptr_equal(tree_find_at_or_above(tree, key), above == KEYS ? NULL : &nodes[above]);
    }
}

static void keeps_order_and_balance(void **state)
{
    struct tree tree = {NULL};

    (void)state;
    for (u32 i = 0; i < 20000; i++) {
        u32 key = random_u32() % KEYS;

        nodes[key].key = key;
        if (present[key]) {
            tree_remove(&tree, &nodes[key]);
        } else {
            tree_insert(&tree, &nodes[key]);
        }
        present[key] = !present[key];
        if (i % 97 == 0) {
            check_all(&tree);
        }
    }
    check_all(&tree);
}

static void stays_low_when_filled_in_order(void **state)
{
    struct tree tree = {NULL};

    (void)state;
    for (u32 key = 0; key < KEYS; key++) {
        nodes[key].key = key;
        tree_insert(&tree, &nodes[key]);
    }
    assert_true(tree_is_valid(&tree));
    assert_true(tree.root->height <= 13); /* 1.44 log2(512) */
}

static void notices_a_broken_tree(void **state)
{
    struct tree tree = {NULL};

    (void)state;
    for (u32 key = 0; key < 7; key++) {
        nodes[key].key = key;
        tree_insert(&tree, &nodes[key]);
    }
    tree.root->left->key = 100;
    assert_false(tree_is_valid(&tree));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_balance),
        cmocka_unit_test(stays_low_when_filled_in_order),
        cmocka_unit_test(notices_a_broken_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
