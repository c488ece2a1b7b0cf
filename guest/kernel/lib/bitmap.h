/* SPDX-License-Identifier: MIT */
/*
 * bitmap.h - arrays of bits in u64 words.  No locking.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline bool bitmap_test(const u64 *map, u64 bit)
{
    return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(u64 *map, u64 bit)
{
    map[bit / 64] |= 1ull << (bit % 64);
}

static inline void bitmap_clear(u64 *map, u64 bit)
{
    map[bit / 64] &= ~(1ull << (bit % 64));
}

/* The first clear / set bit at or after `from`.  => `bits` if there is none. */
u64 bitmap_next_clear(const u64 *map, u64 bits, u64 from);
u64 bitmap_next_set(const u64 *map, u64 bits, u64 from);

/* The first of `count` clear bits in a row at or after `from`.  => `bits` if there is no such run.
 */
u64 bitmap_find_run(const u64 *map, u64 bits, u64 from, u64 count);

/* How many bits are set. */
u64 bitmap_count(const u64 *map, u64 bits);

#endif
