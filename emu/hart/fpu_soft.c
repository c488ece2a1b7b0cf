/* SPDX-License-Identifier: MIT */
/*
 * fpu_soft.c: addition, multiplication, division, square root and fused multiply-add in integers.
 *
 * Each takes the special operands first, then works on significands with a leading one in bit 63,
 * keeps what it drops as a sticky bit and leaves rounding to fpu_pack.
 */
#include "emu/hart/fpu_soft.h"
#include "emu/hart/fpu_parts.h"

/* A sum that is exactly zero is +0, but -0 when rounding down. */
FPU_INLINE uint64_t zero_sum(struct fpu_layout l, unsigned rm)
{
    return fpu_zero(l, rm == FPU_RDN);
}

/* Sum of two 128-bit magnitudes with signs; both below 2^127, exponent is that of bit 127. */
FPU_INLINE uint64_t add_magnitudes(struct fpu_layout l, bool sign_a, unsigned __int128 a,
                                   bool sign_b, unsigned __int128 b, int exponent, unsigned rm,
                                   unsigned *flags)
{
    if (sign_a == sign_b) {
        return fpu_pack_128(l, sign_a, exponent, a + b, rm, flags);
    }
    if (a == b) {
        return zero_sum(l, rm);
    }
    if (a < b) {
        return fpu_pack_128(l, sign_b, exponent, b - a, rm, flags);
    }
    return fpu_pack_128(l, sign_a, exponent, a - b, rm, flags);
}

FPU_INLINE uint64_t add(struct fpu_layout l, uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        return fpu_nan_result(l, a, b, flags);
    }
    if (fpu_is_infinite(l, a)) {
        return fpu_is_infinite(l, b) && a != b ? fpu_invalid(l, flags) : a;
    }
    if (fpu_is_infinite(l, b)) {
        return b;
    }
    if (fpu_is_zero(l, b)) {
        return fpu_is_zero(l, a) && a != b ? zero_sum(l, rm) : a;
    }
    if (fpu_is_zero(l, a)) {
        return b;
    }
    struct fpu_parts p = fpu_unpack(l, a);
    struct fpu_parts q = fpu_unpack(l, b);
    if (p.exponent < q.exponent) {
        struct fpu_parts swap = p;
        p = q;
        q = swap;
    }
    /* 53 significant bits and 73 below them: the sticky bit never meets a cancellation of more
     * than one place, because then the exponents differ by at most one. */
    unsigned __int128 wide_p = (unsigned __int128)p.significand << 62;
    unsigned __int128 wide_q = (unsigned __int128)q.significand << 62;
    wide_q = fpu_shift_sticky_128(wide_q, (unsigned)(p.exponent - q.exponent));
    return add_magnitudes(l, p.sign, wide_p, q.sign, wide_q, p.exponent + 2, rm, flags);
}

FPU_INLINE uint64_t mul(struct fpu_layout l, uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    bool sign = fpu_sign(l, a) != fpu_sign(l, b);
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        return fpu_nan_result(l, a, b, flags);
    }
    if (fpu_is_infinite(l, a) || fpu_is_infinite(l, b)) {
        bool invalid = fpu_is_zero(l, a) || fpu_is_zero(l, b);
        return invalid ? fpu_invalid(l, flags) : fpu_infinity(l, sign);
    }
    if (fpu_is_zero(l, a) || fpu_is_zero(l, b)) {
        return fpu_zero(l, sign);
    }
    struct fpu_parts p = fpu_unpack(l, a);
    struct fpu_parts q = fpu_unpack(l, b);
    return fpu_pack_128(l, sign, p.exponent + q.exponent + 1,
                        (unsigned __int128)p.significand * q.significand, rm, flags);
}

FPU_INLINE uint64_t divide(struct fpu_layout l, uint64_t a, uint64_t b, unsigned rm,
                           unsigned *flags)
{
    bool sign = fpu_sign(l, a) != fpu_sign(l, b);
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        return fpu_nan_result(l, a, b, flags);
    }
    if (fpu_is_infinite(l, a)) {
        return fpu_is_infinite(l, b) ? fpu_invalid(l, flags) : fpu_infinity(l, sign);
    }
    if (fpu_is_infinite(l, b)) {
        return fpu_zero(l, sign);
    }
    if (fpu_is_zero(l, b)) {
        if (fpu_is_zero(l, a)) {
            return fpu_invalid(l, flags);
        }
        *flags |= FPU_DZ;
        return fpu_infinity(l, sign);
    }
    if (fpu_is_zero(l, a)) {
        return fpu_zero(l, sign);
    }
    struct fpu_parts p = fpu_unpack(l, a);
    struct fpu_parts q = fpu_unpack(l, b);
    bool less = p.significand < q.significand;
    unsigned __int128 dividend = (unsigned __int128)p.significand << (less ? 64 : 63);
    uint64_t quotient = (uint64_t)(dividend / q.significand);
    struct fpu_parts result = {
        .sign = sign,
        .exponent = p.exponent - q.exponent - less,
        .significand = quotient | (dividend != (unsigned __int128)quotient * q.significand),
    };
    return fpu_pack(l, result, rm, flags);
}

