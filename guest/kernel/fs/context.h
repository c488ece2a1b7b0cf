/* SPDX-License-Identifier: MIT */
/*
 * context.h - where a process stands in the file system: root, current directory, umask.
 *
 * Counted, because clone(CLONE_FS) shares it.  The spinlock guards the two pointers;
 * readers take an inode reference under it.
 */
#ifndef KERNEL_FS_CONTEXT_H
#define KERNEL_FS_CONTEXT_H

#include "lib/types.h"
#include "sync/spin.h"

struct inode;

struct fs_context {
    struct spinlock lock;
    u32 refs;
    u32 umask;
    struct inode *root; /* "/" of this process, a reference is held */
    struct inode *cwd;  /* a reference is held */
};

/* Both inodes get a reference of their own.  NULL when memory is short. */
struct fs_context *fs_context_create(struct inode *root, struct inode *cwd, u32 umask);
struct fs_context *fs_context_copy(struct fs_context *from);
void fs_context_get(struct fs_context *context);
void fs_context_put(struct fs_context *context);
/* The inode with a reference. */
struct inode *fs_context_cwd(struct fs_context *context);
struct inode *fs_context_root(struct fs_context *context);
/* Takes over the caller's reference. */
void fs_context_set_cwd(struct fs_context *context, struct inode *directory);
void fs_context_set_root(struct fs_context *context, struct inode *directory);

#endif
