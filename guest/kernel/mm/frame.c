/* SPDX-License-Identifier: MIT */
/*
 * frame.c - the allocator of physical memory.
 *
 *      hart 0: batch + spare   hart 1 ...   single frames, no lock (their own)
 *                \              /
 *                     depot                 full batches of 32 frames      pool_lock
 *                       |
 *           buddy lists, orders 0..10       blocks of 2^n frames           pool_lock
 *
 * A hart frees into its batch.  A full batch becomes its spare, and the spare before
 * that goes to the depot, as a whole; taking works the other way round.  The depot is
 * broken up into the buddy lists only when a block is wanted that they do not have.
 *
 * A block of order n starts at a multiple of 2^n; its buddy is the block at
 * pfn ^ 2^n.  When both are free they become one block of order n + 1.
 * A free frame's `order` says what it is: first of a free block (0..10), inside one
 * (ORDER_INSIDE), or in a batch (ORDER_CACHED: not to be merged).
 */
#include "mm/frame.h"
#include "lib/assert.h"
#include "lib/printf.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "mm/failure.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "sync/spin.h"
#include "sync/task.h"
#include "sync/time.h"
#include "sync/wait.h"

#define ORDER_INSIDE 0xffffu
#define ORDER_CACHED FRAME_ORDER_CACHED
#define BATCH_ORDER 5u
#define RECLAIM_ROUNDS 8
#define CALL_IN_NS 20000ull

struct frame *frame_table, *frame_of_pfn_zero;
u64 frame_first_pfn, frame_count;
u64 frames_pooled, frames_usable;
u64 frame_mark_min, frame_mark_low, frame_mark_high;
struct frame *frame_zero;

static struct spinlock pool_lock = SPINLOCK("frames");
static bool batches_on = true;
/* Heads of doubly linked lists through frame.next and frame.index (previous). */
static struct frame *pool[FRAME_MAX_ORDER + 1];

/* Full batches, linked through the `index` of their first frame. */
static struct frame *depot;

#define MAX_RESERVED 16
static struct {
    u64 start, end;
} reserved[MAX_RESERVED];
static unsigned reserved_count;

static struct frame *previous_of(const struct frame *frame)
{
    return (struct frame *)frame->index;
}

static void pool_push(struct frame *frame, unsigned order)
{
    frame->order = (u16)order;
    frame->index = 0;
    frame->next = pool[order];
    if (frame->next != NULL) {
        frame->next->index = (u64)frame;
    }
    pool[order] = frame;
}

static void pool_remove(struct frame *frame, unsigned order)
{
    if (previous_of(frame) != NULL) {
        previous_of(frame)->next = frame->next;
    } else {
        pool[order] = frame->next;
    }
    if (frame->next != NULL) {
        frame->next->index = frame->index;
    }
}

/* Give a block back, merging buddies.  => pool_lock held; all its frames have refs 0, kind FREE. */
static void pool_free(struct frame *frame, unsigned order)
{
    u64 pfn = frame_pfn(frame);

    for (; order < FRAME_MAX_ORDER; order++) {
        u64 buddy_pfn = pfn ^ (1ull << order);
        struct frame *buddy;

        if (!frame_is_ram(buddy_pfn) || !frame_is_ram(buddy_pfn + (1ull << order) - 1)) {
            break;
        }
        buddy = frame_of_pfn(buddy_pfn);
        if (buddy->kind != FRAME_FREE || buddy->order != order) {
            break;
        }
        pool_remove(buddy, order);
        buddy->order = ORDER_INSIDE;
        frame_of_pfn(pfn)->order = ORDER_INSIDE;
        pfn &= ~(1ull << order);
    }
    pool_push(frame_of_pfn(pfn), order);
}

/* Take a block, splitting a larger one if need be.  => pool_lock held; NULL if there is none. */
static struct frame *pool_take(unsigned order)
{
    unsigned from = order;
    struct frame *frame;

