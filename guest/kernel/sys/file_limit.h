/* SPDX-License-Identifier: MIT */
/*
 * file_limit.h - RLIMIT_FSIZE: how far a process may write into a regular file (setrlimit(2)).
 */
#ifndef KERNEL_SYS_FILE_LIMIT_H
#define KERNEL_SYS_FILE_LIMIT_H

#include "fs/file.h"

/*
 * Shortens a write of *size bytes at `offset` to what is allowed.  => 0, or -EFBIG with SIGXFSZ
 * sent to the calling thread: nothing is
 */
int file_limit_write(const struct file *file, u64 offset, u64 *size);
/* May a file get this size?  => 0, or -EFBIG with SIGXFSZ sent */
int file_limit_size(u64 size);
/* Where a write(2) of this file would begin. */
u64 file_limit_offset(const struct file *file);

#endif
