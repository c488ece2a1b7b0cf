/* SPDX-License-Identifier: MIT */
/*
 * ext2_format.h - ext2 as it is on the disk.  All numbers are little-endian, as this
 * machine is.
 * Source: "The Second Extended File System: Internal Layout" (Poirier); Linux
 * Documentation/filesystems/ext2.rst.
 */
#ifndef KERNEL_FS_EXT2_FORMAT_H
#define KERNEL_FS_EXT2_FORMAT_H

#include "lib/types.h"

#define EXT2_MAGIC 0xef53u
#define EXT2_SUPER_OFFSET 1024u
#define EXT2_ROOT_INODE 2u
#define EXT2_LEAST_BLOCK_BITS 10u /* blocks are of 1, 2 or 4 KiB */
#define EXT2_MOST_BLOCK_BITS 12u

#define EXT2_STATE_CLEAN 1u
#define EXT2_STATE_ERRORS 2u

/* Features that change nothing we rely on are "compatible" and not listed. */
#define EXT2_INCOMPAT_FILETYPE 0x0002u
#define EXT2_RO_COMPAT_SPARSE_SUPER 0x0001u
#define EXT2_RO_COMPAT_LARGE_FILE 0x0002u

struct ext2_super_block {
    u32 inode_count, block_count, reserved_blocks, free_blocks, free_inodes;
    u32 first_data_block, log_block_size, log_fragment_size;
    u32 blocks_per_group, fragments_per_group, inodes_per_group;
    u32 mount_time, write_time;
    u16 mount_count, max_mount_count, magic, state, errors, minor_revision;
    u32 last_check, check_interval, creator, revision;
    u16 reserved_uid, reserved_gid;
    u32 first_inode;
    u16 inode_size, group_number;
    u32 compatible, incompatible, read_only_compatible;
    u8 uuid[16];
    char label[16];
    char last_mounted[64];
    u32 compression;
    u8 rest[820];
};
_Static_assert(sizeof(struct ext2_super_block) == 1024, "superblock");

struct ext2_group_descriptor {
    u32 block_bitmap, inode_bitmap, inode_table;
    u16 free_blocks, free_inodes, used_directories, pad;
    u32 reserved[3];
};
_Static_assert(sizeof(struct ext2_group_descriptor) == 32, "group descriptor");

#define EXT2_DIRECT 12u
#define EXT2_FAST_LINK_SIZE 60u /* a shorter link's target stands in block[] */

#define EXT2_FLAG_INDEX 0x1000u /* the directory has hash-tree hints */
#define EXT2_FLAG_EXTENTS 0x80000u

struct ext2_disk_inode {
    u16 mode, uid;
    u32 size, atime, ctime, mtime, dtime;
    u16 gid, links;
    u32 sectors; /* blocks in units of 512 bytes */
    u32 flags, reserved1;
    u32 block[15]; /* 12 direct, then single, double, triple indirect */
    u32 generation, attributes_block, size_high, fragment;
    u16 reserved2, reserved3, uid_high, gid_high;
    u32 reserved4;
};
_Static_assert(sizeof(struct ext2_disk_inode) == 128, "inode");

#endif
