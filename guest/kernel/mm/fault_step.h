/* SPDX-License-Identifier: MIT */
/*
 * fault_step.h - the state of one fault, shared by fault.c, fault_file.c and
 * fault_swap.c.  See fault.c for the whole picture.
 */
#ifndef MM_FAULT_STEP_H
#define MM_FAULT_STEP_H

#include "mm/fault.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/pagetable.h"
#include "mm/userfault.h"

/* What a fault must wait for, with no lock held, before it is looked at afresh. */
enum fault_need {
    NEED_NOTHING,
    NEED_FRAME,    /* memory: for a page or a page table */
    NEED_LOCK,     /* the address space is being copied: wait for mm->lock */
    NEED_GROW,     /* the stack area must grow; takes mm->lock */
    NEED_READ,     /* page `index` of `inode` must be read */
    NEED_BUSY,     /* `held` is being read by somebody else */
    NEED_PREPARE,  /* page `index` of `inode` needs a place on the disk */
    NEED_SWAP_IN,  /* `slot` must be read */
    NEED_SHM_IN,   /* page `index` of the shared-memory `inode` must be read from swap */
    NEED_WRITEBACK, /* `held` is being written and must not change meanwhile */
    NEED_USER       /* the program shall bring the page: `waiter` is on its list */
};

struct fault {
    struct mm *mm;
    struct area *area;
    pte_t *entry;
    pte_t old; /* *entry when the fault was classified */
    u64 address;
    u8 access;     /* enum probe_access */
    u8 kind;       /* enum fault_kind: the answer */
    u8 result;     /* enum fault_result */
    u8 flags;      /* PROBE_FLAG_* */
    u8 need;       /* enum fault_need */
    u8 origin;     /* kind that a wait decided: FILE_READ, FILE_WAIT, SWAP_READ, SHM_SWAPIN; 0 */
    bool silent;   /* eager work (populate): not a fault of anybody's */
    bool prepared; /* NEED_PREPARE was satisfied for this page */
    bool major;    /* waited for a disk */
    bool no_ahead; /* NEED_READ, NEED_SWAP_IN: this page only */
    u16 around;    /* neighbours mapped */
    u16 attempts;  /* of the OOM killer */
    int error;     /* of the last wait */
    u64 back;      /* where the data came from, for the probe */
    u64 new_pfn;
    u32 old_refs;
    struct frame *spare; /* allocated by a wait, to be used */
    struct frame *held;  /* referenced by a wait, so that it stays */
    struct inode *inode; /* referenced while waiting */
    u64 index, slot;
    struct userfault_waiter waiter; /* NEED_USER */
};

static always_inline u64 fault_page(const struct fault *fault)
{
    return fault->address & ~PAGE_MASK;
}

static always_inline bool fault_is_write(const struct fault *fault)
{
    return fault->access == PROBE_ACCESS_WRITE;
}

/* A frame without sleeping, refs = 1; NULL: fault->need was set. */
static always_inline struct frame *fault_take_frame(struct fault *fault, enum probe_frame_kind kind)
{
    struct frame *frame = frame_alloc_fast(kind);

    if (unlikely(frame == NULL)) {
        frame = fault->spare;
        fault->spare = NULL;
        if (frame == NULL) {
            fault->need = NEED_FRAME;
            return NULL;
        }
        frame->kind = (u8)kind;
    }
    return frame;
}

/* Make a fresh, filled frame an anonymous page of this mm, mapped once. */
static always_inline void fault_own_frame(struct fault *fault, struct frame *frame)
{
    frame_become_anonymous(frame, fault->mm->family, fault->address >> PAGE_SHIFT);
    fault->area->flags |= AREA_FLAG_ANON_PAGES;
}

/* Write the new entry: no fence is needed from invalid to valid (corner case 46). */
static always_inline void fault_set(struct fault *fault, const struct frame *frame, u64 bits)
{
    u64 pfn = frame_pfn(frame);

    fault->new_pfn = pfn;
    pte_write(fault->entry, pte_make(pfn, bits));
}

static always_inline void fault_done(struct fault *fault, enum fault_kind kind)
{
    fault->kind = (u8)kind;
}

/* Is it for the program to bring a page that is missing here?  => true: need or kind is set. */
bool fault_is_for_user(struct fault *fault);

/* The same with a failure for the one who caused it. */
void fault_failed(struct fault *fault, enum fault_kind kind, enum fault_result result);

/* A page that will be executed was just filled: the harts must not fetch old bytes. */
static always_inline void fault_filled(const struct fault *fault)
{
    if (unlikely((fault->area->prot & 4) != 0)) {
        icache_flush();
    }
}

/* fault_file.c: entry is empty in an area of an object / store to its read-only page. */
void fault_object(struct fault *fault);
void fault_object_write(struct fault *fault);
/* fault_ahead.c: a store was given a fresh page; may fill more behind it */
void fault_ahead(struct fault *fault);
/* fault_swap.c */
void fault_swapped(struct fault *fault);

#endif
