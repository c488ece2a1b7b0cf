/* SPDX-License-Identifier: MIT */
/*
 * fpu_arith.c: add, sub, mul, div, sqrt and fused multiply-add: by the host's unit when its answer
 * is certainly the whole answer, else by fpu_soft.
 *
 * The host computes in nearest-even with subnormals, like us, so a finite result is the right one
 * bit for bit.  What the host does not tell are the flags (reading MXCSR costs more than the
 * operation), so each fast path proves which they are:
 *
 * - Result finite: no operand was NaN or infinity (except division by infinity, which gives 0 and
 *   is excluded below), hence no NV and no DZ, and no overflow.
 * - UF needs a result that is tiny after rounding, so it is at most the smallest normal number
 *   (exponent field 1).  Paths other than addition take the soft way below field 2.  Sums are
 *   different: a sum of two floats that is below twice the smallest normal number is a multiple of
 *   the smallest subnormal and so exact: never UF.
 * - That leaves NX.  If it is set already nothing is to be done.  Else:
 *   sum: the error of a sum is a float, computed by Knuth's TwoSum; NX iff it is not 0.  Should an
 *     intermediate step overflow (an operand near the largest number), the error comes out
 *     infinite or NaN and the soft way is taken.
 *   double product: the product of the two 53-bit integers has 105 or 106 bits; exact iff the 52 or
 *     53 lowest are 0, and the low 64 bits of an integer multiplication show them.
 *   double quotient q of x/y: exact iff mq * my == mx << k in integers.  q is rounded correctly, so
 *     both sides differ by no more than my/2 < 2^53, and comparing them modulo 2^64 decides.
 *     Likewise the square root: mr * mr == mx << k, they differ by at most mr + 1.
 *   single: product, quotient * divisor and root * root of singles are exact in double (48 bits).
 *   fused, single: the product is exact in double; TwoSum gives double sum s and error e.  e == 0:
 *     s is the exact value, convert.  Else round s to odd (if its last bit is 0, step towards the
 *     exact value): converting that to single rounds correctly because 53 >= 24 + 2 (Boldo and
 *     Melquiond, 2008), and it is inexact.
 *   fused, double: when the product is exact by the test above it is an ordinary sum; else the soft
 *     way, after which NX is nearly always set and the host's fma is used.
 *
 * This file must not be compiled with fused contraction or -ffast-math.
 */
#include "emu/hart/fpu.h"
#include "emu/hart/fpu_soft.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0 || defined(__FAST_MATH__)
#error "float arithmetic of the host must be plain IEEE 754"
#endif

#define EXPONENT_S(bits) ((bits) >> 23 & 0xff)
#define EXPONENT_D(bits) ((bits) >> 52 & 0x7ff)
#define FRACTION_D ((UINT64_C(1) << 52) - 1)
#define HIDDEN_D (UINT64_C(1) << 52)

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE float to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

ALWAYS_INLINE uint32_t from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

ALWAYS_INLINE double to_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

ALWAYS_INLINE uint64_t from_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Field 2 to the largest finite one: no underflow, no overflow, no NaN. */
ALWAYS_INLINE bool plain_s(uint32_t bits)
{
    return EXPONENT_S(bits) - 2 < 0xff - 2;
}

ALWAYS_INLINE bool plain_d(uint64_t bits)
{
    return EXPONENT_D(bits) - 2 < 0x7ff - 2;
}

ALWAYS_INLINE bool normal_d(uint64_t bits)
{
    return EXPONENT_D(bits) - 1 < 0x7ff - 1;
}

/* Rounding error of sum = x + y, exactly; not finite when a step overflowed. */
ALWAYS_INLINE double sum_error(double x, double y, double sum)
{
    double part = sum - x;
    return (x - (sum - part)) + (y - part);
}

ALWAYS_INLINE uint64_t significand_d(uint64_t bits)
{
    return (bits & FRACTION_D) | HIDDEN_D;
}

/* Whether the plain product of two normal numbers is exact. */
ALWAYS_INLINE bool exact_product_d(uint64_t a, uint64_t b, uint64_t product)
{
    uint64_t low = significand_d(a) * significand_d(b);
    bool long_product = EXPONENT_D(product) + 1023 != EXPONENT_D(a) + EXPONENT_D(b);
    return low << (long_product ? 11 : 12) == 0;
}

uint64_t fpu_add_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    double x = to_double(a);
    double y = to_double(b);
    double sum = x + y;
    uint64_t result = from_double(sum);
    if (rm == FPU_RNE && EXPONENT_D(result) != 0x7ff) {
        if (*flags & FPU_NX) {
            return result;
        }
        double error = sum_error(x, y, sum);
        if (error == 0) {
            return result;
        }
        if (fabs(error) <= DBL_MAX) {
            *flags |= FPU_NX;
            return result;
        }
    }
    return fpu_soft_add_d(a, b, rm, flags);
}

uint64_t fpu_sub_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    return fpu_add_d(a, b ^ FPU_SIGN_D, rm, flags);
}

