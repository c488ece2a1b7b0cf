/* SPDX-License-Identifier: MIT */
/*
 * fault.h - the page-fault handler.  fault.c opens with the decision table.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include "mm/space.h"

struct fault_outcome {
    u8 result;   /* enum fault_result */
    u8 kind;     /* enum fault_kind */
    int signal;  /* 0, or the signal to send ... */
    int code;    /* ... its si_code ... */
    u64 address; /* ... and si_addr */
};

/*
 * Handle a fault at `address` (any user address) in mm.  May sleep.
 * => 0: try the access again.  Otherwise *out says what to do: a signal for a user
 *    access, -EFAULT for one by the kernel.
 */
int mm_fault(struct mm *mm, u64 address, enum probe_access access, bool from_kernel,
             struct fault_outcome *out);

/*
 * The commonest faults of user code, in few instructions (fault_quick.c).  cause: of a load or
 * store page fault in the running address space.  => true: handled.  false: nothing happened, call
 * mm_fault().  Changes only the registers that trap/entry.S saves for it.
 */
bool mm_fault_quickly(u64 cause, u64 address);

/*
 * A copy under a spinlock touched a page that is not there: it is given up, and done again without
 * the lock.  Tells the emulator that this fault ended so.
 */
void mm_fault_put_off(u64 address, enum probe_access access);

/*
 * mm_fault_quickly() did not work: see to it that the hart has a frame and the address is in the
 * window.  => true: something was changed, it may work now.
 */
bool mm_fault_prepare(u64 address);

/* Fault in every page of [start, end) as if touched.  => 0, -EFAULT, -ENOMEM. */
int mm_populate(struct mm *mm, u64 start, u64 end, bool write);

/* One page of that.  => 0, -EFAULT, -ENOMEM. */
int mm_touch(struct mm *mm, u64 address, bool write);

extern u64 fault_counts[FAULT_KIND_COUNT]; /* system-wide, by kind */
extern u64 fault_ahead_pages; /* pages that were filled before anybody asked (fault_ahead.c) */
u64 fault_minor_count(void);
u64 fault_major_count(void);

#endif
