/* SPDX-License-Identifier: MIT */
/*
 * area.c - the areas of an address space: find, insert, split, merge, and find
 * room for a new one.
 *
 *   first_area ──> area ──> area ──> area ──> NULL     list by address
 *        tree:     [start ... end)                     for searching, O(log n)
 *
 * The tree exists only while there are many areas (TREE_FROM): most programs have a
 * dozen, and going along the list is then as quick and costs nothing to keep up.
 *
 * Areas never overlap and are never empty.  Changing them needs mm->lock and
 * mm->pte_lock; the functions here expect the first and take the second.
 */
#include "mm/area.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/pagetable.h"

static struct area *area_of_node(struct tree_node *node)
{
    return node == NULL ? NULL : container_of(node, struct area, node);
}

#define TREE_FROM 24u
#define TREE_UNTIL 12u

/*
 * => the last area that starts at or below the address, or NULL.  The search begins at the one that
 * was found last: whoever sets `near` holds a lock that keeps areas in the list.
 */
static inline struct area *at_or_below(struct mm *mm, u64 address)
{
    struct area *found = mm->near, *area;

    if (unlikely(mm->areas.root != NULL)) {
        return area_of_node(tree_find_at_or_below(&mm->areas, address));
    }
    if (found == NULL || found->start > address) {
        found = NULL;
        area = mm->first_area;
    } else {
        area = found->next;
    }
    for (; area != NULL && area->start <= address; area = area->next) {
        found = area;
    }
    mm->near = found;
    return found;
}

/* An area came into the list.  => pte_lock held. */
static inline void grow_tree(struct mm *mm, struct area *area)
{
    mm->area_count++;
    if (unlikely(mm->areas.root != NULL)) {
        tree_insert(&mm->areas, &area->node);
    } else if (unlikely(mm->area_count >= TREE_FROM)) {
        for (area = mm->first_area; area != NULL; area = area->next) {
            tree_insert(&mm->areas, &area->node);
        }
    }
}

/* An area is about to leave.  => pte_lock held. */
static inline void shrink_tree(struct mm *mm, struct area *area)
{
    mm->area_count--;
    if (unlikely(mm->areas.root != NULL)) {
        tree_remove(&mm->areas, &area->node);
        if (mm->area_count < TREE_UNTIL) {
            mm->areas.root = NULL;
        }
    }
}

struct area *area_find(struct mm *mm, u64 address)
{
    struct area *area = at_or_below(mm, address);

    return area != NULL && address < area->end ? area : NULL;
}

struct area *area_find_at_or_above(struct mm *mm, u64 address)
{
    struct area *area = at_or_below(mm, address);

    if (area == NULL) {
        return mm->first_area;
    }
    return address < area->end ? area : area->next;
}

/* Write implies read: R=0 W=1 is reserved. */
#define BITS(more) ((u8)(PTE_V | PTE_U | (more)))
const u8 area_pte_bits[8] = {
    0,           BITS(PTE_R),         BITS(PTE_R | PTE_W),         BITS(PTE_R | PTE_W),
    BITS(PTE_X), BITS(PTE_R | PTE_X), BITS(PTE_R | PTE_W | PTE_X), BITS(PTE_R | PTE_W | PTE_X)};
#undef BITS

struct area *area_create(u64 start, u64 end, u8 prot, u32 flags, u8 kind)
{
    struct area *area = kalloc(sizeof(*area));

    if (area == NULL) {
        return NULL;
    }
    area->start = start;
    area->end = end;
    area->node.key = start;
    area->flags = flags;
    area->kind = kind;
    area_set_protection(area, prot);
    list_init(&area->inode_link);
    return area;
}

void area_destroy(struct area *area)
{
    if (area->inode != NULL) {
        inode_put(area->inode);
    }
    kfree(area);
}

static void link_inode(struct area *area)
{
    if (area->inode != NULL) {
        spin_lock(&area->inode->areas_lock);
        list_push_back(&area->inode->areas, &area->inode_link);
        spin_unlock(&area->inode->areas_lock);
    }
}

