/* SPDX-License-Identifier: MIT */
/*
 * fork_tables.h - a fork's work on page tables, see fork.c.
 */
#ifndef MM_FORK_TABLES_H
#define MM_FORK_TABLES_H

#include "mm/twin.h"

/* Pages that entries name, by kind of frame. */
struct page_counts {
    u64 pages[FRAME_SHM + 1], swapped;
};

struct copy {
    struct mm *parent, *child;
    struct area *area; /* the child's */
    u64 anon;          /* pages counted for the child, not yet in its rss_anon */
    bool by_table;     /* leaf tables become twins */

    /* by_table: */
    u64 region;       /* where the pages begin of the tables that were joined last, or NO_REGION */
    pte_t *from, *to; /* the parent's and the child's */
    struct page_counts left_out; /* pages of the parent that the child did not get */
};

/*
 * Copy entries entry..stop of a leaf table of the parent, counting each page.  Both pte_locks are
 * held.  => false if memory ran out at *address, which is where to go on
 */
bool fork_copy_counted(struct copy *copy, u64 *address, u64 stop, pte_t *entry);

/* The parent's table of an entry; its twin, if it has one, is the child's. */
struct frame *fork_parents_table(const struct copy *copy, const pte_t *entry);
/* How a copy by table begins: is the child the one that this parent had last, and could be again?
 */
bool fork_can_wake(const struct copy *copy);
/*
 * Make it so: what changed since is copied again, the areas hold their objects.
 * => fork_can_wake().  => false: swap cannot count one user more, and a page is missing
 */
bool fork_wake(struct copy *copy);
/*
 * An entry that is no page, or not yet copy-on-write.  => the child's word, 0: swap cannot count
 * one user more.  Of a swap entry each table has a count of its own: nothing in common there.
 */
pte_t fork_copy_unusual(pte_t *entry, pte_t *target);

/* The child has no entries of [start, end) of the parent: their pages are the parent's alone. */
void fork_leave_out(struct copy *copy, u64 start, u64 end);
/* The child's counters of pages.  => all areas were copied, or `was_asleep` */
void fork_count_pages(struct copy *copy, bool was_asleep);

/* Give the child its own copy of the page of `address` now, if that is all it takes. */
void fork_copy_now(struct copy *copy, u64 address);

#endif
