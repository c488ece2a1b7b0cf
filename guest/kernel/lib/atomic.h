/* SPDX-License-Identifier: MIT */
/*
 * atomic.h - counters and flags that several harts change without a lock.
 * All operations are full barriers unless they say otherwise; each one is a
 * single RISC-V AMO or a short LR/SC loop.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include "lib/types.h"

static inline u32 atomic_add_u32(u32 *word, u32 amount) /* => the old value */
{
    return __atomic_fetch_add(word, amount, __ATOMIC_SEQ_CST);
}

static inline u64 atomic_add_u64(u64 *word, u64 amount) /* => the old value */
{
    return __atomic_fetch_add(word, amount, __ATOMIC_SEQ_CST);
}

static inline u32 atomic_or_u32(u32 *word, u32 bits) /* => the old value */
{
    return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static inline u32 atomic_and_u32(u32 *word, u32 bits) /* => the old value */
{
    return __atomic_fetch_and(word, bits, __ATOMIC_SEQ_CST);
}

static inline u64 atomic_or_u64(u64 *word, u64 bits) /* => the old value */
{
    return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static inline u64 atomic_and_u64(u64 *word, u64 bits) /* => the old value */
{
    return __atomic_fetch_and(word, bits, __ATOMIC_SEQ_CST);
}

/* Count an event; no ordering. */
static inline void atomic_count_u64(u64 *word)
{
    __atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
}

/* Change a statistic; no ordering. */
static inline void atomic_adjust_u64(u64 *word, u64 amount)
{
    __atomic_fetch_add(word, amount, __ATOMIC_RELAXED);
}

/* Add one unless the counter is zero.  => false if it was zero. */
static inline bool atomic_get_unless_zero(u32 *count)
{
    u32 old = __atomic_load_n(count, __ATOMIC_RELAXED);

    while (old != 0) {
        if (__atomic_compare_exchange_n(count, &old, old + 1, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

/* Subtract one unless the counter is one.  => false if it was one (and still is). */
static inline bool atomic_put_unless_one(u32 *count)
{
    u32 old = __atomic_load_n(count, __ATOMIC_RELAXED);

    while (old != 1) {
        if (__atomic_compare_exchange_n(count, &old, old - 1, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

#endif
