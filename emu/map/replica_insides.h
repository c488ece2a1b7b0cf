/* SPDX-License-Identifier: MIT */
/* replica_insides.h - the parts of a replica, for replica*.c only. */
#ifndef FAULTLINE_MAP_REPLICA_INSIDES_H
#define FAULTLINE_MAP_REPLICA_INSIDES_H

#include "emu/map/replica.h"

struct replica_frame {
    u64 touched;
    u32 slot;
    u16 maps; /* entries that point here */
    u8 class; /* enum frame_class, without what follows from maps and slot */
    u8 marks; /* MAP_MARK_*, FRAME_WRITING */
};
#define FRAME_WRITING 128u /* on its way to swap */

struct replica_slot {
    u32 frame; /* index + 1 of the frame that holds the same page; 0 = none */
    u32 users;
};

enum { BLOCK_ENTRIES = 512, BLOCK_FRAMES = 256, BLOCK_SLOTS = 512 };
/* Shared by as many copies as `holders` says; changed only by a single holder. */
struct block {
    u32 holders;
    union {
        u64 entry[BLOCK_ENTRIES];
        struct replica_frame frame[BLOCK_FRAMES];
        struct replica_slot slot[BLOCK_SLOTS];
    };
};

struct replica_area {
    u64 start, end, inode, pgoff, number; /* number: of the record that made it */
    u8 prot, kind;
};

struct replica_table {
    u64 base; /* address of its first page */
    struct block *block;
};

struct replica_space {
    u32 users; /* processes; 0 = unused */
    struct replica_area *area; /* by address */
    size_t areas, area_room;
    /* Areas mapped by an exec that has not been told to have succeeded yet. */
    struct replica_area *next;
    size_t nexts, next_room;
    struct replica_table *table; /* by address */
    size_t tables, table_room;
    u64 resident, swapped;
};

struct replica_process {
    u32 pid, parent, state;
    char name[17];
    u32 space; /* index */
    u64 faults;
};

struct replica {
    u64 first_pfn, frame_count, slot_count;
    u64 icount, number; /* of the last record; records applied */
    bool tells;         /* the guest tells about itself */
    struct block **frame, **slot;
    struct replica_space *space;
    size_t spaces, space_room;
    struct replica_process *process;
    size_t processes, process_room;
    u32 running[8];
    u64 kind_count[FAULT_KIND_COUNT], group_count[GROUP_COUNT], swap_out, swap_in, mismatches;
};

static inline size_t blocks_for(u64 count, unsigned per_block)
{
    return (size_t)((count + per_block - 1) / per_block);
}

/* ---- replica_entries.c ---- */

/* For reading; NULL: nothing known. */
const struct replica_frame *replica_frame_at(const struct replica *r, u64 pfn);
const struct replica_slot *replica_slot_at(const struct replica *r, u64 slot);
/* For changing; NULL: out of range, or no memory (then *ok becomes false). */
struct replica_frame *replica_frame_for(struct replica *r, u64 pfn, bool *ok);
struct replica_slot *replica_slot_for(struct replica *r, u64 slot, bool *ok);
/* The entry of a page; 0 when there is none. */
u64 replica_entry(const struct replica_space *space, u64 va);
/* Frames and slots keep count.  False when there is no memory. */
bool replica_set_entry(struct replica *r, struct replica_space *space, u64 va, u64 pte);
/* Entries in [from, to) to nothing. */
bool replica_clear(struct replica *r, struct replica_space *space, u64 from, u64 to);
/* The frame an entry holds, 0 = none (also not the zero page). */
u64 replica_entry_frame(u64 pte);
void replica_block_put(struct block *block);

/* ---- replica_process.c ---- */

/* The process, made with a space of its own (or with that of index `space`, if not negative) when it
 * is not known.  NULL: no memory. */
struct replica_process *replica_process_for(struct replica *r, u32 pid, i64 space);
/* What an exec mapped became the program's own areas, or they were plain mappings after all. */
bool replica_settle(struct replica_space *space);
/* An event about processes or mappings; others change nothing. */
bool replica_apply_process(struct replica *r, const struct trace_record *record);

#endif
