/* SPDX-License-Identifier: MIT */
/* filesystems.h - the kinds of file systems that are built in. */
#ifndef KERNEL_FS_FILESYSTEMS_H
#define KERNEL_FS_FILESYSTEMS_H

#include "fs/vfs.h"

extern const struct filesystem_ops ext2_filesystem;
extern const struct filesystem_ops tmpfs_filesystem;
extern const struct filesystem_ops devfs_filesystem;
extern const struct filesystem_ops procfs_filesystem;

#endif
