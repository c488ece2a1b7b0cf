/* SPDX-License-Identifier: MIT */
/* file_lock.h - flock(2) locks.  See file_lock.c; file_lock() is in file.h. */
#ifndef KERNEL_FS_FILE_LOCK_H
#define KERNEL_FS_FILE_LOCK_H

struct file;

/* Give up the file's lock, if it has one. */
void file_unlock(struct file *file);

#endif
