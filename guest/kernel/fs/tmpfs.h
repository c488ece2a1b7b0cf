/* SPDX-License-Identifier: MIT */
/* tmpfs.h - what devfs shares with tmpfs: trees of names in memory. */
#ifndef KERNEL_FS_TMPFS_H
#define KERNEL_FS_TMPFS_H

#include "fs/vfs.h"

/* An empty root.  => 0 or -ENOMEM */
int tmpfs_make_root(struct filesystem *fs);
int tmpfs_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset);
int tmpfs_get_inode(struct filesystem *fs, u64 number, struct inode **out);
void tmpfs_evict(struct inode *inode);
void tmpfs_statfs(struct filesystem *fs, struct abi_statfs *out);
bool tmpfs_is_busy(struct filesystem *fs);
void tmpfs_unmount(struct filesystem *fs);

#endif
