/* SPDX-License-Identifier: MIT */
/*
 * fpu_parts.h: what the operations of fpu.h are put together from: a number taken apart, and the
 * one place where results are rounded.  Internal to fpu_*.c.
 *
 * Both widths share this code.  The layout is a compile-time constant at every use and all
 * functions are inlined, so that each operation is compiled for its width.
 */
#ifndef FAULTLINE_EMU_HART_FPU_PARTS_H
#define FAULTLINE_EMU_HART_FPU_PARTS_H

#include "emu/hart/fpu.h"

#include <stdbool.h>

#define FPU_INLINE static inline __attribute__((always_inline))

struct fpu_layout {
    unsigned fraction_bits;
    unsigned exponent_bits;
};

static const struct fpu_layout fpu_single = {23, 8};
static const struct fpu_layout fpu_double = {52, 11};

FPU_INLINE int fpu_bias(struct fpu_layout l)
{
    return (1 << (l.exponent_bits - 1)) - 1;
}

/* The exponent field of infinities and NaNs. */
FPU_INLINE uint64_t fpu_exponent_mask(struct fpu_layout l)
{
    return (UINT64_C(1) << l.exponent_bits) - 1;
}

FPU_INLINE uint64_t fpu_fraction_mask(struct fpu_layout l)
{
    return (UINT64_C(1) << l.fraction_bits) - 1;
}

FPU_INLINE uint64_t fpu_sign_bit(struct fpu_layout l)
{
    return UINT64_C(1) << (l.fraction_bits + l.exponent_bits);
}

FPU_INLINE bool fpu_sign(struct fpu_layout l, uint64_t a)
{
    return (a & fpu_sign_bit(l)) != 0;
}

FPU_INLINE uint64_t fpu_infinity(struct fpu_layout l, bool sign)
{
    return (sign ? fpu_sign_bit(l) : 0) | fpu_exponent_mask(l) << l.fraction_bits;
}

FPU_INLINE uint64_t fpu_zero(struct fpu_layout l, bool sign)
{
    return sign ? fpu_sign_bit(l) : 0;
}

/* The canonical NaN: positive, quiet, no payload. */
FPU_INLINE uint64_t fpu_nan(struct fpu_layout l)
{
    return fpu_infinity(l, false) | UINT64_C(1) << (l.fraction_bits - 1);
}

FPU_INLINE uint64_t fpu_magnitude(struct fpu_layout l, uint64_t a)
{
    return a & (fpu_sign_bit(l) - 1);
}

FPU_INLINE bool fpu_is_nan(struct fpu_layout l, uint64_t a)
{
    return fpu_magnitude(l, a) > fpu_infinity(l, false);
}

FPU_INLINE bool fpu_is_infinite(struct fpu_layout l, uint64_t a)
{
    return fpu_magnitude(l, a) == fpu_infinity(l, false);
}

FPU_INLINE bool fpu_is_zero(struct fpu_layout l, uint64_t a)
{
    return fpu_magnitude(l, a) == 0;
}

/* A NaN whose first fraction bit is 0. */
FPU_INLINE bool fpu_is_signalling(struct fpu_layout l, uint64_t a)
{
    return fpu_is_nan(l, a) && (a >> (l.fraction_bits - 1) & 1) == 0;
}

/* The result when an operand is a NaN: canonical; NV if one of them is signalling. */
FPU_INLINE uint64_t fpu_nan_result(struct fpu_layout l, uint64_t a, uint64_t b, unsigned *flags)
{
    if (fpu_is_signalling(l, a) || fpu_is_signalling(l, b)) {
        *flags |= FPU_NV;
    }
    return fpu_nan(l);
}

FPU_INLINE uint64_t fpu_invalid(struct fpu_layout l, unsigned *flags)
{
    *flags |= FPU_NV;
    return fpu_nan(l);
}

/* A finite number other than zero: significand * 2^(exponent - 63), the leading one in bit 63. */
struct fpu_parts {
    bool sign;
    int exponent;
    uint64_t significand;
};

FPU_INLINE struct fpu_parts fpu_unpack(struct fpu_layout l, uint64_t a)
{
    struct fpu_parts parts = {.sign = fpu_sign(l, a)};
    uint64_t fraction = a & fpu_fraction_mask(l);
    int field = (int)(a >> l.fraction_bits & fpu_exponent_mask(l));
    if (field != 0) {
        parts.significand = (fraction | UINT64_C(1) << l.fraction_bits) << (63 - l.fraction_bits);
        parts.exponent = field - fpu_bias(l);
    } else {
        int zeros = __builtin_clzll(fraction);
        parts.significand = fraction << zeros;
        parts.exponent = 1 - fpu_bias(l) - (zeros - (63 - (int)l.fraction_bits));
    }
    return parts;
}

