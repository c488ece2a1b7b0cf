/* SPDX-License-Identifier: MIT */
/*
 * shm.c - memory objects without a disk.
 *
 * The object's cache is the only place that knows its pages: a frame, or the slot
 * of a page in swap.  A page that comes back keeps its slot while it is clean.
 */
#include "mm/shm.h"
#include "lib/errno.h"
#include "mm/kalloc.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/swap_cache.h"

static u64 resident, in_swap, next_number = 1ull << 31;
static struct spinlock shm_lock = SPINLOCK("shm");
/* Objects with pages in swap (through cache.dirty_link, which SHM inodes do not need otherwise). */
static struct list swapped_objects = {&swapped_objects, &swapped_objects};

u64 shm_pages(void)
{
    return resident;
}

void shm_fill_layout(struct probe_layout *layout)
{
    layout->shm_swapped = direct_physical(&in_swap);
}

void shm_count_page(int change)
{
    atomic_add_u64(&resident, (u64)(i64)change);
}

u64 shm_quota_limit(const struct shm_quota *quota)
{
    struct swap_info swap = {0};

    if (quota->limit != 0) {
        return quota->limit;
    }
    (void)swap_get_info(&swap);
    return (frames_usable + swap.total_pages) / 2;
}

bool shm_quota_take(struct inode *inode)
{
    struct shm_quota *quota = inode->quota;

    if (quota == NULL) {
        return true;
    }
    if (atomic_add_u64(&quota->used, 1) < shm_quota_limit(quota)) {
        return true;
    }
    atomic_add_u64(&quota->used, (u64)-1);
    return false;
}

void shm_quota_give(struct inode *inode)
{
    if (inode->quota != NULL) {
        atomic_add_u64(&inode->quota->used, (u64)-1);
    }
}

void shm_count_swapped(struct inode *inode, int change)
{
    inode->cache.swapped += (u64)(i64)change;
    atomic_add_u64(&in_swap, (u64)(i64)change); /* read by the monitor */
    spin_lock(&shm_lock);
    if (inode->cache.swapped == 0) {
        list_remove(&inode->cache.dirty_link);
    } else if (list_empty(&inode->cache.dirty_link)) {
        list_push_back(&swapped_objects, &inode->cache.dirty_link);
    }
    spin_unlock(&shm_lock);
}

/* The last reference of a nameless object. */
static void release(struct inode *inode)
{
    cache_drop(inode);
    kfree(inode);
}

static const struct inode_ops shm_ops = {.release = release};

struct inode *shm_inode_create(u64 size)
{
    struct inode *inode = kalloc(sizeof(*inode));

    if (inode == NULL) {
        return NULL;
    }
    inode_setup(inode, &shm_ops);
    shm_inode_mark(inode, NULL);
    inode->number = atomic_add_u64(&next_number, 1);
    inode->mode = 0100600; /* a regular file, rw for its owner */
    inode->size = size;
    inode->atime = inode->mtime = inode->ctime = time_realtime();
    return inode;
}

struct frame *shm_swap_in(struct inode *inode, u64 index, int *error)
{
    struct page_cache *cache = &inode->cache;
    struct frame *frame;
    bool placed = false;
    u64 word;

    spin_lock(&cache->lock);
    word = radix_get(&cache->pages, index);
    spin_unlock(&cache->lock);
    *error = -EAGAIN;
    if (!shm_is_swapped(word)) {
        return NULL; /* somebody else was faster */
    }
    frame = swap_read(shm_slot(word), true, error);
    if (frame == NULL) {
        *error = *error == 0 ? -EAGAIN : *error;
        return NULL;
    }
    frame_lock_busy(frame);
    spin_lock(&cache->lock);
    if (radix_get(&cache->pages, index) == word && frame->slot == shm_slot(word)) {
        frame->kind = FRAME_SHM;
        frame->inode = inode;
        frame->index = index;
        radix_set(&cache->pages, index, (u64)frame_get(frame)); /* replaces: cannot fail */
        shm_count_swapped(inode, -1);
        placed = true;
    }
    spin_unlock(&cache->lock);
    frame_unlock_busy(frame);
    if (!placed) {
        frame_put(frame);
        *error = -EAGAIN;
        return NULL;
    }
    shm_count_page(1);
    reclaim_note_return(NULL, shm_slot(word), frame);
    swap_put(shm_slot(word));
    *error = 0;
    return frame;
}

/* The first page in swap of the first object on the list.  => false if there is none. */
static bool next_swapped(struct inode **inode, u64 *index)
{
    bool found = false;

    spin_lock(&shm_lock);
    if (!list_empty(&swapped_objects)) {
        *inode = inode_get(container_of(swapped_objects.next, struct inode, cache.dirty_link));
        found = true;
    }
    spin_unlock(&shm_lock);
    if (!found) {
        return false;
    }
    spin_lock(&(*inode)->cache.lock);
    for (*index = 0;; (*index)++) {
        u64 word = radix_next(&(*inode)->cache.pages, index);

        if (word == 0 || shm_is_swapped(word)) {
            break;
        }
    }
    spin_unlock(&(*inode)->cache.lock);
    return true;
}

int shm_unswap_all(void)
{
    struct inode *inode;
    u64 index;

    while (next_swapped(&inode, &index)) {
        int error = 0;
        struct frame *frame = cache_get(inode, index, &error);

        if (frame != NULL) {
            frame_put(frame);
        }
        inode_put(inode);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}
