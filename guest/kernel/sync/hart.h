/* SPDX-License-Identifier: MIT */
/*
 * hart.h - what each hart keeps for itself.
 *
 * In the kernel `tp` points at the hart's own block; in user mode `sscratch`
 * does.  Only the hart itself touches its block, except where a field says otherwise.  trap/entry.S
 * knows the offsets of the first fields (checked in trap/trap.c).
 */
#ifndef SYNC_HART_H
#define SYNC_HART_H

#include "lib/types.h"
#include "lib/riscv.h"

#define MAX_HARTS 8

struct task;
struct frame;
struct mm;

struct hart_local {
    struct task *task; /* what runs here */
    u64 kernel_stack;  /* stack pointer for a trap from user mode */
    u64 scratch;       /* used by trap entry for one register */
    u32 lock_depth;    /* spinlocks held: above 0 nothing may sleep */
    u32 lock_tag;      /* what this hart writes into a spinlock: index + 1 */
    u32 index;         /* 0 .. hart_count - 1 */
    u32 id;            /* hardware hart id */
    u64 bit;           /* 1 << index: its place in masks of harts */

    struct task *idle;
    struct task *switched_from; /* between switch_stacks() and what comes after it */
    struct mm *mm;              /* whose page table is loaded; NULL = the kernel's own */
    struct task *fp_owner;      /* whose float registers are in the hart */
    u64 switches;               /* from one task to another, since boot */
    u64 slice_end;              /* ns: when others get their turn; ~0 while idle */

    struct frame *free_frames;  /* mm/frame.c: this hart's free frames ... */
    u32 free_count;             /* ... how many, */
    u32 batch_limit;            /* how many at most (0: batches are off), */
    struct frame *spare_frames; /* and a full batch in reserve (not in free_count), or NULL */

    u64 loaded_asid; /* asid.c: mm->asid of the mm that is loaded, 0 = none */
    u32 bring_back;  /* other harts set it: memory is short, empty the batches (mm/frame.c) */
    u32 flush_all;   /* other harts set it: flush the whole TLB before loading an ASID */
};

extern struct hart_local harts[MAX_HARTS];
extern u32 hart_count; /* harts that run */

#ifdef __riscv
register struct hart_local *hart_register __asm__("tp");

/* => this hart's block.  A task that sleeps may wake up on another hart: ask again then. */
static inline struct hart_local *this_hart(void)
{
    return hart_register;
}

/* The running task. */
static inline struct task *current(void)
{
    return hart_register->task;
}
#endif

#endif