    while (from <= FRAME_MAX_ORDER && pool[from] == NULL) {
        from++;
    }
    if (from > FRAME_MAX_ORDER) {
        return NULL;
    }
    frame = pool[from];
    pool_remove(frame, from);
    while (from > order) {
        from--;
        pool_push(frame + (1ull << from), from);
    }
    frame->order = ORDER_CACHED; /* no longer free for merging */
    return frame;
}

/* => a batch of up to FRAME_BATCH frames and its size; NULL if there is none.  pool_lock held. */
static struct frame *batch_take(u32 *count)
{
    struct frame *batch = depot;

    *count = 0;
    if (batch != NULL) {
        depot = (struct frame *)batch->index;
        *count = FRAME_BATCH;
        return batch;
    }
    batch = pool_take(BATCH_ORDER);
    if (batch != NULL) {
        for (u32 i = 0; i < FRAME_BATCH; i++) {
            batch[i].order = ORDER_CACHED;
            batch[i].next = i + 1 < FRAME_BATCH ? &batch[i + 1] : NULL;
        }
        *count = FRAME_BATCH;
        return batch;
    }
    while (*count < FRAME_BATCH) { /* only smaller pieces are left */
        struct frame *frame = pool_take(0);

        if (frame == NULL) {
            break;
        }
        frame->next = batch;
        batch = frame;
        (*count)++;
    }
    return batch;
}

/* Fill this hart's batch, which is empty. */
static void refill(struct hart_local *hart)
{
    if (hart->spare_frames != NULL) {
        hart->free_frames = hart->spare_frames;
        hart->free_count = FRAME_BATCH;
        hart->spare_frames = NULL;
    } else {
        spin_lock(&pool_lock);
        hart->free_frames = batch_take(&hart->free_count);
        spin_unlock(&pool_lock);
    }
    atomic_adjust_u64(&frames_pooled, 0 - (u64)hart->free_count);
}

bool frame_batch_refill(void)
{
    struct hart_local *hart = this_hart();

    if (hart->free_frames == NULL && batches_on && frames_free_count() > frame_mark_low) {
        refill(hart);
    }
    return hart->free_frames != NULL;
}

u64 frames_free_count(void)
{
    u64 count = __atomic_load_n(&frames_pooled, __ATOMIC_RELAXED);

    for (u32 i = 0; i < hart_count; i++) {
        count += __atomic_load_n(&harts[i].free_count, __ATOMIC_RELAXED);
    }
    return count;
}

static void depot_push(struct frame *batch)
{
    spin_lock(&pool_lock);
    batch->index = (u64)depot;
    depot = batch;
    spin_unlock(&pool_lock);
}

/* The batch is full: make room for more. */
static void put_away(struct hart_local *hart)
{
    struct frame *full = hart->spare_frames;

    hart->spare_frames = hart->free_frames;
    atomic_adjust_u64(&frames_pooled, hart->free_count);
    hart->free_frames = NULL;
    hart->free_count = 0;
    if (full != NULL) {
        depot_push(full);
    }
}

static void break_up(struct frame *batch)
{
    while (batch != NULL) {
        struct frame *next = batch->next;

        pool_free(batch, 0);
        batch = next;
    }
}

/* Give the buddy lists everything that is in batches here and in the depot. */
static void gather(struct hart_local *hart)
{
    spin_lock(&pool_lock);
    while (depot != NULL) {
        struct frame *batch = depot;

        depot = (struct frame *)batch->index;
        break_up(batch);
    }
    break_up(hart->free_frames);
    break_up(hart->spare_frames);
    atomic_adjust_u64(&frames_pooled, hart->free_count);
    hart->free_frames = NULL;
    hart->spare_frames = NULL;
    hart->free_count = 0;
    spin_unlock(&pool_lock);
}

void frame_call_in(void)
{
    u64 holders = 0;

    for (u32 i = 0; i < hart_count; i++) {
        if (&harts[i] != this_hart() &&
            (harts[i].free_frames != NULL || harts[i].spare_frames != NULL)) {
            __atomic_store_n(&harts[i].bring_back, 1, __ATOMIC_SEQ_CST);
            holders |= 1ull << harts[i].id;
        }
    }
    if (holders != 0) {
        sbi_send_ipi(holders);
    }
}

