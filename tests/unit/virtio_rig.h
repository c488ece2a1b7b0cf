/* SPDX-License-Identifier: MIT */
/*
 * virtio_rig.h - a driver for a virtio device on the bench: negotiation, queues, descriptors, all
 * written into guest RAM by hand so that they can also be wrong.
 */
#ifndef FAULTLINE_TEST_VIRTIO_RIG_H
#define FAULTLINE_TEST_VIRTIO_RIG_H

#include "device_rig.h"

#include "devices/virtio/mmio.h"

#define QUEUE_SIZE 8u
#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_WRITE 2u

/* Queue q has its three parts in the 16 KiB from here. */
static inline u64 queue_base(unsigned q)
{
    return RIG_RAM + 0x10000 + q * 0x4000ull;
}

static inline u64 vin(struct virtio *v, u64 offset)
{
    return reg_read(&virtio_bus_ops, v, offset, 4);
}

static inline void vout(struct virtio *v, u64 offset, u32 value)
{
    reg_write(&virtio_bus_ops, v, offset, 4, value);
}

static inline void poke(struct rig *rig, u64 address, u64 value, unsigned size)
{
    u8 *at = ram_pointer(&rig->ram, address, size);
    assert_non_null(at);
    store_sized(at, value, size);
}

static inline u64 peek_ram(struct rig *rig, u64 address, unsigned size)
{
    const u8 *at = ram_pointer(&rig->ram, address, size);
    assert_non_null(at);
    return load_sized(at, size);
}

static inline void start_queue(struct virtio *v, unsigned q)
{
    u64 base = queue_base(q);
    vout(v, 0x030, q);
    vout(v, 0x038, QUEUE_SIZE);
    vout(v, 0x080, (u32)base);
    vout(v, 0x084, (u32)(base >> 32));
    vout(v, 0x090, (u32)(base + 0x1000));
    vout(v, 0x094, (u32)(base >> 32));
    vout(v, 0x0a0, (u32)(base + 0x2000));
    vout(v, 0x0a4, (u32)(base >> 32));
    vout(v, 0x044, 1);
}

/* Empty rings, status, features, queues, as a good driver does. */
static inline void start_driver(struct virtio *v, u64 features, unsigned queues)
{
    for (unsigned q = 0; q < queues; q++) {
        memset(ram_pointer(v->ram, queue_base(q), 0x4000), 0, 0x4000);
    }
    vout(v, 0x070, 0);
    vout(v, 0x070, 1);
    vout(v, 0x070, 3);
    vout(v, 0x024, 0);
    vout(v, 0x020, (u32)features);
    vout(v, 0x024, 1);
    vout(v, 0x020, (u32)(features >> 32) | 1);
    vout(v, 0x070, 11);
    assert_int_equal(vin(v, 0x070), 11);
    for (unsigned q = 0; q < queues; q++) {
        start_queue(v, q);
    }
    vout(v, 0x070, 15);
    assert_int_equal(vin(v, 0x070), 15);
}

static inline void set_descriptor(struct rig *rig, unsigned q, unsigned index, u64 address,
                                  u32 length, u16 flags, u16 next)
{
    u64 at = queue_base(q) + 16ull * index;
    poke(rig, at, address, 8);
    poke(rig, at + 8, length, 4);
    poke(rig, at + 12, flags, 2);
    poke(rig, at + 14, next, 2);
}

/* Makes a chain available (no bell). */
static inline void offer(struct rig *rig, unsigned q, u16 head)
{
    u64 ring = queue_base(q) + 0x1000;
    u16 index = (u16)peek_ram(rig, ring + 2, 2);
    poke(rig, ring + 4 + 2ull * (index % QUEUE_SIZE), head, 2);
    poke(rig, ring + 2, (u16)(index + 1), 2);
}

static inline void bell(struct virtio *v, unsigned q)
{
    vout(v, 0x050, q);
}

static inline u16 used_count(struct rig *rig, unsigned q)
{
    return (u16)peek_ram(rig, queue_base(q) + 0x2002, 2);
}

static inline u32 used_head(struct rig *rig, unsigned q, unsigned i)
{
    return (u32)peek_ram(rig, queue_base(q) + 0x2004 + 8ull * (i % QUEUE_SIZE), 4);
}

static inline u32 used_length(struct rig *rig, unsigned q, unsigned i)
{
    return (u32)peek_ram(rig, queue_base(q) + 0x2008 + 8ull * (i % QUEUE_SIZE), 4);
}

static inline bool broken(struct virtio *v)
{
    return (vin(v, 0x070) & 0x40) != 0;
}

#endif
