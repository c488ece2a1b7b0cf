/* SPDX-License-Identifier: MIT */
/*
 * vfs.h - file systems, mounts, and the system calls that act on paths.
 *
 * Locks, in order: fs->rename_lock -> directory inode->lock (in a rename: ancestor
 * first, else by address) -> inode->lock of what is in it -> the file system's own.
 * inode->lock is outside mm->lock: a write holds it while it copies from user memory.
 *
 * Paths are zero-terminated kernel strings.  Who may do what: permission.h.
 */
#ifndef KERNEL_FS_VFS_H
#define KERNEL_FS_VFS_H

#include "abi/fcntl.h"
#include "abi/stat.h"
#include "fs/path.h"

struct block_device;
struct directory_reader;
struct file;
struct text_buffer;

struct filesystem_ops {
    const char *type; /* as in mount(2) and /proc/mounts */
    bool needs_device;
    /* Fill fs->root, magic, private.  => 0 or -errno (a message was logged) */
    int (*mount)(struct filesystem *fs, const char *options);
    /* mount -o remount with these options.  => 0 or -EINVAL; NULL: there are none to change */
    int (*remount)(struct filesystem *fs, const char *options);
    /* Adds ",name=value" of its own to a line of /proc/mounts.  May be NULL. */
    void (*show_options)(struct filesystem *fs, struct text_buffer *out);
    /* The inode of a number, with a reference; only for file systems on disks. */
    int (*get_inode)(struct filesystem *fs, u64 number, struct inode **out);
    /* Emits from *offset on, "." and ".." included, and moves it.  => 0 or -errno; dir->lock is
     * held */
    int (*readdir)(struct inode *dir, struct directory_reader *reader, u64 *offset);
    /* The inode leaves memory.  links == 0: free what it has on the disk.  Its pages are still
     * there; afterwards the structure is freed.  NULL: nothing to do */
    void (*evict)(struct inode *inode);
    void (*statfs)(struct filesystem *fs, struct abi_statfs *out);
    /* Make everything durable.  Data pages are already written.  => 0 or -EIO */
    int (*sync)(struct filesystem *fs);
    /* Does anybody use a file of it?  NULL: any inode in memory but the root says so. */
    bool (*is_busy)(struct filesystem *fs);
    void (*unmount)(struct filesystem *fs); /* after sync and with no inode in use */
};

struct filesystem {
    const struct filesystem_ops *ops;
    struct list link; /* in mount order; vfs mount lock */
    char source[64];  /* "/dev/vda", "proc" */
    u32 flags;        /* MS_RDONLY */
    u64 device;       /* st_dev */
    u32 magic;        /* statfs f_type */
    u32 block_size;
    struct inode *root;         /* a reference is held */
    struct inode *covered;      /* the directory it is mounted on; NULL for the first one */
    struct block_device *block; /* NULL without a disk */
    u32 live_inodes;            /* in memory, the root included; atomic */
    struct mutex rename_lock;
    void *private;
};

/* Make known.  => at boot */
void filesystem_register(const struct filesystem_ops *ops);

const struct filesystem_ops *filesystem_type_at(u32 index); /* NULL behind the last */
bool ext2_is_on_disk(struct block_device *disk);            /* has it an ext2 superblock? */

/* At boot: the kinds of file systems, devfs nodes, inode table. */
void vfs_init(void);
/* For path resolution: the root of what is mounted on a directory / the directory that the root
 * of a file system covers, with a reference.  NULL: neither. */
struct inode *mount_root_on(struct inode *directory);
struct inode *mount_covered_by(struct inode *directory);
/* The n-th mounted file system, NULL behind the last: for /proc/mounts.  It may go away only by
 * umount(2); the text of its fields stays valid for the caller's purpose. */
struct filesystem *mount_at(u32 index);
/*
 * Mount the root file system and /dev, /proc, /tmp, /dev/shm on it where these
 * directories exist.  source NULL: the first disk with an ext2 superblock.
 * => 0 or -errno with a message logged; *root has a reference
 */
int vfs_mount_root(const char *source, bool read_only, struct inode **root);

/* --- system calls ------------------------------------------------------------------------ */

/* openat(2); mode is already masked.  => 0 with *out one reference */
int vfs_open(const struct path_start *start, const char *path, u32 flags, u32 mode,
             struct file **out);