void frame_bring_back(void)
{
    struct hart_local *hart = this_hart();

    if (__atomic_exchange_n(&hart->bring_back, 0, __ATOMIC_SEQ_CST) != 0) {
        gather(hart);
    }
}

/* Give other harts time to bring back what they have. */
static void pause_for_others(void)
{
    static struct spinlock lock = SPINLOCK("frame pause");
    static struct wait_queue queue = WAIT_QUEUE(queue);

    frame_call_in();
    spin_lock(&lock);
    wait_sleep_timeout(&queue, &lock, time_now_ns() + CALL_IN_NS, false);
    spin_unlock(&lock);
}

void frame_batches(bool on)
{
    batches_on = on;
    for (u32 i = 0; i < MAX_HARTS; i++) {
        harts[i].batch_limit = on ? FRAME_BATCH : 0;
    }
    gather(this_hart());
}

/* Frames that must stay free after an allocation of this sort. */
static u64 reserve_for(unsigned how)
{
    if ((how & FRAME_EMERGENCY) != 0 || current()->oom_victim) {
        return 0;
    }
    if (this_hart()->lock_depth > 0) { /* cannot reclaim: may go deeper */
        return frame_mark_min / 2;
    }
    return frame_mark_min;
}

static struct frame *take_block(unsigned order, struct hart_local *hart)
{
    struct frame *frame;

    spin_lock(&pool_lock);
    frame = pool_take(order);
    spin_unlock(&pool_lock);
    if (frame == NULL) {
        gather(hart);
        spin_lock(&pool_lock);
        frame = pool_take(order);
        spin_unlock(&pool_lock);
    }
    if (frame != NULL) {
        atomic_adjust_u64(&frames_pooled, 0 - (1ull << order));
    }
    return frame;
}

/* One frame from the hart's batch, which is filled if need be. */
static struct frame *take_one(struct hart_local *hart)
{
    if (!batches_on) {
        return take_block(0, hart);
    }
    if (hart->free_frames == NULL) {
        refill(hart);
    }
    return frame_from_batch(hart);
}

static struct frame *take(enum probe_frame_kind kind, unsigned order, u64 reserve)
{
    struct hart_local *hart = this_hart();
    struct frame *frame;

    if (frames_free_count() < reserve + (1ull << order)) {
        return NULL;
    }
    frame = order == 0 ? take_one(hart) : take_block(order, hart);
    if (frame != NULL) {
        for (u64 i = 0; i < 1ull << order; i++) {
            frame[i].word = kind | (i == 0 ? order << 16 : 0);
            frame[i].slot = 0;
            frame[i].owner = NULL;
            frame[i].index = 0;
            __atomic_thread_fence(__ATOMIC_RELEASE);
            frame[i].counts = 1; /* last: from here on others may take references */
        }
    }
    return frame;
}

struct frame *frame_alloc_block(enum probe_frame_kind kind, unsigned order, unsigned how)
{
    bool may_sleep = (how & FRAME_RECLAIM) != 0 && this_hart()->lock_depth == 0;
    struct frame *frame;

    if (!batches_on && failure_strikes(how)) {
        return NULL;
    }
    frame = take(kind, order, reserve_for(how));

    for (int round = 0; frame == NULL && may_sleep && round < RECLAIM_ROUNDS; round++) {
        u64 freed = reclaim(FRAME_BATCH, true);

        frame = take(kind, order, reserve_for(how));
        if (frame == NULL && hart_count > 1 && round > 0) {
            pause_for_others();
            frame = take(kind, order, reserve_for(how));
        }
        if (freed == 0 && round > 1) {
            break;
        }
    }
    if (frames_free_count() < frame_mark_low) {
        reclaim_wake();
    }
    if (frame != NULL && (how & FRAME_ZEROED) != 0) {
        for (u64 i = 0; i < 1ull << order; i++) {
            page_zero(frame_to_virt(frame + i));
        }
    }
    return frame;
}

struct frame *frame_alloc(enum probe_frame_kind kind, unsigned how)
{
    struct frame *frame = frame_alloc_fast(kind);

