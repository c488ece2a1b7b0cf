/* SPDX-License-Identifier: MIT */
/*
 * fault_wait.c - waiting on behalf of a fault: for memory, a disk, or the stack to
 * grow.  No lock is held here.
 */
#include "mm/fault_wait.h"
#include "lib/errno.h"
#include "mm/reclaim.h"
#include "mm/oom.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"
#include "mm/writeback.h"
#include "sync/sched.h"

#define OOM_ATTEMPTS 50
#define OOM_PAUSE_NS 20000000ull

/*
 * Nothing could be reclaimed.  End a process and give it time to go; the memory
 * it frees ends the wait.  The victim itself gives up here and dies on its way out
 * of the kernel.
 */
static void out_of_memory(struct fault *fault)
{
    static struct spinlock pause_lock = SPINLOCK("oom pause");
    static struct wait_queue pause = WAIT_QUEUE(pause);
    bool kernel = (fault->flags & PROBE_FLAG_KERNEL) != 0;

    if (!fault->silent && !current()->oom_victim && fault->attempts++ < OOM_ATTEMPTS &&
        oom_kill_one() && !current()->oom_victim) {
        spin_lock(&pause_lock);
        wait_sleep_timeout(&pause, &pause_lock, time_now_ns() + OOM_PAUSE_NS, false);
        spin_unlock(&pause_lock);
        return;
    }
    fault_failed(fault, FAULT_OOM, kernel ? RESULT_EFAULT : RESULT_OOM_KILL);
}

static void wait_for_frame(struct fault *fault)
{
    u64 before = reclaim_counters.rounds[true];

    if (fault->spare != NULL) { /* not for the page, then: a page table finds it in our batch */
        frame_put(fault->spare);
        fault->spare = NULL;
        return;
    }
    fault->spare = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);
    if (reclaim_counters.rounds[true] != before) {
        fault->flags |= PROBE_FLAG_RECLAIM;
    }
    if (fault->spare == NULL) {
        out_of_memory(fault);
    }
}

/* Grow the stack area down to the address, if limit and gap allow (corner case 27). */
static void grow_stack(struct fault *fault)
{
    struct mm *mm = fault->mm;
    u64 start = fault_page(fault);
    struct area *area;

    fault->error = -EFAULT;
    mutex_lock(&mm->lock);
    area = area_find_at_or_above(mm, fault->address);
    if (area != NULL && (area->flags & AREA_FLAG_GROWSDOWN) != 0) {
        u64 gap_start =
            area->previous == NULL ? MMAP_MIN_ADDRESS
            : (area->previous->flags & AREA_FLAG_GROWSDOWN) != 0 || (area->previous->prot & 7) == 0
                ? area->previous->end
                : area->previous->end + STACK_GAP;

        if (area->start <= start) {
            fault->error = 0; /* another thread was faster */
        } else if (area->end - start <= mm->stack_limit && start >= gap_start) {
            mm->stack_pages += (area->start - start) >> PAGE_SHIFT;
            area_move_start(mm, area, start);
            fault->flags |= PROBE_FLAG_STACK_GROW;
            fault->error = 0;
        }
    }
    mutex_unlock(&mm->lock);
}

static void drop_held(struct fault *fault)
{
    if (fault->held != NULL) {
        frame_put(fault->held);
        fault->held = NULL;
    }
}

/* Read a page of a file; later looks find it in the cache. */
static void read_file_page(struct fault *fault)
{
    u64 index = fault->index;
    struct frame *frame;

    fault->major = true;
    fault->origin = FAULT_FILE_READ;
    frame = fault->no_ahead ? cache_get(fault->inode, index, &fault->error)
                            : cache_get_ahead(fault->inode, index, &fault->error);
    drop_held(fault);
    fault->held = frame;
    if (frame == NULL && fault->error == -ENOMEM) {
        fault->error = 0;
        out_of_memory(fault);
    }
}

static void bring_in_swapped(struct fault *fault)
{
    struct frame *frame = swap_read(fault->slot, !fault->no_ahead, &fault->error);

    drop_held(fault);
    fault->held = frame;
    if (frame != NULL) {
        fault->major = true;
        fault->origin = FAULT_SWAP_READ;
    } else if (fault->error == -ENOMEM) {
        fault->error = 0;
        out_of_memory(fault);
    }
}

static void bring_in_shared(struct fault *fault)
{
    struct frame *frame = cache_get(fault->inode, fault->index, &fault->error);

    fault->major = true;
    fault->origin = FAULT_SHM_SWAPIN;
    drop_held(fault);
    fault->held = frame;
    if (frame == NULL && fault->error == -ENOMEM) {
        fault->error = 0;
        out_of_memory(fault);
    }
}

/*
 * Find a place on the disk for a page that is about to become dirty.  The page is held meanwhile
 * and dirty from then on: if it left the cache now and were read again, a hole would show what its
 * new place held before.
 */
static void find_place(struct fault *fault)
{
    struct inode *inode = fault->inode;
    struct frame *frame = cache_get(inode, fault->index, &fault->error);

    if (frame == NULL) {
        if (fault->error == -ENOMEM) {
            fault->error = 0;
            out_of_memory(fault);
        }
        return;
    }
    fault->error = inode->ops->prepare_write(inode, fault->index, 0);
    fault->prepared = fault->error == 0;
    if (fault->prepared && fault->index < inode_pages(inode)) {
        cache_mark_dirty(inode, frame);
    }
    frame_put(frame);
    writeback_pace();
}

/* A signal comes first: user code faults again after it, the kernel gives up. */
static void wait_for_user(struct fault *fault)
{
    bool kernel = (fault->flags & PROBE_FLAG_KERNEL) != 0 || fault->silent;

    if (userfault_sleep(&fault->waiter) != 0) {
        fault_failed(fault, FAULT_RACED, kernel ? RESULT_EFAULT : RESULT_RETRY);
    }
}

static void satisfy(struct fault *fault)
{
    switch (fault->need) {
    case NEED_FRAME:
        wait_for_frame(fault);
        break;
    case NEED_LOCK:
        mutex_lock(&fault->mm->lock);
        mutex_unlock(&fault->mm->lock);
        break;
    case NEED_GROW:
        grow_stack(fault);
        break;
    case NEED_READ:
        read_file_page(fault);
        break;
    case NEED_BUSY:
        frame_wait_clear(fault->held, FRAME_BUSY);
        if (fault->origin == FAULT_KIND_NONE) {
            fault->origin = FAULT_FILE_WAIT;
        }
        break;
    case NEED_WRITEBACK:
        frame_wait_clear(fault->held, FRAME_WRITEBACK);
        break;
    case NEED_PREPARE:
        find_place(fault);
        break;
    case NEED_SWAP_IN:
        bring_in_swapped(fault);
        break;
    case NEED_SHM_IN:
        bring_in_shared(fault);
        break;
    case NEED_USER:
        wait_for_user(fault);
        break;
    default:
        break;
    }
}

void fault_wait(struct fault *fault)
{
    satisfy(fault);
    if (fault->inode != NULL) {
        inode_put(fault->inode);
        fault->inode = NULL;
    }
    fault->need = NEED_NOTHING;
    fault->flags |= PROBE_FLAG_TRIED;
}

void fault_wait_finish(struct fault *fault)
{
    drop_held(fault);
    if (fault->spare != NULL) {
        frame_put(fault->spare);
        fault->spare = NULL;
    }
}