/* Shift right; bits that fall out leave a one in bit 0 ("sticky"): they can no longer be told
 * apart from each other, but from nothing and from one half they can. */
FPU_INLINE uint64_t fpu_shift_sticky(uint64_t value, unsigned count)
{
    if (count == 0) {
        return value;
    }
    if (count > 63) {
        return value != 0;
    }
    return value >> count | ((value << (64 - count)) != 0);
}

FPU_INLINE unsigned __int128 fpu_shift_sticky_128(unsigned __int128 value, unsigned count)
{
    if (count == 0) {
        return value;
    }
    if (count > 127) {
        return value != 0;
    }
    return value >> count | ((value << (128 - count)) != 0);
}

/* Whether a magnitude is rounded away from zero: rest of `half` is exactly one half of its last
 * place, odd tells whether that last place is a one. */
FPU_INLINE bool fpu_rounds_up(unsigned rm, bool sign, bool odd, uint64_t rest, uint64_t half)
{
    switch (rm) {
    case FPU_RTZ:
        return false;
    case FPU_RDN:
        return sign && rest != 0;
    case FPU_RUP:
        return !sign && rest != 0;
    case FPU_RMM:
        return rest >= half;
    default:
        return rest > half || (rest == half && odd);
    }
}

FPU_INLINE uint64_t fpu_overflow(struct fpu_layout l, bool sign, unsigned rm, unsigned *flags)
{
    bool to_infinity = rm == FPU_RNE || rm == FPU_RMM || rm == (sign ? FPU_RDN : FPU_RUP);
    *flags |= FPU_OF | FPU_NX;
    return fpu_infinity(l, sign) - !to_infinity;
}

/*
 * Round and pack.  Underflow is signalled when the result is inexact and tiny, where tiny is
 * judged after rounding: as if the exponent were unbounded, the rounded value would be below the
 * smallest normal one (IEEE 754-2019, 7.5).
 */
FPU_INLINE uint64_t fpu_pack(struct fpu_layout l, struct fpu_parts p, unsigned rm, unsigned *flags)
{
    unsigned drop = 63 - l.fraction_bits;
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t mask = (half << 1) - 1;
    uint64_t all_ones = (UINT64_C(2) << l.fraction_bits) - 1;
    uint64_t significand = p.significand;
    int64_t field = (int64_t)p.exponent + fpu_bias(l);
    bool tiny = false;
    if (field >= (int64_t)fpu_exponent_mask(l)) {
        return fpu_overflow(l, p.sign, rm, flags);
    }
    if (field <= 0) {
        /* Just below the smallest normal number, rounding at full precision may reach it. */
        bool reaches = field == 0 && significand >> drop == all_ones &&
                       fpu_rounds_up(rm, p.sign, true, significand & mask, half);
        tiny = !reaches;
        significand = fpu_shift_sticky(significand, field < -100 ? 101 : (unsigned)(1 - field));
        field = 1; /* whose leading one is then missing: a subnormal */
    }
    uint64_t rest = significand & mask;
    uint64_t kept = significand >> drop;
    if (rest != 0) {
        *flags |= tiny ? FPU_UF | FPU_NX : FPU_NX;
        kept += fpu_rounds_up(rm, p.sign, kept & 1, rest, half);
    }
    /* The leading one of kept adds 1 to the field; so does a carry out of the fraction. */
    uint64_t bits = ((uint64_t)(field - 1) << l.fraction_bits) + kept;
    if (bits >= fpu_infinity(l, false)) {
        return fpu_overflow(l, p.sign, rm, flags);
    }
    return bits | fpu_zero(l, p.sign);
}

/* The same from a 128-bit significand that need not be normalised but is not 0; exponent is that
 * of bit 127. */
FPU_INLINE uint64_t fpu_pack_128(struct fpu_layout l, bool sign, int exponent,
                                 unsigned __int128 wide, unsigned rm, unsigned *flags)
{
    uint64_t high = (uint64_t)(wide >> 64);
    int zeros = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)wide);
    wide <<= zeros;
    struct fpu_parts parts = {
        .sign = sign,
        .exponent = exponent - zeros,
        .significand = (uint64_t)(wide >> 64) | ((uint64_t)wide != 0),
    };
    return fpu_pack(l, parts, rm, flags);
}

#endif
