/* SPDX-License-Identifier: MIT */
/*
 * pipe_inode.c - nameless inodes and files: what fstat shows of a pipe or an eventfd.
 *
 * They belong to no file system and to no table; the last reference frees them.
 */
#include "abi/stat.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "lib/errno.h"
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

int nameless_file_create(u32 flags, const struct file_ops *ops, void *private, struct file **out)
{
    struct inode *inode = nameless_inode_create(0600);

    *out = inode ? file_create(inode, flags, ops, private) : NULL;
    inode_put(inode);
    if (!*out) {
        kfree(private);
        return -ENOMEM;
    }
    return 0;
}