    if (unlikely(frame == NULL)) {
        return frame_alloc_block(kind, 0, how);
    }
    frame->owner = NULL;
    frame->index = 0;
    if ((how & FRAME_ZEROED) != 0) {
        page_zero(frame_to_virt(frame));
    }
    return frame;
}

static void free_to_pool(struct frame *frame, unsigned order)
{
    for (u64 i = 0; i < 1ull << order; i++) {
        frame[i].counts = 0;
        frame[i].word = FRAME_FREE | ORDER_INSIDE << 16;
    }
    spin_lock(&pool_lock);
    pool_free(frame, order);
    spin_unlock(&pool_lock);
    atomic_adjust_u64(&frames_pooled, 1ull << order);
}

void frame_free(struct frame *frame)
{
    struct hart_local *hart = this_hart();

    if (likely(frame_free_fast(frame))) {
        return;
    }
    kassert(frame->counts == 0 && frame->slot == 0);
    if (frame->order != 0 || !batches_on) {
        free_to_pool(frame, frame->order);
        return;
    }
    if (hart->free_count >= FRAME_BATCH) {
        put_away(hart);
    }
    frame->word = FRAME_FREE | ORDER_CACHED << 16;
    frame->next = hart->free_frames;
    hart->free_frames = frame;
    hart->free_count++;
}

void frame_free_list(struct frame *first, u32 count)
{
    if (count == FRAME_BATCH && batches_on) {
        depot_push(first);
        atomic_adjust_u64(&frames_pooled, FRAME_BATCH);
        return;
    }
    while (first != NULL) {
        struct frame *next = first->next;

        first->order = 0;
        frame_free(first);
        first = next;
    }
}

void frame_reserve(u64 start, u64 end)
{
    kassert(reserved_count < MAX_RESERVED);
    reserved[reserved_count].start = round_down(start, PAGE_SIZE);
    reserved[reserved_count++].end = round_up(end, PAGE_SIZE);
}

static bool is_reserved(u64 address)
{
    for (unsigned i = 0; i < reserved_count; i++) {
        if (address >= reserved[i].start && address < reserved[i].end) {
            return true;
        }
    }
    return false;
}

/* => a physical address where `size` bytes are not reserved. */
static u64 place_for(u64 size, u64 start, u64 end)
{
    for (u64 at = start; at + size <= end; at += PAGE_SIZE) {
        u64 page = at;

        while (page < at + size && !is_reserved(page)) {
            page += PAGE_SIZE;
        }
        if (page >= at + size) {
            return at;
        }
        at = page;
    }
    panic("no room for the frame table");
}

void frame_init(u64 ram_start, u64 ram_end)
{
    u64 size, table;

    ram_start = round_up(ram_start, PAGE_SIZE);
    ram_end = round_down(ram_end, PAGE_SIZE);
    frame_first_pfn = ram_start >> PAGE_SHIFT;
    frame_count = (ram_end - ram_start) >> PAGE_SHIFT;
    size = round_up(frame_count * sizeof(struct frame), PAGE_SIZE);
    table = place_for(size, ram_start, ram_end);
    frame_reserve(table, table + size);
    frame_table = direct_pointer(table);
    frame_of_pfn_zero = frame_table - frame_first_pfn;
    memset(frame_table, 0, size);
    for (u64 i = 0; i < frame_count; i++) { /* nobody's buddy until it is freed below */
        frame_table[i].word = FRAME_FREE | ORDER_INSIDE << 16;
    }
    for (u64 i = frame_count; i-- > 0;) { /* from the top, so that low frames come first */
        struct frame *frame = &frame_table[i];

        if (is_reserved(frame_pa(frame))) {
            frame->counts = 1;
            frame->word = FRAME_RESERVED;
        } else {
            pool_free(frame, 0);
            frames_usable++;
        }
    }
    frames_pooled = frames_usable;
    frame_batches(true);
    frame_zero = frame_alloc(FRAME_ZERO, FRAME_EMERGENCY | FRAME_ZEROED);
}
