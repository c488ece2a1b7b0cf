/* SPDX-License-Identifier: MIT */
/*
 * procfs_node.h - between the parts of procfs:
 *   procfs.c          the tree: fixed files, directories of processes, inodes made on demand
 *   procfs_pid.c      what is in a process's directory
 *   procfs_text.c     files whose text is made when they are read
 *   procfs_memory.c   tables of files about memory and swap
 *   procfs_system.c   tables of other files about the system
 *
 * An inode of procfs is made at each lookup and freed with its last reference.  Its number says
 * all there is to know: pid << 32 | place, where for pid 0 the place is a node of the fixed tree.
 */
#ifndef KERNEL_FS_PROCFS_NODE_H
#define KERNEL_FS_PROCFS_NODE_H

#include "fs/file.h"
#include "fs/procfs.h"
#include "fs/procview.h"
#include "fs/vfs.h"

/* Places in a process's directory. */
#define PROCFS_PID_DIRECTORY 1u
#define PROCFS_PID_FD_DIRECTORY 2u
#define PROCFS_PID_TASK_DIRECTORY 3u
#define PROCFS_PID_FILE 16u         /* + row of the table in procfs_pid.c */
#define PROCFS_PID_TASK 0x40000000u /* + tid: /proc/PID/task/TID */
#define PROCFS_PID_FD 0x80000000u   /* + descriptor */

static inline u64 procfs_number(u32 pid, u32 place)
{
    return (u64)pid << 32 | place;
}

static inline u32 procfs_pid(const struct inode *inode)
{
    return (u32)(inode->number >> 32);
}

static inline u32 procfs_place(const struct inode *inode)
{
    return (u32)inode->number;
}

/* What makes the text of a file; kept in inode->private where it is not in the number. */
struct procfs_text_source {
    int (*show)(u32 pid, u32 place, struct text_buffer *out);
    int (*store)(u32 pid, u32 place, const char *text, size_t length); /* NULL: read-only */
};

/* Files of text: inode->private is a struct procfs_text_source. */
extern const struct file_ops procfs_text_ops;

/* A new inode.  => NULL: no memory */
struct inode *procfs_inode(struct filesystem *fs, u64 number, u32 mode);

/* The texts of /proc/PID/mounts and mountinfo. */
int procfs_show_mountinfo(struct text_buffer *out);

/* The inode of a place of a process that exists.  => -ENOENT if there is no such place */
int procfs_pid_inode(struct filesystem *fs, u32 pid, u32 place, struct inode **out);
int procfs_pid_lookup(struct inode *directory, const char *name, size_t length, struct inode **out);
int procfs_pid_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset);
bool procfs_parse_number(const char *name, size_t length, u32 *value);
/* The text of /proc/mounts. */
int procfs_show_mounts(struct text_buffer *out);

/* "." and ".." of a listing, whose offsets are 0 and 1.  => false: the reader is full */
bool procfs_emit_dots(struct directory_reader *reader, u64 number, u64 parent, u64 *offset);

void procfs_register_memory(void);
void procfs_register_frames(void);
void procfs_register_system(void);

/* procfs_vmstat.c */
int vmstat_show(struct text_buffer *out);
extern u64 vm_caches_dropped; /* writes to sys/vm/drop_caches */

#endif
