/* SPDX-License-Identifier: MIT */
/* swapcheck.c - see swapcheck.h. */
#include "emu/observe/swapcheck.h"

#include <stdio.h>
#include <string.h>

#define SECTORS_OF_PAGE 8

static void disagree(struct swapcheck *c, u64 icount, const char *what, u64 slot)
{
    if (!c->disagreements++)
        snprintf(c->first, sizeof c->first, "slot %llu at instruction %llu: %s",
                 (unsigned long long)slot, (unsigned long long)icount, what);
}

/* When the list is full the oldest is given up: it cannot be checked any more. */
static void add(struct swapcheck_slot *list, u32 *count, u64 slot, u64 icount)
{
    if (*count == SWAPCHECK_LIST)
        memmove(list, list + 1, --*count * sizeof *list);
    list[(*count)++] = (struct swapcheck_slot){slot, icount};
}

static bool take(struct swapcheck_slot *list, u32 *count, u64 slot)
{
    for (u32 i = 0; i < *count; i++) {
        if (list[i].slot == slot) {
            memmove(list + i, list + i + 1, (--*count - i) * sizeof *list);
            return true;
        }
    }
    return false;
}

static bool holds(const struct swapcheck_slot *list, u32 count, u64 from, u64 to)
{
    for (u32 i = 0; i < count; i++)
        if (list[i].slot >= from && list[i].slot < to)
            return true;
    return false;
}

static void wrote(struct swapcheck *c, const struct trace_record *r, u64 from, u64 to)
{
    /* Writes of one page and of no other place are told: which disk it is shows itself here. */
    if (!c->has_device && holds(c->told, c->tolds, from, to)) {
        c->has_device = true;
        c->device = r->disk.device;
    }
    if (!c->has_device || c->device != r->disk.device)
        return;
    for (u64 slot = from; slot < to; slot++) {
        c->pages_written += slot != 0;
        if (r->disk.failed)
            continue; /* it is tried again, without being told again */
        if (!take(c->told, &c->tolds, slot) && slot)
            disagree(c, r->icount, "the disk was written, the kernel told of no swap-out", slot);
    }
}

static void was_read(struct swapcheck *c, const struct trace_record *r, u64 from, u64 to)
{
    if (!c->has_device || c->device != r->disk.device)
        return;
    for (u64 slot = from; slot < to; slot++) {
        c->pages_read += slot != 0;
        take(c->read, &c->reads, slot);
        if (slot)
            add(c->read, &c->reads, slot, r->icount);
    }
}

static void disk(struct swapcheck *c, const struct trace_record *r)
{
    u64 from = r->disk.sector / SECTORS_OF_PAGE;
    u64 to = from + r->disk.sectors / SECTORS_OF_PAGE;

    if (r->disk.sector % SECTORS_OF_PAGE || r->disk.sectors % SECTORS_OF_PAGE) {
        if (c->has_device && c->device == r->disk.device && r->disk.write)
            disagree(c, r->icount, "a write of the swap disk that is no whole page", from);
        return;
    }
    if (r->disk.write)
        wrote(c, r, from, to);
    else
        was_read(c, r, from, to);
}

void swapcheck_record(struct swapcheck *c, const struct trace_record *r)
{
    if (r->type == RECORD_DISK) {
        disk(c, r);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT) {
        c->pages_told_out++;
        /* The same slot again before the first write was seen: one write may serve both. */
        take(c->told, &c->tolds, r->arg[0]);
        add(c->told, &c->tolds, r->arg[0], r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
        c->pages_told_in++;
        if (!take(c->read, &c->reads, r->arg[0]) && c->has_device)
            disagree(c, r->icount, "the kernel told of a swap-in, the disk was not read",
                     r->arg[0]);
    }
}

u64 swapcheck_count(const struct swapcheck *c, u64 now)
{
    u64 count = c->disagreements;

    for (u32 i = 0; c->has_device && i < c->tolds; i++)
        count += now - c->told[i].icount > SWAPCHECK_LATE;
    return count;
}
