/* SPDX-License-Identifier: MIT */
/*
 * fpu.h: floating-point arithmetic of F and D, exact to the bit and to the flag.
 *
 * Values are bit patterns: uint32_t single, uint64_t double.  An f register is 64 bits and holds
 * a single in its low half with ones above it ("NaN boxing", unprivileged specification, D
 * extension): unbox operands with fpu_unbox, box results with fpu_box.
 *
 * rm: a resolved rounding mode, FPU_RNE..FPU_RMM (the caller has replaced 7 by frm and refused
 * the reserved ones).  Operations without rm do not round.
 * flags: accrued exceptions, FPU_NX.. bits; an operation only adds bits, as fcsr does.  Operations
 * may be faster when FPU_NX is set already; results never depend on it.
 *
 * Every NaN that arithmetic makes is the canonical one.  Tininess is detected after rounding.
 * No state, no host rounding mode or host exception flag is ever touched or read; the host must
 * be in its default environment (nearest-even, subnormals honoured).
 */
#ifndef FAULTLINE_EMU_HART_FPU_H
#define FAULTLINE_EMU_HART_FPU_H

#include <stdint.h>

enum fpu_rounding {
    FPU_RNE = 0, /* to nearest, ties to even */
    FPU_RTZ = 1, /* towards zero */
    FPU_RDN = 2, /* down */
    FPU_RUP = 3, /* up */
    FPU_RMM = 4, /* to nearest, ties away from zero */
    FPU_DYN = 7, /* in an instruction: take frm */
};

enum fpu_flag {
    FPU_NX = 1,  /* inexact */
    FPU_UF = 2,  /* underflow */
    FPU_OF = 4,  /* overflow */
    FPU_DZ = 8,  /* divide by zero */
    FPU_NV = 16, /* invalid operation */
};

#define FPU_NAN_S UINT32_C(0x7fc00000)
#define FPU_NAN_D UINT64_C(0x7ff8000000000000)
#define FPU_SIGN_S UINT32_C(0x80000000)
#define FPU_SIGN_D UINT64_C(0x8000000000000000)

/* An f register as a single: the canonical NaN when it is not properly boxed. */
static inline uint32_t fpu_unbox(uint64_t f)
{
    return f >= UINT64_C(0xffffffff00000000) ? (uint32_t)f : FPU_NAN_S;
}

static inline uint64_t fpu_box(uint32_t single)
{
    return UINT64_C(0xffffffff00000000) | single;
}

uint32_t fpu_add_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_sub_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_mul_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_div_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_sqrt_s(uint32_t a, unsigned rm, unsigned *flags);
uint64_t fpu_add_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_sub_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_mul_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_div_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_sqrt_d(uint64_t a, unsigned rm, unsigned *flags);

/* a * b + c, rounded once.  The other three of the ISA are this with signs flipped before:
 * fmsub(a,b,c) = madd(a,b,-c), fnmsub = madd(-a,b,c), fnmadd = madd(-a,b,-c). */
uint32_t fpu_madd_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags);
uint64_t fpu_madd_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags);

static inline uint32_t fpu_msub_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_s(a, b, c ^ FPU_SIGN_S, rm, flags);
}

static inline uint32_t fpu_nmsub_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_s(a ^ FPU_SIGN_S, b, c, rm, flags);
}

static inline uint32_t fpu_nmadd_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_s(a ^ FPU_SIGN_S, b, c ^ FPU_SIGN_S, rm, flags);
}

static inline uint64_t fpu_msub_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_d(a, b, c ^ FPU_SIGN_D, rm, flags);
}

static inline uint64_t fpu_nmsub_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_d(a ^ FPU_SIGN_D, b, c, rm, flags);
}

static inline uint64_t fpu_nmadd_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
    return fpu_madd_d(a ^ FPU_SIGN_D, b, c ^ FPU_SIGN_D, rm, flags);
}

/* fsgnj, fsgnjn, fsgnjx: no flags, NaN payloads kept. */
static inline uint32_t fpu_sgnj_s(uint32_t a, uint32_t b)
{
    return (a & ~FPU_SIGN_S) | (b & FPU_SIGN_S);
}

