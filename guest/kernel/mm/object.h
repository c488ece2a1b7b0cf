/* SPDX-License-Identifier: MIT */
/*
 * object.h - what can be mapped: the core of an inode.
 *
 * mm/ needs this much of a file: its pages and how to read and write one.  fs/
 * builds directories, names and disks on top, through inode_ops.
 */
#ifndef MM_OBJECT_H
#define MM_OBJECT_H

#include "mm/pagecache.h"
#include "sync/mutex.h"
#include "sync/time.h"

struct filesystem;
struct file_ops;
struct inode;

struct shm_quota;

struct inode_ops {
    /*
     * Fill the frame with the page's 4096 bytes (zero beyond the end of file and
     * in holes).  The frame is BUSY.  Sleeps.  => 0 or -EIO...
     */
    int (*read_page)(struct inode *inode, u64 index, struct frame *frame);
    /* Optional: the same for `count` pages in a row at once (read-ahead).  => 0 if all were read.
     */
    int (*read_pages)(struct inode *inode, u64 first, unsigned count, struct frame *const frames[]);
    /* Write the page; returns when the disk has completed it.  Frame is under WRITEBACK. */
    int (*write_page)(struct inode *inode, u64 index, struct frame *frame);
    /* Optional: the same for `count` pages in a row (write-back).  => 0 if all were written. */
    int (*write_pages)(struct inode *inode, u64 first, unsigned count, struct frame *const frames[]);
    /*
     * Optional: pages of this inode are about to be written back; write first what has to be on
     * the disk before them.  Sleeps.  => 0 or an error (the pages are written nevertheless)
     */
    int (*write_first)(struct inode *inode);
    /*
     * A clean page is about to be changed, by a store through a mapping or by write(2): make sure
     * that it has a place on the disk up to the end of the file, and at least for its first `end`
     * bytes; set mtime.  May take inode->lock.  => 0, -ENOSPC, -EIO...
     */
    int (*prepare_write)(struct inode *inode, u64 index, u32 end);

    int (*lookup)(struct inode *dir, const char *name, size_t length, struct inode **out);
    int (*create)(struct inode *dir, const char *name, size_t length, u32 mode, u32 rdev,
                  struct inode **out);
    int (*link)(struct inode *dir, const char *name, size_t length, struct inode *target);
    int (*unlink)(struct inode *dir, const char *name, size_t length);
    int (*symlink)(struct inode *dir, const char *name, size_t length, const char *target);
    int (*rmdir)(struct inode *dir, const char *name, size_t length);
    int (*rename)(struct inode *old_dir, const char *old_name, size_t old_length,
                  struct inode *new_dir, const char *new_name, size_t new_length, u32 flags);
    ssize_t (*readlink)(struct inode *inode, char *buffer, size_t size);
    int (*truncate)(struct inode *inode, u64 size);
    /* Give back the places of pages first..end - 1, which have left the cache: a hole.  May be
     * NULL.  => 0 or -EIO; inode->lock is held */
    int (*punch)(struct inode *inode, u64 first, u64 end);
    /* The first page >= index that has a place; ~0 = none.  May be NULL: all have. */
    u64 (*next_data)(struct inode *inode, u64 index);
    int (*setattr)(struct inode *inode); /* mode, owner or times changed */
    int (*sync)(struct inode *inode, bool datasync);
    /* A symbolic link that leads to an inode without naming it (/proc/PID/fd). May be NULL. */
    int (*follow)(struct inode *link, struct inode **out);
    /*
     * The caller's is the last reference (refs == 1).  Take the lock under which
     * lookups find inodes, drop the reference, and if it still was the last:
     * forget or keep the inode.
     */
    void (*release)(struct inode *inode);
};

#define INODE_SHM 1u        /* no disk behind it: pages live in the cache and in swap */
#define INODE_MOUNTPOINT 4u /* fs/: a file system is mounted on this directory */
#define INODE_PARTS 8u      /* a page lies in several blocks: a dirty one may lack some */
#define INODE_ORPHAN 2u     /* no name left: no need to write it back */

struct inode {
    u64 number;
    u32 mode; /* S_IF... and permission bits */
    u32 refs; /* atomic */
    u64 size; /* bytes; changes under lock */
    u32 links;
    u32 uid, gid;
    u32 rdev;
    struct timespec64 atime, mtime, ctime;
    u64 blocks; /* in units of 512 bytes */
    u32 flags;
    u32 seals;   /* F_SEAL_*; see fs/seal.h */
    i32 writers; /* atomic: > 0 open for writing, < 0 being executed */
    struct filesystem *fs;
    const struct inode_ops *ops;
    const struct file_ops *fops;
    struct mutex lock; /* size, truncation, directory contents */
    struct page_cache cache;
    struct shm_quota *quota; /* INODE_SHM: counts its pages; NULL = nobody does */
    struct spinlock areas_lock;
    struct list areas; /* areas that map it (area.inode_link), for the reverse map */
    void *private;
    /* fs/: */
    struct list hash; /* table of inodes; points at itself while not in it */
    struct list lru;  /* unreferenced ones, oldest first */
    u64 parent;       /* number of the directory it was last found in, and the name there */
    char *name;       /* (kalloc; NULL = none known), under the table's lock */
};

/* Set up the fields that mm/ uses (the structure is zeroed): locks, cache, lists, refs = 1. */
void inode_setup(struct inode *inode, const struct inode_ops *ops);
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode); /* NULL is allowed */

/* ETXTBSY: the file is opened for writing / mapped for execution.  => 0 or -ETXTBSY. */
int inode_get_write(struct inode *inode);
void inode_put_write(struct inode *inode);
int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);

/* How many pages the file has: ceil(size / 4096). */
static inline u64 inode_pages(const struct inode *inode)
{
    return (inode->size + PAGE_MASK) >> PAGE_SHIFT;
}

#endif
