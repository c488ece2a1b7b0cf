/* SPDX-License-Identifier: MIT */
/*
 * radix.c - the 64-way tree behind the page cache.
 *
 *   height 0: empty          height 2 (indices < 4096):   root ──> node ──> words
 *   height 1: root ──> words                              node tags = OR of their words' tags
 *
 * A node counts its used slots; when the last one goes, the node goes.  The tree
 * grows at the root and shrinks only when it becomes empty: files are dense.
 */
#include "lib/radix.h"
#include "lib/errno.h"
#include "mm/kalloc.h"

#define RADIX_SHIFT 6
#define RADIX_SLOTS 64u
#define RADIX_MAX_HEIGHT 11 /* 66 bits */

struct radix_node {
    u64 tags[RADIX_TAGS]; /* bit i: something under slot i carries the tag */
    u32 used;
    u64 slots[RADIX_SLOTS]; /* words at the lowest level, else child nodes */
};

static unsigned slot_of(u64 index, u32 level)
{
    return (unsigned)(index >> (level * RADIX_SHIFT)) & (RADIX_SLOTS - 1);
}

static struct radix_node *child_of(const struct radix_node *node, unsigned slot)
{
    return (struct radix_node *)(uintptr_t)node->slots[slot];
}

static bool covers(const struct radix *tree, u64 index)
{
    return tree->height > 0 &&
           (tree->height >= RADIX_MAX_HEIGHT || index >> (tree->height * RADIX_SHIFT) == 0);
}

_Static_assert(RADIX_GROUP == RADIX_SLOTS, "a group is a node of the lowest level");

const u64 *radix_group(const struct radix *tree, u64 index)
{
    const struct radix_node *node = tree->root;

    if (!covers(tree, index)) {
        return NULL;
    }
    for (u32 level = tree->height - 1; level > 0; level--) {
        node = child_of(node, slot_of(index, level));
        if (node == NULL) {
            return NULL;
        }
    }
    return node->slots;
}

u64 radix_get(const struct radix *tree, u64 index)
{
    const u64 *group = radix_group(tree, index);

    return group == NULL ? 0 : group[slot_of(index, 0)];
}

/* Add levels at the root until `index` fits.  => 0 or -ENOMEM. */
static int grow(struct radix *tree, u64 index)
{
    while (!covers(tree, index)) {
        struct radix_node *node = kalloc(sizeof(*node));

        if (node == NULL) {
            return -ENOMEM;
        }
        if (tree->root != NULL) {
            node->slots[0] = (u64)(uintptr_t)tree->root;
            node->used = 1;
            for (unsigned tag = 0; tag < RADIX_TAGS; tag++) {
                node->tags[tag] = tree->root->tags[tag] != 0;
            }
        }
        tree->root = node;
        tree->height++;
    }
    return 0;
}

/* The nodes from root to leaf on the way to an index; path[0] is the leaf. */
static bool find_path(const struct radix *tree, u64 index, struct radix_node **path)
{
    struct radix_node *node = tree->root;

    if (!covers(tree, index)) {
        return false;
    }
    for (u32 level = tree->height - 1;; level--) {
        path[level] = node;
        if (level == 0) {
            return node->slots[slot_of(index, 0)] != 0;
        }
        node = child_of(node, slot_of(index, level));
        if (node == NULL) {
            return false;
        }
    }
}

static void remove_word(struct radix *tree, u64 index)
{
    struct radix_node *path[RADIX_MAX_HEIGHT];

    if (!find_path(tree, index, path)) {
        return;
    }
    for (unsigned tag = 0; tag < RADIX_TAGS; tag++) {
        radix_tag_clear(tree, index, tag);
    }
    tree->count--;
    for (u32 level = 0; level < tree->height; level++) {
        path[level]->slots[slot_of(index, level)] = 0;
        if (--path[level]->used > 0) {
            return;
        }
        kfree(path[level]);
    }
    radix_init(tree);
}

