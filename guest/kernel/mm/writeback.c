/* SPDX-License-Identifier: MIT */
/*
 * writeback.c - dirty pages of files go to the disk.
 *
 * A page becomes dirty in cache_mark_dirty() (write(2), or the first store through
 * a shared mapping).  Write-back clears DIRTY, takes W away from every mapping, and
 * writes; a store that comes later faults (mkwrite) and makes it dirty again.
 *
 * An inode with dirty pages is on dirty_inodes and holds a reference for that, so
 * it does not go before its pages are written, unless its last name is gone
 * (cache_orphan).  The flusher thread works off requests (munmap, exit) and writes
 * everything some seconds after it became dirty; it has no timer while all is clean.
 * Who makes pages dirty faster than it writes them is slowed down: pace.c.
 *
 * Locks: BUSY => cache.lock => dirty_lock.
 */
#include "mm/writeback.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/rmap.h"
#include "sync/sched.h"

#define RUN_MAX 32u /* pages written in one request */
#define PERIOD_NS 5000000000ull

struct request {
    struct list link;
    struct inode *inode;
    u64 first, last;
    enum writeback_reason reason;
};

static struct spinlock dirty_lock = SPINLOCK("dirty");
static struct list dirty_inodes = {&dirty_inodes, &dirty_inodes};
static struct list requests = {&requests, &requests};
static bool flusher_busy;
static bool too_much; /* is dirty: pace.c asks for a round */
static struct wait_queue flusher_queue, drained_queue;
static u64 dirty_pages, writing_pages;

u64 cache_dirty_pages(void)
{
    return dirty_pages;
}

u64 cache_writeback_pages(void)
{
    return writing_pages;
}

void writeback_count_dirty(int change)
{
    atomic_add_u64(&dirty_pages, (u64)(i64)change);
}

/* => cache.lock is held, which keeps the inode's place on the list stable. */
static void list_inode(struct inode *inode)
{
    if (inode->links == 0 || !list_empty(&inode->cache.dirty_link)) {
        return;
    }
    inode_get(inode);
    spin_lock(&dirty_lock);
    if (list_empty(&dirty_inodes)) {
        wait_wake_all(&flusher_queue); /* it has slept without a timer */
    }
    list_push_back(&dirty_inodes, &inode->cache.dirty_link);
    spin_unlock(&dirty_lock);
}

/* Take an inode off the list; with `anyway` even if it has dirty pages. */
static void unlist_inode(struct inode *inode, bool anyway)
{
    bool was_listed = false;

    spin_lock(&inode->cache.lock);
    if ((inode->cache.dirty == 0 || anyway) && !list_empty(&inode->cache.dirty_link)) {
        spin_lock(&dirty_lock);
        list_remove(&inode->cache.dirty_link);
        spin_unlock(&dirty_lock);
        was_listed = true;
    }
    spin_unlock(&inode->cache.lock);
    if (was_listed) {
        inode_put(inode);
    }
}

void cache_orphan(struct inode *inode)
{
    if ((inode->flags & INODE_SHM) ==
        0) { /* those use the link for another list, without a reference */
        unlist_inode(inode, true);
    }
}

void cache_mark_dirty(struct inode *inode, struct frame *frame)
{
    if ((frame_flags(frame) & FRAME_DIRTY) != 0) {
        return;
    }
    spin_lock(&inode->cache.lock);
    if (frame->inode == inode && (frame_flag_set(frame, FRAME_DIRTY) & FRAME_DIRTY) == 0 &&
        frame->kind == FRAME_FILE) {
        radix_tag_set(&inode->cache.pages, frame->index, CACHE_TAG_DIRTY);
        inode->cache.dirty++;
        writeback_count_dirty(1);
        list_inode(inode);
    }
    spin_unlock(&inode->cache.lock);
}

/* A disk's own pages, metadata of the file system on it, have to be written in an order. */
static bool is_disk(const struct inode *inode)
{
    return inode->ops->write_first != NULL;
}

