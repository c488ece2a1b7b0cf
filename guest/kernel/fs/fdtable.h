/* SPDX-License-Identifier: MIT */
/*
 * fdtable.h - which open file a descriptor number means.
 *
 * Threads share one table (CLONE_FILES).  The table's spinlock guards the slots; a
 * file found there is handed out with a reference, so that a close by another thread
 * cannot free it under a read.
 */
#ifndef KERNEL_FS_FDTABLE_H
#define KERNEL_FS_FDTABLE_H

#include "lib/types.h"
#include "sync/spin.h"

struct file;

#define FD_LIMIT 65536u /* no table grows beyond */
#define FD_FIRST 64u

struct file_table {
    struct spinlock lock;
    u32 refs;
    u32 capacity;       /* multiple of 64 */
    struct file **file; /* [capacity] */
    u64 *close_on_exec; /* bitmap, capacity bits */
    u32 lowest_free;    /* no free slot below */
    u32 end;            /* no file at or above */

    struct file *first_file[FD_FIRST]; /* the arrays until they must grow: few programs need more */
    u64 first_close_on_exec;
};

/* An empty table, or NULL when memory is short. */
struct file_table *file_table_create(void);
/* A table with the same files, for fork.  NULL when memory is short. */
struct file_table *file_table_copy(struct file_table *from);
void file_table_get(struct file_table *table);
/* The last one closes every file. */
void file_table_put(struct file_table *table);
/* exec: closes what is marked. */
void file_table_close_on_exec(struct file_table *table);

/* The file with a reference (file_put it), or NULL. */
struct file *fd_get(struct file_table *table, int fd);
/* The same without one, for a table that nobody else can use meanwhile. */
static inline struct file *fd_peek(const struct file_table *table, u64 fd)
{
    return likely(fd < table->capacity) ? table->file[fd] : NULL;
}
/*
 * Puts a file in the lowest free slot >= from.  Takes over the caller's reference on
 * success only.
 * => fd, or -EMFILE (limit = first number not allowed), -ENOMEM
 */
int fd_install(struct file_table *table, struct file *file, u32 from, bool close_on_exec,
               u32 limit);
/* Puts a file in exactly this slot and closes what was there.  Takes over the reference. */
int fd_replace(struct file_table *table, struct file *file, u32 fd, bool close_on_exec, u32 limit);
/* => 0 or -EBADF; the error of the last close is not reported */
int fd_close(struct file_table *table, int fd);
/* FD_CLOEXEC: => 0/1 or -EBADF */
int fd_get_cloexec(struct file_table *table, int fd);
int fd_set_cloexec(struct file_table *table, int fd, bool value);
/* Number of the first open descriptor >= from, or -1: for /proc/PID/fd. */
int fd_next(struct file_table *table, u32 from);

#endif
