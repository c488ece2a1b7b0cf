/* SPDX-License-Identifier: MIT */
/*
 * charport.h - the seam between a character device (UART, virtio-console port) and whoever feeds
 * it (emu/machine/input.c).
 *
 * The device fills in the guest's side, the machine fills in its own.  Bytes come only when the
 * machine brings them, at an instruction count that it chooses and records; so the device itself
 * is deterministic.
 */
#ifndef FAULTLINE_CHARPORT_H
#define FAULTLINE_CHARPORT_H

#include <stddef.h>

#include "emu/base/types.h"

struct charport {
    /* Set by the device. */
    void *device;
    size_t (*room)(void *device);                            /* bytes it can take now */
    void (*receive)(void *device, const u8 *data, size_t n); /* n <= room */
    void (*hangup)(void *device);                            /* no more input will ever come */

    /* Set by the machine; each may be NULL. */
    void *owner;
    void (*transmit)(void *owner, const u8 *data, size_t n); /* the guest wrote these bytes */
    void (*wanted)(void *owner);                             /* the guest made room for input */
};

static inline void charport_transmit(const struct charport *port, const u8 *data, size_t n)
{
    if (port->transmit) {
        port->transmit(port->owner, data, n);
    }
}

static inline void charport_wanted(const struct charport *port)
{
    if (port->wanted) {
        port->wanted(port->owner);
    }
}

#endif
