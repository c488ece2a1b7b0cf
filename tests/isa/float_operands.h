/* SPDX-License-Identifier: MIT */
/*
 * float_operands.h: random floating-point operands that find the edges: zeros, infinities, NaNs,
 * subnormals, the smallest and largest numbers, short fractions, runs of ones, near neighbours.
 * Deterministic: each program that includes it has its own sequence from the same seed.
 */
#ifndef FAULTLINE_TESTS_ISA_FLOAT_OPERANDS_H
#define FAULTLINE_TESTS_ISA_FLOAT_OPERANDS_H

#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1du;
}

static inline unsigned below(unsigned n)
{
    return (unsigned)((random64() >> 32) % n);
}

struct width {
    unsigned fraction_bits, exponent_bits;
};

static const struct width single = {23, 8};
static const struct width twice = {52, 11};

static inline uint64_t mask(unsigned bits)
{
    return bits >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
}

static inline uint64_t sign_bit(struct width w)
{
    return UINT64_C(1) << (w.fraction_bits + w.exponent_bits);
}

static inline uint64_t infinity(struct width w)
{
    return mask(w.exponent_bits) << w.fraction_bits;
}

static inline uint64_t random_fraction(struct width w)
{
    uint64_t bits;
    switch (below(6)) {
    case 0:
        bits = 0;
        break;
    case 1:
        bits = ~UINT64_C(0);
        break;
    case 2: /* a few ones */
        bits = UINT64_C(1) << below(64) | UINT64_C(1) << below(64);
        break;
    case 3: /* a run of ones */
        bits = mask(below(64)) << below(64);
        break;
    case 4: /* short: so that exact results occur */
        bits = random64() << (w.fraction_bits - 1 - below(w.fraction_bits - 1));
        break;
    default:
        bits = random64();
        break;
    }
    return (bits ^ (below(8) == 0 ? 1u : 0u)) & mask(w.fraction_bits);
}

static inline uint64_t random_operand(struct width w)
{
    uint64_t sign = below(2) ? sign_bit(w) : 0;
    unsigned bias = (unsigned)mask(w.exponent_bits - 1);
    unsigned field;
    switch (below(10)) {
    case 0:
        return sign; /* zero */
    case 1:
        return sign | infinity(w) | (below(2) ? 0 : random_fraction(w)); /* infinity or NaN */
    case 2:
        field = 0;
        break;
    case 3:
        field = 1 + below(3);
        break;
    case 4:
        field = (unsigned)mask(w.exponent_bits) - 1 - below(3);
        break;
    case 5:
    case 6:
    case 7:
        field = bias - 4 + below(w.fraction_bits + 12);
        break;
    case 8:
        field = bias / 2 - 30 + below(60); /* products and squares at the edge of underflow */
        break;
    default:
        field = below((unsigned)mask(w.exponent_bits));
        break;
    }
    return sign | (uint64_t)field << w.fraction_bits | random_fraction(w);
}

/* An operand that has something to do with `a`: near it, its negative, or about as large. */
static inline uint64_t related_operand(struct width w, uint64_t a)
{
    uint64_t b = random_operand(w);
    switch (below(5)) {
    case 0:
        return (a ^ sign_bit(w)) + below(5) - 2;
    case 1:
        return (b & ~infinity(w)) | (a & infinity(w));
    case 2:
        return a + below(3) * (UINT64_C(1) << w.fraction_bits);
    default:
        return b;
    }
}

#endif
