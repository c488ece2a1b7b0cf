/* SPDX-License-Identifier: MIT */
/*
 * virtio_blk.c - disks over virtio.
 *
 * A request is one chain: a header the device reads, the data, a status byte it writes.
 * As many as fit in the ring are in flight; the others wait on `waiting` in the order
 * they came.  Completion by interrupt.
 * Lock: disk->lock for the ring, the slots and the list; completions run without it.
 * Source: VIRTIO 1.2, section 5.2.
 */
#include "dev/block.h"
#include "dev/chardev.h"
#include "dev/virtio.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "sync/spin.h"

#define FEATURE_READ_ONLY (1ull << 5)
#define FEATURE_FLUSH (1ull << 9)

#define TYPE_IN 0u
#define TYPE_OUT 1u
#define TYPE_FLUSH 4u

#define QUEUE_SIZE 256u
#define SLOTS 32u /* requests in flight */

/* What the device reads and writes beside the data. */
struct slot {
    u32 type, reserved;
    u64 sector;
    u8 status;
    struct block_request *request; /* NULL = free */
};

struct virtio_disk {
    struct block_device block;
    struct virtio_device *device;
    struct spinlock lock;
    struct virtio_queue queue;
    struct list waiting;
    struct slot slot[SLOTS];
};

static u32 disks_found; /* probing is at boot, one after the other */

/* Put a request into the ring.  => false if it does not fit now; lock is held */
static bool start_request(struct virtio_disk *disk, struct block_request *request)
{
    struct virtio_buffer buffers[BLOCK_SEGMENTS + 2];
    struct slot *slot = NULL;
    u16 count = 0;
    bool reads = request->operation == BLOCK_READ;

    for (u32 i = 0; i < SLOTS && !slot; i++) {
        slot = disk->slot[i].request ? NULL : &disk->slot[i];
    }
    if (!slot) {
        return false;
    }
    slot->type = request->operation == BLOCK_FLUSH ? TYPE_FLUSH : reads ? TYPE_IN : TYPE_OUT;
    slot->sector = request->operation == BLOCK_FLUSH ? 0 : request->sector;
    slot->status = 0xff;
    buffers[count++] = (struct virtio_buffer){slot, 16};
    for (u32 i = 0; i < request->segment_count; i++) {
        buffers[count++] =
            (struct virtio_buffer){request->segment[i].buffer, request->segment[i].size};
    }
    buffers[count++] = (struct virtio_buffer){&slot->status, 1};
    if (virtio_queue_add(&disk->queue, buffers, reads ? 1 : (u16)(count - 1),
                         reads ? (u16)(count - 1) : 1, slot)) {
        return false;
    }
    slot->request = request;
    return true;
}

static void disk_submit(struct block_device *block, struct block_request *request)
{
    struct virtio_disk *disk = block->private;

    spin_lock(&disk->lock);
    if (list_empty(&disk->waiting) && start_request(disk, request)) {
        virtio_queue_notify(&disk->queue);
    } else {
        list_push_back(&disk->waiting, &request->link);
    }
    spin_unlock(&disk->lock);
}

/* Start what waits, as far as there is room.  => lock is held */
static void start_waiting(struct virtio_disk *disk)
{
    bool started = false;

    while (!list_empty(&disk->waiting)) {
        struct block_request *request = list_first(&disk->waiting, struct block_request, link);

        if (!start_request(disk, request)) {
            break;
        }
        list_remove(&request->link);
        started = true;
    }
    if (started) {
        virtio_queue_notify(&disk->queue);
    }
}

static void disk_interrupt(void *argument)
{
    struct virtio_disk *disk = argument;
    struct list finished;
    struct list *link;
    struct slot *slot;
    u32 written;

    list_init(&finished);
    virtio_acknowledge(disk->device);
    spin_lock(&disk->lock);
    while ((slot = virtio_queue_take(&disk->queue, &written)) != NULL) {
        struct block_request *request = slot->request;

        request->status = slot->status == 0 ? 0 : -EIO;
        if (request->status) {
            log_error("%s: %s of sector %llu failed (status %u)", disk->block.name,
                      slot->type == TYPE_IN ? "read" : "write", (unsigned long long)slot->sector,
                      slot->status);
        }
        slot->request = NULL;
        list_push_back(&finished, &request->link);
    }
    start_waiting(disk);
    spin_unlock(&disk->lock);
    while ((link = list_pop_front(&finished)) != NULL) {
        struct block_request *request = list_entry(link, struct block_request, link);

        request->done(request);
    }
}

static const struct block_ops virtio_block_ops = {.submit = disk_submit};

int virtio_blk_probe(struct virtio_device *device)
{
    struct virtio_disk *disk = kalloc(sizeof(*disk));
    int error;

    if (!disk) {
        return -ENOMEM;
    }
    disk->device = device;
    spin_init(&disk->lock, "virtio disk");
    list_init(&disk->waiting);
    error = virtio_negotiate(device, FEATURE_READ_ONLY | FEATURE_FLUSH);
    if (!error) {
        error = virtio_queue_init(device, &disk->queue, 0, QUEUE_SIZE);
    }
    if (!error && disk->queue.size < BLOCK_SEGMENTS + 2) {
        log_error("virtio: ring of %u entries is too small for a disk", disk->queue.size);
        error = -ENODEV;
    }
    if (!error) {
        error = irq_register(device->irq, disk_interrupt, disk);
    }
    if (error) {
        virtio_fail(device);
        kfree(disk);
        return error;
    }
    virtio_start(device);
    disk->block.ops = &virtio_block_ops;
    disk->block.private = disk;
    disk->block.sectors = virtio_config64(device, 0);
    disk->block.read_only = (device->features & FEATURE_READ_ONLY) != 0;
    disk->block.can_flush = (device->features & FEATURE_FLUSH) != 0;
    disk->block.device = DEVICE_DISK(disks_found);
    snprintf(disk->block.name, sizeof(disk->block.name), "vd%c", (char)('a' + disks_found));
    disks_found++;
    block_register(&disk->block);
    return 0;
}
