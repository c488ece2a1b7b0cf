/* SPDX-License-Identifier: MIT */
/*
 * working_set.c - two queues and the refault distance (the idea of Linux's
 * mm/workingset.c).
 *
 *    new page --> [ inactive ......... ] --> out, leaving a shadow
 *                     ^   | used when its turn comes       | comes back
 *     challenged, and |   v twice                          v
 *       not used      [ active ......... ] <--- if the distance is no larger than memory
 *
 * A page that was used once passes through the inactive queue and disturbs nobody.  One
 * that comes back after no more evictions than there are pages would have stayed if it
 * had been protected: it joins the active ones.  When those are three quarters already,
 * it challenges them instead: the active page that waited longest has to show that it was
 * used since it was looked at last.  So a loop larger than memory keeps a part of itself.
 */
#include "mm/policy.h"

static struct page_queue inactive = {.number = 1}, active = {.number = 2};
static u64 challenges;

static void page_added(struct frame *frame)
{
    page_note(frame)->stamp = 0;
    queue_push_back(&inactive, frame);
}

static void page_removed(struct frame *frame)
{
    queue_remove(queue_has(&active, frame) ? &active : &inactive, frame);
}

static void move(struct frame *frame, struct page_queue *queue)
{
    page_removed(frame);
    queue_push_back(queue, frame);
}

static void protect(struct frame *frame)
{
    if (active.length < 3 * inactive.length) {
        move(frame, &active);
    } else if (challenges < active.length) {
        challenges++;
    }
}

static struct frame *next(void)
{
    /* Some slack: a batch that has just left must not make the active ones too many. */
    bool challenge = challenges > 0 || active.length > 6 * inactive.length;
    struct page_queue *queue = challenge && active.length > 0 ? &active : &inactive;
    struct frame *frame = queue_first(queue);

    challenges -= challenges > 0;
    if (frame != NULL) {
        move(frame, queue);
    }
    return frame;
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    if (queue_has(&active, frame)) {
        if (!age->accessed) {
            move(frame, &inactive);
        }
        return VERDICT_SPARE;
    }
    if (!age->accessed) {
        return VERDICT_EVICT;
    }
    if (queue_has(&inactive, frame) && page_note(frame)->stamp++ > 0) {
        protect(frame); /* the first use is the one that brought it */
    }
    return VERDICT_SPARE;
}

static void refaulted(struct frame *frame, u64 distance)
{
    if (queue_has(&inactive, frame) && distance <= active.length + inactive.length) {
        protect(frame);
    }
}

const struct policy policy_working_set = {.name = "working-set",
                                          .page_added = page_added,
                                          .page_removed = page_removed,
                                          .next = next,
                                          .judge = judge,
                                          .refaulted = refaulted,
                                          .in_order = true,
                                          .keeps_notes = true};
