/* SPDX-License-Identifier: MIT */
/*
 * twin.h - fork by leaf table: two tables that count their pages together.
 *
 * fork() makes the child's leaf table as a copy of the parent's, entry by entry, without a look at
 * the frames: for each entry that is in both tables (a *joint* one) the frame keeps the one
 * mapping that it has.  The two tables know each other (frame->twin).  A store by either process
 * gives that one a page of its own and leaves the other the count; when either goes, only what the
 * two do not have in common has to be given back.  So what neither touches costs four
 * instructions in a fork and nothing in an exit.
 *
 *     parent's leaf table                 child's leaf table
 *     [17]  frame A, read-only  ───────── [17]  frame A, read-only      joint: A has maps = 1
 *     [18]  frame B, writable             [18]  frame C                 B and C have maps = 1
 *
 * Everybody else sees ordinary tables: pte_find(), pte_reach() and pte_next_table() *settle* twins
 * first, that is give each joint frame its second mapping and let the two forget each other, which
 * cannot fail.  Only who calls the _joint variants knows: fork, the quick faults, and exit.
 *
 * When the child of such a fork has ended, its table may *sleep*: it keeps the words, which count
 * nothing any more, and stays the parent's twin, whose stores still flag groups.  The next fork of
 * that parent wakes it: only flagged groups are copied again.
 *
 * Invariants:
 *   a table has at most one twin, and is that one's twin; the other belongs to another mm
 *   joint = both entries name the same frame (swap entries, the zero page, markers never are)
 *   a joint entry is read-only in both tables
 *   entries that are not joint lie in groups of eight that either table's frame->index flags
 * Only with one hart: there all this needs no lock but what keeps others from the kernel.
 */
#ifndef MM_TWIN_H
#define MM_TWIN_H

#include "mm/pagetable.h"

#define NO_REGION (1ull << 63) /* for the first address of a leaf table: no user's */

#define TWIN_SLEEPS FRAME_ACTIVE /* frame->flags: the words of this table count nothing */

#define TWIN_GROUP 8u /* entries to a bit of frame->index */

/* The bit of an entry's group. */
static always_inline u64 twin_group(const pte_t *entry)
{
    return 1ull << (((u64)entry & PAGE_MASK) / (sizeof(pte_t) * TWIN_GROUP));
}

/* Two words at the same place of twins: is it one mapping, counted once? */
static always_inline bool twin_is_joint(pte_t pte, pte_t other)
{
    return ((pte ^ other) & PTE_PFN_MASK) == 0 && pte_has_frame(pte) && pte_has_frame(other);
}

static always_inline struct frame *twin_of(const struct frame *table)
{
    return frame_of_pfn(table->twin);
}

/* Bytes from an entry of a leaf table to the same entry of its twin, 0 = it has none. */
static always_inline u64 twin_distance(const struct frame *table)
{
    return table->twin == 0 ? 0 : ((u64)table->twin - frame_pfn(table)) << PAGE_SHIFT;
}

/* A table whose twin exists and sleeps: it counts all its pages itself. */
static always_inline bool twin_is_asleep(const struct frame *table)
{
    return table->twin != 0 && (twin_of(table)->flags & TWIN_SLEEPS) != 0;
}

/* Two tables without twins, the second still empty, become each other's. */
void twin_join(struct frame *table, struct frame *copy);
/* Count joint frames twice from now on; the tables are ordinary ones again. */
void twin_settle(struct frame *table);
/* They forget each other, whatever their entries hold; one that slept is empty afterwards. */
void twin_part(struct frame *table);
/* A table of an address space that ends goes to sleep.  => it has no page of its own any more */
void twin_sleep(struct frame *table);

#endif
