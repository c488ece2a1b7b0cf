/* SPDX-License-Identifier: MIT */
/*
 * ext2_dirent.h - directory entries within one block of an ext2 directory.  Pure: no I/O;
 * unit-tested on the host.
 *
 * A block is a chain of entries that covers it exactly; inode 0 marks a free one, and
 * an entry may be longer than its name needs, the rest being free.  Nothing in a block
 * is trusted: each entry is checked before it is used.
 */
#ifndef KERNEL_FS_EXT2_DIRENT_H
#define KERNEL_FS_EXT2_DIRENT_H

#include "lib/types.h"

struct ext2_dirent {
    u32 inode;
    u16 length;           /* bytes to the next entry */
    u8 name_length, type; /* EXT2_TYPE_* */
    char name[];
};
#define EXT2_DIRENT_HEADER 8u

enum {
    EXT2_TYPE_UNKNOWN = 0,
    EXT2_TYPE_REGULAR = 1,
    EXT2_TYPE_DIRECTORY = 2,
    EXT2_TYPE_CHARACTER = 3,
    EXT2_TYPE_BLOCK = 4,
    EXT2_TYPE_FIFO = 5,
    EXT2_TYPE_SOCKET = 6,
    EXT2_TYPE_SYMLINK = 7
};

#define EXT2_NO_ENTRY (~0u)

/* The bytes that an entry with a name of this length needs. */
static inline u32 ext2_dirent_size(u32 name_length)
{
    return (EXT2_DIRENT_HEADER + name_length + 3) & ~3u;
}

/*
 * The entry at `offset` of a block of `size` bytes, checked.
 * => NULL if it is broken: ends outside the block, is shorter than its name, misaligned
 */
struct ext2_dirent *ext2_dirent_at(u8 *block, u32 size, u32 offset);

/* => the offset of the name's entry; EXT2_NO_ENTRY; with *broken if the chain is */
u32 ext2_dirent_find(u8 *block, u32 size, const char *name, u32 length, bool *broken);

/* Put a name where there is room.  => false if there is none; with *broken if the chain is */
bool ext2_dirent_add(u8 *block, u32 size, const char *name, u32 length, u32 inode, u8 type,
                     bool *broken);

/* Take out the entry at `offset`, which ext2_dirent_find() gave. */
void ext2_dirent_remove(u8 *block, u32 size, u32 offset);

/* One free entry over the whole block. */
void ext2_dirent_format(u8 *block, u32 size);

/* No names but "." and ".."? */
bool ext2_dirent_is_empty(u8 *block, u32 size, bool *broken);

u8 ext2_type_of_mode(u32 mode);

#endif
