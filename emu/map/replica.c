/* SPDX-License-Identifier: MIT */
/* replica.c - making, copying and ending a replica; see replica.h. */
#include "emu/map/replica_insides.h"

#include <stdlib.h>
#include <string.h>

struct replica *replica_create(u64 first_pfn, u64 frame_count, u64 slot_count)
{
    struct replica *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    r->first_pfn = first_pfn;
    r->frame_count = frame_count;
    r->slot_count = slot_count;
    size_t frames = blocks_for(frame_count, BLOCK_FRAMES);
    size_t slots = blocks_for(slot_count, BLOCK_SLOTS);
    r->frame = calloc(frames + 1, sizeof *r->frame);
    r->slot = calloc(slots + 1, sizeof *r->slot);
    if (!r->frame || !r->slot) {
        replica_destroy(r);
        return NULL;
    }
    return r;
}

void replica_block_put(struct block *block)
{
    if (block && --block->holders == 0) {
        free(block);
    }
}

static void free_space(struct replica_space *space)
{
    for (size_t i = 0; i < space->tables; i++) {
        replica_block_put(space->table[i].block);
    }
    free(space->table);
    free(space->area);
    free(space->next);
}

void replica_destroy(struct replica *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; r->frame && i < blocks_for(r->frame_count, BLOCK_FRAMES); i++) {
        replica_block_put(r->frame[i]);
    }
    for (size_t i = 0; r->slot && i < blocks_for(r->slot_count, BLOCK_SLOTS); i++) {
        replica_block_put(r->slot[i]);
    }
    for (size_t i = 0; i < r->spaces; i++) {
        free_space(&r->space[i]);
    }
    free(r->frame);
    free(r->slot);
    free(r->space);
    free(r->process);
    free(r);
}

/* NULL for nothing, too; *ok tells. */
static void *duplicate(const void *from, size_t count, size_t size, bool *ok)
{
    void *to = count ? malloc(count * size) : NULL;
    if (to) {
        memcpy(to, from, count * size);
    } else if (count) {
        *ok = false;
    }
    return to;
}

static void hold(struct block *const *block, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (block[i]) {
            block[i]->holders++;
        }
    }
}

/* On failure what was copied is whole, and the rest empty. */
static void copy_space(struct replica_space *to, const struct replica_space *from, bool *ok)
{
    *to = *from;
    to->area = duplicate(from->area, from->areas, sizeof *from->area, ok);
    to->area_room = to->areas = to->area ? from->areas : 0;
    to->next = duplicate(from->next, from->nexts, sizeof *from->next, ok);
    to->next_room = to->nexts = to->next ? from->nexts : 0;
    to->table = duplicate(from->table, from->tables, sizeof *from->table, ok);
    to->table_room = to->tables = to->table ? from->tables : 0;
    for (size_t i = 0; i < to->tables; i++) {
        to->table[i].block->holders++;
    }
}

struct replica *replica_copy(const struct replica *from)
{
    struct replica *r = replica_create(from->first_pfn, from->frame_count, from->slot_count);
    if (!r) {
        return NULL;
    }
    struct block **frame = r->frame, **slot = r->slot;
    bool ok = true;
    size_t frames = blocks_for(from->frame_count, BLOCK_FRAMES);
    size_t slots = blocks_for(from->slot_count, BLOCK_SLOTS);
    *r = *from;
    r->frame = frame;
    r->slot = slot;
    memcpy(frame, from->frame, frames * sizeof *frame);
    memcpy(slot, from->slot, slots * sizeof *slot);
    hold(frame, frames);
    hold(slot, slots);
    r->process = duplicate(from->process, from->processes, sizeof *from->process, &ok);
    r->process_room = r->processes = r->process ? from->processes : 0;
    r->space = calloc(from->spaces + 1, sizeof *r->space);
    r->space_room = from->spaces;
    r->spaces = r->space ? from->spaces : 0;
    ok = ok && r->space;
    for (size_t i = 0; i < r->spaces; i++) {
        copy_space(&r->space[i], &from->space[i], &ok);
    }
    if (!ok) {
        replica_destroy(r);
        return NULL;
    }
    return r;
}
