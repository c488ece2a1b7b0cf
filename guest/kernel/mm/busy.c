/* SPDX-License-Identifier: MIT */
/*
 * busy.c - sleeping until a frame's I/O is done.
 *
 * Frames are many and sleepers few, so the wait queues are hashed by frame.  A
 * sleeper sets WANTED before it sleeps, and whoever clears BUSY or WRITEBACK
 * wakes only if WANTED was set.
 */
#include "mm/frame.h"
#include "lib/assert.h"
#include "sync/wait.h"

#define QUEUES 32u

static struct busy_queue {
    struct spinlock lock;
    struct wait_queue sleepers;
    bool ready;
} queues[QUEUES];

static struct busy_queue *queue_of(const struct frame *frame)
{
    struct busy_queue *queue = &queues[frame_pfn(frame) % QUEUES];

    if (!__atomic_load_n(&queue->ready, __ATOMIC_ACQUIRE)) {
        static struct spinlock setup_lock = SPINLOCK("busy queues");

        spin_lock(&setup_lock);
        if (!queue->ready) {
            spin_init(&queue->lock, "busy");
            wait_init(&queue->sleepers);
            __atomic_store_n(&queue->ready, true, __ATOMIC_RELEASE);
        }
        spin_unlock(&setup_lock);
    }
    return queue;
}

bool frame_try_busy(struct frame *frame)
{
    return (frame_flag_set(frame, FRAME_BUSY) & FRAME_BUSY) == 0;
}

void frame_wait_clear(struct frame *frame, u8 flags)
{
    struct busy_queue *queue = queue_of(frame);

    spin_lock(&queue->lock);
    while ((frame_flag_set(frame, FRAME_WANTED) & flags) != 0) {
        wait_sleep(&queue->sleepers, &queue->lock);
    }
    spin_unlock(&queue->lock);
}

void frame_lock_busy(struct frame *frame)
{
    while (!frame_try_busy(frame)) {
        frame_wait_clear(frame, FRAME_BUSY);
    }
}

void frame_clear_and_wake(struct frame *frame, u8 flags)
{
    if ((frame_flag_clear(frame, flags | FRAME_WANTED) & FRAME_WANTED) != 0) {
        struct busy_queue *queue = queue_of(frame);

        spin_lock(&queue->lock);
        wait_wake_all(&queue->sleepers);
        spin_unlock(&queue->lock);
    }
}

void frame_unlock_busy(struct frame *frame)
{
    kassert((frame_flags(frame) & FRAME_BUSY) != 0);
    frame_clear_and_wake(frame, FRAME_BUSY);
}
