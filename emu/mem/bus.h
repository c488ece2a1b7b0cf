/* SPDX-License-Identifier: MIT */
/*
 * bus.h - the devices' registers in the physical address space.
 *
 * Regions do not overlap.  An access goes to exactly one region, is naturally aligned and of a
 * size that the region takes; everything else is an access fault, which bus_read and bus_write
 * report as false.  Callbacks run on the machine's thread while struct clock holds the exact time.
 */
#ifndef FAULTLINE_BUS_H
#define FAULTLINE_BUS_H

#include "emu/base/error.h"
#include "emu/base/types.h"

struct bus_ops {
    /* size is 1, 2, 4 or 8; offset is naturally aligned.  Set *fault to refuse the access. */
    u64 (*read)(void *device, u64 offset, unsigned size, bool *fault);
    void (*write)(void *device, u64 offset, u64 value, unsigned size, bool *fault);
    u8 size_mask; /* sizes taken, as a sum of 1, 2, 4, 8 */
};

struct bus_region {
    u64 base, size;
    const struct bus_ops *ops;
    void *device;
    const char *name;
};

#define BUS_MAX_REGIONS 48

struct bus {
    struct bus_region region[BUS_MAX_REGIONS]; /* by base */
    unsigned count;
};

void bus_init(struct bus *bus);
/* Copies *region.  False with *err: overlap, wraps around, or no room. */
bool bus_add(struct bus *bus, const struct bus_region *region, struct error *err);
/* The region that holds `address`, or NULL. */
const struct bus_region *bus_find(const struct bus *bus, u64 address);
/* size: 1, 2, 4 or 8.  *value is zero-extended. */
bool bus_read(const struct bus *bus, u64 address, unsigned size, u64 *value);
bool bus_write(const struct bus *bus, u64 address, unsigned size, u64 value);

#endif
