/* SPDX-License-Identifier: MIT */
/*
 * lifo.c - last in, first out: the newest page goes first.
 *
 * Hopeless for most programs, and close to the best for one that walks through more than
 * memory holds, over and over: the part that came first stays.
 */
#include "mm/policy.h"

static struct page_queue stack = {.number = 1};

static void page_added(struct frame *frame)
{
    queue_push_front(&stack, frame);
}

static void page_removed(struct frame *frame)
{
    queue_remove(&stack, frame);
}

static struct frame *next(void)
{
    struct frame *frame = queue_first(&stack);

    if (frame != NULL) { /* if it has to stay, it is the oldest from now on */
        queue_remove(&stack, frame);
        queue_push_back(&stack, frame);
    }
    return frame;
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    (void)frame;
    (void)age;
    return VERDICT_EVICT;
}

const struct policy policy_lifo = {.name = "lifo",
                                   .page_added = page_added,
                                   .page_removed = page_removed,
                                   .next = next,
                                   .judge = judge,
                                   .in_order = true,
                                   .keeps_notes = true};
