/* SPDX-License-Identifier: MIT */
/*
 * queue.h - the device's side of a split virtqueue.
 *
 * The rings and descriptors are the guest's memory and hostile: every address is checked against
 * RAM (never dispatched to a device), every descriptor is read once, a chain has at most as many
 * links as the queue has entries.  What is found wrong is VIRTQUEUE_BAD; the transport then asks
 * the driver for a reset and the queue does nothing more.
 * Source: Virtual I/O Device specification 1.2, section 2.7.
 */
#ifndef FAULTLINE_VIRTIO_QUEUE_H
#define FAULTLINE_VIRTIO_QUEUE_H

#include <stdbool.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/ram.h"
#include "emu/mem/serial.h"

#define VIRTQUEUE_MAX 128

struct virtqueue {
    u16 size; /* entries, a power of two, at most VIRTQUEUE_MAX */
    bool ready;
    u64 descriptors, driver, device; /* guest physical addresses of the three parts */
    u16 seen;                        /* next entry of the available ring to look at */
    u16 used;                        /* next entry of the used ring to fill */
};

struct virtqueue_segment {
    u64 address;
    u32 length;
    bool writable; /* by the device */
};

/* A request: copies of its descriptors, readable ones first. */
struct virtqueue_chain {
    u16 head;
    u16 count;
    struct virtqueue_segment segment[VIRTQUEUE_MAX];
};

enum virtqueue_result { VIRTQUEUE_EMPTY, VIRTQUEUE_CHAIN, VIRTQUEUE_BAD };

void virtqueue_reset(struct virtqueue *q);
/* False when the rings as set up cannot be: sizes, alignment, outside RAM. */
bool virtqueue_valid(const struct virtqueue *q, struct ram *ram);
/* Takes the next available chain. */
enum virtqueue_result virtqueue_pop(struct virtqueue *q, struct ram *ram,
                                    struct virtqueue_chain *chain);
/* True when the driver has made a chain available. */
bool virtqueue_has_work(const struct virtqueue *q, struct ram *ram);
/* Puts a chain back after `written` bytes were written to it.  True: the driver wants to be told.
 */
bool virtqueue_push(struct virtqueue *q, struct ram *ram, u16 head, u32 written);

/* Bytes of the readable and of the writable segments, saturating at 2^32-1. */
u32 virtqueue_readable(const struct virtqueue_chain *chain);
u32 virtqueue_writable(const struct virtqueue_chain *chain);
/*
 * Copies between a buffer and the readable (writable) part of a chain, from `offset` bytes into
 * it.  Returns bytes copied: fewer when the chain ends.
 */
u32 virtqueue_copy_out(const struct virtqueue_chain *chain, struct ram *ram, u32 offset,
                       void *buffer, u32 size);
u32 virtqueue_copy_in(const struct virtqueue_chain *chain, struct ram *ram, u32 offset,
                      const void *buffer, u32 size);

void virtqueue_save(const struct virtqueue *q, struct serial_writer *writer);
bool virtqueue_load(struct virtqueue *q, struct serial_reader *reader, struct error *err);

#endif
