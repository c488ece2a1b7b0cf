/* SPDX-License-Identifier: MIT */
/*
 * pipe_inode.c - nameless inodes: what fstat shows of a pipe or an eventfd.
 *
 * They belong to no file system and to no table; the last reference frees them.
 */
#include "abi/stat.h"
#include "fs/pipe.h"
#include "lib/atomic.h"
#include "mm/kalloc.h"
#include "mm/object.h"

static void nameless_release(struct inode *inode)
{
    if (atomic_add_u32(&inode->refs, (u32)-1) == 1) {
        kfree(inode);
    }
}

static const struct inode_ops nameless_ops = {
    .release = nameless_release,
};

struct inode *nameless_inode_create(u32 mode)
{
    static u64 last_number;
    struct inode *inode = kalloc(sizeof *inode);

    if (inode) {
        inode_setup(inode, &nameless_ops);
        inode->number = atomic_add_u64(&last_number, 1) + 1;
        inode->mode = mode;
        inode->links = 1;
        inode->atime = inode->mtime = inode->ctime = time_realtime();
    }
    return inode;
}
