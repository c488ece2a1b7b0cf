/* SPDX-License-Identifier: MIT */
/*
 * radix.h - a tree of 64-way nodes from a u64 index to a non-zero word.
 *
 * The page cache keeps frames in it.  Words are opaque; 0 means "nothing".  Each
 * index that holds a word also carries tags, and a search for the next tagged
 * index skips whole empty subtrees.  No locking: the owner's lock.
 */
#ifndef LIB_RADIX_H
#define LIB_RADIX_H

#include "lib/types.h"

#define RADIX_TAGS 2

struct radix_node;

struct radix {
    struct radix_node *root;
    u32 height; /* levels below root; 0 = empty tree */
    u64 count;  /* indices that hold a word */
};

static inline void radix_init(struct radix *tree)
{
    tree->root = NULL;
    tree->height = 0;
    tree->count = 0;
}

/* => the word at `index`, 0 if there is none. */
u64 radix_get(const struct radix *tree, u64 index);

/*
 * The words of the aligned group of 64 indices that `index` is in; word i is at [i % RADIX_GROUP].
 * => NULL if the group has none.  Valid until the tree changes.
 */
#define RADIX_GROUP 64u
const u64 *radix_group(const struct radix *tree, u64 index);

/*
 * Store a word; 0 removes what is there and frees nodes that become empty.
 * Replacing keeps the tags, removing clears them.
 * => 0, or -ENOMEM (only when a new index is stored).
 */
int radix_set(struct radix *tree, u64 index, u64 word);

void radix_tag_set(struct radix *tree, u64 index, unsigned tag);
void radix_tag_clear(struct radix *tree, u64 index, unsigned tag);
bool radix_tag_get(const struct radix *tree, u64 index, unsigned tag);

/*
 * Find the first index >= *index that holds a word (and carries the tag).
 * => the word, with *index set; 0 if there is none.
 */
u64 radix_next(const struct radix *tree, u64 *index);
u64 radix_next_tagged(const struct radix *tree, u64 *index, unsigned tag);

/* Free all nodes.  The words are the caller's. */
void radix_free(struct radix *tree);

#endif
