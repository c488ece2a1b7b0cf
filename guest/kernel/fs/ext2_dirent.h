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

/*
 * A disk writes whole sectors or nothing of them.  So that a power cut leaves a block with an
 * entry or without it, but never a broken chain, an entry is added within one sector: header and
 * name, and the length of the entry before.  Where that cannot be - in blocks that were not
 * formatted here, with one entry reaching over many sectors - it is added at the beginning of a
 * sector without being linked; ext2_dirent_apply() links it when the block is on the disk.
 */
#define EXT2_SECTOR 512u

struct ext2_new_name {
    const char *text;
    u32 length, inode;
    u8 type;
};

struct ext2_dirent_link {
    u32 offset, length; /* of the entry before, and what is to be its length */
};

enum ext2_dirent_added {
    EXT2_DIRENT_ADDED,
    EXT2_DIRENT_UNLINKED, /* write the block and flush, then apply *link */
    EXT2_DIRENT_FULL,
    EXT2_DIRENT_BROKEN,
};

enum ext2_dirent_added ext2_dirent_add(u8 *block, u32 size, const struct ext2_new_name *name,
                                       struct ext2_dirent_link *link);
void ext2_dirent_apply(u8 *block, const struct ext2_dirent_link *link);

/* Take out the entry at `offset`, which ext2_dirent_find() gave. */
void ext2_dirent_remove(u8 *block, u32 size, u32 offset);

/* One free entry in each sector. */
void ext2_dirent_format(u8 *block, u32 size);

/* No names but "." and ".."? */
bool ext2_dirent_is_empty(u8 *block, u32 size, bool *broken);

u8 ext2_type_of_mode(u32 mode);

#endif
