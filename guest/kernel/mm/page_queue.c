/* SPDX-License-Identifier: MIT */
/*
 * page_queue.c - queues of pages for policies.
 *
 * Doubly linked through the pages' notes; a link is the number of a page plus one, 0 ends.
 */
#include "lib/assert.h"
#include "mm/policy.h"

static struct page_note *note_of_link(u32 link)
{
    return page_note(page_of_number(link - 1));
}

static u32 link_of(struct frame *frame)
{
    return (u32)page_number(frame) + 1;
}

/* Put it between two neighbours (links, 0 = end). */
static void insert(struct page_queue *queue, struct frame *frame, u32 previous, u32 next)
{
    struct page_note *note = page_note(frame);
    u32 link = link_of(frame);

    kassert(note->queue == 0);
    *(previous != 0 ? &note_of_link(previous)->next : &queue->first) = link;
    *(next != 0 ? &note_of_link(next)->previous : &queue->last) = link;
    note->previous = previous;
    note->next = next;
    note->queue = queue->number;
    queue->length++;
}

void queue_push_back(struct page_queue *queue, struct frame *frame)
{
    insert(queue, frame, queue->last, 0);
}

void queue_push_front(struct page_queue *queue, struct frame *frame)
{
    insert(queue, frame, 0, queue->first);
}

void queue_remove(struct page_queue *queue, struct frame *frame)
{
    struct page_note *note = page_note(frame);

    kassert(note->queue == queue->number);
    *(note->previous != 0 ? &note_of_link(note->previous)->next : &queue->first) = note->next;
    *(note->next != 0 ? &note_of_link(note->next)->previous : &queue->last) = note->previous;
    note->queue = 0;
    queue->length--;
}

struct frame *queue_first(const struct page_queue *queue)
{
    return queue->first == 0 ? NULL : page_of_number(queue->first - 1);
}

struct frame *queue_last(const struct page_queue *queue)
{
    return queue->last == 0 ? NULL : page_of_number(queue->last - 1);
}
