/* SPDX-License-Identifier: MIT */
/*
 * builtins.c - what the compiler calls for counting bits.
 *
 * The base instruction set has no instructions for it, and the compiler's own library is
 * built for programs that pass floating-point numbers in registers, which the kernel is
 * not.  Names and meanings are the compiler's.
 */
#include "lib/types.h"

int __clzdi2(u64 value);
int __ctzdi2(u64 value);
int __ctzsi2(u32 value);
int __clzsi2(u32 value);
int __ffsdi2(u64 value);
int __popcountdi2(u64 value);
int __popcountsi2(u32 value);

/* Leading zeros; value is not zero. */
int __clzdi2(u64 value)
{
    int zeros = 0;

    for (int half = 32; half > 0; half /= 2) {
        if ((value >> (64 - half)) == 0) {
            zeros += half;
            value <<= half;
        }
    }
    return zeros;
}

int __clzsi2(u32 value)
{
    return __clzdi2(value) - 32;
}

/*
 * Trailing zeros; value is not zero.  Its lowest one alone is a power of two: times this number
 * (a de Bruijn sequence) it brings six bits to the top that occur nowhere else in the sequence.
 */
int __ctzdi2(u64 value)
{
    static const u8 position[64] = {0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
                                    62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
                                    63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
                                    46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6};

    return position[((value & (0 - value)) * 0x03f79d71b4cb0a89ull) >> 58];
}

int __ctzsi2(u32 value)
{
    return __ctzdi2(value);
}

int __ffsdi2(u64 value)
{
    return value == 0 ? 0 : __ctzdi2(value) + 1;
}

int __popcountdi2(u64 value)
{
    value -= (value >> 1) & 0x5555555555555555ull;
    value = (value & 0x3333333333333333ull) + ((value >> 2) & 0x3333333333333333ull);
    value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return (int)((value * 0x0101010101010101ull) >> 56);
}

int __popcountsi2(u32 value)
{
    return __popcountdi2(value);
}
