/* SPDX-License-Identifier: MIT */
/*
 * frame.h - physical memory, page by page.
 *
 * The frame table has one `struct frame` for each page of RAM, in order, so that
 * a frame's index in it is its page frame number (less first_pfn).  It is also
 * the ring that the CLOCK hand goes round (mm/policy/clock.c).
 *
 * Invariants:
 *   refs = PTEs that map it + 1 if in a page cache + 1 if in the swap cache + 1 if pinned
 *          + temporary holders
 *   maps = PTEs that map it; an entry that two leaf tables have in common counts once (twin.h)
 *   refs == 0  <=>  kind == FRAME_FREE
 * Locks: refs, maps and flags are changed atomically; kind, owner and index by
 * whoever allocated the frame, before others can find it; slot under swap.lock.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include "probe.h"
#include "lib/atomic.h"
#include "mm/layout.h"
#include "mm/policy.h"
#include "sync/hart.h"

struct frame {
    union {
        struct {
            u32 refs, maps;
        };
        u64 counts; /* both at once: maps << 32 | refs */
    };
    union {
        struct {
            union {
                struct {
                    u8 kind;   /* enum probe_frame_kind */
                    u8 flags;  /* FRAME_BUSY ... of probe.h */
                    u16 order; /* of a block of 2^order frames (first frame of it) */
                };
                u32 word;
            };
            union {
                u32 slot; /* swap slot while in the swap cache, 0 = none */
                u32 twin; /* PGTABLE: pfn of the leaf table it counts together with, 0 = none */
            };
        };
        u64 word_and_slot;
    };
    union {
        struct frame *next;    /* free */
        struct inode *inode;   /* FILE, SHM */
        struct family *family; /* ANON: where to look for mappings */
        void *owner;
    };
    u64 index; /* page index in the inode, virtual page number at birth, or see pagetable.c */
};

/* One reference that is also one mapping. */
#define FRAME_MAP_ONE ((1ull << 32) | 1)

struct family;
struct inode;

#define FRAME_MAX_ORDER 10 /* blocks of up to 4 MiB */

enum frame_allocation {
    FRAME_MAY_FAIL = 0,  /* take what is free, above the reserve */
    FRAME_RECLAIM = 1,   /* may sleep, reclaim and wait; still NULL when that did not help */
    FRAME_EMERGENCY = 2, /* may use the reserve (reclaim itself, OOM victims) */
    FRAME_ZEROED = 4     /* zero the contents */
};

extern struct frame *frame_table;       /* [0] is frame first_pfn */
extern struct frame *frame_of_pfn_zero; /* where pfn 0 would be: frame_of_pfn_zero[pfn] */
extern u64 frame_first_pfn, frame_count;
extern u64 frames_pooled; /* free frames that are in no hart's batch */
extern u64 frames_usable; /* frames the allocator manages */
extern u64 frame_mark_min, frame_mark_low, frame_mark_high; /* watermarks, see reclaim.c */
extern struct frame *frame_zero;                            /* the shared zero page; kind ZERO */

/* Hand all RAM in [start, end) (physical) to the allocator, less what was reserved. */
void frame_init(u64 ram_start, u64 ram_end);
/* Keep a physical range out of the allocator.  => before frame_init(). */
void frame_reserve(u64 start, u64 end);

/*
 * Allocate one frame with refs = 1, maps = 0, no owner.
 * => NULL if there is none.  With FRAME_RECLAIM the caller holds no spinlock.
 */
struct frame *frame_alloc(enum probe_frame_kind kind, unsigned how);
/* Allocate 2^order frames in a row; free them through the first one. */
struct frame *frame_alloc_block(enum probe_frame_kind kind, unsigned order, unsigned how);

/* Free frames, those in the harts' batches included. */
u64 frames_free_count(void);

#define FRAME_ORDER_CACHED 0xfffeu /* `order` of a free frame that is in a hart's batch */
#define FRAME_BATCH 32u            /* frames move between harts and the common pool in batches */

/*
 * Take a frame out of this hart's batch, still free: counts and slot are 0.  => NULL: the batch is
 * empty.  Whether memory is short was asked when the batch was filled.
 */
static always_inline struct frame *frame_from_batch(struct hart_local *hart)
{
    struct frame *frame = hart->free_frames;

    if (likely(frame != NULL)) {
        hart->free_frames = frame->next;
        hart->free_count--;
    }
    return frame;
}

/* The fast way for one frame.  => as from frame_alloc(), or NULL: then take that way. */
static inline struct frame *frame_alloc_fast(enum probe_frame_kind kind)
{
    struct frame *frame = frame_from_batch(this_hart());

    if (likely(frame != NULL)) {
        frame->word = kind;
        __atomic_thread_fence(__ATOMIC_RELEASE);
        frame->counts = 1; /* last: from here on others may take references */
    }
    return frame;
}

/* This hart's batch is empty: get another, unless memory is short.  => true if there is one. */
bool frame_batch_refill(void);
/* Without batches every allocation and every last reference goes through frame.c. */
void frame_batches(bool on);
/*
 * Memory is short, and frames lie in the batches of other harts: ask those to bring them back. Each
 * does so at its next interrupt, which comes at once unless it is in the kernel.
 */
