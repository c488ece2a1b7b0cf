/* SPDX-License-Identifier: MIT */
/*
 * blk.h - the virtio block device: read, write, flush, get-id; several requests in flight.
 *
 * A request takes BLK_BASE_NS from the bell to its completion, and the disk moves one request's
 * data at a time at BLK_SECTOR_NS a sector; both are guest time.  Data are moved and the used ring
 * is written when the request completes, never before, so what a guest sees between the bell and
 * the interrupt does not depend on the host.  Requests complete in the order they were made.
 * Source: Virtual I/O Device specification 1.2, section 5.2.
 */
#ifndef FAULTLINE_VIRTIO_BLK_H
#define FAULTLINE_VIRTIO_BLK_H

#include "devices/backend/disk.h"
#include "devices/failure.h"
#include "devices/virtio/mmio.h"
#include "emu/time/clock.h"

#define BLK_BASE_NS 20000u
#define BLK_SECTOR_NS 250u
#define BLK_MAX_SECTORS 65536u /* in one request: 32 MiB */

/* Told when a request completes; result is 0 or a negative errno. */
struct blk_observer {
    void (*request)(void *ctx, unsigned device, u64 sector, u32 sectors, bool write, int result);
    void *ctx;
};

/* `number` is the disk's own (0 = vda).  The disk is taken over.  NULL when memory is short. */
struct virtio *blk_create(struct clock *clock, struct ram *ram, struct irq_line irq,
                          struct disk *disk, unsigned number);
void blk_set_observer(struct virtio *v, const struct blk_observer *observer);
struct disk *blk_disk(struct virtio *v);

/* What can be made to fail: the request is answered with IOERR and moves nothing. */
enum blk_operation { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_OPERATIONS };
struct failure *blk_failure(struct virtio *v, enum blk_operation operation);

#endif
