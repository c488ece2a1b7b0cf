/* SPDX-License-Identifier: MIT */
/* bus.c - see bus.h. */
#include "emu/mem/bus.h"

#include <errno.h>

#include "emu/base/bits.h"

void bus_init(struct bus *bus)
{
    bus->count = 0;
}

bool bus_add(struct bus *bus, const struct bus_region *region, struct error *err)
{
    u64 end;
    if (region->size == 0 || !checked_add(region->base, region->size - 1, &end)) {
        return error_set(err, EINVAL, "device %s: impossible address range", region->name);
    }
    if (bus->count == BUS_MAX_REGIONS) {
        return error_set(err, ENOSPC, "device %s: too many devices", region->name);
    }
    unsigned at = bus->count;
    while (at > 0 && bus->region[at - 1].base > region->base) {
        at--;
    }
    const struct bus_region *below = at > 0 ? &bus->region[at - 1] : NULL;
    const struct bus_region *above = at < bus->count ? &bus->region[at] : NULL;
    if ((below && region->base - below->base < below->size) || (above && end >= above->base)) {
        return error_set(err, EINVAL, "device %s: its addresses are taken", region->name);
    }
    for (unsigned i = bus->count; i > at; i--) {
        bus->region[i] = bus->region[i - 1];
    }
    bus->region[at] = *region;
    bus->count++;
    return true;
}

const struct bus_region *bus_find(const struct bus *bus, u64 address)
{
    unsigned low = 0, high = bus->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        const struct bus_region *region = &bus->region[middle];
        if (address < region->base) {
            high = middle;
        } else if (address - region->base >= region->size) {
            low = middle + 1;
        } else {
            return region;
        }
    }
    return NULL;
}

/* The region that takes the access, or NULL. */
static const struct bus_region *target(const struct bus *bus, u64 address, unsigned size)
{
    const struct bus_region *region = bus_find(bus, address);
    if (!region || !(region->ops->size_mask & size) || address % size ||
        !range_within(address, size, region->base, region->size)) {
        return NULL;
    }
    return region;
}

bool bus_read(const struct bus *bus, u64 address, unsigned size, u64 *value)
{
    const struct bus_region *region = target(bus, address, size);
    if (!region || !region->ops->read) {
        return false;
    }
    bool fault = false;
    u64 read = region->ops->read(region->device, address - region->base, size, &fault);
    if (fault) {
        return false;
    }
    *value = size == 8 ? read : read & (BIT(8 * size) - 1);
    return true;
}

bool bus_write(const struct bus *bus, u64 address, unsigned size, u64 value)
{
    const struct bus_region *region = target(bus, address, size);
    if (!region || !region->ops->write) {
        return false;
    }
    bool fault = false;
    if (size < 8) {
        value &= BIT(8 * size) - 1;
    }
    region->ops->write(region->device, address - region->base, value, size, &fault);
    return !fault;
}
