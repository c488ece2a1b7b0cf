/* SPDX-License-Identifier: MIT */
/*
 * helper.h - children, threads, files and pages for programs that test memory.
 */
#ifndef USER_LIB_HELPER_H
#define USER_LIB_HELPER_H

#include "sys.h"

/* ---- pages ---- */

/* Private anonymous pages, or shared ones; NULL when the kernel refuses. */
u8 *pages_private(size_t count);
u8 *pages_shared(size_t count);
/* One byte of each page; returns the sum, so that the loads are really done. */
u64 pages_read(const volatile u8 *at, size_t count);
void pages_write(volatile u8 *at, size_t count, u8 value);
/* Each byte depends on its offset and on the seed. */
u8 pattern_byte(u64 offset, u64 seed);
void pattern_fill(u8 *at, size_t size, u64 seed);
/* The first offset that is wrong, or -1. */
long pattern_check(const u8 *at, size_t size, u64 seed);

/* ---- files ---- */

/*
 * An unlinked-on-close file on a disk-backed file system, filled with the pattern
 * (seed 1): returns a descriptor open for reading and writing, or a negative errno.
 * The path is left in file_path until file_remove().
 */
int file_make(size_t size);
extern char file_path[64];
void file_remove(void);

/* ---- children ---- */

/* Runs fn(arg) in a child; its exit status, or 128 + the signal that ended it. */
int child_run(int (*fn)(void *), void *arg);
int child_start(int (*fn)(void *), void *arg);
int child_wait(int pid);

/* ---- threads ---- */

struct thread {
    int tid; /* zeroed by the kernel at the end */
    u8 *stack;
};
bool thread_start(struct thread *thread, int (*fn)(void *), void *arg);
void thread_join(struct thread *thread);
/* Waits until *word differs from `value`; wakes the waiters of *word. */
void word_wait(volatile int *word, int value);
void word_wake(volatile int *word);

#endif
