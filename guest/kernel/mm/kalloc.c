/* SPDX-License-Identifier: MIT */
/*
 * kalloc.c - memory for the kernel's own structures.
 *
 * Small sizes are rounded up to a class; a page of a class ("slab") starts with a
 * header and is cut into objects, the free ones on a list inside the page.  Larger
 * sizes take whole blocks of frames.  kfree() tells them apart by alignment: an
 * object never lies at the start of a page, a block always does.
 */
#include "mm/kalloc.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/page.h"
#include "sync/spin.h"

static const u16 class_sizes[] = {32,  48,  64,  96,  128,  192,  256, 320,
                                  448, 576, 672, 800, 1008, 1344, 2016};
#define CLASSES ARRAY_LENGTH(class_sizes)
#define SMALL_MAX 2016u

struct slab {
    struct list link; /* on partial[class] while it has free objects */
    void *free;       /* first free object; each starts with the address of the next */
    u32 used, class;
};

#define FIRST_OBJECT 64u
_Static_assert(sizeof(struct slab) <= FIRST_OBJECT, "objects follow the header");

static struct spinlock kalloc_lock = SPINLOCK("kalloc");
static struct list partial[CLASSES];
static u64 slab_pages;

void kalloc_init(void)
{
    for (unsigned i = 0; i < CLASSES; i++) {
        list_init(&partial[i]);
    }
}

static unsigned class_of(size_t size)
{
    unsigned class = 0;

    while (class_sizes[class] < size) {
        class ++;
    }
    return class;
}

static struct slab *slab_create(unsigned class)
{
    struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);
    struct slab *slab;

    if (frame == NULL) {
        return NULL;
    }
    slab = frame_to_virt(frame);
    slab->free = NULL;
    slab->used = 0;
    slab->class = class;
    for (u64 at = FIRST_OBJECT; at + class_sizes[class] <= PAGE_SIZE; at += class_sizes[class]) {
        void **object = (void **)((u8 *)slab + at);

        *object = slab->free;
        slab->free = object;
    }
    return slab;
}

static void *take_object(unsigned class)
{
    struct slab *slab = list_first(&partial[class], struct slab, link);
    void *object = slab->free;

    slab->free = *(void **)object;
    slab->used++;
    if (slab->free == NULL) {
        list_remove(&slab->link);
    }
    return object;
}

static void *alloc_small(size_t size)
{
    unsigned class = class_of(size);
    void *object;

    spin_lock(&kalloc_lock);
    if (list_empty(&partial[class])) {
        struct slab *slab;

        spin_unlock(&kalloc_lock);
        slab = slab_create(class);
        if (slab == NULL) {
            return NULL;
        }
        spin_lock(&kalloc_lock);
        slab_pages++;
        list_push_front(&partial[class], &slab->link);
    }
    object = take_object(class);
    spin_unlock(&kalloc_lock);
    return memset(object, 0, class_sizes[class]);
}

static unsigned order_of(size_t size)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < size) {
        order++;
    }
    return order;
}

static void *alloc_block(size_t size, unsigned how)
{
    struct frame *frame;

    if (order_of(size) > FRAME_MAX_ORDER) {
        return NULL;
    }
    frame = frame_alloc_block(FRAME_KERNEL, order_of(size), FRAME_RECLAIM | how);
    return frame == NULL ? NULL : frame_to_virt(frame);
}

void *kalloc(size_t size)
{
    return size <= SMALL_MAX ? alloc_small(size) : alloc_block(size, FRAME_ZEROED);
}

void *kalloc_unzeroed(size_t size)
{
    return alloc_block(size, 0);
}

static void free_small(void *object)
{
    struct slab *slab = (struct slab *)round_down((u64)object, PAGE_SIZE);
    bool empty;

    spin_lock(&kalloc_lock);
    kassert(slab->used > 0 && slab->class < CLASSES);
    if (slab->free == NULL) {
        list_push_front(&partial[slab->class], &slab->link);
    }
    *(void **)object = slab->free;
    slab->free = object;
    empty = --slab->used == 0;
    if (empty) {
        list_remove(&slab->link);
        slab_pages--;
    }
    spin_unlock(&kalloc_lock);
    if (empty) {
        frame_put(virt_to_frame(slab));
    }
}

void kfree(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    if (((u64)pointer & PAGE_MASK) != 0) {
        free_small(pointer);
    } else {
        frame_put(virt_to_frame(pointer));
    }
}

void *page_alloc(void)
{
    struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM | FRAME_ZEROED);

    return frame == NULL ? NULL : frame_to_virt(frame);
}

void page_free(void *page)
{
    kfree(page);
}

u64 kalloc_pages(void)
{
    return slab_pages;
}
