/* SPDX-License-Identifier: MIT */
/*
 * area.h - one contiguous piece of an address space with equal rights and one
 * source of contents.  (Other kernels say VMA, map entry, segment.)
 *
 * The areas of a mm are in a list by address through `next` (the monitor walks it),
 * and, when there are many, in a balanced tree by start address as well.
 * Locks: changed only with mm->lock and mm->pte_lock both held, so either is
 * enough to read.
 */
#ifndef MM_AREA_H
#define MM_AREA_H

#include "probe.h"
#include "lib/list.h"
#include "lib/tree.h"

/* Flags of an area. */
#define AREA_FLAG_SHARED 0x001u /* stores reach the object */
#define AREA_FLAG_GROWSDOWN 0x002u
#define AREA_FLAG_LOCKED 0x004u      /* mlock: resident and not evicted */
#define AREA_FLAG_LOCKONFAULT 0x008u /* mlock2(MLOCK_ONFAULT) */
#define AREA_FLAG_NORESERVE 0x010u
#define AREA_FLAG_DONTFORK 0x020u
#define AREA_FLAG_WIPEONFORK 0x040u
#define AREA_FLAG_SEQUENTIAL 0x080u
#define AREA_FLAG_RANDOM 0x100u
#define AREA_FLAG_MAYWRITE 0x200u   /* mprotect may add PROT_WRITE */
#define AREA_FLAG_ANON_PAGES 0x400u /* has, or had, private pages: fork must look */
#define AREA_FLAG_CLONED 0x800u     /* came by fork: not merged with fresh ones */
#define AREA_FLAG_ACCOUNTED 0x1000u /* counted in committed memory */
#define AREA_FLAG_ATTACHED 0x2000u  /* a System V segment */
#define AREA_FLAG_SEALED 0x4000u    /* mseal: stays where it is, with its rights */

struct inode;
struct mm;
struct userfault;

struct area {
    struct tree_node node; /* node.key == start */
    struct area *next, *previous;
    struct mm *mm;
    u64 start, end;
    u64 pte_flags; /* the bits of a fully permitted PTE: V U R W X */
    u32 flags;
    u8 prot;                     /* as the user asked: 1 read, 2 write, 4 execute */
    u8 kind;                     /* enum area_kind */
    struct inode *inode;         /* FILE_*, SHM; holds a reference */
    u64 pgoff;                   /* page of the object at `start` */
    u64 ahead_page, ahead_count; /* fault_ahead.c: page expected next, pages filled last */
    struct list inode_link;      /* on inode->areas; under inode->areas_lock */
    struct userfault *userfault; /* userfaultfd(2): a program brings missing pages; usually NULL */
};

static inline u64 area_page_index(const struct area *area, u64 address)
{
    return area->pgoff + ((address - area->start) >> PAGE_SHIFT);
}

static inline bool area_is_private(const struct area *area)
{
    return !(area->flags & AREA_FLAG_SHARED);
}

struct area *area_find(struct mm *mm, u64 address); /* the area that holds it, or NULL */
struct area *area_find_at_or_above(struct mm *mm, u64 address); /* ... or the next one above */
struct area *area_create(u64 start, u64 end, u8 prot, u32 flags, u8 kind); /* NULL: no memory */
void area_destroy(struct area *area); /* => it is in no mm; gives back its inode */

/* Let go of the object of an area whose mm is going away as a whole, and take hold of it again. */
void area_discard(struct area *area);
void area_bring_back(struct area *area);

/* => mm->lock held; these take pte_lock themselves. */
void area_insert(struct mm *mm, struct area *area);
/*
 * For fork(): a copy of `from`, put behind `before` in a mm that nobody else knows yet.  Not locked
 * into memory.  => NULL: no memory
 */
struct area *area_clone(struct mm *mm, struct area *before, const struct area *from);
void area_insert_after(struct mm *mm, struct area *before, struct area *area); /* NULL: first */
void area_remove(struct mm *mm, struct area *area);
int area_split(struct mm *mm, struct area *area,
               u64 address); /* => 0, -ENOMEM; area keeps the low part */
struct area *area_merge(struct mm *mm,
                        struct area *area); /* with equal neighbours; => the result */

/* By prot: the PTE bits of a page that everything is permitted on. */
extern const u8 area_pte_bits[8];

static inline void area_set_protection(struct area *area, u8 prot)
{
    area->prot = prot;
    area->pte_flags = area_pte_bits[prot & 7];
}

void area_move_start(struct mm *mm, struct area *area,
                     u64 start); /* grows or shrinks at the low end */
void area_move_end(struct mm *mm, struct area *area, u64 end);
/* => the start of a hole of `size` bytes, as high as possible below mm->mmap_top; 0 if none. */
u64 area_find_hole(struct mm *mm, u64 size);

#endif