/* DIRTY -> WRITEBACK, unless the page is clean or has left.  => true if it is to be written. */
static bool begin_write(struct inode *inode, struct frame *frame)
{
    bool begin = false;

    spin_lock(&inode->cache.lock);
    if (frame->inode == inode && (frame_flags(frame) & FRAME_DIRTY) != 0) {
        frame_flag_set(frame, FRAME_WRITEBACK);
        frame_flag_clear(frame, FRAME_DIRTY);
        radix_tag_clear(&inode->cache.pages, frame->index, CACHE_TAG_DIRTY);
        radix_tag_set(&inode->cache.pages, frame->index, CACHE_TAG_WRITEBACK);
        inode->cache.dirty--;
        begin = true;
    }
    spin_unlock(&inode->cache.lock);
    if (begin) {
        writeback_count_dirty(-1);
        atomic_count_u64(&writing_pages);
    }
    return begin;
}

static void end_write(struct inode *inode, struct frame *frame, int error)
{
    spin_lock(&inode->cache.lock);
    radix_tag_clear(&inode->cache.pages, frame->index, CACHE_TAG_WRITEBACK);
    if (error != 0) {
        inode->cache.error = error;
        inode->cache.error_count++;
        inode->cache.error_told = false;
        /* Metadata stay dirty: a later fsync may not say that they are on the disk. */
        if (is_disk(inode) && frame->inode == inode &&
            (frame_flag_set(frame, FRAME_DIRTY) & FRAME_DIRTY) == 0) {
            radix_tag_set(&inode->cache.pages, frame->index, CACHE_TAG_DIRTY);
            inode->cache.dirty++;
            writeback_count_dirty(1);
        }
    }
    spin_unlock(&inode->cache.lock);
    atomic_add_u64(&writing_pages, (u64)-1);
    writeback_pace_progress(false);
    frame_clear_and_wake(frame, FRAME_WRITEBACK);
}

/*
 * What was stored behind the end of the file through a mapping is not kept (corner case 17).  The
 * end moves under cache.lock, so that nothing is zeroed that has become part of the file.
 */
static void zero_tail(struct inode *inode, struct frame *frame)
{
    u64 start = frame->index << PAGE_SHIFT, end;

    if (inode->size - start >= PAGE_SIZE && inode->size > start) {
        return; /* not the last page; should it become that, it will be zeroed there */
    }
    spin_lock(&inode->cache.lock);
    end = max_u64(inode->size, inode->cache.writing_to);
    if (end > start && end - start < PAGE_SIZE) {
        u64 used = end - start;

        memset((u8 *)frame_to_virt(frame) + used, 0, PAGE_SIZE - used);
    }
    spin_unlock(&inode->cache.lock);
}

static int write_page(struct inode *inode, struct frame *frame, enum writeback_reason reason)
{
    bool begun;
    int error;

    frame_lock_busy(frame);
    frame_wait_clear(frame, FRAME_WRITEBACK);
    begun = begin_write(inode, frame);
    if (begun) {
        rmap_write_protect(frame);
        zero_tail(inode, frame);
    }
    frame_unlock_busy(frame);
    if (!begun) {
        return 0;
    }
    PROBE(WRITEBACK, inode->number, frame->index, frame_pfn(frame), reason, is_disk(inode));
    error = inode->ops->write_page(inode, frame->index, frame);
    end_write(inode, frame, error);
    return error;
}

int writeback_page(struct inode *inode, struct frame *frame, enum writeback_reason reason)
{
    if (is_disk(inode)) { /* its pages have an order: the flusher's work */
        writeback_start(inode, 0, ~0ull, reason);
        return 0;
    }
    return write_page(inode, frame, reason);
}

/* The next page at or after *index that carries a tag, referenced. */
static struct frame *next_tagged(struct inode *inode, u64 *index, u64 last, unsigned tag)
{
    struct frame *frame;

    spin_lock(&inode->cache.lock);
    frame = (struct frame *)radix_next_tagged(&inode->cache.pages, index, tag);
    if (frame != NULL && *index > last) {
        frame = NULL;
    }
    if (frame != NULL) {
        frame_get(frame);
    }
    spin_unlock(&inode->cache.lock);
    return frame;
}

/*
 * Begin to write the page, which is BUSY by us, and dirty ones right behind it, all of which become
 * BUSY for that.  => how many; references to all but the first were taken
 */
static unsigned begin_run(struct inode *inode, struct frame *first, u64 last,
                          struct frame *frames[])
{
    unsigned count = 0;
    struct frame *frame = first;