uint64_t fpu_mul_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    uint64_t result = from_double(to_double(a) * to_double(b));
    if (rm == FPU_RNE && plain_d(result)) {
        if (*flags & FPU_NX) {
            return result;
        }
        if (normal_d(a) && normal_d(b)) {
            *flags |= exact_product_d(a, b, result) ? 0 : FPU_NX;
            return result;
        }
    }
    if (result << 1 == 0 && (a << 1 == 0 || b << 1 == 0)) {
        return result; /* zero times a finite number (infinity would have given NaN) */
    }
    return fpu_soft_mul_d(a, b, rm, flags);
}

uint64_t fpu_div_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags)
{
    uint64_t result = from_double(to_double(a) / to_double(b));
    if (rm == FPU_RNE && plain_d(result)) {
        if (*flags & FPU_NX) {
            return result;
        }
        if (normal_d(a) && normal_d(b)) {
            unsigned shift =
                (unsigned)(52 + 1023 + EXPONENT_D(a) - EXPONENT_D(result) - EXPONENT_D(b));
            bool exact = significand_d(result) * significand_d(b) == significand_d(a) << shift;
            *flags |= exact ? 0 : FPU_NX;
            return result;
        }
    }
    return fpu_soft_div_d(a, b, rm, flags);
}

uint64_t fpu_sqrt_d(uint64_t a, unsigned rm, unsigned *flags)
{
    if (rm == FPU_RNE && normal_d(a) && !(a & FPU_SIGN_D)) {
        uint64_t result = from_double(__builtin_sqrt(to_double(a)));
        if (!(*flags & FPU_NX)) {
            uint64_t root = significand_d(result);
            unsigned shift = (unsigned)(52 + 1023 + EXPONENT_D(a) - 2 * EXPONENT_D(result));
            *flags |= root * root == significand_d(a) << shift ? 0 : FPU_NX;
        }
        return result;
    }
    return fpu_soft_sqrt_d(a, rm, flags);
}

uint64_t fpu_madd_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
    if (rm == FPU_RNE) {
        if (*flags & FPU_NX) {
            uint64_t result = from_double(fma(to_double(a), to_double(b), to_double(c)));
            if (plain_d(result)) {
                return result;
            }
        } else {
            uint64_t product = from_double(to_double(a) * to_double(b));
            if (plain_d(product) && normal_d(a) && normal_d(b) && exact_product_d(a, b, product)) {
                return fpu_add_d(product, c, rm, flags);
            }
        }
    }
    return fpu_soft_madd_d(a, b, c, rm, flags);
}

uint32_t fpu_add_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    float x = to_float(a);
    float y = to_float(b);
    float sum = x + y;
    uint32_t result = from_float(sum);
    if (rm == FPU_RNE && EXPONENT_S(result) != 0xff) {
        if (*flags & FPU_NX) {
            return result;
        }
        float part = sum - x;
        float error = (x - (sum - part)) + (y - part);
        if (error == 0) {
            return result;
        }
        if (fabsf(error) <= FLT_MAX) {
            *flags |= FPU_NX;
            return result;
        }
    }
    return fpu_soft_add_s(a, b, rm, flags);
}

uint32_t fpu_sub_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    return fpu_add_s(a, b ^ FPU_SIGN_S, rm, flags);
}

uint32_t fpu_mul_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    double product = (double)to_float(a) * (double)to_float(b);
    float rounded = (float)product;
    uint32_t result = from_float(rounded);
    if (product == 0) {
        return result; /* a true zero, for the product is exact */
    }
    if (rm == FPU_RNE && plain_s(result)) {
        *flags |= (double)rounded != product ? FPU_NX : 0;
        return result;
    }
    return fpu_soft_mul_s(a, b, rm, flags);
}

uint32_t fpu_div_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags)
{
    float quotient = to_float(a) / to_float(b);
    uint32_t result = from_float(quotient);
    if (rm == FPU_RNE && plain_s(result)) {
        *flags |= (double)quotient * (double)to_float(b) != (double)to_float(a) ? FPU_NX : 0;
        return result;
    }
    return fpu_soft_div_s(a, b, rm, flags);
}

uint32_t fpu_sqrt_s(uint32_t a, unsigned rm, unsigned *flags)
{
    if (rm == FPU_RNE && a - 1 < 0x7f800000 - 1) { /* positive and finite: the root is normal */
        float root = __builtin_sqrtf(to_float(a));
        *flags |= (double)root * (double)root != (double)to_float(a) ? FPU_NX : 0;
        return from_float(root);
    }
    return fpu_soft_sqrt_s(a, rm, flags);
}

uint32_t fpu_madd_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
    double product = (double)to_float(a) * (double)to_float(b);
    double addend = (double)to_float(c);
    double sum = product + addend;
    if (rm == FPU_RNE && fabs(sum) <= DBL_MAX) {
        double error = sum_error(product, addend, sum);
        if (error != 0) {
            uint64_t bits = from_double(sum);
            if ((bits & 1) == 0) {
                bits += (error > 0) == (sum > 0) ? UINT64_C(1) : ~UINT64_C(0);
            }
            sum = to_double(bits);
        }
        float rounded = (float)sum;
        uint32_t result = from_float(rounded);
        if (plain_s(result)) {
            *flags |= error != 0 || (double)rounded != sum ? FPU_NX : 0;
            return result;
        }
    }
    return fpu_soft_madd_s(a, b, c, rm, flags);
}
