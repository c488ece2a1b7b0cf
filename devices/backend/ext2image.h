/* SPDX-License-Identifier: MIT */
/*
 * ext2image.h - lays out a read-only ext2 volume for a tree of nodes, metadata in memory, contents
 * by reference.  Used by filedisk.c only.
 */
#ifndef FAULTLINE_EXT2IMAGE_H
#define FAULTLINE_EXT2IMAGE_H

#include "emu/base/error.h"
#include "emu/base/types.h"

#define EXT2_BLOCK 4096u

struct ext2_node {
    char *name; /* in its parent; "" for the root */
    u32 parent; /* index of a directory node; the root (0) is its own */
    bool directory;
    bool executable;
    u64 size;    /* of a file, in bytes */
    u8 *content; /* small files: the bytes; NULL when `fd` has them */
    int fd;      /* -1: none */
};

/* A run of blocks that are alike. */
struct ext2_extent {
    u32 block, count;
    const u8 *memory; /* metadata or small contents; NULL: from the node's fd */
    u32 node, file_block;
};

struct ext2_image {
    const struct ext2_node *node;
    u32 nodes;
    u64 blocks;                 /* of the whole volume */
    struct ext2_extent *extent; /* by block; blocks in none are zero */
    size_t extents;
    void **pages; /* what extents' memory points into */
    size_t page_count;
};

/* nodes[0] is the root directory.  The nodes must outlive the image. */
bool ext2_image_build(struct ext2_image *image, const struct ext2_node *node, u32 nodes,
                      const char *label, u32 time, struct error *err);
void ext2_image_free(struct ext2_image *image);
/* The extent that holds `block`, or NULL: the block is zero. */
const struct ext2_extent *ext2_image_find(const struct ext2_image *image, u32 block);

#endif
