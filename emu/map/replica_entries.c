/* SPDX-License-Identifier: MIT */
/*
 * replica_entries.c - page-table entries of a replica, and the frames and swap slots they hold.
 *
 * Every change goes through replica_set_entry, so that the counts of mappings and of users of a
 * slot are always those of the entries.
 */
#include "emu/map/replica_insides.h"
#include "emu/isa/pte.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_SPAN ((u64)BLOCK_ENTRIES << PAGE_SHIFT)

/* The block at *at, for this replica alone. */
static struct block *own(struct block **at, bool *ok)
{
    struct block *old = *at;
    if (old && old->holders == 1) {
        return old;
    }
    struct block *block = old ? malloc(sizeof *block) : calloc(1, sizeof *block);
    if (!block) {
        *ok = false;
        return NULL;
    }
    if (old) {
        *block = *old;
        old->holders--;
    }
    block->holders = 1;
    *at = block;
    return block;
}

const struct replica_frame *replica_frame_at(const struct replica *r, u64 pfn)
{
    u64 index = pfn - r->first_pfn;
    if (pfn < r->first_pfn || index >= r->frame_count || !r->frame[index / BLOCK_FRAMES]) {
        return NULL;
    }
    return &r->frame[index / BLOCK_FRAMES]->frame[index % BLOCK_FRAMES];
}

struct replica_frame *replica_frame_for(struct replica *r, u64 pfn, bool *ok)
{
    u64 index = pfn - r->first_pfn;
    if (pfn < r->first_pfn || index >= r->frame_count) {
        return NULL;
    }
    struct block **at = &r->frame[index / BLOCK_FRAMES];
    bool fresh = !*at;
    struct block *block = own(at, ok);
    for (unsigned i = 0; block && fresh && i < BLOCK_FRAMES; i++) {
        block->frame[i].class = CLASS_OTHER;
    }
    return block ? &block->frame[index % BLOCK_FRAMES] : NULL;
}

const struct replica_slot *replica_slot_at(const struct replica *r, u64 slot)
{
    if (slot >= r->slot_count || !r->slot[slot / BLOCK_SLOTS]) {
        return NULL;
    }
    return &r->slot[slot / BLOCK_SLOTS]->slot[slot % BLOCK_SLOTS];
}

struct replica_slot *replica_slot_for(struct replica *r, u64 slot, bool *ok)
{
    if (slot >= r->slot_count) {
        return NULL;
    }
    struct block *block = own(&r->slot[slot / BLOCK_SLOTS], ok);
    return block ? &block->slot[slot % BLOCK_SLOTS] : NULL;
}

/* Where the table of `base` is, or would be. */
static size_t table_place(const struct replica_space *space, u64 base)
{
    size_t low = 0, high = space->tables;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (space->table[middle].base < base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

u64 replica_entry(const struct replica_space *space, u64 va)
{
    u64 base = va & ~(TABLE_SPAN - 1);
    size_t at = table_place(space, base);
    if (at == space->tables || space->table[at].base != base) {
        return 0;
    }
    return space->table[at].block->entry[va / PAGE_BYTES % BLOCK_ENTRIES];
}

/* The table for `base`, made if it is not there. */
static struct block *table_for(struct replica_space *space, u64 base, bool *ok)
{
    size_t at = table_place(space, base);
    if (at < space->tables && space->table[at].base == base) {
        return own(&space->table[at].block, ok);
    }
    if (space->tables == space->table_room) {
        size_t room = space->table_room ? 2 * space->table_room : 8;
        struct replica_table *list = realloc(space->table, room * sizeof *list);
        if (!list) {
            *ok = false;
            return NULL;
        }
        space->table = list;
        space->table_room = room;
    }
    struct block *block = NULL;
    if (!own(&block, ok)) {
        return NULL;
    }
    memmove(&space->table[at + 1], &space->table[at],
            (space->tables - at) * sizeof *space->table);
    space->table[at] = (struct replica_table){base, block};
    space->tables++;
    return block;
}

u64 replica_entry_frame(u64 pte)
{
    if (pte & PTE_V) {
        return pte & PTE_SPECIAL ? 0 : pte_address(pte) >> PAGE_SHIFT;
    }
    return pte && PTE_CLASS(pte) == PTE_CLASS_AWAY ? PTE_PAYLOAD(pte) : 0;
}

static bool is_swap(u64 pte)
{
    return !(pte & PTE_V) && PTE_CLASS(pte) == PTE_CLASS_SWAP;
}

/* The entry stops, or begins, to hold a frame or a slot. */
static void release(struct replica *r, struct replica_space *space, u64 pte, bool *ok)
{
    u64 pfn = replica_entry_frame(pte);
    struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, ok) : NULL;
    if (frame && frame->maps) {
        frame->maps--;
        if (frame->maps == 0 && (frame->class == CLASS_ANON || frame->class == CLASS_USER) &&
            frame->slot == 0) {
            frame->class = frame->class == CLASS_USER ? CLASS_OTHER : CLASS_FREE;
            frame->marks = 0;
        }
    }
    space->resident -= (pte & PTE_V) && space->resident;
    if (is_swap(pte)) {
        struct replica_slot *slot = replica_slot_for(r, PTE_PAYLOAD(pte), ok);
        if (slot && slot->users) {
            slot->users--;
        }
        space->swapped -= space->swapped != 0;
    }
}

static void take(struct replica *r, struct replica_space *space, u64 pte, bool *ok)
{
    u64 pfn = replica_entry_frame(pte);
    struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, ok) : NULL;
    if (frame && frame->maps < UINT16_MAX) {
        frame->maps++;
    }
    space->resident += (pte & PTE_V) != 0;
    if (is_swap(pte)) {
        struct replica_slot *slot = replica_slot_for(r, PTE_PAYLOAD(pte), ok);
        if (slot) {
            slot->users++;
        }
        space->swapped++;
    }
}

bool replica_set_entry(struct replica *r, struct replica_space *space, u64 va, u64 pte)
{
    bool ok = true;
    struct block *block = table_for(space, va & ~(TABLE_SPAN - 1), &ok);
    if (!block) {
        return false;
    }
    u64 *entry = &block->entry[va / PAGE_BYTES % BLOCK_ENTRIES];
    u64 old = *entry;
    *entry = pte;
    if (replica_entry_frame(old) != replica_entry_frame(pte) || is_swap(old) || is_swap(pte) ||
        ((old ^ pte) & PTE_V)) {
        /* First take, then release: a frame that stays does not become free in between. */
        take(r, space, pte, &ok);
        release(r, space, old, &ok);
    }
    return ok;
}

bool replica_clear(struct replica *r, struct replica_space *space, u64 from, u64 to)
{
    bool ok = true;
    for (size_t i = table_place(space, from & ~(TABLE_SPAN - 1)); ok && i < space->tables; i++) {
        u64 base = space->table[i].base;
        if (base >= to) {
            break;
        }
        for (unsigned k = 0; ok && k < BLOCK_ENTRIES; k++) {
            u64 va = base + ((u64)k << PAGE_SHIFT);
            if (va >= from && va < to && space->table[i].block->entry[k]) {
                ok = replica_set_entry(r, space, va, 0);
            }
        }
    }
    return ok;
}
