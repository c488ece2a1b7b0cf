/* SPDX-License-Identifier: MIT */
/*
 * block.c - the disks: who they are, checking and running requests, and their pages.
 *
 * Locks: none of its own; the table of disks is filled at boot only, counters are atomic.
 */
#include "dev/block.h"
#include "abi/misc.h"
#include "abi/stat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

#define SECTORS_PER_PAGE (PAGE_SIZE / SECTOR_SIZE)

static struct block_device *disks[BLOCK_DEVICE_LIMIT];
static u32 disk_count;

/* --- pages of a disk --------------------------------------------------------------------- */

static struct block_device *disk_of(struct inode *inode)
{
    return container_of(inode, struct block_device, inode);
}

/* How many sectors of page `index` the disk has. */
static u32 sectors_of_page(const struct block_device *disk, u64 index)
{
    u64 first = index * SECTORS_PER_PAGE;

    return first >= disk->sectors ? 0 : (u32)min_u64(disk->sectors - first, SECTORS_PER_PAGE);
}

static int disk_read_page(struct inode *inode, u64 index, struct frame *frame)
{
    struct block_device *disk = disk_of(inode);
    u32 sectors = sectors_of_page(disk, index);
    u8 *bytes = frame_to_virt(frame);

    memset(bytes + sectors * SECTOR_SIZE, 0, PAGE_SIZE - sectors * SECTOR_SIZE);
    return sectors ? block_read(disk, index * SECTORS_PER_PAGE, bytes, sectors) : 0;
}

static int disk_write_page(struct inode *inode, u64 index, struct frame *frame)
{
    struct block_device *disk = disk_of(inode);
    u32 sectors = sectors_of_page(disk, index);

    return sectors ? block_write(disk, index * SECTORS_PER_PAGE, frame_to_virt(frame), sectors) : 0;
}

static int disk_write_first(struct inode *inode)
{
    struct block_device *disk = disk_of(inode);

    return disk->write_first ? disk->write_first(disk) : 0;
}

static int disk_sync(struct inode *inode, bool datasync)
{
    (void)datasync;
    return block_flush(disk_of(inode));
}

/* Disks never go away: the last reference is the table's. */
static void disk_release(struct inode *inode)
{
    (void)inode;
    panic("the inode of a disk lost its last reference");
}

static const struct inode_ops disk_inode_ops = {
    .read_page = disk_read_page,
    .write_page = disk_write_page,
    .write_first = disk_write_first,
    .sync = disk_sync,
    .release = disk_release,
};

/* --- the table of disks ------------------------------------------------------------------ */

void block_register(struct block_device *disk)
{
    if (disk_count == BLOCK_DEVICE_LIMIT) {
        log_error("block: no room for %s: %u disks are the limit", disk->name, BLOCK_DEVICE_LIMIT);
        return;
    }
    disk->inode.mode = S_IFBLK | 0600;
    disk->inode.number = disk->device;
    disk->inode.rdev = (u32)disk->device;
    disk->inode.links = 1;
    disk->inode.size = disk->sectors * SECTOR_SIZE;
    inode_setup(&disk->inode, &disk_inode_ops);
    disks[disk_count++] = disk;
    log_info("%s: %llu KiB%s", disk->name, (unsigned long long)disk->sectors / 2,
             disk->read_only ? ", read-only" : "");
}

struct block_device *block_at(u32 index)
{
    return index < disk_count ? disks[index] : NULL;
}

struct block_device *block_find(const char *name)
{
    if (strncmp(name, "/dev/", 5) == 0) {
        name += 5;
    }
    for (u32 i = 0; i < disk_count; i++) {
        if (strcmp(disks[i]->name, name) == 0) {
            return disks[i];
        }
    }
    return NULL;
}

struct block_device *block_find_device(u64 device)
{
    for (u32 i = 0; i < disk_count; i++) {
        if (disks[i]->device == device) {
            return disks[i];
        }
    }
    return NULL;
}

/* --- requests ---------------------------------------------------------------------------- */