static int store_word(struct radix *tree, u64 index, u64 word)
{
    struct radix_node *node;
    unsigned slot;

    if (grow(tree, index) != 0) {
        return -ENOMEM;
    }
    node = tree->root;
    for (u32 level = tree->height - 1; level > 0; level--) {
        slot = slot_of(index, level);
        if (node->slots[slot] == 0) {
            struct radix_node *child = kalloc(sizeof(*child));

            if (child == NULL) {
                return -ENOMEM; /* empty nodes on the way stay; the next store uses them */
            }
            node->slots[slot] = (u64)(uintptr_t)child;
            node->used++;
        }
        node = child_of(node, slot);
    }
    slot = slot_of(index, 0);
    if (node->slots[slot] == 0) {
        node->used++;
        tree->count++;
    }
    node->slots[slot] = word;
    return 0;
}

int radix_set(struct radix *tree, u64 index, u64 word)
{
    if (word == 0) {
        remove_word(tree, index);
        return 0;
    }
    return store_word(tree, index, word);
}

void radix_tag_set(struct radix *tree, u64 index, unsigned tag)
{
    struct radix_node *path[RADIX_MAX_HEIGHT];

    if (!find_path(tree, index, path)) {
        return;
    }
    for (u32 level = 0; level < tree->height; level++) {
        path[level]->tags[tag] |= 1ull << slot_of(index, level);
    }
}

void radix_tag_clear(struct radix *tree, u64 index, unsigned tag)
{
    struct radix_node *path[RADIX_MAX_HEIGHT];

    if (!find_path(tree, index, path)) {
        return;
    }
    for (u32 level = 0; level < tree->height; level++) {
        path[level]->tags[tag] &= ~(1ull << slot_of(index, level));
        if (path[level]->tags[tag] != 0) {
            return;
        }
    }
}

bool radix_tag_get(const struct radix *tree, u64 index, unsigned tag)
{
    struct radix_node *path[RADIX_MAX_HEIGHT];

    return find_path(tree, index, path) && ((path[0]->tags[tag] >> slot_of(index, 0)) & 1);
}

/* The used (and tagged, if tag >= 0) slots of a node at or above `from`, as a mask. */
static u64 candidates(const struct radix_node *node, unsigned from, int tag)
{
    if (tag >= 0) {
        return node->tags[tag] & (~0ull << from);
    }
    for (unsigned slot = from; slot < RADIX_SLOTS; slot++) {
        if (node->slots[slot] != 0) {
            return 1ull << slot;
        }
    }
    return 0;
}

static u64 next_word(const struct radix *tree, u64 *index, int tag)
{
    u64 at = *index;

restart:
    while (covers(tree, at)) {
        const struct radix_node *node = tree->root;

        for (u32 level = tree->height - 1;; level--) {
            unsigned from = slot_of(at, level);
            u64 mask = candidates(node, from, tag);
            unsigned slot = mask == 0 ? RADIX_SLOTS : (unsigned)__builtin_ctzll(mask);
            u64 step = 1ull << (level * RADIX_SHIFT);

            if (slot != from) { /* skip whole subtrees, start at their first index */
                at = (at & ~(step - 1)) + (slot - from) * step;
                if (slot == RADIX_SLOTS) {
                    if (at == 0) {
                        return 0; /* wrapped round the end of the index space */
                    }
                    goto restart;
                }
            }
            if (level == 0) {
                *index = at;
                return node->slots[slot];
            }
            node = child_of(node, slot);
        }
    }
    return 0;
}

u64 radix_next(const struct radix *tree, u64 *index)
{
    return next_word(tree, index, -1);
}

u64 radix_next_tagged(const struct radix *tree, u64 *index, unsigned tag)
{
    return next_word(tree, index, (int)tag);
}

static void free_node(struct radix_node *node, u32 level)
{
    for (unsigned slot = 0; level > 0 && slot < RADIX_SLOTS; slot++) {
        if (node->slots[slot] != 0) {
            free_node(child_of(node, slot), level - 1);
        }
    }
    kfree(node);
}

void radix_free(struct radix *tree)
{
    if (tree->height > 0) {
        free_node(tree->root, tree->height - 1);
    }
    radix_init(tree);
}
