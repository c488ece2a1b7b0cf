/* SPDX-License-Identifier: MIT */
/*
 * fpu_compare.c: comparisons, minimum and maximum, classification.
 */
#include "emu/hart/fpu.h"
#include "emu/hart/fpu_parts.h"

FPU_INLINE void signal_if(bool condition, unsigned *flags)
{
    *flags |= condition ? FPU_NV : 0;
}

/* a < b for operands that are no NaNs, with -0 below +0 when `zeros` is set. */
FPU_INLINE bool less(struct fpu_layout l, uint64_t a, uint64_t b, bool zeros)
{
    bool sign_a = fpu_sign(l, a);
    bool sign_b = fpu_sign(l, b);
    if (sign_a != sign_b) {
        return sign_a && (zeros || fpu_magnitude(l, a | b) != 0);
    }
    return sign_a ? b < a : a < b;
}

FPU_INLINE unsigned equal(struct fpu_layout l, uint64_t a, uint64_t b, unsigned *flags)
{
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        signal_if(fpu_is_signalling(l, a) || fpu_is_signalling(l, b), flags);
        return 0;
    }
    return a == b || fpu_magnitude(l, a | b) == 0;
}

FPU_INLINE unsigned less_than(struct fpu_layout l, uint64_t a, uint64_t b, unsigned *flags)
{
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        *flags |= FPU_NV;
        return 0;
    }
    return less(l, a, b, false);
}

FPU_INLINE unsigned less_or_equal(struct fpu_layout l, uint64_t a, uint64_t b, unsigned *flags)
{
    if (fpu_is_nan(l, a) || fpu_is_nan(l, b)) {
        *flags |= FPU_NV;
        return 0;
    }
    return !less(l, b, a, false);
}

FPU_INLINE uint64_t select(struct fpu_layout l, uint64_t a, uint64_t b, bool largest,
                           unsigned *flags)
{
    bool nan_a = fpu_is_nan(l, a);
    bool nan_b = fpu_is_nan(l, b);
    if (nan_a || nan_b) {
        signal_if(fpu_is_signalling(l, a) || fpu_is_signalling(l, b), flags);
        return nan_a && nan_b ? fpu_nan(l) : nan_a ? b : a;
    }
    return less(l, a, b, true) != largest ? a : b;
}

FPU_INLINE unsigned class_of(struct fpu_layout l, uint64_t a)
{
    bool sign = fpu_sign(l, a);
    uint64_t magnitude = fpu_magnitude(l, a);
    if (fpu_is_nan(l, a)) {
        return fpu_is_signalling(l, a) ? 1u << 8 : 1u << 9;
    }
    if (magnitude == fpu_infinity(l, false)) {
        return sign ? 1u << 0 : 1u << 7;
    }
    if (magnitude == 0) {
        return sign ? 1u << 3 : 1u << 4;
    }
    if (magnitude <= fpu_fraction_mask(l)) {
        return sign ? 1u << 2 : 1u << 5;
    }
    return sign ? 1u << 1 : 1u << 6;
}

uint32_t fpu_min_s(uint32_t a, uint32_t b, unsigned *flags)
{
    return (uint32_t)select(fpu_single, a, b, false, flags);
}

uint32_t fpu_max_s(uint32_t a, uint32_t b, unsigned *flags)
{
    return (uint32_t)select(fpu_single, a, b, true, flags);
}

uint64_t fpu_min_d(uint64_t a, uint64_t b, unsigned *flags)
{
    return select(fpu_double, a, b, false, flags);
}

uint64_t fpu_max_d(uint64_t a, uint64_t b, unsigned *flags)
{
    return select(fpu_double, a, b, true, flags);
}

unsigned fpu_eq_s(uint32_t a, uint32_t b, unsigned *flags)
{
    return equal(fpu_single, a, b, flags);
}

unsigned fpu_lt_s(uint32_t a, uint32_t b, unsigned *flags)
{
    return less_than(fpu_single, a, b, flags);
}

unsigned fpu_le_s(uint32_t a, uint32_t b, unsigned *flags)
{
    return less_or_equal(fpu_single, a, b, flags);
}

unsigned fpu_eq_d(uint64_t a, uint64_t b, unsigned *flags)
{
    return equal(fpu_double, a, b, flags);
}

unsigned fpu_lt_d(uint64_t a, uint64_t b, unsigned *flags)
{
    return less_than(fpu_double, a, b, flags);
}

unsigned fpu_le_d(uint64_t a, uint64_t b, unsigned *flags)
{
    return less_or_equal(fpu_double, a, b, flags);
}

unsigned fpu_class_s(uint32_t a)
{
    return class_of(fpu_single, a);
}

unsigned fpu_class_d(uint64_t a)
{
    return class_of(fpu_double, a);
}
