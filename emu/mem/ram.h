/* SPDX-License-Identifier: MIT */
/*
 * ram.h - the guest's main memory, and the one checked way to reach it.
 *
 * Host memory of the guest starts on a large-page boundary, is allotted on first touch and is
 * followed by an inaccessible guard.  All numbers are guest-physical addresses in bytes.
 *
 * Invariant: code[page] has bit g set when some engine holds decoded or translated instructions of
 * the 64-byte granule g of that page.  Whoever writes guest memory other than through the hart's
 * store path calls ram_written afterwards; so instructions are coherent with memory at every
 * instruction boundary.
 */
#ifndef FAULTLINE_RAM_H
#define FAULTLINE_RAM_H

#include "emu/base/bits.h"
#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/serial.h"

#define RAM_PAGE_SHIFT 12
#define RAM_PAGE_SIZE ((u64)1 << RAM_PAGE_SHIFT)
#define RAM_GRANULE_SHIFT 6
#define RAM_MAX_WATCHES 4

/* Called after a store by a hart touched [address, address+length). */
struct ram_watch {
    u64 address, length;
    void (*written)(void *ctx, u64 address, u64 length);
    void *ctx;
};

struct ram {
    u8 *host;
    u64 base, size; /* size is a multiple of RAM_PAGE_SIZE */
    u64 *code;      /* one word of granule bits for each page */
    u64 dma_writes; /* counts writes from outside of the harts: they end LR reservations */
    /* Told of writes that hit granules with code; set by the owner of the engines. */
    void (*code_written)(void *ctx, u64 address, u64 length);
    void *code_ctx;
    struct ram_watch watch[RAM_MAX_WATCHES];
    unsigned watches;
};

/* size: multiple of 4096, not 0. */
bool ram_init(struct ram *ram, u64 base, u64 size, struct error *err);
void ram_destroy(struct ram *ram);
/* All bytes zero again (cheap: the host takes the pages back); no code. */
void ram_clear(struct ram *ram);

static inline bool ram_contains(const struct ram *ram, u64 address, u64 length)
{
    return range_within(address, length, ram->base, ram->size);
}

/* Where the bytes are on the host; NULL when any of them is outside. */
static inline void *ram_pointer(const struct ram *ram, u64 address, u64 length)
{
    return ram_contains(ram, address, length) ? ram->host + (address - ram->base) : NULL;
}

static inline u64 *ram_code(const struct ram *ram, u64 address)
{
    return &ram->code[(address - ram->base) >> RAM_PAGE_SHIFT];
}

/* Bytes were written other than by a hart (DMA, loader, monitor).  The range may lie anywhere. */
void ram_written(struct ram *ram, u64 address, u64 length);

/*
 * For the hart's slow store path: tells code_written and the watches.  The range lies in RAM.
 * True when instructions were dropped.
 */
bool ram_stored(struct ram *ram, u64 address, u64 length);

/* Devices read and write RAM only.  False, and nothing done, when a byte lies outside. */
bool dma_read(const struct ram *ram, u64 address, void *to, u64 length);
bool dma_write(struct ram *ram, u64 address, const void *from, u64 length);

/*
 * Asks to be told of stores by harts to [address, address+length).  To be called before the first
 * instruction.  False: no more room, or outside RAM.
 */
bool ram_add_watch(struct ram *ram, u64 address, u64 length,
                   void (*written)(void *ctx, u64 address, u64 length), void *ctx);
/* True when stores to the page of `address` need the slow path. */
bool ram_page_is_slow(const struct ram *ram, u64 address);

/* Only pages that are not all zero are written. */
void ram_save(const struct ram *ram, struct serial_writer *writer);
bool ram_load(struct ram *ram, struct serial_reader *reader, struct error *err);

#endif
