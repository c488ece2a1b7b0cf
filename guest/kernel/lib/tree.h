/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a balanced (AVL) binary tree of nodes embedded in their structures,
 * ordered by a u64 key, no two keys equal.  The areas of an address space are
 * kept in one.  No locking: the owner's lock.
 */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#include "lib/types.h"

struct tree_node {
    u64 key;
    struct tree_node *left, *right;
    u32 height; /* of the subtree; a leaf has 1 */
};

struct tree {
    struct tree_node *root;
};

/* Add a node whose key is set.  => the key is not in the tree yet. */
void tree_insert(struct tree *tree, struct tree_node *node);

/* Take out a node.  => it is in the tree. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* => the node with exactly this key / the greatest key <= key / the least key >= key, or NULL. */
struct tree_node *tree_find(const struct tree *tree, u64 key);
struct tree_node *tree_find_at_or_below(const struct tree *tree, u64 key);
struct tree_node *tree_find_at_or_above(const struct tree *tree, u64 key);

/* Check order and balance.  => false if an invariant is broken (for tests). */
bool tree_is_valid(const struct tree *tree);

#endif