static void unlink_inode(struct area *area)
{
    if (area->inode != NULL) {
        spin_lock(&area->inode->areas_lock);
        list_remove(&area->inode_link);
        spin_unlock(&area->inode->areas_lock);
    }
}

/* Put an area into the list behind `before` (NULL: first).  => pte_lock held. */
static inline void link_after(struct mm *mm, struct area *before, struct area *area)
{
    struct area *next = before == NULL ? mm->first_area : before->next;

    area->mm = mm;
    area->previous = before;
    area->next = next;
    if (before == NULL) {
        mm->first_area = area;
    } else {
        before->next = area;
    }
    if (next != NULL) {
        next->previous = area;
    }
    grow_tree(mm, area);
}

/* => pte_lock held */
static inline void unlink(struct mm *mm, struct area *area)
{
    shrink_tree(mm, area);
    if (mm->near == area) {
        mm->near = area->previous;
    }
    if (area->previous == NULL) {
        mm->first_area = area->next;
    } else {
        area->previous->next = area->next;
    }
    if (area->next != NULL) {
        area->next->previous = area->previous;
    }
    mm_window_close(mm);
}

void area_discard(struct area *area)
{
    if (area->inode != NULL) {
        unlink_inode(area);
        inode_put(area->inode);
    }
}

void area_bring_back(struct area *area)
{
    if (area->inode != NULL) {
        inode_get(area->inode);
        link_inode(area);
    }
}

void area_insert_after(struct mm *mm, struct area *before, struct area *area)
{
    kassert(area->start < area->end && (before == NULL || before->end <= area->start));
    spin_lock(&mm->pte_lock);
    link_after(mm, before, area);
    kassert(area->next == NULL || area->end <= area->next->start);
    mm->total_pages += (area->end - area->start) >> PAGE_SHIFT;
    spin_unlock(&mm->pte_lock);
    link_inode(area);
}

void area_insert(struct mm *mm, struct area *area)
{
    area_insert_after(mm, at_or_below(mm, area->start), area);
}

void area_remove(struct mm *mm, struct area *area)
{
    unlink_inode(area);
    spin_lock(&mm->pte_lock);
    unlink(mm, area);
    mm->total_peak = max_u64(mm->total_peak, mm->total_pages);
    mm->total_pages -= (area->end - area->start) >> PAGE_SHIFT;
    mm->hole_hint = max_u64(mm->hole_hint, area->next == NULL ? mm->mmap_top : area->next->start);
    spin_unlock(&mm->pte_lock);
}

/* Memory for a copy of an area, with whatever was there.  => mm->lock held, or nobody knows the mm
 */
static always_inline struct area *take_spare(struct mm *mm)
{
    struct area *area = mm->spare_areas;

    if (unlikely(area == NULL)) {
        return kalloc_unzeroed(sizeof(*area));
    }
    mm->spare_areas = area->next;
    return area;
}

/* Areas that come and go, when rights are changed and changed back, need no more than two. */
static always_inline void give_spare(struct mm *mm, struct area *area)
{
    if (mm->spare_areas != NULL && mm->spare_areas->next != NULL) {
        kfree(area);
        return;
    }
    area->next = mm->spare_areas;
    mm->spare_areas = area;
}

struct area *area_clone(struct mm *mm, struct area *before, const struct area *from)
{
    struct area *area = take_spare(mm);

    if (area == NULL) {
        return NULL;
    }
    *area = *from;
    area->flags = (from->flags & ~(AREA_FLAG_LOCKED | AREA_FLAG_LOCKONFAULT)) | AREA_FLAG_CLONED;
    area->userfault = NULL; /* the registration is of the parent's memory */
    link_after(mm, before, area);
    mm->total_pages += (area->end - area->start) >> PAGE_SHIFT;
    area_bring_back(area);
    return area;
}

