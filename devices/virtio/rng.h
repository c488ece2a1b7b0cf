/* SPDX-License-Identifier: MIT */
/*
 * rng.h - the virtio entropy device.  Its bytes come from the machine's seed, so that a run can be
 * repeated; they are no use for keys.
 * Source: Virtual I/O Device specification 1.2, section 5.4.
 */
#ifndef FAULTLINE_VIRTIO_RNG_H
#define FAULTLINE_VIRTIO_RNG_H

#include "devices/virtio/mmio.h"

#define RNG_MAX_BYTES (64u * 1024u) /* given per request; the driver asks again for more */

struct virtio *rng_create(struct ram *ram, struct irq_line irq, u64 seed);

#endif
