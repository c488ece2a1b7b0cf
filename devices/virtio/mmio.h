/* SPDX-License-Identifier: MIT */
/*
 * mmio.h - the virtio-mmio transport, version 2: registers, status, feature negotiation, queues.
 *
 * A device (blk, console, rng) embeds struct virtio as its first member and fills in its table.
 * Registers of a queue are locked while it is ready; nothing can be changed under a request.
 * Source: Virtual I/O Device specification 1.2, sections 2.1, 3.1, 4.2.
 */
#ifndef FAULTLINE_VIRTIO_MMIO_H
#define FAULTLINE_VIRTIO_MMIO_H

#include "devices/device.h"
#include "devices/virtio/queue.h"
#include "emu/mem/bus.h"

#define VIRTIO_MMIO_SIZE 0x1000u
#define VIRTIO_MAX_QUEUES 8
#define VIRTIO_MAX_CONFIG 64

#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio;

struct virtio_ops {
    u32 device_id;
    unsigned queues;
    /* The driver has rung the bell of a ready queue. */
    void (*notify)(struct virtio *v, unsigned queue);
    /* The driver reset the device: forget requests and negotiated features. */
    void (*reset)(struct virtio *v);
    /* The driver has set DRIVER_OK.  May be NULL. */
    void (*started)(struct virtio *v);
    /* Own state beyond struct virtio.  May be NULL. */
    void (*save)(const struct virtio *v, struct serial_writer *writer);
    bool (*load)(struct virtio *v, struct serial_reader *reader, struct error *err);
    void (*destroy)(struct virtio *v);
};

struct virtio {
    const struct virtio_ops *ops;
    struct ram *ram;
    struct irq_line irq;
    u64 features; /* offered, VIRTIO_F_VERSION_1 among them */
    u64 driver_features;
    u32 device_features_page, driver_features_page, queue_page;
    u32 status, interrupt, generation;
    struct virtqueue queue[VIRTIO_MAX_QUEUES];
    u8 config[VIRTIO_MAX_CONFIG];
    u32 config_size;
};

/* Both take a struct virtio. */
extern const struct bus_ops virtio_bus_ops;
extern const struct device_ops virtio_device_ops;

void virtio_init(struct virtio *v, const struct virtio_ops *ops, struct ram *ram,
                 struct irq_line irq, u64 features);
/* True when the driver is up and nothing is broken. */
bool virtio_running(const struct virtio *v);
bool virtio_negotiated(const struct virtio *v, u64 feature);
/* The next chain of a queue; false when there is none.  What is malformed breaks the device. */
bool virtio_pop(struct virtio *v, unsigned queue, struct virtqueue_chain *chain);
void virtio_push(struct virtio *v, unsigned queue, u16 head, u32 written);
/* The driver did what no driver may do: the device stops until it is reset. */
void virtio_break(struct virtio *v);
/* A device in a slot of its own that is not there reads as device 0. */
extern const struct bus_ops virtio_empty_bus_ops;

#endif
