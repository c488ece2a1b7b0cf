/* SPDX-License-Identifier: MIT */
/* context.c - root, current directory and umask of a process.  See context.h. */
#include "fs/context.h"

#include "lib/atomic.h"
#include "mm/kalloc.h"
#include "mm/object.h"

struct fs_context *fs_context_create(struct inode *root, struct inode *cwd, u32 umask)
{
    struct fs_context *context = kalloc(sizeof *context);

    if (context) {
        spin_init(&context->lock, "fs context");
        context->refs = 1;
        context->umask = umask;
        context->root = inode_get(root);
        context->cwd = inode_get(cwd);
    }
    return context;
}

struct fs_context *fs_context_copy(struct fs_context *from)
{
    struct inode *root = fs_context_root(from), *cwd = fs_context_cwd(from);
    struct fs_context *context = fs_context_create(root, cwd, from->umask);

    inode_put(root);
    inode_put(cwd);
    return context;
}

void fs_context_get(struct fs_context *context)
{
    atomic_add_u32(&context->refs, 1);
}

void fs_context_put(struct fs_context *context)
{
    if (context && atomic_add_u32(&context->refs, (u32)-1) == 1) {
        inode_put(context->root);
        inode_put(context->cwd);
        kfree(context);
    }
}

static struct inode *read_pointer(struct fs_context *context, struct inode *const *which)
{
    struct inode *inode;

    spin_lock(&context->lock);
    inode = inode_get(*which);
    spin_unlock(&context->lock);
    return inode;
}

struct inode *fs_context_cwd(struct fs_context *context)
{
    return read_pointer(context, &context->cwd);
}

struct inode *fs_context_root(struct fs_context *context)
{
    return read_pointer(context, &context->root);
}

static void replace_pointer(struct fs_context *context, struct inode **which, struct inode *value)
{
    struct inode *old;

    spin_lock(&context->lock);
    old = *which;
    *which = value;
    spin_unlock(&context->lock);
    inode_put(old);
}

void fs_context_set_cwd(struct fs_context *context, struct inode *directory)
{
    replace_pointer(context, &context->cwd, directory);
}

void fs_context_set_root(struct fs_context *context, struct inode *directory)
{
    replace_pointer(context, &context->root, directory);
}
