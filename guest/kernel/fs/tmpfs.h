/* SPDX-License-Identifier: MIT */
/* tmpfs.h - what devfs shares with tmpfs: trees of names in memory. */
#ifndef KERNEL_FS_TMPFS_H
#define KERNEL_FS_TMPFS_H

#include "fs/vfs.h"

/* What mount(2) was told. */
struct tmpfs_options {
    u64 pages;  /* 0: half of memory and swap; SHM_NO_LIMIT */
    u64 inodes; /* SHM_NO_LIMIT */
    u32 mode, uid, gid;
};

/* Changes what the text names (see tmpfs_limits.c).  => 0 or -EINVAL */
int tmpfs_parse(const char *text, struct tmpfs_options *options);

/* An empty root.  => 0 or -ENOMEM */
int tmpfs_make_root(struct filesystem *fs, const struct tmpfs_options *options);
int tmpfs_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset);
int tmpfs_get_inode(struct filesystem *fs, u64 number, struct inode **out);
void tmpfs_evict(struct inode *inode);
void tmpfs_statfs(struct filesystem *fs, struct abi_statfs *out);
bool tmpfs_is_busy(struct filesystem *fs);
void tmpfs_unmount(struct filesystem *fs);

#endif
