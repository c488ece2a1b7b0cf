/* SPDX-License-Identifier: MIT */
/* test_radix.c - the tree behind the page cache, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/errno.h"
#include "lib/radix.h"
#include "mm/kalloc.h"

#define INDICES 6000u
#define STEPS 60000u

static size_t nodes; /* allocated now */
static size_t nodes_allowed = SIZE_MAX;

void *kalloc(size_t size)
{
    if (nodes >= nodes_allowed) {
        return NULL;
    }
    nodes++;
    return calloc(1, size);
}

void kfree(void *pointer)
{
    nodes -= pointer != NULL;
    free(pointer);
}

struct model {
    u64 word[INDICES];
    bool tag[INDICES][RADIX_TAGS];
};

static u32 random_u32(void)
{
    static u32 seed = 12345;

    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void step(struct radix *tree, struct model *model)
{
    u32 index = random_u32() % INDICES;
    unsigned tag = random_u32() % RADIX_TAGS;

    switch (random_u32() % 5) {
    case 0:
        assert_int_equal(radix_set(tree, index, 0), 0);
        model->word[index] = 0;
        memset(model->tag[index], 0, sizeof(model->tag[index]));
        break;
    case 1:
        radix_tag_set(tree, index, tag);
        model->tag[index][tag] = model->word[index] != 0;
        break;
    case 2:
        radix_tag_clear(tree, index, tag);
        model->tag[index][tag] = false;
        break;
    default:
        model->word[index] = (u64)random_u32() + 1;
        assert_int_equal(radix_set(tree, index, model->word[index]), 0);
        break;
    }
}

static void check_searches(const struct radix *tree, const struct model *model)
{
    for (unsigned tag = 0; tag <= RADIX_TAGS; tag++) { /* tag == RADIX_TAGS: any word */
        u64 at = 0;

        for (u64 index = 0; index < INDICES; index++) {
            bool wanted = tag < RADIX_TAGS ? model->tag[index][tag] : model->word[index] != 0;

            if (wanted) {
                u64 word =
                    tag < RADIX_TAGS ? radix_next_tagged(tree, &at, tag) : radix_next(tree, &at);

                assert_int_equal(at, index);
                assert_int_equal(word, model->word[index]);
                at++;
            }
        }
        assert_int_equal(
            tag < RADIX_TAGS ? radix_next_tagged(tree, &at, tag) : radix_next(tree, &at), 0);
    }
}

static void agrees_with_an_array(void **state)
{
    static struct model model;
    struct radix tree;
    u64 count = 0;

    (void)state;
    radix_init(&tree);
    for (u32 i = 0; i < STEPS; i++) {
        step(&tree, &model);
    }
    for (u32 index = 0; index < INDICES; index++) {
        count += model.word[index] != 0;
        assert_int_equal(radix_get(&tree, index), model.word[index]);
        for (unsigned tag = 0; tag < RADIX_TAGS; tag++) {
            assert_int_equal(radix_tag_get(&tree, index, tag), model.tag[index][tag]);
        }
    }
    assert_int_equal(tree.count, count);
    check_searches(&tree, &model);
    for (u32 index = 0; index < INDICES; index++) {
        radix_set(&tree, index, 0);
    }
    assert_int_equal(nodes, 0); /* empty nodes are not kept */
}

static void reaches_the_largest_index(void **state)
{
    struct radix tree;
    u64 at = 1;

    (void)state;
    radix_init(&tree);
    assert_int_equal(radix_set(&tree, 0, 7), 0);
    assert_int_equal(radix_set(&tree, ~0ull, 8), 0);
    assert_int_equal(radix_get(&tree, 0), 7);
    assert_int_equal(radix_get(&tree, ~0ull), 8);
    assert_int_equal(radix_get(&tree, 1ull << 63), 0);
    assert_int_equal(radix_next(&tree, &at), 8);
    assert_int_equal(at, ~0ull);
    radix_free(&tree);
    assert_int_equal(nodes, 0);
}

static void reports_missing_memory(void **state)
{
    struct radix tree;

    (void)state;
    radix_init(&tree);
    assert_int_equal(radix_set(&tree, 5, 1), 0);
    nodes_allowed = nodes;
    assert_int_equal(radix_set(&tree, 5000, 1), -ENOMEM);
    assert_int_equal(radix_set(&tree, 6, 2), 0); /* needs no node */
    nodes_allowed = SIZE_MAX;
    assert_int_equal(radix_get(&tree, 5), 1);
    assert_int_equal(radix_get(&tree, 5000), 0);
    assert_int_equal(radix_set(&tree, 5000, 3), 0);
    radix_free(&tree);
    assert_int_equal(nodes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(reaches_the_largest_index),
        cmocka_unit_test(reports_missing_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
