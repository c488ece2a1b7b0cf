/* SPDX-License-Identifier: MIT */
/*
 * page_note.c - what a policy remembers of each page: 16 bytes beside the frame table,
 * allocated only for policies that keep notes, in pieces of a page.
 */
#include "lib/errno.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/policy.h"

#define NOTES_PER_PIECE (PAGE_SIZE / sizeof(struct page_note))

static struct page_note **pieces;

u64 page_count(void)
{
    return frame_count;
}

struct frame *page_of_number(u64 number)
{
    return frame_of_pfn(frame_first_pfn + number);
}

u64 page_number(const struct frame *frame)
{
    return (u64)(frame - frame_table);
}

int page_notes_init(void)
{
    u64 count = (frame_count + NOTES_PER_PIECE - 1) / NOTES_PER_PIECE;

    pieces = kalloc(count * sizeof(*pieces));
    for (u64 i = 0; pieces != NULL && i < count; i++) {
        pieces[i] = page_alloc();
        if (pieces[i] == NULL) {
            return -ENOMEM;
        }
    }
    return pieces == NULL ? -ENOMEM : 0;
}

struct page_note *page_note(struct frame *frame)
{
    u64 number = page_number(frame);

    return &pieces[number / NOTES_PER_PIECE][number % NOTES_PER_PIECE];
}
