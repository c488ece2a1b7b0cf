/* SPDX-License-Identifier: MIT */
/*
 * record_lock.h - locks of ranges of a file: fcntl(F_SETLK) of POSIX, which belong to a process
 * (to its table of open files, as on Linux), and F_OFD_SETLK, which belong to an open file.
 *
 * A process loses its locks of a file when it closes any descriptor of that file.
 */
#ifndef KERNEL_FS_RECORD_LOCK_H
#define KERNEL_FS_RECORD_LOCK_H

#include "abi/fcntl.h"
#include "lib/types.h"

struct file;
struct inode;

struct record_request {
    const void *owner; /* table of open files, or open file */
    bool by_file;      /* F_OFD_...: owner is the open file */
    u32 pid;           /* for F_GETLK of others */
    u16 type;          /* F_RDLCK, F_WRLCK, F_UNLCK */
    u64 start, end;    /* both included; end = ~0 >> 1: to the end of any file */
};

#define RECORD_END (~0ull >> 1)

/* => 0; -EAGAIN (held by another), or with `wait` -EINTR, -EDEADLK; -ENOLCK without memory */
int record_lock_set(struct inode *inode, const struct record_request *request, bool wait);
/* Fills *request with a lock that stands in its way, or sets type = F_UNLCK. */
void record_lock_get(struct inode *inode, struct record_request *request);
/* The owner gives up all its locks: of one file, or of all with inode NULL. */
void record_lock_drop(const struct inode *inode, const void *owner);

#endif
