/* SPDX-License-Identifier: MIT */
/*
 * virtio.h - the virtio transport over MMIO and its split rings.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, sections 2.7 (split virtqueues), 3.1 (device
 * initialisation), 4.2 (MMIO; version 2, and version 1 "legacy" of 4.2.4).
 * A driver guards each queue with a spinlock of its own, taken in its interrupt too.
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "lib/types.h"
#include "sync/irq.h"

#define VIRTIO_ID_BLOCK 2u
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_RNG 4u
#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio_device {
    u64 base; /* physical */
    u32 irq;
    u32 version;  /* 1 = legacy, 2 = modern */
    u32 id;       /* VIRTIO_ID_* */
    u64 features; /* agreed upon */
};

/* Rings in memory, as the device sees them. */
struct virtio_descriptor {
    u64 address;
    u32 length;
    u16 flags, next;
};

struct virtio_available {
    u16 flags, index;
    u16 ring[];
};

struct virtio_used {
    u16 flags, index;
    struct {
        u32 id, length;
    } ring[];
};

struct virtio_queue {
    struct virtio_device *device;
    u16 index; /* number of the queue */
    u16 size;  /* descriptors */
    u16 free_count, first_free;
    u16 last_used; /* how far the used ring has been read */
    struct virtio_descriptor *descriptor;
    struct virtio_available *available;
    struct virtio_used *used;
    void **token; /* [size] of the request whose first descriptor this is */
};

/* A piece of kernel memory (physically contiguous). */
struct virtio_buffer {
    void *bytes;
    u32 size;
};

/* Reset the device and agree on the `wanted` features it offers.  VERSION_1 is added.
 * => 0, -ENODEV with a message if the device refuses */
int virtio_negotiate(struct virtio_device *device, u64 wanted);
/* => 0, -ENOENT (no such queue), -ENOMEM */
int virtio_queue_init(struct virtio_device *device, struct virtio_queue *queue, u16 index,
                      u16 wanted_size);
/* DRIVER_OK: from now on the device works. */
void virtio_start(struct virtio_device *device);
/* Gives up: status FAILED. */
void virtio_fail(struct virtio_device *device);

/*
 * Offer a chain: `out` buffers the device reads, then `in` buffers it writes.
 * => 0; -ENOSPC if there are not enough free descriptors
 * => the device does not look before virtio_queue_notify()
 */
int virtio_queue_add(struct virtio_queue *queue, const struct virtio_buffer *buffers, u16 out,
                     u16 in, void *token);
void virtio_queue_notify(struct virtio_queue *queue);
/* The token of a finished chain and the bytes written into it, or NULL. */
void *virtio_queue_take(struct virtio_queue *queue, u32 *written);

/* In the interrupt: what happened (bit 0 used ring, bit 1 configuration); acknowledges it. */
u32 virtio_acknowledge(struct virtio_device *device);

u8 virtio_config8(struct virtio_device *device, u32 offset);
u32 virtio_config32(struct virtio_device *device, u32 offset);
u64 virtio_config64(struct virtio_device *device, u32 offset);

/* Find all devices in the device tree, by address, and start their drivers.  => may sleep */
void virtio_probe(void);

/* Drivers.  `device` lives for ever.  => 0 or -errno, a message was logged */
int virtio_blk_probe(struct virtio_device *device);
int virtio_console_probe(struct virtio_device *device);
int virtio_rng_probe(struct virtio_device *device);

#endif