    while (frame != NULL) {
        u64 index = first->index + count + 1;

        if (!begin_write(inode, frame)) {
            frame_unlock_busy(frame);
            if (frame != first) {
                frame_put(frame);
            }
            break;
        }
        rmap_write_protect(frame);
        zero_tail(inode, frame);
        frame_unlock_busy(frame);
        frames[count++] = frame;
        frame = count < RUN_MAX && index <= last ? cache_find(inode, index) : NULL;
        if (frame != NULL &&
            ((frame_flags(frame) & (FRAME_DIRTY | FRAME_WRITEBACK)) != FRAME_DIRTY ||
             !frame_try_busy(frame))) {
            frame_put(frame);
            frame = NULL;
        }
    }
    return count;
}

/* Write a dirty page and its dirty neighbours behind it in one request.  => 0 or the first error */
static int write_run(struct inode *inode, struct frame *first, u64 last,
                     enum writeback_reason reason)
{
    struct frame *frames[RUN_MAX];
    u64 index = first->index;
    unsigned count;
    bool whole;
    int result = 0;

    frame_lock_busy(first);
    frame_wait_clear(first, FRAME_WRITEBACK);
    count = begin_run(inode, first, last, frames);
    for (unsigned i = 0; i < count; i++) {
        PROBE(WRITEBACK, inode->number, index + i, frame_pfn(frames[i]), reason, is_disk(inode));
    }
    whole = count > 1 && inode->ops->write_pages(inode, index, count, frames) == 0;
    for (unsigned i = 0; i < count; i++) { /* one by one, where that tells which of them fails */
        int error = whole ? 0 : inode->ops->write_page(inode, index + i, frames[i]);

        end_write(inode, frames[i], error);
        result = result == 0 ? error : result;
        if (i > 0) {
            frame_put(frames[i]);
        }
    }
    return result;
}

int cache_write_back(struct inode *inode, u64 first, u64 last, enum writeback_reason reason)
{
    struct frame *frame;
    int result = 0;

    if ((inode->flags & INODE_SHM) != 0) {
        return 0;
    }
    for (u64 index = first; (frame = next_tagged(inode, &index, last, CACHE_TAG_DIRTY)) != NULL;
         index++) {
        int error = inode->ops->write_pages != NULL ? write_run(inode, frame, last, reason)
                                                    : write_page(inode, frame, reason);

        result = result == 0 ? error : result;
        frame_put(frame);
    }
    for (u64 index = first; (frame = next_tagged(inode, &index, last, CACHE_TAG_WRITEBACK)) != NULL;
         index++) {
        frame_wait_clear(frame, FRAME_WRITEBACK); /* begun by somebody else */
        frame_put(frame);
    }
    if (reason == WRITEBACK_MSYNC) { /* no open file is known: told unless fsync() did */
        int earlier = cache_error_since(inode, &inode->cache.mapped_seen);

        result = result == 0 ? earlier : result;
    }
    unlist_inode(inode, false);
    return result;
}

int cache_error_since(struct inode *inode, u32 *seen)
{
    int error = 0;

    spin_lock(&inode->cache.lock);
    if (*seen != inode->cache.error_count) {
        *seen = inode->cache.error_count;
        inode->cache.mapped_seen = inode->cache.error_count;
        inode->cache.error_told = true;
        error = inode->cache.error;
    }
    spin_unlock(&inode->cache.lock);
    return error;
}

u32 cache_error_start(const struct inode *inode)
{
    const struct page_cache *cache = &inode->cache;

    return cache->error_count - (cache->error_count != 0 && !cache->error_told);
}

/* Is a request to write all of the inode waiting already? */
static bool is_requested(const struct inode *inode)
{
    bool found = false;

    spin_lock(&dirty_lock);
    list_for_each(link, &requests)
    {
        const struct request *request = list_entry(link, struct request, link);

        found = found || (request->inode == inode && request->first == 0 && ~request->last == 0);
    }
    spin_unlock(&dirty_lock);
    return found;
}

void writeback_start(struct inode *inode, u64 first, u64 last, enum writeback_reason reason)
{
    struct request *request;

    if (inode->cache.dirty == 0 || inode->links == 0 || is_requested(inode)) {
        return;
    }
    request = kalloc(sizeof(*request));
    if (request == NULL) {
        return; /* the periodic write-back will find the pages */
    }
    request->inode = inode_get(inode);
    request->first = first;
    request->last = last;
    request->reason = reason;
    spin_lock(&dirty_lock);
    list_push_back(&requests, &request->link);
    wait_wake_all(&flusher_queue);
    spin_unlock(&dirty_lock);
}

