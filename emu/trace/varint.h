/* SPDX-License-Identifier: MIT */
/*
 * varint.h - LEB128: seven bits in a byte, lowest first, the top bit says that more follow.
 * Signed differences are folded so that small ones of either sign are short (zigzag).
 */
#ifndef FAULTLINE_TRACE_VARINT_H
#define FAULTLINE_TRACE_VARINT_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"

#define VARINT_MAX 10 /* bytes of the longest */

/* Writes at most VARINT_MAX bytes to out and returns how many. */
static inline size_t varint_put(u8 *out, u64 value)
{
    size_t n = 0;

    while (value >= 0x80) {
        out[n++] = (u8)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (u8)value;
    return n;
}

/* Reads one from in[*at..size); false when it is cut off or has more than 64 bits. */
static inline bool varint_get(const u8 *in, size_t size, size_t *at, u64 *value)
{
    u64 result = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (*at >= size)
            return false;
        u8 byte = in[(*at)++];
        if (shift == 63 && byte > 1)
            return false;
        result |= (u64)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = result;
            return true;
        }
    }
    return false;
}

static inline u64 zigzag_fold(u64 difference)
{
    return (difference << 1) ^ (0 - (difference >> 63));
}

static inline u64 zigzag_unfold(u64 folded)
{
    return (folded >> 1) ^ (0 - (folded & 1));
}

#endif