/* => 0, or why the request cannot be right */
static int request_check(const struct block_device *disk, const struct block_request *request,
                         u64 *sectors)
{
    u64 bytes = 0;

    if (request->operation == BLOCK_FLUSH) {
        *sectors = 0;
        return 0;
    }
    if (request->segment_count == 0 || request->segment_count > BLOCK_SEGMENTS) {
        return -EIO;
    }
    for (u32 i = 0; i < request->segment_count; i++) {
        if (request->segment[i].size == 0 || request->segment[i].size % SECTOR_SIZE != 0) {
            return -EIO;
        }
        bytes += request->segment[i].size;
    }
    *sectors = bytes / SECTOR_SIZE;
    if (request->sector > disk->sectors || *sectors > disk->sectors - request->sector) {
        return -EIO;
    }
    return request->operation == BLOCK_WRITE && disk->read_only ? -EROFS : 0;
}

void block_submit(struct block_device *disk, struct block_request *request)
{
    u64 sectors;
    int error = request_check(disk, request, &sectors);

    if (error || (request->operation == BLOCK_FLUSH && !disk->can_flush)) {
        request->status = error;
        request->done(request);
        return;
    }
    if (request->operation == BLOCK_READ) {
        atomic_add_u64(&disk->reads, 1);
        atomic_add_u64(&disk->sectors_read, sectors);
    } else if (request->operation == BLOCK_WRITE) {
        atomic_add_u64(&disk->writes, 1);
        atomic_add_u64(&disk->sectors_written, sectors);
    }
    disk->ops->submit(disk, request);
}

struct completion {
    struct spinlock lock;
    struct wait_queue queue;
    bool done;
};

static void complete(struct block_request *request)
{
    struct completion *completion = request->argument;

    spin_lock(&completion->lock);
    completion->done = true;
    wait_wake_all(&completion->queue);
    spin_unlock(&completion->lock);
}

int block_execute(struct block_device *disk, struct block_request *request)
{
    struct completion completion = {.done = false};

    spin_init(&completion.lock, "block request");
    wait_init(&completion.queue);
    request->done = complete;
    request->argument = &completion;
    block_submit(disk, request);
    spin_lock(&completion.lock);
    while (!completion.done) {
        wait_sleep(&completion.queue, &completion.lock);
    }
    spin_unlock(&completion.lock);
    return request->status;
}

static int transfer(struct block_device *disk, enum block_operation operation, u64 sector,
                    void *buffer, u32 sectors)
{
    struct block_request request;

    request.operation = operation;
    request.sector = sector;
    request.segment_count = operation == BLOCK_FLUSH ? 0 : 1;
    request.segment[0].buffer = buffer;
    request.segment[0].size = sectors * SECTOR_SIZE;
    return block_execute(disk, &request);
}

int block_read(struct block_device *disk, u64 sector, void *buffer, u32 sectors)
{
    return transfer(disk, BLOCK_READ, sector, buffer, sectors);
}

int block_write(struct block_device *disk, u64 sector, const void *buffer, u32 sectors)
{
    return transfer(disk, BLOCK_WRITE, sector, (void *)(u64)buffer, sectors);
}

int block_flush(struct block_device *disk)
{
    return transfer(disk, BLOCK_FLUSH, 0, NULL, 0);
}

/* --- swap -------------------------------------------------------------------------------- */

/* Pages in a row on the disk, wherever they are in memory. */
static int swap_transfer(void *device, enum block_operation operation, u64 page, unsigned count,
                         void *const pages[])
{
    struct block_device *disk = device;
    struct block_request request;

    while (count > 0) {
        u32 batch = count < BLOCK_SEGMENTS ? count : BLOCK_SEGMENTS;
        int error;

        request.operation = operation;
        request.sector = page * SECTORS_PER_PAGE;
        request.segment_count = batch;
        for (u32 i = 0; i < batch; i++) {
            request.segment[i].buffer = pages[i];
            request.segment[i].size = PAGE_SIZE;
        }
        error = block_execute(disk, &request);
        if (error) {
            return -EIO;
        }
        page += batch;
        pages += batch;
        count -= batch;
    }
    return 0;
}

static int swap_read_pages(void *device, u64 page, unsigned count, void *const pages[])
{
    return swap_transfer(device, BLOCK_READ, page, count, pages);
}

static int swap_write_pages(void *device, u64 page, unsigned count, void *const pages[])
{
    return swap_transfer(device, BLOCK_WRITE, page, count, pages);
}

const struct swap_device_ops block_swap_ops = {
    .read = swap_read_pages,
    .write = swap_write_pages,
};
