/* SPDX-License-Identifier: MIT */
/*
 * rmap.c - who maps this frame?
 *
 * Locks: inode->areas_lock => pte_lock for pages of objects, rmap_lock => pte_lock
 * for anonymous ones.  While an area is on its inode's list neither it nor its mm
 * can go away; while a mm is in its family it cannot go away.
 */
#include "mm/rmap.h"
#include "lib/assert.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/zap.h"

struct spinlock rmap_lock = SPINLOCK("rmap");

struct family *family_create(void)
{
    struct family *family = kalloc(sizeof(*family));

    if (family != NULL) {
        list_init(&family->members);
    }
    return family;
}

void family_join(struct family *family, struct mm *mm)
{
    spin_lock(&rmap_lock);
    mm->family = family;
    family->count++;
    list_push_back(&family->members, &mm->family_link);
    spin_unlock(&rmap_lock);
}

void family_leave(struct mm *mm)
{
    struct family *family = mm->family;
    bool empty;

    spin_lock(&rmap_lock);
    list_remove(&mm->family_link);
    empty = --family->count == 0;
    spin_unlock(&rmap_lock);
    if (empty) {
        kfree(family);
    }
}

/* Does the entry at `address` map the frame?  => *hit complete.  pte_lock held. */
static bool maps_here(struct rmap_hit *hit, const struct frame *frame)
{
    pte_t pte;

    hit->entry = pte_find(hit->mm, hit->address);
    if (hit->entry == NULL) {
        return false;
    }
    pte = pte_read(hit->entry);
    return pte_has_frame(pte) && pte_pfn(pte) == frame_pfn(frame);
}

typedef bool (*visitor)(const struct rmap_hit *hit, void *argument);

static bool walk_family(struct frame *frame, visitor visit, void *argument)
{
    bool go_on = true;

    spin_lock(&rmap_lock);
    if (frame->maps > 0 && frame->family != NULL) { /* mapped: so its family has members */
        list_for_each(link, &frame->family->members)
        {
            struct rmap_hit hit = {.mm = list_entry(link, struct mm, family_link)};

            spin_lock(&hit.mm->pte_lock);
            hit.address = frame->index << PAGE_SHIFT;
            if (maps_here(&hit, frame)) {
                hit.area = area_find(hit.mm, hit.address);
                go_on = visit(&hit, argument);
            }
            spin_unlock(&hit.mm->pte_lock);
            if (!go_on) {
                break;
            }
        }
    }
    spin_unlock(&rmap_lock);
    return go_on;
}

static bool walk_inode(struct frame *frame, visitor visit, void *argument)
{
    struct inode *inode = frame->inode;
    bool go_on = true;

    spin_lock(&inode->areas_lock);
    list_for_each(link, &inode->areas)
    {
        struct area *area = list_entry(link, struct area, inode_link);
        struct rmap_hit hit = {.mm = area->mm, .area = area};

        spin_lock(&hit.mm->pte_lock);
        hit.address = area->start + ((frame->index - area->pgoff) << PAGE_SHIFT);
        if (frame->index >= area->pgoff && hit.address < area->end && maps_here(&hit, frame)) {
            go_on = visit(&hit, argument);
        }
        spin_unlock(&hit.mm->pte_lock);
        if (!go_on) {
            break;
        }
    }
    spin_unlock(&inode->areas_lock);
    return go_on;
}

bool rmap_walk(struct frame *frame, visitor visit, void *argument)
{
    switch (frame->kind) {
    case FRAME_ANON:
        return walk_family(frame, visit, argument);
    case FRAME_FILE:
    case FRAME_SHM:
        return frame->inode == NULL || walk_inode(frame, visit, argument);
    default:
        return true;
    }
}

void rmap_unmap_range(struct inode *inode, u64 first, u64 last, bool even_private)
{
    spin_lock(&inode->areas_lock);
    list_for_each(link, &inode->areas)
    {
        struct area *area = list_entry(link, struct area, inode_link);
        struct mm *mm = area->mm;

        spin_lock(&mm->pte_lock);
        if (last >= area->pgoff) {
            u64 from = area->start, pages = (area->end - area->start) >> PAGE_SHIFT;
            u64 end = area->end;

            if (first > area->pgoff) {
                from = first - area->pgoff < pages
                           ? area->start + ((first - area->pgoff) << PAGE_SHIFT)
                           : end;
            }
            if (last - area->pgoff < pages) {
                end = area->start + ((last - area->pgoff + 1) << PAGE_SHIFT);
            }
            if (from < end && even_private) {
                zap_range(mm, from, end);
            } else if (from < end) {
                zap_object_pages(mm, from, end);
            }
        }
        spin_unlock(&mm->pte_lock);
    }
    spin_unlock(&inode->areas_lock);
}

static bool protect_one(const struct rmap_hit *hit, void *argument)
{
    (void)argument;
    if ((pte_read(hit->entry) & PTE_V) == 0) { /* away: nobody writes it, its bit 2 is not W */
        pte_clear_bits(hit->entry, PTE_D);
    } else if ((pte_clear_bits(hit->entry, PTE_W | PTE_D) & (PTE_W | PTE_D)) != 0) {
        tlb_flush_page(hit->mm, hit->address);
    }
    return true;
}

void rmap_write_protect(struct frame *frame)
{
    if (frame->maps > 0) {
        rmap_walk(frame, protect_one, NULL);
    }
}