/* Open an inode that is known already; asks for no permission (memfd). */
int vfs_open_inode(struct inode *inode, u32 flags, struct file **out);
int vfs_mknod(const struct path_start *start, const char *path, u32 mode, u64 device);
int vfs_mkdir(const struct path_start *start, const char *path, u32 mode);
int vfs_unlink(const struct path_start *start, const char *path);
int vfs_rmdir(const struct path_start *start, const char *path);
int vfs_symlink(const char *target, const struct path_start *start, const char *path);
/* flags: AT_SYMLINK_FOLLOW, AT_EMPTY_PATH */
int vfs_link(const struct path_start *from, const char *old_path, const struct path_start *to,
             const char *new_path, u32 flags);
/* flags: RENAME_NOREPLACE; RENAME_EXCHANGE is refused with EINVAL */
int vfs_rename(const struct path_start *from, const char *old_path, const struct path_start *to,
               const char *new_path, u32 flags);
/* => length; not zero-terminated */
ssize_t vfs_readlink(const struct path_start *start, const char *path, char *buffer, size_t size);
int vfs_mount(const struct path_start *start, const char *source, const char *target,
              const char *type, u32 flags, const char *options);
int vfs_unmount(const struct path_start *start, const char *target, u32 flags);

/* --- on inodes (path_lookup first) ------------------------------------------------------- */

void vfs_stat(struct inode *inode, struct abi_stat *out);
void vfs_statfs(struct inode *inode, struct abi_statfs *out);
/* access(2): R_OK W_OK X_OK.  => 0, -EACCES, -EROFS */
int vfs_access(struct inode *inode, u32 mask);
int vfs_chmod(struct inode *inode, u32 mode);
int vfs_chown(struct inode *inode, u32 uid, u32 gid); /* ~0 = leave */
/* NULL = leave that one; to_now: both are the time now, which who may write may set */
int vfs_set_times(struct inode *inode, const struct timespec64 *atime,
                  const struct timespec64 *mtime, bool to_now);
/* Asks for no permission: who opened it for writing had it. */
int vfs_truncate(struct inode *inode, u64 size);

/* sync(2): everything of every file system is on its disk.  => 0 or the first error */
int vfs_sync(void);
int vfs_sync_filesystem(struct filesystem *fs);
/* Before power-off: sync, free files without a name, mark the disks clean. */
void vfs_shutdown(void);

/* --- for file systems -------------------------------------------------------------------- */

/* A zeroed inode of `fs` (in a structure of `size` bytes whose first member it is), not in
 * the table, refs = 1.  => NULL: no memory */
struct inode *inode_create(struct filesystem *fs, u64 number, u32 mode, const struct inode_ops *ops,
                           size_t size);
/* Find in the table.  => with a reference, or NULL */
struct inode *inode_find(struct filesystem *fs, u64 number);
/*
 * Put into the table, or, if the number has come to be there meanwhile, destroy the
 * given one.  => the one in the table, with a reference
 */
struct inode *inode_publish(struct inode *inode);
/* Set atime, mtime, ctime as asked to the time now. */
#define TOUCH_ACCESS 1u
#define TOUCH_MODIFY 2u
#define TOUCH_CHANGE 4u
void inode_touch(struct inode *inode, u32 what);
/*
 * The usual inode_ops.release.  An inode with links that is in the table stays there with
 * its pages until others need the room; any other is evicted at once.
 */
void inode_release(struct inode *inode);
/* Evict all unreferenced inodes of a file system (unmounting). */
void inode_evict_all(struct filesystem *fs);
/* Call for each inode of the table (with a reference meanwhile). */
void inode_for_each(struct filesystem *fs, void (*visit)(struct inode *inode));
/*
 * The file is about to grow to `new_size`, and not by a write behind its last byte: what a mapping
 * wrote behind the end in the last page must not become part of it, and where a page lies in
 * several blocks the page must have all that it needs then.
 * => 0, -ENOSPC, -EIO; inode->lock is held
 */
int inode_clear_tail(struct inode *inode, u64 new_size);
/* Remember under which name it was found, for path_of_inode(). */
void inode_set_name(struct inode *inode, struct inode *directory, const char *name, size_t length);
/* => its length and the number of the directory; 0 if none is known or it does not fit */
size_t inode_get_name(struct inode *inode, char *name, size_t size, u64 *parent);
void inode_table_init(void);
void mount_init(void);
/* The first mount: a disk, on nothing.  => 0 or -errno */
int mount_disk_as_root(struct block_device *disk, u32 flags, struct filesystem **fs);

u8 directory_entry_type(u32 mode); /* S_IF... to DT_... */

#endif
