/* SPDX-License-Identifier: MIT */
/* vfs.c - starting the file-system code. */
#include "fs/vfs.h"
#include "fs/filesystems.h"
#include "fs/procfs.h"

void vfs_init(void)
{
    inode_table_init();
    mount_init();
    filesystem_register(&ext2_filesystem);
    filesystem_register(&tmpfs_filesystem);
    filesystem_register(&devfs_filesystem);
    filesystem_register(&procfs_filesystem);
    procfs_init();
}
