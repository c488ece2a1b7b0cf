/* SPDX-License-Identifier: MIT */
/*
 * fpu_convert.c: between floating point and integers, and between the two widths.
 */
#include "emu/hart/fpu.h"
#include "emu/hart/fpu_parts.h"

#include <string.h>

/* Range of an integer type: largest magnitudes of its positive and negative numbers. */
struct integer_range {
    uint64_t positive;
    uint64_t negative;
};

static const struct integer_range range_w = {INT32_MAX, UINT64_C(1) << 31};
static const struct integer_range range_wu = {UINT32_MAX, 0};
static const struct integer_range range_l = {INT64_MAX, UINT64_C(1) << 63};
static const struct integer_range range_lu = {UINT64_MAX, 0};

FPU_INLINE uint64_t saturate(struct integer_range range, bool negative, unsigned *flags)
{
    *flags |= FPU_NV;
    return negative ? 0 - range.negative : range.positive;
}

/* Truncated to 64 bits: a negative result as two's complement. */
FPU_INLINE uint64_t to_integer(struct fpu_layout l, uint64_t a, struct integer_range range,
                               unsigned rm, unsigned *flags)
{
    if (fpu_is_nan(l, a)) {
        return saturate(range, false, flags);
    }
    if (fpu_is_zero(l, a)) {
        return 0;
    }
    struct fpu_parts p = fpu_unpack(l, a); /* infinity unpacks to a huge number */
    if (p.exponent > 63) {
        return saturate(range, p.sign, flags);
    }
    uint64_t whole;
    uint64_t rest; /* in units of 2^-64, sticky */
    if (p.exponent == 63) {
        whole = p.significand;
        rest = 0;
    } else if (p.exponent >= 0) {
        whole = p.significand >> (63 - p.exponent);
        rest = p.significand << (p.exponent + 1);
    } else {
        whole = 0;
        rest =
            fpu_shift_sticky(p.significand, p.exponent < -100 ? 99 : (unsigned)(-1 - p.exponent));
    }
    whole += fpu_rounds_up(rm, p.sign, whole & 1, rest, UINT64_C(1) << 63);
    if (whole > (p.sign ? range.negative : range.positive)) {
        return saturate(range, p.sign, flags);
    }
    if (rest != 0) {
        *flags |= FPU_NX;
    }
    return p.sign ? 0 - whole : whole;
}

FPU_INLINE uint64_t sign_extend(uint64_t word)
{
    return (uint64_t)(int64_t)(int32_t)(uint32_t)word;
}

uint64_t fpu_s_to_w(uint32_t a, unsigned rm, unsigned *flags)
{
    return sign_extend(to_integer(fpu_single, a, range_w, rm, flags));
}

uint64_t fpu_s_to_wu(uint32_t a, unsigned rm, unsigned *flags)
{
    return sign_extend(to_integer(fpu_single, a, range_wu, rm, flags));
}

uint64_t fpu_s_to_l(uint32_t a, unsigned rm, unsigned *flags)
{
    return to_integer(fpu_single, a, range_l, rm, flags);
}

uint64_t fpu_s_to_lu(uint32_t a, unsigned rm, unsigned *flags)
{
    return to_integer(fpu_single, a, range_lu, rm, flags);
}

uint64_t fpu_d_to_w(uint64_t a, unsigned rm, unsigned *flags)
{
    return sign_extend(to_integer(fpu_double, a, range_w, rm, flags));
}

uint64_t fpu_d_to_wu(uint64_t a, unsigned rm, unsigned *flags)
{
    return sign_extend(to_integer(fpu_double, a, range_wu, rm, flags));
}

uint64_t fpu_d_to_l(uint64_t a, unsigned rm, unsigned *flags)
{
    return to_integer(fpu_double, a, range_l, rm, flags);
}

uint64_t fpu_d_to_lu(uint64_t a, unsigned rm, unsigned *flags)
{
    return to_integer(fpu_double, a, range_lu, rm, flags);
}

FPU_INLINE uint64_t from_magnitude(struct fpu_layout l, bool sign, uint64_t magnitude, unsigned rm,
                                   unsigned *flags)
{
    if (magnitude == 0) {
        return 0;
    }
    int zeros = __builtin_clzll(magnitude);
    struct fpu_parts p = {sign, 63 - zeros, magnitude << zeros};
    return fpu_pack(l, p, rm, flags);
}

FPU_INLINE uint64_t from_signed(struct fpu_layout l, uint64_t x, unsigned rm, unsigned *flags)
{
    bool sign = x >> 63;
    return from_magnitude(l, sign, sign ? 0 - x : x, rm, flags);
}

uint32_t fpu_w_to_s(uint64_t x, unsigned rm, unsigned *flags)
{
    return (uint32_t)from_signed(fpu_single, sign_extend(x), rm, flags);
}

uint32_t fpu_wu_to_s(uint64_t x, unsigned rm, unsigned *flags)
{
    return (uint32_t)from_magnitude(fpu_single, false, (uint32_t)x, rm, flags);
}

uint32_t fpu_l_to_s(uint64_t x, unsigned rm, unsigned *flags)
{
    return (uint32_t)from_signed(fpu_single, x, rm, flags);
}

uint32_t fpu_lu_to_s(uint64_t x, unsigned rm, unsigned *flags)
{
    return (uint32_t)from_magnitude(fpu_single, false, x, rm, flags);
}

uint64_t fpu_w_to_d(uint64_t x)
{
    double value = (double)(int32_t)(uint32_t)x;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

uint64_t fpu_wu_to_d(uint64_t x)
{
    double value = (double)(uint32_t)x;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

uint64_t fpu_l_to_d(uint64_t x, unsigned rm, unsigned *flags)
{
    return from_signed(fpu_double, x, rm, flags);
}

uint64_t fpu_lu_to_d(uint64_t x, unsigned rm, unsigned *flags)
{
    return from_magnitude(fpu_double, false, x, rm, flags);
}

uint32_t fpu_d_to_s(uint64_t a, unsigned rm, unsigned *flags)
{
    bool sign = fpu_sign(fpu_double, a);
    if (fpu_is_nan(fpu_double, a)) {
        fpu_nan_result(fpu_double, a, a, flags);
        return FPU_NAN_S;
    }
    if (fpu_is_infinite(fpu_double, a)) {
        return (uint32_t)fpu_infinity(fpu_single, sign);
    }
    if (fpu_is_zero(fpu_double, a)) {
        return (uint32_t)fpu_zero(fpu_single, sign);
    }
    return (uint32_t)fpu_pack(fpu_single, fpu_unpack(fpu_double, a), rm, flags);
}

uint64_t fpu_s_to_d(uint32_t a, unsigned *flags)
{
    if (fpu_is_nan(fpu_single, a)) {
        fpu_nan_result(fpu_single, a, a, flags);
        return FPU_NAN_D;
    }
    float value;
    memcpy(&value, &a, sizeof value);
    double wide = (double)value;
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    return bits;
}
