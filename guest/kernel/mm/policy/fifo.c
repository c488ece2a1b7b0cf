/* SPDX-License-Identifier: MIT */
/*
 * fifo.c - first in, first out: the page that came first goes first, used or not.
 *
 * A page that cannot go now (locked, being read) gets in line again.
 */
#include "mm/policy.h"

static struct page_queue line = {.number = 1};

static void page_added(struct frame *frame)
{
    queue_push_back(&line, frame);
}

static void page_removed(struct frame *frame)
{
    queue_remove(&line, frame);
}

static struct frame *next(void)
{
    struct frame *frame = queue_first(&line);

    if (frame != NULL) {
        queue_remove(&line, frame);
        queue_push_back(&line, frame);
    }
    return frame;
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    (void)frame;
    (void)age;
    return VERDICT_EVICT;
}

const struct policy policy_fifo = {.name = "fifo",
                                   .page_added = page_added,
                                   .page_removed = page_removed,
                                   .next = next,
                                   .judge = judge,
                                   .in_order = true,
                                   .keeps_notes = true};
