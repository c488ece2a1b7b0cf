/* SPDX-License-Identifier: MIT */
/*
 * bits.h - bit fields, sign extension, little-endian memory and checked arithmetic.
 *
 * load_*, store_*: any alignment; the bytes are little-endian on every host.
 */
#ifndef FAULTLINE_BITS_H
#define FAULTLINE_BITS_H

#include <string.h>

#include "emu/base/types.h"

#define BIT(n) ((u64)1 << (n))

/* Bits low .. low+count-1 of value; count 1..63. */
static inline u64 bits_get(u64 value, unsigned low, unsigned count)
{
    return (value >> low) & (BIT(count) - 1);
}

static inline u64 bits_set(u64 value, unsigned low, unsigned count, u64 field)
{
    u64 mask = (BIT(count) - 1) << low;
    return (value & ~mask) | ((field << low) & mask);
}

/* The low `count` bits (1..64) as a signed number. */
static inline u64 sign_extend(u64 value, unsigned count)
{
    unsigned shift = 64 - count;
    return (u64)((i64)(value << shift) >> shift);
}

static inline u64 sext32(u64 value)
{
    return (u64)(i64)(i32)(u32)value;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BITS_SWAP(width, value) (value)
#else
#define BITS_SWAP(width, value) __builtin_bswap##width(value)
#endif

#define BITS_MEMORY(width)                                      \
    static inline u##width load_u##width(const void *from)      \
    {                                                           \
        u##width value;                                         \
        memcpy(&value, from, sizeof(value));                    \
        return BITS_SWAP(width, value);                         \
    }                                                           \
    static inline void store_u##width(void *to, u##width value) \
    {                                                           \
        value = BITS_SWAP(width, value);                        \
        memcpy(to, &value, sizeof(value));                      \
    }
BITS_MEMORY(16)
BITS_MEMORY(32)
BITS_MEMORY(64)
#undef BITS_MEMORY

static inline u8 load_u8(const void *from)
{
    return *(const u8 *)from;
}

static inline void store_u8(void *to, u8 value)
{
    *(u8 *)to = value;
}

/* size 1, 2, 4 or 8; zero-extended. */
static inline u64 load_sized(const void *from, unsigned size)
{
    switch (size) {
    case 1:
        return load_u8(from);
    case 2:
        return load_u16(from);
    case 4:
        return load_u32(from);
    default:
        return load_u64(from);
    }
}

static inline void store_sized(void *to, u64 value, unsigned size)
{
    switch (size) {
    case 1:
        store_u8(to, (u8)value);
        break;
    case 2:
        store_u16(to, (u16)value);
        break;
    case 4:
        store_u32(to, (u32)value);
        break;
    default:
        store_u64(to, value);
    }
}

/* False when the sum or product does not fit; *out is then not meaningful. */
static inline bool checked_add(u64 a, u64 b, u64 *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool checked_mul(u64 a, u64 b, u64 *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* True when [start, start+length) lies within [base, base+size); nothing here can overflow. */
static inline bool range_within(u64 start, u64 length, u64 base, u64 size)
{
    return start >= base && start - base <= size && length <= size - (start - base);
}

static inline bool is_power_of_two(u64 value)
{
    return value && !(value & (value - 1));
}

/* alignment: a power of two. */
static inline u64 align_down(u64 value, u64 alignment)
{
    return value & ~(alignment - 1);
}

static inline u64 align_up(u64 value, u64 alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

#endif
