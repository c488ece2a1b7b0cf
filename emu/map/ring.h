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
#include <string.h>

#include "emu/trace/record.h"

enum { RING_RECORDS = 1 << 15 };

/* Most records are not faults and use the front of their place only. */
static inline void record_copy(struct trace_record *to, const struct trace_record *from)
{
    enum { FRONT = offsetof(struct trace_record, arg) + sizeof from->arg };
    _Static_assert(sizeof(struct trace_input) <= sizeof from->arg, "all but faults are in front");
    memcpy(to, from, from->type == RECORD_FAULT ? sizeof *to : FRONT);
}

/* Each side has a cache line of its own, and looks at the other's only when it must. */
struct ring {
    struct trace_record *record;
    _Alignas(64) _Atomic u64 put;
    u64 taken_seen; /* the putter's: what `taken` was last */
    _Alignas(64) _Atomic u64 taken;
    u64 next, put_seen; /* the taker's: up to here it has used; what `put` was last */
};

static inline bool ring_init(struct ring *ring)
{
    ring->record = calloc(RING_RECORDS, sizeof *ring->record);
    atomic_init(&ring->put, 0);
    atomic_init(&ring->taken, 0);
    ring->taken_seen = ring->next = ring->put_seen = 0;
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
    if (at - ring->taken_seen == RING_RECORDS) {
        ring->taken_seen = atomic_load_explicit(&ring->taken, memory_order_acquire);
        if (at - ring->taken_seen == RING_RECORDS) {
            return false;
        }
    }
    record_copy(&ring->record[at % RING_RECORDS], record);
    atomic_store_explicit(&ring->put, at + 1, memory_order_release);
    return true;
}

/* The oldest record, or NULL when there is none; ring_taken() when some have been used. */
static inline const struct trace_record *ring_take(struct ring *ring)
{
    if (ring->next == ring->put_seen) {
        ring->put_seen = atomic_load_explicit(&ring->put, memory_order_acquire);
        if (ring->next == ring->put_seen) {
            return NULL;
        }
    }
    return &ring->record[ring->next++ % RING_RECORDS];
}

/* All records taken so far may be overwritten. */
static inline void ring_taken(struct ring *ring)
{
    atomic_store_explicit(&ring->taken, ring->next, memory_order_release);
}

#endif
