/* SPDX-License-Identifier: MIT */
/*
 * model.h - everything one picture of the memory map shows, as plain data.
 *
 * The collector (collect.h) fills a model between two slices of the machine; the panels draw it and
 * know nothing of a machine.  A model holds no pointers into the guest, so it may be drawn on
 * another thread while the machine runs on.
 */
#ifndef FAULTLINE_MAP_MODEL_H
#define FAULTLINE_MAP_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"
#include "emu/trace/record.h"

/* What a frame is, as the map colours it; names, letters and hues in theme.c. */
enum frame_class {
    CLASS_FREE,
    CLASS_KERNEL,
    CLASS_PAGE_TABLE,
    CLASS_ANON,
    CLASS_ANON_SHARED, /* anonymous, mapped more than once: copy-on-write after fork */
    CLASS_FILE,
    CLASS_SHM,
    CLASS_SWAPPING, /* in the swap cache, or on its way to or from the disk */
    CLASS_ZERO,     /* the shared zero page */
    CLASS_RESERVED,
    CLASS_COUNT
};

/* Fault kinds put together for counting: the timeline's colours. */
enum fault_group {
    GROUP_ZERO,
    GROUP_COW,
    GROUP_FILE,
    GROUP_SWAP,
    GROUP_SHM,
    GROUP_ACCESS,
    GROUP_SIGNAL,
    GROUP_COUNT
};

#define MAP_MARK_DIRTY 1u
#define MAP_MARK_ACCESSED 2u
#define MAP_MARK_PINNED 4u
#define MAP_MARK_CHANGED 8u /* since the bookmark */

struct map_frame {
    u8 class; /* enum frame_class */
    u8 marks; /* MAP_MARK_* */
    u16 maps; /* PTEs that point here, saturating */
    u32 refs;
    u64 touched; /* instruction count of the last event; 0 = none seen */
};

enum {
    MAP_PROCESSES = 64,
    MAP_AREAS = 128,
    MAP_EVENTS = 256,
    MAP_OWNERS = 12,
    MAP_BUCKETS = 512,
    MAP_HISTORY = 12
};

struct map_process {
    u32 pid, parent, state, depth; /* depth in the tree; the array is in tree order */
    char name[17];
    u64 rss, swap, faults; /* pages, pages, count */
};

struct map_area {
    u64 start, end, inode, pgoff;
    u8 prot, kind;
    u64 present, swapped, shared; /* pages */
    u32 first_page, page_count; /* in map_model.pages: one entry per page, at most MAP_AREA_PAGES */
};

/* State of a page of an area, for the strips. */
enum page_state {
    PAGE_ABSENT,
    PAGE_PRESENT,
    PAGE_DIRTY,
    PAGE_COW,
    PAGE_ZERO,
    PAGE_SWAPPED,
    PAGE_MARKER
};
enum { MAP_PAGES = 1 << 16 };

struct map_walk_step {
    u64 address, pte;
    u16 index;
    u8 level;
};

struct map_owner {
    u32 pid;
    u64 va, pte;
};

struct map_bucket {
    u32 group[GROUP_COUNT];
    u32 swap_out, swap_in;
};

struct map_model {
    u64 icount;
    bool stopped;
    bool past; /* shows a recorded moment, not the running guest */
    bool has_layout;
    u64 host_rate; /* guest instructions a second of host time */

    u64 first_pfn, frame_count, free_frames, clock_hand;
    struct map_frame *frames; /* frame_count entries; owned */

    struct map_process process[MAP_PROCESSES];
    size_t process_count;

    u32 pid; /* whose areas follow; 0 = none */
    struct map_area area[MAP_AREAS];
    size_t area_count;
    u8 *pages; /* MAP_PAGES page states; owned */

    struct trace_record event[MAP_EVENTS]; /* newest first */
    size_t event_count;

    u64 kind_count[FAULT_KIND_COUNT];
    u64 group_count[GROUP_COUNT];
    u64 swap_out, swap_in, mismatches;

    struct map_bucket bucket[MAP_BUCKETS]; /* oldest first */
    size_t bucket_count;
    u64 bucket_span; /* instructions in one bucket */

    u64 swap_slots, swap_used;
    u8 *slots; /* users of the first slot_count slots, saturating; owned */
    size_t slot_count;

    /* The inspected frame or address. */
    bool inspecting;
    u64 pfn;
    struct map_owner owner[MAP_OWNERS];
    size_t owner_count, owner_total;
    u64 walk_satp, walk_va;
    u32 walk_pid;
    struct map_walk_step walk[4];
    size_t walk_steps;
    struct trace_record history[MAP_HISTORY]; /* last events of the frame, newest first */
    size_t history_count;
};

struct map_model *model_create(void);
void model_destroy(struct map_model *model);
/* Room for `count` frames; false when there is no memory (then there are none). */
bool model_set_frames(struct map_model *model, u64 count);
bool model_set_slots(struct map_model *model, u64 count);

enum fault_group fault_group_of(unsigned kind);

#endif
