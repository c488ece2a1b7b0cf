/* SPDX-License-Identifier: MIT */
/*
 * kalloc.h - memory for the kernel's own structures.
 */
#ifndef MM_KALLOC_H
#define MM_KALLOC_H

#include "lib/types.h"

/*
 * Allocate `size` bytes (1 .. 1 MiB), zeroed, 16-byte aligned; multiples of a
 * page are page-aligned.  Sleeps to reclaim when it may (no spinlock held).
 * => NULL if there is no memory.
 */
void *kalloc(size_t size);
/* The same with whatever was there, for who writes all of it: copies, stacks. */
void *kalloc_unzeroed(size_t size);
/* The same with only the first `cleared` bytes zeroed, or a few more. */
void *kalloc_partly(size_t size, size_t cleared);
void kfree(void *pointer); /* NULL is allowed */

/* One zeroed page. */
void *page_alloc(void);
void page_free(void *page);

u64 kalloc_pages(void); /* pages used for small objects, for meminfo (Slab) */

/* One of the sizes that small objects come in, for /proc/slabinfo. */
struct kalloc_class {
    u32 size, per_page;
    u64 objects, pages; /* in use */
};
bool kalloc_class(unsigned number, struct kalloc_class *out); /* => false: there is none */

void kalloc_init(void);
void kalloc_share(void); /* from now on several harts run.  => called before they do */

#endif
