/* SPDX-License-Identifier: MIT */
/*
 * block.h - disks: requests of sectors, several in flight, completed by interrupt.
 *
 * A request moves whole 512-byte sectors between a disk and kernel memory in up to
 * BLOCK_SEGMENTS pieces.  The disk's pages (file-system metadata, reads of /dev/vda)
 * are cached in `inode`, like those of a file.
 */
#ifndef DEV_BLOCK_H
#define DEV_BLOCK_H

#include "mm/object.h"
#include "mm/swap.h"
#include "sync/wait.h"

#define SECTOR_SIZE 512u
#define BLOCK_SEGMENTS 32u /* 128 KiB of pages in one request */

enum block_operation { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

struct block_segment {
    void *buffer; /* kernel memory, physically contiguous */
    u32 size;     /* bytes, a multiple of SECTOR_SIZE */
};

struct block_request {
    enum block_operation operation;
    u64 sector;
    u32 segment_count;
    struct block_segment segment[BLOCK_SEGMENTS];
    /* Called once, with interrupts off: from the interrupt, or from block_submit on an error. */
    void (*done)(struct block_request *request);
    void *argument;   /* for done */
    int status;       /* in done: 0 or -EIO */
    struct list link; /* the driver's */
};

struct block_device;

struct block_ops {
    /* Takes the request on; never sleeps: queues it if the ring is full. */
    void (*submit)(struct block_device *disk, struct block_request *request);
};

struct block_device {
    char name[16]; /* "vda" */
    u64 sectors;
    bool read_only;
    bool can_flush; /* has a cache that FLUSH empties */
    u64 device;     /* DEV_MAKE */
    const struct block_ops *ops;
    void *private;
    struct inode inode;                               /* its pages; size = bytes */
    u64 reads, writes, sectors_read, sectors_written; /* atomic; for /proc/diskstats */
    /* The file system on it, and what it wants done before its pages are written (inode_ops). */
    struct filesystem *mounted;
    int (*write_first)(struct block_device *disk);
};

#define BLOCK_DEVICE_LIMIT 16

/* The structure must live for ever, with name..private filled.  => at boot */
void block_register(struct block_device *disk);
struct block_device *block_find(const char *name);  /* with or without "/dev/" */
struct block_device *block_find_device(u64 device); /* by DEV_MAKE number */
struct block_device *block_at(u32 index);           /* NULL behind the last */

/*
 * Starts a request.  Does not sleep; callable with interrupts off.  Requests beyond the
 * end of the disk or writes to a read-only one fail with -EIO / -EROFS through done.
 */
void block_submit(struct block_device *disk, struct block_request *request);
/* Starts it and sleeps until it is done.  => request->status */
int block_execute(struct block_device *disk, struct block_request *request);

/* Sleep until done.  Buffers are kernel memory, at most 128 KiB.  => 0, -EIO, -EROFS */
int block_read(struct block_device *disk, u64 sector, void *buffer, u32 sectors);
int block_write(struct block_device *disk, u64 sector, const void *buffer, u32 sectors);
/* Everything written before is on stable storage. */
int block_flush(struct block_device *disk);

/* swap_on(disk, &block_swap_ops, disk->sectors / 8, name) */
extern const struct swap_device_ops block_swap_ops;

#endif
