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
    CLASS_USER,  /* mapped by a guest that tells nothing: a page of a process */
    CLASS_OTHER, /* of a guest that tells nothing, or not seen in a trace: kernel or free */
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
#define MAP_MARK_OWNED 16u  /* by the process that is pointed at */

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
    MAP_HISTORY = 12,
    MAP_BREAKS = 8,
    MAP_FRAME_BYTES = 4096
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
    PAGE_FILE, /* of a file, in the page cache; not this process's own */
    PAGE_DIRTY,
    PAGE_COW,
    PAGE_ZERO,
    PAGE_SWAPPED,
    PAGE_MARKER,
    PAGE_STATES
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

/* One frame or address looked at closely. */
struct map_focus {
    bool on;
    u64 pfn; /* 0 = none */
    u64 va;  /* 0 = none */
    u32 pid; /* of va */
    struct map_owner owner[MAP_OWNERS];
    size_t owner_count, owner_total;
    bool owners_known; /* owner_total is all there are */
    u64 inode, page;   /* the file page it holds; inode 0 = none */
    u64 slot;          /* its swap slot; 0 = none */
    struct map_walk_step walk[4];
    size_t walk_steps;
    struct trace_record history[MAP_HISTORY]; /* last events of the frame, newest first */
    size_t history_count;
};

/* A place where the next fault stops the guest. */
struct map_break {
    char text[64];
    u64 hits;
};

struct map_model {
    u64 icount;
    bool stopped;
    bool past;       /* shows a recorded moment, not the running guest */
    bool alone;      /* there is no guest, only its trace */
    bool has_layout; /* the guest tells about itself */
    u64 host_rate;   /* guest instructions a second of host time */

    u64 first_pfn, frame_count, free_frames, clock_hand;
    struct map_frame *frames; /* frame_count entries; owned */

    struct map_process process[MAP_PROCESSES];
    size_t process_count;

    u32 pid; /* whose areas follow; 0 = none */
    struct map_area area[MAP_AREAS];
    size_t area_count;
    u8 *pages;       /* MAP_PAGES page states; owned */
    u32 *page_frame; /* MAP_PAGES: the frame behind the page, from first_pfn + 1; 0 = none; owned */

    struct trace_record event[MAP_EVENTS]; /* newest first */
    size_t event_count;

    u64 kind_count[FAULT_KIND_COUNT];
    u64 group_count[GROUP_COUNT];
    u64 swap_out, swap_in, mismatches;

    struct map_bucket bucket[MAP_BUCKETS]; /* oldest first */
    size_t bucket_count;
    u64 bucket_span; /* instructions in one bucket */
    u64 end_icount;  /* where the timeline ends */
    u64 bookmark;    /* instruction count; 0 = none */

    u64 swap_slots, swap_used;
    u8 *slots; /* users of the first slot_count slots, saturating; owned */
    size_t slot_count;

    struct map_focus inspect, hover;
    u64 hover_slot; /* slot + 1 that hover's owners are of; 0 = none */
    struct map_break stop_at[MAP_BREAKS];
    size_t stop_count;

    /* The record of what happened, for travelling in it. */
    u64 past_first, past_count; /* records kept: numbers past_first .. past_count - 1 */
    u64 past_at;                /* records applied, when past */
    u64 next_event;             /* number of the next record worth a stop; UINT64_MAX = none */
    u8 built;                   /* per cent of the trace that has been read */

    u8 *bytes; /* PAGE_SIZE bytes of the inspected frame; owned */
    bool has_bytes;
};

struct map_model *model_create(void);
void model_destroy(struct map_model *model);
/* Room for `count` frames; false when there is no memory (then there are none). */
bool model_set_frames(struct map_model *model, u64 count);
bool model_set_slots(struct map_model *model, u64 count);

/* The process tree: parents before children, orphans at the root.  Sorts `all`. */
void model_set_processes(struct map_model *model, struct map_process *all, size_t count);
/* The process to show: `wanted` if it lives, else the newest that has memory; 0 = none. */
u32 model_choose_process(const struct map_model *model, u32 wanted);

enum fault_group fault_group_of(unsigned kind);
/* A fault's group; one whose kind nobody told goes by what the emulator saw. */
enum fault_group fault_group(const struct trace_fault *fault);
/* The kinds of a group, a bit each, as filters want them. */
u32 fault_group_kinds(enum fault_group group);
/* Worth a line in the list of events. */
bool record_is_shown(const struct trace_record *record);
/* A fault happened at its trap and was over later: when everything it did was done. */
u64 record_end(const struct trace_record *record);

enum page_state page_state_of(u64 pte);

/* Areas made up from the pages found, for a guest that does not tell its areas: pages in
 * ascending order. */
void model_add_page(struct map_model *model, u64 va, u64 pte);
/* What one page of an area is; the area's counts follow.  pfn 0: no frame. */
void model_set_page(struct map_model *model, struct map_area *area, u64 va, u64 pte);
/* Starts an area that has no pages yet; NULL when there are too many. */
struct map_area *model_add_area(struct map_model *model, u64 start, u64 end);

/* The timeline: a bucket for each span of instructions; when it is full, two become one. */
struct map_timeline {
    struct map_bucket bucket[MAP_BUCKETS];
    size_t count;
    u64 span;
};
void timeline_init(struct map_timeline *timeline);
void timeline_add(struct map_timeline *timeline, const struct trace_record *record);

#endif
