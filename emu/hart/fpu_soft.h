/* SPDX-License-Identifier: MIT */
/*
 * fpu_soft.h: the arithmetic in integers only, for every rounding mode and operand.  Internal:
 * fpu_arith.c decides when it is needed, the tests compare it with the fast paths.
 */
#ifndef FAULTLINE_EMU_HART_FPU_SOFT_H
#define FAULTLINE_EMU_HART_FPU_SOFT_H

#include <stdint.h>

uint32_t fpu_soft_add_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_soft_mul_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_soft_div_s(uint32_t a, uint32_t b, unsigned rm, unsigned *flags);
uint32_t fpu_soft_sqrt_s(uint32_t a, unsigned rm, unsigned *flags);
uint32_t fpu_soft_madd_s(uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags);
uint64_t fpu_soft_add_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_soft_mul_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_soft_div_d(uint64_t a, uint64_t b, unsigned rm, unsigned *flags);
uint64_t fpu_soft_sqrt_d(uint64_t a, unsigned rm, unsigned *flags);
uint64_t fpu_soft_madd_d(uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags);

#endif
