/* SPDX-License-Identifier: MIT */
/*
 * path.h - from a path to an inode (POSIX.1-2017, 4.13 "Pathname Resolution").
 *
 * There are no dentries: ".." is looked up in the directory itself, and a mounted
 * file system's root knows the directory it covers.  Names are bytes.
 * Walking locks one directory at a time; nothing is held between components but a
 * reference to the inode reached.
 */
#ifndef KERNEL_FS_PATH_H
#define KERNEL_FS_PATH_H

#include "fs/path_name.h"
#include "mm/object.h"

#define PATH_LINK_LIMIT 40 /* symbolic links followed in one resolution, then ELOOP */

/* Where resolution starts; references stay the caller's. */
struct path_start {
    struct inode *root; /* "/" and the end of ".." */
    struct inode *base; /* relative paths: the current directory or the one of a dirfd */
};

#define PATH_NOFOLLOW 1u  /* a symbolic link at the end is the result itself */
#define PATH_DIRECTORY 2u /* the result must be a directory (ENOTDIR) */
#define PATH_EMPTY_OK 4u  /* "" means base */

/*
 * The inode at the end of the path, with a reference.
 * => 0, -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EACCES, -EIO, -ENOMEM
 */
int path_lookup(const struct path_start *start, const char *path, u32 flags, struct inode **out);

/* The last component of a path and the directory it is in. */
struct path_last {
    struct inode *directory; /* a reference is held */
    char name[256];          /* zero-terminated; "." ".." possible, "" for "/" */
    size_t length;
    bool trailing_slash;
};

/*
 * Resolves all but the last component.  With `follow`, a last component that is a
 * symbolic link is replaced by where it points (which need not exist).
 * => as path_lookup
 */
int path_lookup_last(const struct path_start *start, const char *path, bool follow,
                     struct path_last *last);
void path_last_put(struct path_last *last);

/*
 * Look one name up in a directory, crossing mounts in both directions; "." and ".."
 * included, ".." of start->root is itself.  Takes directory->lock.
 */
int path_step(const struct path_start *start, struct inode *directory, const char *name,
              size_t length, struct inode **out);

/*
 * The absolute path of an inode as seen from `root`: for getcwd, /proc/PID/exe, maps.
 * Directories are found by walking "..", other files by the name they were last
 * reached through.  " (deleted)" is appended if that is gone.
 * => length without the zero, -ENOENT (no name known), -ERANGE (does not fit)
 */
ssize_t path_of_inode(struct inode *inode, struct inode *root, char *buffer, size_t size);

#endif
