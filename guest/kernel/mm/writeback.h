/* SPDX-License-Identifier: MIT */
/*
 * writeback.h - dirty file pages go to disk: at munmap (started), at msync and
 * fsync (waited for), by reclaim, periodically, and at sync.
 */
#ifndef MM_WRITEBACK_H
#define MM_WRITEBACK_H

#include "mm/object.h"

void writeback_init(void); /* lists and the flusher thread */
/* Start writing the dirty pages among first..last; does not wait. */
void writeback_start(struct inode *inode, u64 first, u64 last, enum writeback_reason reason);
/* Write all dirty pages of all inodes and wait: sync(2), umount, power off. */
int writeback_all(enum writeback_reason reason);

/*
 * Called for each page that was made dirty: if very much is, sleeps until less is (pace.c).
 * => no spinlock is held, no page BUSY, nothing that writing a page needs
 */
void writeback_pace(void);

/* For mm/. */
void writeback_ask(void); /* a round of writing everything, soon */
/* Pages were written; `round`: a round is over. */
void writeback_pace_progress(bool round);
void writeback_count_dirty(int change);
/*
 * Write one page if it is dirty, or have it written soon if it may not be written alone; sleeps.
 * => the caller has a reference, not BUSY.
 * => 0 or the error.
 */
int writeback_page(struct inode *inode, struct frame *frame, enum writeback_reason reason);

#endif
