/* SPDX-License-Identifier: MIT */
/*
 * ring.h - records on their way from the machine's thread to the viewer's.
 *
 * One thread puts, one takes; neither waits for the other.  A full ring refuses, and the putter
 * decides what then.
 */
#ifndef FAULTLINE_MAP_RING_H
#define FAULTLINE_MAP_RING_H

#include <stdatomic.h>
#include <stdlib.h>

#include "emu/trace/record.h"

enum { RING_RECORDS = 1 << 15 };

struct ring {
    struct trace_record *record;
    _Atomic u64 put, taken;
};

static inline bool ring_init(struct ring *ring)
{
    ring->record = calloc(RING_RECORDS, sizeof *ring->record);
    atomic_init(&ring->put, 0);
    atomic_init(&ring->taken, 0);
    return ring->record != NULL;
}

static inline void ring_free(struct ring *ring)
{
    free(ring->record);
    ring->record = NULL;
}

static inline bool ring_put(struct ring *ring, const struct trace_record *record)
{
    u64 at = atomic_load_explicit(&ring->put, memory_order_relaxed);
    if (at - atomic_load_explicit(&ring->taken, memory_order_acquire) == RING_RECORDS) {
        return false;
    }
    ring->record[at % RING_RECORDS] = *record;
    atomic_store_explicit(&ring->put, at + 1, memory_order_release);
    return true;
}

/* The oldest record, or NULL; ring_drop() when it has been used. */
static inline const struct trace_record *ring_peek(struct ring *ring)
{
    u64 at = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    return at == atomic_load_explicit(&ring->put, memory_order_acquire)
               ? NULL
               : &ring->record[at % RING_RECORDS];
}

static inline void ring_drop(struct ring *ring)
{
    atomic_fetch_add_explicit(&ring->taken, 1, memory_order_release);
}

#endif
