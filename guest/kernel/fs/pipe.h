/* SPDX-License-Identifier: MIT */
/* pipe.h - making pipes and opening named ones.  See pipe.c. */
#ifndef KERNEL_FS_PIPE_H
#define KERNEL_FS_PIPE_H

#include "lib/types.h"

struct file;
struct file_ops;
struct inode;

/* Makes a pipe.  flags: O_NONBLOCK, O_DIRECT is refused.  Each end has one reference.
 * => 0, -ENOMEM, -ENFILE */
int pipe_create(u32 flags, struct file **read_end, struct file **write_end);

/*
 * Opens a FIFO inode into a file that fs has made (file->inode and flags are set).
 * Waits for the other side as POSIX open() says.  => 0, -ENXIO, -EINTR, -ENOMEM
 * => on success file->ops and file->private are the pipe's
 */
int pipe_open_fifo(struct file *file);

/* pipe_inode.c: an inode without name or file system; mode with S_IF...  NULL: no memory */
struct inode *nameless_inode_create(u32 mode);

/* A file of such an inode, for eventfd and the like.  Takes over `private`: kfree()d on failure.
 * => 0 or -ENOMEM */
int nameless_file_create(u32 flags, const struct file_ops *ops, void *private, struct file **out);

/* SIGPIPE for the current process: set by proc/, which is above. */
extern void (*pipe_broken)(void);

#endif