void frame_call_in(void);
/* This hart does so if it was asked.  => interrupts off, not inside an allocation. */
void frame_bring_back(void);

/* Called when the last reference goes. */
void frame_free(struct frame *frame);

/*
 * The fast way for a single frame, as long as this hart's batch has room.
 * => counts is 0.  => false: use frame_free().
 */
static inline bool frame_free_fast(struct frame *frame)
{
    struct hart_local *hart = this_hart();

    if (unlikely(hart->free_count >= hart->batch_limit || frame->order != 0 || frame->slot != 0)) {
        return false;
    }
    frame->word = FRAME_FREE | FRAME_ORDER_CACHED << 16;
    frame->next = hart->free_frames;
    hart->free_frames = frame;
    hart->free_count++;
    return true;
}

/* Free `count` frames at once (at most FRAME_BATCH): linked by `next`, marked as in a batch. */
void frame_free_list(struct frame *first, u32 count);

static inline u64 frame_pfn(const struct frame *frame)
{
    return (u64)(frame - frame_of_pfn_zero);
}

static inline u64 frame_pa(const struct frame *frame)
{
    return frame_pfn(frame) << PAGE_SHIFT;
}

static inline void *frame_to_virt(const struct frame *frame)
{
    return direct_pointer(frame_pa(frame));
}

/* => the frame of a pfn, which must be RAM (see frame_is_ram). */
static inline struct frame *frame_of_pfn(u64 pfn)
{
    return &frame_of_pfn_zero[pfn];
}

static inline bool frame_is_ram(u64 pfn)
{
    return pfn - frame_first_pfn < frame_count;
}

static inline struct frame *virt_to_frame(const void *pointer)
{
    return frame_of_pfn(direct_physical(pointer) >> PAGE_SHIFT);
}

/* Taking a reference orders nothing: whoever takes one can reach the frame already. */
static inline struct frame *frame_get(struct frame *frame)
{
    __atomic_fetch_add(&frame->refs, 1, __ATOMIC_RELAXED);
    return frame;
}

static inline void frame_put(struct frame *frame)
{
    if (atomic_add_u32(&frame->refs, (u32)-1) == 1) {
        frame_free(frame);
    }
}

/* A PTE that maps the frame appears / disappears. */
static inline void frame_map(struct frame *frame)
{
    __atomic_fetch_add(&frame->counts, FRAME_MAP_ONE, __ATOMIC_RELAXED);
}

static inline void frame_unmap(struct frame *frame)
{
    u64 before = __atomic_fetch_sub(&frame->counts, FRAME_MAP_ONE, __ATOMIC_ACQ_REL);

    if ((u32)before == 1) {
        frame_free(frame);
    }
}

/* Flags live in bits 8..15 of `word`, which is changed atomically as a whole. */
static inline u8 frame_flag_set(struct frame *frame, u8 flags) /* => the old flags */
{
    return (u8)(atomic_or_u32(&frame->word, (u32)flags << 8) >> 8);
}

static inline u8 frame_flag_clear(struct frame *frame, u8 flags) /* => the old flags */
{
    return (u8)(atomic_and_u32(&frame->word, ~((u32)flags << 8)) >> 8);
}

static inline u8 frame_flags(const struct frame *frame)
{
    return __atomic_load_n(&frame->flags, __ATOMIC_ACQUIRE);
}

/*
 * One reference is kept for as long as a file system is mounted, say: reclaim passes by, and
 * the monitor's audit knows of it.  => one such reference a frame.
 */
static inline void frame_pin(struct frame *frame)
{
    frame_flag_set(frame, FRAME_MLOCKED);
}

static inline void frame_unpin(struct frame *frame)
{
    frame_flag_clear(frame, FRAME_MLOCKED);
}

/*
 * Make a filled frame, just allocated, an anonymous page with one mapping.  Its one
 * reference becomes that of the mapping.  The counts are changed atomically even here:
 * the CLOCK of another hart may be taking and giving back a reference because of
 * what the frame was before.
 */
static inline void frame_become_anonymous(struct frame *frame, struct family *family,
                                          u64 virtual_page)
{
    frame->family = family;
    frame->index = virtual_page;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    frame->kind = FRAME_ANON;
    __atomic_fetch_add(&frame->counts, 1ull << 32, __ATOMIC_RELAXED);
    policy_page_added(frame);
}

/*
 * BUSY: the frame's contents or identity are being changed (I/O, leaving the
 * cache).  One holder; others sleep.
 */
bool frame_try_busy(struct frame *frame); /* => true if taken */
void frame_lock_busy(struct frame *frame);
void frame_unlock_busy(struct frame *frame);
/* Sleep until none of the flags (BUSY, WRITEBACK) is set. */
void frame_wait_clear(struct frame *frame, u8 flags);
/* Clear flags and wake who waits for that. */
void frame_clear_and_wake(struct frame *frame, u8 flags);

#endif
