/* SPDX-License-Identifier: MIT */
/*
 * code_room.c - who is where in code memory, and who goes when it is full.
 *
 * Pieces are filled in turn.  Regions and bridges are told by the piece in which their code begins;
 * to use a piece again, its regions are dropped and the links cut whose bridges lie in it.  So the
 * oldest goes.  Its entries and an eighth of all others have to become hot again: a guest with more
 * code than fits must not have it translated over and over.
 */
#include "emu/jit/internal.h"

#include <string.h>

enum { ROOM_FOR_REGION = 256 << 10, ROOM_FOR_BRIDGE = 4096 };

static unsigned piece_of(const struct jit *jit, const u8 *code)
{
    return (unsigned)((size_t)(code - jit->memory.run) / jit->piece_bytes);
}

void jit_note_region(struct jit *jit, struct jit_region *region, const u8 *code)
{
    struct jit_region **head = &jit->piece[piece_of(jit, code)].regions;
    region->next_in = *head;
    region->in = head;
    if (*head) {
        (*head)->in = &region->next_in;
    }
    *head = region;
}

void jit_forget_noted_region(struct jit_region *region)
{
    *region->in = region->next_in;
    if (region->next_in) {
        region->next_in->in = region->in;
    }
}

void jit_note_bond(struct jit *jit, struct jit_bond *bond)
{
    struct jit_bond **head = &jit->piece[piece_of(jit, bond->code)].bonds;
    bond->next_in = *head;
    bond->in = head;
    if (*head) {
        (*head)->in = &bond->next_in;
    }
    *head = bond;
}

void jit_forget_noted_bond(struct jit_bond *bond)
{
    *bond->in = bond->next_in;
    if (bond->next_in) {
        bond->next_in->in = bond->in;
    }
}

void jit_empty_code_memory(struct jit *jit)
{
    for (unsigned i = 0; i < PIECES; i++) {
        jit->piece[i] = (struct jit_piece){NULL, NULL};
    }
    jit->piece_bytes = jit->piece_bytes ? jit->piece_bytes : jit->memory.size / PIECES;
    jit->used = jit->fixed;
    jit->end = jit->piece_bytes;
}

static void empty_piece(struct jit *jit, struct jit_piece *piece)
{
    while (piece->regions) {
        jit_drop_region(jit, piece->regions);
    }
    while (piece->bonds) {
        jit_link_open(jit, piece->bonds->link);
    }
}

bool jit_make_room(struct jit *jit)
{
    size_t least = jit->piece_bytes / 4 < ROOM_FOR_REGION ? jit->piece_bytes / 4 : ROOM_FOR_REGION;
    if (jit->end - jit->used >= least) {
        return true;
    }
    unsigned next = (unsigned)(jit->end / jit->piece_bytes) % PIECES;
    empty_piece(jit, &jit->piece[next]);
    memset(&jit->heat[next * (HEATS / PIECES)], 0, HEATS / PIECES);
    jit->used = next == 0 ? jit->fixed : next * jit->piece_bytes;
    jit->end = (next + 1) * jit->piece_bytes;
    jit->counters->code_flushes++;
    return false;
}

bool jit_room_for_bridge(const struct jit *jit)
{
    return jit->end - jit->used >= ROOM_FOR_BRIDGE;
}
