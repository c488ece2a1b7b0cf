/* SPDX-License-Identifier: MIT */
/*
 * file.h - an open file: what a descriptor refers to.
 *
 * dup and fork share one struct file, and with it the offset.  The inode is what is
 * opened; a file says how (flags) and where (offset).
 * Locks: offset_lock (sleeping) guards `offset` and is held across a read or write
 * that uses it, outside inode->lock.  `flags` changes only by F_SETFL and is read
 * without a lock.
 */
#ifndef KERNEL_FS_FILE_H
#define KERNEL_FS_FILE_H

#include "abi/fcntl.h"
#include "lib/list.h"
#include "lib/types.h"
#include "sync/mutex.h"

struct file;
struct inode;
struct poll_table;

/*
 * Receives directory entries from file_ops.readdir.  `emit` is called once for each
 * name; `next` is the offset at which a later readdir goes on behind this entry.
 * => true to go on; false: it did not take the entry, readdir ends before it
 */
struct directory_reader {
    bool (*emit)(struct directory_reader *reader, const char *name, size_t length, u64 number,
                 u8 type, u64 next);
};

/* User addresses everywhere; a member may be NULL (the call then fails as POSIX says). */
struct file_ops {
    /* => bytes moved (0 = end of file) or -errno; *offset moves on.  Sleeps. */
    ssize_t (*read)(struct file *file, u64 user, size_t size, u64 *offset);
    ssize_t (*write)(struct file *file, u64 user, size_t size, u64 *offset);
    i64 (*ioctl)(struct file *file, u32 command, u64 argument);
    u32 (*poll)(struct file *file, struct poll_table *table); /* see poll.h */
    /* Emits entries from *offset on.  => 0 or -errno */
    int (*readdir)(struct file *file, struct directory_reader *reader, u64 *offset);
    /* => the new offset or -errno; NULL: the usual arithmetic with inode->size */
    i64 (*seek)(struct file *file, i64 offset, u32 whence);
    int (*fsync)(struct file *file, bool datasync);
    /* Which inode to map (*mapped = NULL: anonymous memory instead).  Member NULL:
     * file->inode, if it is a regular file.  => 0 or -errno */
    int (*mmap)(struct file *file, struct inode **mapped);
    /* A file was made for this inode; may replace ops and private.  => 0 or -errno */
    int (*open)(struct file *file);
    /* The last reference is gone. */
    void (*release)(struct file *file);
    /* read and write ignore the offset (may be NULL), seeking is an error (ESPIPE): pipes... */
    bool is_stream;
};

struct file {
    u32 refs;  /* atomic */
    u32 flags; /* O_* as given to open, without O_CREAT O_EXCL O_TRUNC O_NOCTTY O_CLOEXEC */
    u64 offset;
    struct inode *inode; /* NULL for nameless objects such as eventfd; a reference is held */
    const struct file_ops *ops;
    void *private; /* of ops */
    struct mutex offset_lock;
    u32 errors_seen;       /* failures of write-back that this open file was told of */
    struct list watchers;  /* epoll's items for it, see epoll.c */
    bool counts_as_writer; /* to be told to inode_put_write() */
    bool holds_lock;       /* flock(2); under the lock table's lock */
};

/*
 * A file with one reference.  Takes its own reference to the inode (may be NULL).  Does
 * not call ops->open.  => NULL when memory is short
 */
struct file *file_create(struct inode *inode, u32 flags, const struct file_ops *ops, void *private);
struct file *file_get(struct file *file);
void file_put(struct file *file); /* NULL is allowed */

static inline bool file_can_read(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY && !(file->flags & O_PATH);
}

static inline bool file_can_write(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH);
}

/*
 * One buffer from or to a stream needs none of what file_read() and file_write() do for others.
 * (What O_PATH opened has neither operation.)
 */
static inline bool file_is_readable_stream(const struct file *file)
{
    return file->ops->is_stream && (file->flags & O_WRONLY) == 0 && file->ops->read;
}

static inline bool file_is_writable_stream(const struct file *file)
{
    return file->ops->is_stream && (file->flags & O_ACCMODE) != O_RDONLY && file->ops->write;
}

/* read(2) and write(2): at the file's offset, which moves.  => bytes or -EBADF, -EISDIR... */
ssize_t file_read(struct file *file, u64 user, size_t size);
ssize_t file_write(struct file *file, u64 user, size_t size);
/* readv(2) and writev(2): several buffers (a kernel array) as one operation. */
ssize_t file_readv(struct file *file, const struct abi_iovec *vector, u32 count);
ssize_t file_writev(struct file *file, const struct abi_iovec *vector, u32 count);
/* pread(2) and pwrite(2): at a given offset.  => -ESPIPE for streams */
ssize_t file_pread(struct file *file, u64 user, size_t size, u64 offset);
ssize_t file_pwrite(struct file *file, u64 user, size_t size, u64 offset);
/* lseek(2).  => the new offset, -ESPIPE, -EINVAL, -EBADF */
i64 file_seek(struct file *file, i64 offset, u32 whence);
i64 file_ioctl(struct file *file, u32 command, u64 argument);
/* getdents64(2): fills a user buffer with struct abi_dirent.  => bytes, -EINVAL, -ENOTDIR... */
ssize_t file_getdents64(struct file *file, u64 user, size_t size);
int file_fsync(struct file *file, bool datasync);
/* ftruncate(2), fallocate(2) (mode as there).  => -EBADF if not open for writing, -EINVAL... */
int file_truncate(struct file *file, u64 size);
int file_allocate(struct file *file, u32 mode, u64 offset, u64 length);
/* The inode that mmap(2) of this file maps (no reference added); *mapped = NULL means
 * anonymous memory (/dev/zero).  => 0, -ENODEV */
int file_mmap_inode(struct file *file, struct inode **mapped);
/* flock(2): operation is LOCK_SH, LOCK_EX or LOCK_UN, perhaps | LOCK_NB.
 * => 0, -EWOULDBLOCK, -EINTR, -EINVAL */
int file_lock(struct file *file, u32 operation);
/* sendfile(2) between regular files; *offset NULL = in's own.  => bytes, -EINVAL for other
 * kinds of files (programs then copy themselves), -EBADF... */
ssize_t file_send(struct file *out, struct file *in, u64 *offset, size_t size);
/* copy_file_range(2): between offsets, which move.  => bytes, -EBADF, -EINVAL, -ENOSPC... */
ssize_t file_copy(struct file *out, u64 *to, struct file *in, u64 *from, size_t size);

/* Regular files, through the page cache (file_generic.c). */
extern const struct file_ops file_regular_ops;
/* Directories of every file system that fills inode->fs->ops->readdir. */
extern const struct file_ops file_directory_ops;
/* Disks as files; file->private is the struct block_device. */
extern const struct file_ops file_disk_ops;

/* Read a file from the kernel (exec): => bytes read (short at the end of file) or -errno */
ssize_t inode_read_kernel(struct inode *inode, void *buffer, size_t size, u64 offset);
/* The other way (core files): => bytes written, -ENOSPC, -EIO... */
ssize_t inode_write_kernel(struct inode *inode, const void *bytes, size_t size, u64 offset);

#endif