/* The first inode on the list, referenced and moved to its end; NULL if there is none. */
static struct inode *next_dirty_inode(void)
{
    struct inode *inode = NULL;

    spin_lock(&dirty_lock);
    if (!list_empty(&dirty_inodes)) {
        struct list *link = dirty_inodes.next;

        list_remove(link);
        list_push_back(&dirty_inodes, link);
        inode = inode_get(container_of(link, struct inode, cache.dirty_link));
    }
    spin_unlock(&dirty_lock);
    return inode;
}

static u64 dirty_inode_count(void)
{
    u64 count = 0;

    spin_lock(&dirty_lock);
    list_for_each(link, &dirty_inodes)
    {
        count++;
    }
    spin_unlock(&dirty_lock);
    return count;
}

/* One round over the dirty inodes: files, or what keeps an order and therefore comes last. */
static int write_inodes(enum writeback_reason reason, bool ordered)
{
    int result = 0;

    for (u64 left = dirty_inode_count(); left > 0; left--) {
        struct inode *inode = next_dirty_inode();
        int error = 0;

        if (inode == NULL) {
            break;
        }
        if (is_disk(inode) == ordered) {
            if (ordered) {
                inode->ops->write_first(inode);
            }
            /* Not what is appended meanwhile: others want their turn. */
            error = cache_write_back(inode, 0, inode_pages(inode), reason);
        }
        result = result == 0 ? error : result;
        inode_put(inode);
    }
    return result;
}

static int write_all_inodes(enum writeback_reason reason)
{
    int error = write_inodes(reason, false), failed = write_inodes(reason, true);

    return error != 0 ? error : failed;
}

int writeback_all(enum writeback_reason reason)
{
    spin_lock(&dirty_lock);
    while (!list_empty(&requests) || flusher_busy) { /* they keep their own reasons */
        wait_sleep(&drained_queue, &dirty_lock);
    }
    spin_unlock(&dirty_lock);
    return write_all_inodes(reason);
}

void writeback_ask(void)
{
    spin_lock(&dirty_lock);
    if (!too_much) {
        too_much = true;
        wait_wake_all(&flusher_queue);
    }
    spin_unlock(&dirty_lock);
}

static void serve(struct request *request)
{
    if (is_disk(request->inode)) {
        request->inode->ops->write_first(request->inode);
    }
    cache_write_back(request->inode, request->first, request->last, request->reason);
    inode_put(request->inode);
    kfree(request);
}

static void flusher(void *argument)
{
    u64 due = WAIT_FOREVER; /* next periodic round; none while everything is clean */

    (void)argument;
    spin_lock(&dirty_lock);
    for (;;) {
        struct list *link = list_pop_front(&requests);

        if (link != NULL) {
            flusher_busy = true;
            spin_unlock(&dirty_lock);
            serve(list_entry(link, struct request, link));
            spin_lock(&dirty_lock);
            flusher_busy = false;
            continue;
        }
        if (too_much) {
            too_much = false; /* before: who asks from here on gets a round of its own */
            spin_unlock(&dirty_lock);
            write_all_inodes(WRITEBACK_PERIODIC);
            writeback_pace_progress(true);
            spin_lock(&dirty_lock);
            continue;
        }
        wait_wake_all(&drained_queue);
        if (list_empty(&dirty_inodes)) {
            due = WAIT_FOREVER;
        } else if (due == WAIT_FOREVER) {
            due = time_now_ns() + PERIOD_NS;
        }
        if (wait_sleep_timeout(&flusher_queue, &dirty_lock, due, false) == -ETIMEDOUT) {
            spin_unlock(&dirty_lock);
            write_all_inodes(WRITEBACK_PERIODIC);
            due = WAIT_FOREVER;
            spin_lock(&dirty_lock);
        }
    }
}

void writeback_init(void)
{
    struct task *task;

    wait_init(&flusher_queue);
    wait_init(&drained_queue);
    task = task_create_kernel("flusher", flusher, NULL);
    if (task != NULL) {
        sched_start(task);
        task_put(task);
    }
}
