/* SPDX-License-Identifier: MIT */
/* finisher.c - see finisher.h. */
#include "devices/finisher.h"

#define FINISHER_FAIL 0x3333u
#define FINISHER_PASS 0x5555u
#define FINISHER_RESET 0x7777u

static u64 bus_read_finisher(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)device;
    (void)offset;
    (void)size;
    (void)fault;
    return 0;
}

static void bus_write_finisher(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    const struct finisher *f = device;
    (void)size;
    (void)fault;
    if (offset != 0) {
        return;
    }
    switch (value & 0xffff) {
    case FINISHER_PASS:
        f->power_off(f->ctx, 0);
        break;
    case FINISHER_FAIL:
        f->power_off(f->ctx, (int)(value >> 16 & 0xffff));
        break;
    case FINISHER_RESET:
        f->reset(f->ctx);
        break;
    default:
        break;
    }
}

const struct bus_ops finisher_bus_ops = {
    .read = bus_read_finisher,
    .write = bus_write_finisher,
    .size_mask = 2 | 4,
};
