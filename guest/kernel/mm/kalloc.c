/* SPDX-License-Identifier: MIT */
/*
 * kalloc.c - memory for the kernel's own structures.
 *
 * Small sizes are rounded up to a class; a page of a class ("slab") starts with a
 * header and is cut into objects, the free ones on a list inside the page.  Larger
 * sizes take whole blocks of frames.  kfree() tells them apart by alignment: an
 * object never lies at the start of a page, a block always does.
 *
 * With one hart what was freed last is kept at hand, a few objects of each class, and
 * handed out again first, without a lock.  Several harts would each keep their own, and
 * nobody could tell a frame that is lost from one that is kept.
 */
#include "mm/kalloc.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/page.h"
#include "sync/spin.h"

/* From 128 on multiples of 64, and objects aligned so: then cbo.zero clears them. */
static const u16 class_sizes[] = {32,  48,  64,  96,  128, 192,  256, 320,
                                  448, 576, 640, 768, 960, 1344, 1984};
#define CLASSES ARRAY_LENGTH(class_sizes)
#define SMALL_MAX 1984u
#define BLOCK 64u

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
static u64 class_pages[CLASSES], class_objects[CLASSES]; /* those at hand count as used */

/* Objects at hand: linked like those in a slab, which counts them as used. */
#define AT_HAND_BYTES 2048u /* of a class; at least 2 objects, at most 16 */
static struct at_hand {
    void *first;
    u32 count, limit; /* limit 0: several harts */
} at_hand[CLASSES];
static u8 class_of_16[SMALL_MAX / 16 + 1]; /* by size in units of 16, rounded up */

void kalloc_init(void)
{
    unsigned class = 0;

    for (unsigned units = 0; units < ARRAY_LENGTH(class_of_16); units++) {
        class += class_sizes[class] < units * 16;
        class_of_16[units] = (u8) class;
    }
    for (unsigned i = 0; i < CLASSES; i++) {
        list_init(&partial[i]);
        at_hand[i].limit = (u32)min_u64(max_u64(AT_HAND_BYTES / class_sizes[i], 2), 16);
    }
}

static unsigned class_of(size_t size)
{
    return class_of_16[(size + 15) / 16];
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
    class_objects[class]++;
    if (slab->free == NULL) {
        list_remove(&slab->link);
    }
    return object;
}

static rarely void *alloc_from_slab(unsigned class)
{
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
        class_pages[class]++;
        list_push_front(&partial[class], &slab->link);
    }
    object = take_object(class);
    spin_unlock(&kalloc_lock);
    return object;
}

/* => size rounded up to 16 bytes may be cleared */
static always_inline void clear(void *object, size_t size)
{
    if (size > 96 && page_blocks_of_64) {
        page_zero_some(object, (size + BLOCK - 1) / BLOCK);
        return;
    }
    for (u64 *at = object, *end = at + (size + 15) / 16 * 2; at < end; at += 2) {
        at[0] = 0;
        at[1] = 0;
    }
}

static always_inline void *alloc_small(size_t size, bool cleared)
{
    unsigned class = class_of(size);
    struct at_hand *hand = &at_hand[class];
    void *object = hand->first;

    if (likely(object != NULL)) {
        hand->first = *(void **)object;
        hand->count--;
    } else {
        object = alloc_from_slab(class);
        if (object == NULL) {
            return NULL;
        }
    }
    if (cleared) {
        clear(object, size);
    }
    return object;
}

static unsigned order_of(size_t size)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < size) {
        order++;
    }
    return order;
}

static rarely void *alloc_block(size_t size, unsigned how)
{
    struct frame *frame;

    if (order_of(size) > FRAME_MAX_ORDER) {
        return NULL;
    }
    frame = size <= PAGE_SIZE
                ? frame_alloc(FRAME_KERNEL, FRAME_RECLAIM | how)
                : frame_alloc_block(FRAME_KERNEL, order_of(size), FRAME_RECLAIM | how);
    return frame == NULL ? NULL : frame_to_virt(frame);
}

void *kalloc(size_t size)
{
    return likely(size <= SMALL_MAX) ? alloc_small(size, true) : alloc_block(size, FRAME_ZEROED);
}

void *kalloc_unzeroed(size_t size)
{
    return likely(size <= SMALL_MAX) ? alloc_small(size, false) : alloc_block(size, 0);
}

void *kalloc_partly(size_t size, size_t cleared)
{
    void *object = kalloc_unzeroed(size);

    if (likely(object != NULL)) {
        clear(object, cleared);
    }
    return object;
}

static rarely void free_to_slab(struct slab *slab, void *object)
{
    bool empty;

    spin_lock(&kalloc_lock);
    kassert(slab->used > 0 && slab->class < CLASSES);
    if (slab->free == NULL) {
        list_push_front(&partial[slab->class], &slab->link);
    }
    *(void **)object = slab->free;
    slab->free = object;
    class_objects[slab->class]--;
    empty = --slab->used == 0;
    if (empty) {
        list_remove(&slab->link);
        slab_pages--;
        class_pages[slab->class]--;
    }
    spin_unlock(&kalloc_lock);
    if (empty) {
        frame_put(virt_to_frame(slab));
    }
}

static always_inline void free_small(void *object)
{
    struct slab *slab = (struct slab *)round_down((u64)object, PAGE_SIZE);
    struct at_hand *hand = &at_hand[slab->class];

    if (likely(hand->count < hand->limit)) {
        *(void **)object = hand->first;
        hand->first = object;
        hand->count++;
    } else {
        free_to_slab(slab, object);
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

void kalloc_share(void)
{
    for (unsigned i = 0; i < CLASSES; i++) {
        while (at_hand[i].first != NULL) {
            void *object = at_hand[i].first;

            at_hand[i].first = *(void **)object;
            free_to_slab((struct slab *)round_down((u64)object, PAGE_SIZE), object);
        }
        at_hand[i].count = 0;
        at_hand[i].limit = 0;
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

bool kalloc_class(unsigned number, struct kalloc_class *out)
{
    if (number >= CLASSES) {
        return false;
    }
    spin_lock(&kalloc_lock);
    *out = (struct kalloc_class){.size = class_sizes[number],
                                 .per_page = (PAGE_SIZE - FIRST_OBJECT) / class_sizes[number],
                                 .objects = class_objects[number] - at_hand[number].count,
                                 .pages = class_pages[number]};
    spin_unlock(&kalloc_lock);
    return true;
}
