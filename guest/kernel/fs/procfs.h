/* SPDX-License-Identifier: MIT */
/*
 * procfs.h - files under /proc whose text is made when they are opened.
 *
 * Rooms above fs add their files with procfs_register(); rows for what lies below are
 * in procfs_tables.c.  Files of processes come through proc_view_ops (procview.h).
 */
#ifndef KERNEL_FS_PROCFS_H
#define KERNEL_FS_PROCFS_H

#include "fs/text.h"

struct file_ops;
struct inode;

struct procfs_entry {
    const char *path;                              /* below /proc, e.g. "sys/kernel/pid_max" */
    int (*show)(struct text_buffer *out);          /* => 0 or -errno */
    int (*store)(const char *text, size_t length); /* NULL: read-only; => 0 or -errno */
};

/* The pid, if the inode is a directory /proc/PID, else 0. */
u32 procfs_process_of(const struct inode *inode);
void procfs_init(void); /* the tables of procfs_tables.c */
/* A file that is no text and for root only: it does all by itself.  => at boot */
void procfs_register_file(const char *path, const struct file_ops *ops);
/* The table must live for ever.  Missing directories are made.  => at boot */
void procfs_register(const struct procfs_entry *entries, size_t count);

#endif
