/* SPDX-License-Identifier: MIT */
/*
 * console.h - the virtio console with named ports.
 *
 * Port 0 is the console ("console"); further ports are 8-bit clean channels found by name.  Output
 * is taken from the guest at the bell.  Input goes into receive buffers that the guest has
 * posted: on named ports a posted buffer means that somebody wants to read.
 * Source: Virtual I/O Device specification 1.2, section 5.3.
 */
#ifndef FAULTLINE_VIRTIO_CONSOLE_H
#define FAULTLINE_VIRTIO_CONSOLE_H

#include "devices/charport.h"
#include "devices/virtio/mmio.h"

#define CONSOLE_MAX_PORTS 3

/* names[ports], borrowed; ports is 1 .. CONSOLE_MAX_PORTS. */
struct virtio *console_create(struct ram *ram, struct irq_line irq, unsigned ports,
                              const char *const *names);
struct charport *console_port(struct virtio *v, unsigned port);

#endif