int area_split(struct mm *mm, struct area *area, u64 address)
{
    struct area *high;

    kassert(area->start < address && address < area->end);
    high = take_spare(mm);
    if (high == NULL) {
        return -ENOMEM;
    }
    *high = *area;
    high->start = address;
    high->node.key = address;
    high->pgoff = area_page_index(area, address);
    list_init(&high->inode_link);
    if (high->inode != NULL) {
        inode_get(high->inode);
    }
    spin_lock_quick(&mm->pte_lock);
    area->end = address;
    mm_window_close(mm);
    link_after(mm, area, high);
    spin_unlock_quick(&mm->pte_lock);
    link_inode(high);
    return 0;
}

void area_move_start(struct mm *mm, struct area *area, u64 start)
{
    spin_lock(&mm->pte_lock);
    kassert(start < area->end);
    mm_window_close(mm);
    mm->total_pages += (area->start >> PAGE_SHIFT) - (start >> PAGE_SHIFT);
    shrink_tree(mm, area); /* its place in the list stays, not its key */
    area->pgoff += (start - area->start) >> PAGE_SHIFT;
    area->start = start;
    area->node.key = start;
    grow_tree(mm, area);
    spin_unlock(&mm->pte_lock);
}

void area_move_end(struct mm *mm, struct area *area, u64 end)
{
    spin_lock(&mm->pte_lock);
    kassert(area->start < end);
    mm_window_close(mm);
    mm->total_pages += (end >> PAGE_SHIFT) - (area->end >> PAGE_SHIFT); /* may be negative: wraps */
    area->end = end;
    mm->hole_hint = max_u64(mm->hole_hint, area->next == NULL ? mm->mmap_top : area->next->start);
    spin_unlock(&mm->pte_lock);
}

/* Can two neighbours be one?  test: ltp vma01 wants a forked area kept apart from a fresh one. */
static inline bool can_merge(const struct area *low, const struct area *high)
{
    u32 kept = ~AREA_FLAG_ANON_PAGES;

    return low->end == high->start && low->prot == high->prot && low->kind == high->kind &&
           (low->flags & kept) == (high->flags & kept) && low->inode == high->inode &&
           low->kind != AREA_SPECIAL && low->userfault == high->userfault &&
           (low->inode == NULL || area_page_index(low, high->start) == high->pgoff);
}

/* => low swallows high, which is destroyed. */
static void swallow(struct mm *mm, struct area *low, struct area *high)
{
    unlink_inode(high);
    spin_lock_quick(&mm->pte_lock);
    unlink(mm, high);
    low->flags |= high->flags;
    low->end = high->end;
    spin_unlock_quick(&mm->pte_lock);
    if (high->inode != NULL) {
        inode_put(high->inode);
    }
    give_spare(mm, high);
}

struct area *area_merge(struct mm *mm, struct area *area)
{
    if (area->next != NULL && can_merge(area, area->next)) {
        swallow(mm, area, area->next);
    }
    if (area->previous != NULL && can_merge(area->previous, area)) {
        area = area->previous;
        swallow(mm, area, area->next);
    }
    return area;
}

/*
 * The highest hole.  Searching starts at hole_hint, above which no hole of
 * hole_size or more is known; mapping many pieces one after the other therefore
 * takes constant time each (test: ltp munmap04, 65 530 areas).
 */
u64 area_find_hole(struct mm *mm, u64 size)
{
    u64 top = mm->mmap_top;
    struct area *area;

    if (size >= mm->hole_size) {
        top = min_u64(top, mm->hole_hint);
    }
    area = at_or_below(mm, top - 1);
    for (; area != NULL && top >= MMAP_MIN_ADDRESS; area = area->previous) {
        if (top > area->end && top - area->end >= size) {
            break;
        }
        top = min_u64(top, area->start);
    }
    if (top < MMAP_MIN_ADDRESS || top - MMAP_MIN_ADDRESS < size) {
        return 0;
    }
    mm->hole_hint = top;
    mm->hole_size = size;
    return top - size;
}
