/* SPDX-License-Identifier: MIT */
/*
 * twin.c - leaf tables that a fork made as a whole.  See twin.h.
 *
 * Lock: one hart, and nothing here sleeps.
 */
#include "mm/twin.h"
#include "lib/assert.h"
#include "mm/page.h"

void twin_join(struct frame *table, struct frame *copy)
{
    kassert(table->twin == 0 && copy->twin == 0 && table->owner != copy->owner);
    table->twin = (u32)frame_pfn(copy);
    copy->twin = (u32)frame_pfn(table);
    copy->index = 0;
}

static void forget(struct frame *table)
{
    table->twin = 0;
    table->index = 0;
    if ((table->flags & TWIN_SLEEPS) != 0) {
        table->flags = 0;
        page_zero(frame_to_virt(table));
    }
}

/* => windows that lead into either table are closed: they say where the twin is. */
void twin_part(struct frame *table)
{
    struct frame *other = twin_of(table);

    kassert(other->twin == frame_pfn(table));
    mm_window_close(table->owner);
    mm_window_close(other->owner);
    forget(table);
    forget(other);
}

void twin_sleep(struct frame *table)
{
    mm_window_close(twin_of(table)->owner); /* it says that the twin is awake */
    table->flags = TWIN_SLEEPS;
}

void twin_settle(struct frame *table)
{
    const pte_t *entry = frame_to_virt(table), *end = entry + ENTRIES;
    const pte_t *other = frame_to_virt(twin_of(table));

    if (((table->flags | twin_of(table)->flags) & TWIN_SLEEPS) != 0) {
        end = entry; /* each joint frame has its mapping, and needs no other */
    }
    for (; entry < end; entry++, other++) {
        if (*entry != 0 && twin_is_joint(*entry, *other)) {
            frame_map(pte_frame(*entry));
        }
    }
    twin_part(table);
}
