/* SPDX-License-Identifier: MIT */
/*
 * swapcheck.h - the probe tells slots, the disk sees sectors: they must agree.
 *
 * A slot is a page of the swap device: slot N is sectors 8 N to 8 N + 7 (slot 0 is the header).
 * Every swap-out that is told must be followed by a write of these sectors, every write of the swap
 * device must have been told, and every swap-in must have been preceded by a read.  Which disk the
 * swap device is shows itself by the first write that fits.
 */
#ifndef FAULTLINE_OBSERVE_SWAPCHECK_H
#define FAULTLINE_OBSERVE_SWAPCHECK_H

#include "emu/trace/record.h"

#define SWAPCHECK_LIST 1024                 /* requests on their way at a time */
#define SWAPCHECK_LATE UINT64_C(1000000000) /* instructions after which a write is missing */

struct swapcheck_slot {
    u64 slot, icount;
};

struct swapcheck {
    bool has_device;
    u8 device;
    struct swapcheck_slot told[SWAPCHECK_LIST]; /* swap-outs whose write has not been seen */
    struct swapcheck_slot read[SWAPCHECK_LIST]; /* pages read and not yet told of */
    u32 tolds, reads;
    u64 pages_told_out, pages_told_in, pages_written, pages_read;
    u64 disagreements;
    char first[160]; /* the first of them in words */
};

/* Takes a record of any type. */
void swapcheck_record(struct swapcheck *check, const struct trace_record *record);
/*
 * Disagreements so far, with writes that were told more than SWAPCHECK_LATE instructions ago and
 * never came.
 */
u64 swapcheck_count(const struct swapcheck *check, u64 now);

#endif