static inline uint32_t fpu_sgnjn_s(uint32_t a, uint32_t b)
{
    return (a & ~FPU_SIGN_S) | (~b & FPU_SIGN_S);
}

static inline uint32_t fpu_sgnjx_s(uint32_t a, uint32_t b)
{
    return a ^ (b & FPU_SIGN_S);
}

static inline uint64_t fpu_sgnj_d(uint64_t a, uint64_t b)
{
    return (a & ~FPU_SIGN_D) | (b & FPU_SIGN_D);
}

static inline uint64_t fpu_sgnjn_d(uint64_t a, uint64_t b)
{
    return (a & ~FPU_SIGN_D) | (~b & FPU_SIGN_D);
}

static inline uint64_t fpu_sgnjx_d(uint64_t a, uint64_t b)
{
    return a ^ (b & FPU_SIGN_D);
}

/* minimumNumber and maximumNumber: a number beats a NaN, -0 < +0, NV only for signalling NaNs. */
uint32_t fpu_min_s(uint32_t a, uint32_t b, unsigned *flags);
uint32_t fpu_max_s(uint32_t a, uint32_t b, unsigned *flags);
uint64_t fpu_min_d(uint64_t a, uint64_t b, unsigned *flags);
uint64_t fpu_max_d(uint64_t a, uint64_t b, unsigned *flags);

/* Comparisons give 1 or 0.  eq is quiet; lt and le raise NV for any NaN. */
unsigned fpu_eq_s(uint32_t a, uint32_t b, unsigned *flags);
unsigned fpu_lt_s(uint32_t a, uint32_t b, unsigned *flags);
unsigned fpu_le_s(uint32_t a, uint32_t b, unsigned *flags);
unsigned fpu_eq_d(uint64_t a, uint64_t b, unsigned *flags);
unsigned fpu_lt_d(uint64_t a, uint64_t b, unsigned *flags);
unsigned fpu_le_d(uint64_t a, uint64_t b, unsigned *flags);

/* The ten classes of fclass, one bit set. */
unsigned fpu_class_s(uint32_t a);
unsigned fpu_class_d(uint64_t a);

/*
 * To integers: the value for rd, 32-bit results (of wu too) sign-extended to 64 bits.  Out of
 * range and NaN saturate and raise NV (only NV), unprivileged specification, F extension, table of
 * the domains of fcvt.
 */
uint64_t fpu_s_to_w(uint32_t a, unsigned rm, unsigned *flags);
uint64_t fpu_s_to_wu(uint32_t a, unsigned rm, unsigned *flags);
uint64_t fpu_s_to_l(uint32_t a, unsigned rm, unsigned *flags);
uint64_t fpu_s_to_lu(uint32_t a, unsigned rm, unsigned *flags);
uint64_t fpu_d_to_w(uint64_t a, unsigned rm, unsigned *flags);
uint64_t fpu_d_to_wu(uint64_t a, unsigned rm, unsigned *flags);
uint64_t fpu_d_to_l(uint64_t a, unsigned rm, unsigned *flags);
uint64_t fpu_d_to_lu(uint64_t a, unsigned rm, unsigned *flags);

/* From integers: x is the whole rs1; w and wu take its low 32 bits. */
uint32_t fpu_w_to_s(uint64_t x, unsigned rm, unsigned *flags);
uint32_t fpu_wu_to_s(uint64_t x, unsigned rm, unsigned *flags);
uint32_t fpu_l_to_s(uint64_t x, unsigned rm, unsigned *flags);
uint32_t fpu_lu_to_s(uint64_t x, unsigned rm, unsigned *flags);
uint64_t fpu_w_to_d(uint64_t x);  /* exact */
uint64_t fpu_wu_to_d(uint64_t x); /* exact */
uint64_t fpu_l_to_d(uint64_t x, unsigned rm, unsigned *flags);
uint64_t fpu_lu_to_d(uint64_t x, unsigned rm, unsigned *flags);

/* Between the two widths. */
uint32_t fpu_d_to_s(uint64_t a, unsigned rm, unsigned *flags);
uint64_t fpu_s_to_d(uint32_t a, unsigned *flags); /* exact; a signalling NaN raises NV */

#endif
