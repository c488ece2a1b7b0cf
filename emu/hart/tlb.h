/* SPDX-License-Identifier: MIT */
/*
 * tlb.h - the translation cache of a hart: a pool of contexts.
 *
 * A context belongs to one (satp, privilege, SUM, MXR); changing any of these changes a pointer and
 * drops nothing.  Each has three direct-mapped tables.  Geometry, replacement and the points where
 * entries are made are visible to the guest (stale entries, A bits), so they are the same for every
 * engine and are saved with the hart.
 *
 * Hit test for an access of size s (1, 2, 4, 8), alignment included:
 *     entry = table[(va >> 12) % entries];  (va & TLB_TAG_MASK(s)) == entry.tag
 * then the host address is va + entry.addend.  Flags in the low bits of a tag make the test fail:
 * the access takes the slow path (access.h), which knows what to do.
 *
 * The flag TLB_CODE says why a page is slow, not what is translated: it depends on
 * what engines have decoded and is no part of machine state.
 *
 * For engines: each context remembers some pages that were used last, as copies of entries of its
 * load and store tables.  A copy is dropped before the entry changes, so it hits only where the
 * entry would; it is no part of machine state.
 *
 * Clearing costs what was filled: `filled` has a bit for each entry, `summary` one for each word of
 * it.  `info` remembers level and G of the leaf, so that sfence.vma drops exactly what it names.
 */
#ifndef FAULTLINE_TLB_H
#define FAULTLINE_TLB_H

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/hart/counters.h"
#include "emu/mem/ram.h"
#include "emu/mem/serial.h"

#define TLB_CONTEXTS 16
#define TLB_DATA_ENTRIES 4096
#define TLB_FETCH_ENTRIES 4096

/* Low bits of a tag. */
#define TLB_MMIO 0x008u  /* not RAM: the addend gives the physical address */
#define TLB_CODE 0x010u  /* store table: the page holds decoded instructions, or is watched */
#define TLB_CHECK 0x040u /* PMP is not the same over the page: check each access */
#define TLB_EMPTY 0x800u /* no translation */
#define TLB_TAG_MASK(size) (~(u64)0xfff | ((u64)(size)-1))

enum tlb_table { TLB_LOAD, TLB_STORE, TLB_FETCH, TLB_TABLES };

struct tlb_entry {
    u64 tag;
    u64 addend; /* host address - va; with TLB_MMIO physical address - va */
};

#define TLB_INFO_LEVEL 7u  /* level of the leaf: 0 = 4 KiB */
#define TLB_INFO_GLOBAL 8u /* G */

/* Entries used last: which access uses which is up to the engine. */
#define TLB_RECENT 64u
struct tlb_recent {
    u64 tag[TLB_RECENT]; /* as in tlb_entry; TLB_EMPTY: none */
    u64 addend[TLB_RECENT];
    /* Sixteen times the entry's index: so that those of one entry are found quickly. */
    u16 index[TLB_RECENT];
};

struct tlb_context {
    struct tlb_entry load[TLB_DATA_ENTRIES]; /* offsets are asserted below */
    struct tlb_entry store[TLB_DATA_ENTRIES];
    struct tlb_entry fetch[TLB_FETCH_ENTRIES];
    struct tlb_recent recent[2]; /* of loads, of stores */
    u64 recent_drops;            /* how often some of them were dropped; for engines only */
    u64 filled[TLB_TABLES][TLB_DATA_ENTRIES / 64];
    u64 summary[TLB_TABLES];
    u8 info[TLB_TABLES][TLB_DATA_ENTRIES];
    u64 satp; /* 0 when translation is off */
    u32 mode; /* TLB_MODE of privilege, SUM, MXR */
    bool used;
    u64 stamp;                 /* of the last selection, for LRU */
    struct tlb_context *twin;  /* the same but for SUM, or NULL; compare satp and mode before use */
    u64 large_low, large_high; /* virtual range of the large leaves in it; low > high: none */
};

_Static_assert(offsetof(struct tlb_context, load) == 0, "translated code relies on it");
_Static_assert(offsetof(struct tlb_context, store) == 65536, "translated code relies on it");
_Static_assert(offsetof(struct tlb_context, fetch) == 131072, "translated code relies on it");

#define TLB_MODE(priv, sum, mxr) ((u32)(priv) | (u32)(sum) << 2 | (u32)(mxr) << 3)
#define TLB_MODE_PRIV(mode) ((mode)&3u)
#define TLB_MODE_SUM(mode) ((mode) >> 2 & 1u)
#define TLB_MODE_MXR(mode) ((mode) >> 3 & 1u)

struct tlb {
    struct tlb_context *context; /* TLB_CONTEXTS of them */
    /* satp and mode of the contexts in use, side by side: they are searched at every trap. */
    u64 key_satp[TLB_CONTEXTS];
    u32 key_mode[TLB_CONTEXTS];
    unsigned used; /* contexts are taken into use in order */
    u64 clock;     /* stamps given out */
    struct counters *counters;
};

/* counters: outlive the TLB. */
bool tlb_init(struct tlb *tlb, struct counters *counters, struct error *err);
void tlb_destroy(struct tlb *tlb);
/* Everything empty and unused. */
void tlb_reset(struct tlb *tlb);
/* The context of the key: found, or an unused one, or the least recently selected one, emptied. */
struct tlb_context *tlb_select(struct tlb *tlb, u64 satp, u32 mode);
/* Drops all entries of all contexts (PMP changed). */
void tlb_clear(struct tlb *tlb);
/*
 * sfence.vma: what belongs to the address, to the ASID, to both, or all.  Contexts without
 * translation are not concerned; with by_asid global leaves stay.
 */
void tlb_fence(struct tlb *tlb, bool by_address, u64 va, bool by_asid, u64 asid);

/* host: of the page of va when tag flags have no TLB_MMIO, else NULL and pa counts. */
void tlb_fill(struct tlb_context *context, enum tlb_table table, u64 va, u64 pa, const u8 *host,
              u32 flags, unsigned level, bool global);
static inline struct tlb_entry *tlb_entry(struct tlb_context *context, enum tlb_table table, u64 va)
{
    u64 page = va >> RAM_PAGE_SHIFT;
    if (table == TLB_FETCH) {
        return &context->fetch[page & (TLB_FETCH_ENTRIES - 1)];
    }
    return (table == TLB_LOAD ? context->load : context->store) + (page & (TLB_DATA_ENTRIES - 1));
}
/* Stores to the RAM page at `host` need the slow path from now on. */
void tlb_mark_code(struct tlb *tlb, const u8 *host);

void tlb_save(const struct tlb *tlb, const struct ram *ram, struct serial_writer *writer);
bool tlb_load(struct tlb *tlb, const struct ram *ram, struct serial_reader *reader,
              struct error *err);

#endif
