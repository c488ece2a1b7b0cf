/* SPDX-License-Identifier: MIT */
/*
 * bitmap.c - searching arrays of bits, a word at a time.
 */
#include "lib/bitmap.h"

static u64 next_bit(const u64 *map, u64 bits, u64 from, u64 flip)
{
    while (from < bits) {
        u64 word = (map[from / 64] ^ flip) >> (from % 64);

        if ((word & 1) != 0) {
            return from; /* so it mostly is, and looking for a bit takes long */
        }
        if (word != 0) {
            from += (u64)__builtin_ctzll(word);
            return from < bits ? from : bits;
        }
        from = (from / 64 + 1) * 64;
    }
    return bits;
}

u64 bitmap_next_clear(const u64 *map, u64 bits, u64 from)
{
    return next_bit(map, bits, from, ~0ull);
}

u64 bitmap_next_set(const u64 *map, u64 bits, u64 from)
{
    return next_bit(map, bits, from, 0);
}

u64 bitmap_find_run(const u64 *map, u64 bits, u64 from, u64 count)
{
    for (;;) {
        u64 start = bitmap_next_clear(map, bits, from);
        u64 end;

        if (start >= bits || bits - start < count) {
            return bits;
        }
        end = bitmap_next_set(map, bits, start);
        if (end - start >= count) {
            return start;
        }
        from = end;
    }
}

u64 bitmap_count(const u64 *map, u64 bits)
{
    u64 count = 0;

    for (u64 bit = bitmap_next_set(map, bits, 0); bit < bits;
         bit = bitmap_next_set(map, bits, bit + 1)) {
        count++;
    }
    return count;
}
