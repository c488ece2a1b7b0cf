/* SPDX-License-Identifier: MIT */
/*
 * device.h - what every device on the board has in common: reset, save, load, destroy, and the
 * interrupt line it raises.
 *
 * A device is a plain struct of its own (struct uart, struct plic ...).  Registers are reached
 * through struct bus_ops (emu/mem/bus.h); everything else the machine does with a device goes
 * through this table.  Devices run on the machine's thread only and take no locks.
 */
#ifndef FAULTLINE_DEVICE_H
#define FAULTLINE_DEVICE_H

#include <errno.h>
#include <stdbool.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/serial.h"

struct device_ops {
    /* Puts the device into the state it has at power on.  Connections stay. */
    void (*reset)(void *state);
    /* Writes all that the guest can see, now or later, as named fields. */
    void (*save)(const void *state, struct serial_writer *writer);
    /* Reads what save wrote.  False: *err says why and the device has to be reset. */
    bool (*load)(void *state, struct serial_reader *reader, struct error *err);
    /* Frees the device. */
    void (*destroy)(void *state);
};

/* A device as the machine lists it: the name is unique on the board ("uart0", "virtio3"). */
struct device {
    const char *name;
    const struct device_ops *ops;
    void *state;
};

/* One interrupt line, as its source sees it.  `set` may be NULL: the line is not connected. */
struct irq_line {
    void (*set)(void *ctx, u32 number, bool level);
    void *ctx;
    u32 number;
};

static inline void irq_set(const struct irq_line *line, bool level)
{
    if (line->set) {
        line->set(line->ctx, line->number, level);
    }
}

#endif