/* Floor of the square root, bit by bit; value >= 2^126, so the root has its bit 63 set. */
static uint64_t integer_root(unsigned __int128 value)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 63; bit != 0; bit >>= 1) {
        uint64_t guess = root | bit;
        if ((unsigned __int128)guess * guess <= value) {
            root = guess;
        }
    }
    return root;
}

FPU_INLINE uint64_t square_root(struct fpu_layout l, uint64_t a, unsigned rm, unsigned *flags)
{
    if (fpu_is_nan(l, a)) {
        return fpu_nan_result(l, a, a, flags);
    }
    if (fpu_is_zero(l, a)) {
        return a; /* the root of -0 is -0 */
    }
    if (fpu_sign(l, a)) {
        return fpu_invalid(l, flags);
    }
    if (fpu_is_infinite(l, a)) {
        return a;
    }
    struct fpu_parts p = fpu_unpack(l, a);
    bool odd = p.exponent & 1;
    unsigned __int128 value = (unsigned __int128)p.significand << (odd ? 64 : 63);
    uint64_t root = integer_root(value);
    struct fpu_parts result = {
        .exponent = (p.exponent - odd) / 2,
        .significand = root | ((unsigned __int128)root * root != value),
    };
    return fpu_pack(l, result, rm, flags);
}

FPU_INLINE uint64_t fused(struct fpu_layout l, uint64_t a, uint64_t b, uint64_t c, unsigned rm,
                          unsigned *flags)
{
    bool sign = fpu_sign(l, a) != fpu_sign(l, b);
    bool nan = fpu_is_nan(l, a) || fpu_is_nan(l, b);
    bool infinite = fpu_is_infinite(l, a) || fpu_is_infinite(l, b);
    bool zero = fpu_is_zero(l, a) || fpu_is_zero(l, b);
    if (!nan && infinite && zero) {
        return fpu_invalid(l, flags); /* even when c is a quiet NaN */
    }
    if (nan || fpu_is_nan(l, c)) {
        fpu_nan_result(l, c, c, flags);
        return fpu_nan_result(l, a, b, flags);
    }
    if (infinite) {
        bool opposite = fpu_is_infinite(l, c) && fpu_sign(l, c) != sign;
        return opposite ? fpu_invalid(l, flags) : fpu_infinity(l, sign);
    }
    if (fpu_is_infinite(l, c)) {
        return c;
    }
    if (zero) {
        return fpu_is_zero(l, c) && fpu_sign(l, c) != sign ? zero_sum(l, rm) : c;
    }
    struct fpu_parts p = fpu_unpack(l, a);
    struct fpu_parts q = fpu_unpack(l, b);
    /* At most 106 bits, the highest in bit 125 or 124; 20 zero bits stand below them. */
    unsigned __int128 product = (unsigned __int128)p.significand * q.significand >> 2;
    int exponent = p.exponent + q.exponent + 3; /* of bit 127 */
    if (fpu_is_zero(l, c)) {
        return fpu_pack_128(l, sign, exponent, product, rm, flags);
    }
    struct fpu_parts r = fpu_unpack(l, c);
    unsigned __int128 addend = (unsigned __int128)r.significand << 62;
    int shift = exponent - (r.exponent + 2);
    /* Whichever is smaller moves right.  Bits are lost only when it is smaller by 20 places or
     * more, and then the difference keeps all but one place of the larger: sticky is enough. */
    if (shift >= 0) {
        addend = fpu_shift_sticky_128(addend, (unsigned)shift);
    } else {
        product = fpu_shift_sticky_128(product, (unsigned)-shift);
        exponent -= shift;
    }
    return add_magnitudes(l, sign, product, r.sign, addend, exponent, rm, flags);
}

uint32_t fpu_soft_add_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    return (uint32_t)add(fpu_single, a, b, rm, flags);
}

uint64_t fpu_soft_add_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    return add(fpu_double, a, b, rm, flags);
}

uint32_t fpu_soft_mul_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    return (uint32_t)mul(fpu_single, a, b, rm, flags);
}

uint64_t fpu_soft_mul_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    return mul(fpu_double, a, b, rm, flags);
}

uint32_t fpu_soft_div_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    return (uint32_t)divide(fpu_single, a, b, rm, flags);
}

uint64_t fpu_soft_div_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    return divide(fpu_double, a, b, rm, flags);
}

uint32_t fpu_soft_sqrt_s(uint32_t a, unsigned rm, unsigned *flags)
{
    return (uint32_t)square_root(fpu_single, a, rm, flags);
}

uint64_t fpu_soft_sqrt_d(uint64_t a, unsigned rm, unsigned *flags)
{
    return square_root(fpu_double, a, rm, flags);
}

uint32_t fpu_soft_madd_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
    return (uint32_t)fused(fpu_single, a, b, c, rm, flags);
}

uint64_t fpu_soft_madd_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
    return fused(fpu_double, a, b, c, rm, flags);
}
