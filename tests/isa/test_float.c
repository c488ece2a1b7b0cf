/* SPDX-License-Identifier: MIT */
/*
 * test_float.c: every operation of fpu.h against MPFR, with random and edge operands, in all five
 * rounding modes, results and flags.
 *
 * The oracle computes with enough bits to be exact (a quotient or root gets a sticky bit), divides
 * by the place value of the last bit of the result and lets mpfr_rint round to an integer: nothing
 * is shared with the code under test.
 *
 * Argument or environment FLOAT_CASES: cases per operation (10000).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <mpfr.h>

#include "emu/hart/fpu.h"
#include "tests/isa/float_operands.h"

enum { EXACT_BITS = 4600, STICKY_BITS = 256 };

static unsigned long cases = 10000;

/* ---- the oracle ----------------------------------------------------------------------------- */

static mpfr_t va, vb, vc, vr, scaled, whole;

static void oracle_init(void)
{
    mpfr_set_emin(-100000);
    mpfr_set_emax(100000);
    mpfr_inits2(EXACT_BITS, va, vb, vc, vr, scaled, whole, (mpfr_ptr)0);
}

static bool is_nan(struct width w, uint64_t a)
{
    return (a & (sign_bit(w) - 1)) > infinity(w);
}

static bool is_signalling(struct width w, uint64_t a)
{
    return is_nan(w, a) && !(a >> (w.fraction_bits - 1) & 1);
}

static uint64_t quiet_nan(struct width w)
{
    return infinity(w) | UINT64_C(1) << (w.fraction_bits - 1);
}

static void load(mpfr_t v, struct width w, uint64_t a)
{
    int bias = (int)mask(w.exponent_bits - 1);
    int field = (int)(a >> w.fraction_bits & mask(w.exponent_bits));
    uint64_t fraction = a & mask(w.fraction_bits);
    bool negative = a & sign_bit(w);
    if (is_nan(w, a)) {
        mpfr_set_nan(v);
    } else if (field == (int)mask(w.exponent_bits)) {
        mpfr_set_inf(v, negative ? -1 : 1);
    } else {
        if (field != 0) {
            fraction |= UINT64_C(1) << w.fraction_bits;
        } else {
            field = 1;
        }
        mpfr_set_ui_2exp(v, fraction, field - bias - (int)w.fraction_bits, MPFR_RNDN);
        mpfr_setsign(v, v, negative, MPFR_RNDN);
    }
}

static void round_whole(unsigned rm)
{
    switch (rm) {
    case FPU_RNE:
        mpfr_roundeven(whole, scaled);
        break;
    case FPU_RTZ:
        mpfr_trunc(whole, scaled);
        break;
    case FPU_RDN:
        mpfr_floor(whole, scaled);
        break;
    case FPU_RUP:
        mpfr_ceil(whole, scaled);
        break;
    default:
        mpfr_round(whole, scaled);
        break;
    }
}

/* vr, a finite exact value other than zero, rounded to the width. */
static uint64_t round_value(struct width w, unsigned rm, unsigned *flags)
{
    int bias = (int)mask(w.exponent_bits - 1);
    int precision = (int)w.fraction_bits + 1;
    bool negative = mpfr_signbit(vr);
    /* Tiny after rounding? */
    long place = mpfr_get_exp(vr) - precision;
    mpfr_div_2si(scaled, vr, place, MPFR_RNDN);
    round_whole(rm);
    mpfr_mul_2si(whole, whole, place, MPFR_RNDN);
    bool tiny = mpfr_cmpabs(whole, (mpfr_set_ui_2exp(scaled, 1, 1 - bias, MPFR_RNDN), scaled)) < 0;
    long lowest = 1 - bias - (int)w.fraction_bits;
    place = place < lowest ? lowest : place;
    mpfr_div_2si(scaled, vr, place, MPFR_RNDN);
    round_whole(rm);
    bool inexact = !mpfr_equal_p(whole, scaled);
    mpfr_abs(whole, whole, MPFR_RNDN);
    uint64_t significand = mpfr_get_ui(whole, MPFR_RNDN);
    uint64_t sign = negative ? sign_bit(w) : 0;
    if (significand >> precision) {
        significand >>= 1;
        place++;
    }
    if (place + (int)w.fraction_bits > bias) {
        *flags |= FPU_OF | FPU_NX;
        bool up = rm == FPU_RNE || rm == FPU_RMM || rm == (negative ? FPU_RDN : FPU_RUP);
        return sign | (infinity(w) - (up ? 0 : 1));
    }
    *flags |= inexact ? (tiny ? FPU_UF | FPU_NX : FPU_NX) : 0;
    if (significand >> w.fraction_bits == 0) {
        return sign | significand;
    }
    return sign | (uint64_t)(place + (int)w.fraction_bits + bias) << w.fraction_bits |
           (significand & mask(w.fraction_bits));
}

/* A result that had to be cut at STICKY_BITS gets a one behind its last bit. */
static void make_sticky(int ternary)
{
    if (ternary != 0) {
        mpfr_set_ui_2exp(scaled, 1, mpfr_get_exp(vr) - STICKY_BITS - 2, MPFR_RNDN);
        mpfr_setsign(scaled, scaled, mpfr_signbit(vr), MPFR_RNDN);
        mpfr_add(vr, vr, scaled, MPFR_RNDN);
    }
}

/* Division or root towards zero with STICKY_BITS, then back to the full size. */
static void divide_or_root(bool root)
{
    mpfr_t cut;
    mpfr_init2(cut, STICKY_BITS);
    int ternary = root ? mpfr_sqrt(cut, va, MPFR_RNDZ) : mpfr_div(cut, va, vb, MPFR_RNDZ);
    mpfr_set(vr, cut, MPFR_RNDN);
    mpfr_clear(cut);
    if (mpfr_regular_p(vr)) {
        make_sticky(ternary);
    }
}

enum operation { ADD, SUB, MUL, DIV, SQRT, MADD };

static uint64_t oracle(enum operation op, struct width w, uint64_t a, uint64_t b, uint64_t c,
                       unsigned rm, unsigned *flags)
{
    bool signalling = is_signalling(w, a) || (op != SQRT && is_signalling(w, b)) ||
                      (op == MADD && is_signalling(w, c));
    load(va, w, a);
    load(vb, w, b);
    load(vc, w, c);
    mpfr_rnd_t zero_mode = rm == FPU_RDN ? MPFR_RNDD : MPFR_RNDN; /* the sign of x - x */
    bool nan_in = mpfr_nan_p(va) || (op != SQRT && mpfr_nan_p(vb));
    switch (op) {
    case ADD:
        mpfr_add(vr, va, vb, zero_mode);
        break;
    case SUB:
        mpfr_sub(vr, va, vb, zero_mode);
        break;
    case MUL:
        mpfr_mul(vr, va, vb, zero_mode);
        break;
    case DIV:
        divide_or_root(false);
        if (mpfr_inf_p(vr) && mpfr_regular_p(va) && mpfr_zero_p(vb)) {
            *flags |= FPU_DZ;
        }
        break;
    case SQRT:
        divide_or_root(true);
        break;
    case MADD:
        mpfr_mul(vr, va, vb, MPFR_RNDN);
        if (mpfr_nan_p(vr) && !nan_in) {
            *flags |= FPU_NV; /* infinity times zero, whatever c is */
        }
        nan_in |= mpfr_nan_p(vc);
        mpfr_add(vr, vr, vc, zero_mode);
        break;
    }
    if (mpfr_nan_p(vr)) {
        *flags |= signalling || !nan_in ? FPU_NV : 0;
        return quiet_nan(w);
    }
    if (mpfr_inf_p(vr)) {
        return (mpfr_signbit(vr) ? sign_bit(w) : 0) | infinity(w);
    }
    if (mpfr_zero_p(vr)) {
        return mpfr_signbit(vr) ? sign_bit(w) : 0;
    }
    return round_value(w, rm, flags);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static void expect(const char *name, uint64_t a, uint64_t b, uint64_t c, unsigned rm,
                   unsigned before, uint64_t result, unsigned flags, uint64_t want,
                   unsigned want_flags)
{
    if (result != want || flags != want_flags) {
        fail_msg("%s a %016lx b %016lx c %016lx rm %u flags before %x: %016lx flags %x, "
                 "MPFR %016lx flags %x",
                 name, a, b, c, rm, before, result, flags, want, want_flags);
    }
}

static uint64_t call(enum operation op, struct width w, uint64_t a, uint64_t b, uint64_t c,
                     unsigned rm, unsigned *flags)
{
    bool d = w.fraction_bits == 52;
    uint32_t x = (uint32_t)a;
    uint32_t y = (uint32_t)b;
    switch (op) {
    case ADD:
        return d ? fpu_add_d(a, b, rm, flags) : fpu_add_s(x, y, rm, flags);
    case SUB:
        return d ? fpu_sub_d(a, b, rm, flags) : fpu_sub_s(x, y, rm, flags);
    case MUL:
        return d ? fpu_mul_d(a, b, rm, flags) : fpu_mul_s(x, y, rm, flags);
    case DIV:
        return d ? fpu_div_d(a, b, rm, flags) : fpu_div_s(x, y, rm, flags);
    case SQRT:
        return d ? fpu_sqrt_d(a, rm, flags) : fpu_sqrt_s(x, rm, flags);
    default:
        return d ? fpu_madd_d(a, b, c, rm, flags) : fpu_madd_s(x, y, (uint32_t)c, rm, flags);
    }
}

static void check_operation(enum operation op, struct width w, const char *name)
{
    for (unsigned long i = 0; i < cases; i++) {
        uint64_t a = random_operand(w);
        uint64_t b = related_operand(w, a) & mask(w.fraction_bits + w.exponent_bits + 1);
        uint64_t c = below(2) ? random_operand(w) : related_operand(w, b);
        if (op == MADD && below(2)) {
            /* c about as large as the product: cancellation. */
            unsigned ignored = 0;
            c = call(MUL, w, a, b, 0, FPU_RNE, &ignored) ^ sign_bit(w);
            c += below(3) - 1;
        }
        c &= mask(w.fraction_bits + w.exponent_bits + 1);
        unsigned rm = below(2) ? (unsigned)FPU_RNE : below(5);
        unsigned before = (unsigned[]){0, 0, FPU_NX, 31}[below(4)];
        unsigned flags = before;
        unsigned want_flags = before;
        uint64_t result = call(op, w, a, b, c, rm, &flags);
        uint64_t want = oracle(op, w, a, b, c, rm, &want_flags);
        expect(name, a, b, c, rm, before, result, flags, want, want_flags);
    }
}

#define OPERATION_TEST(test, op, width)    \
    static void test(void **state)         \
    {                                      \
        (void)state;                       \
        check_operation(op, width, #test); \
    }

OPERATION_TEST(add_single, ADD, single)
OPERATION_TEST(sub_single, SUB, single)
OPERATION_TEST(mul_single, MUL, single)
OPERATION_TEST(div_single, DIV, single)
OPERATION_TEST(sqrt_single, SQRT, single)
OPERATION_TEST(madd_single, MADD, single)
OPERATION_TEST(add_double, ADD, twice)
OPERATION_TEST(sub_double, SUB, twice)
OPERATION_TEST(mul_double, MUL, twice)
OPERATION_TEST(div_double, DIV, twice)
OPERATION_TEST(sqrt_double, SQRT, twice)
OPERATION_TEST(madd_double, MADD, twice)

/* ---- integers ------------------------------------------------------------------------------- */

typedef uint64_t to_integer_fn(struct width w, uint64_t a, unsigned rm, unsigned *flags);

#define TO_INTEGER(type)                                                                \
    static uint64_t to_##type(struct width w, uint64_t a, unsigned rm, unsigned *flags) \
    {                                                                                   \
        return w.fraction_bits == 52 ? fpu_d_to_##type(a, rm, flags)                    \
                                     : fpu_s_to_##type((uint32_t)a, rm, flags);         \
    }
TO_INTEGER(w)
TO_INTEGER(wu)
TO_INTEGER(l)
TO_INTEGER(lu)

static uint64_t oracle_to_integer(struct width w, uint64_t a, bool wide, bool is_signed,
                                  unsigned rm, unsigned *flags)
{
    unsigned bits = wide ? 64 : 32;
    uint64_t largest = mask(is_signed ? bits - 1 : bits);
    uint64_t smallest = is_signed ? ~largest : 0;
    uint64_t result;
    load(scaled, w, a);
    mpfr_set(va, scaled, MPFR_RNDN);
    if (mpfr_number_p(scaled)) {
        round_whole(rm);
    }
    if (mpfr_nan_p(scaled) || mpfr_cmp_ui(va, 0) > 0) {
        bool fits = mpfr_number_p(scaled) && mpfr_cmp_ui(whole, largest) <= 0;
        result = fits ? mpfr_get_uj(whole, MPFR_RNDN) : largest;
        *flags |= fits ? (mpfr_equal_p(whole, scaled) ? 0 : FPU_NX) : FPU_NV;
    } else {
        mpfr_set_si(vb, is_signed ? (int64_t)smallest : 0, MPFR_RNDN);
        bool fits = mpfr_number_p(scaled) && mpfr_cmp(whole, vb) >= 0;
        result = fits ? (uint64_t)mpfr_get_sj(whole, MPFR_RNDN) : smallest;
        *flags |= fits ? (mpfr_equal_p(whole, scaled) ? 0 : FPU_NX) : FPU_NV;
    }
    return wide ? result : (uint64_t)(int32_t)(uint32_t)result;
}

static void check_to_integer(to_integer_fn *fn, bool wide, bool is_signed, const char *name)
{
    for (unsigned long i = 0; i < 2 * cases; i++) {
        struct width w = i & 1 ? twice : single;
        unsigned bias = (unsigned)mask(w.exponent_bits - 1);
        uint64_t a = random_operand(w);
        if (below(2)) { /* about as large as the integers */
            a = (a & ~infinity(w)) | (uint64_t)(bias - 3 + below(70)) << w.fraction_bits;
        }
        unsigned rm = below(5);
        unsigned flags = 0;
        unsigned want_flags = 0;
        uint64_t result = fn(w, a, rm, &flags);
        uint64_t want = oracle_to_integer(w, a, wide, is_signed, rm, &want_flags);
        expect(name, a, 0, 0, rm, 0, result, flags, want, want_flags);
    }
}

static void to_integers(void **state)
{
    (void)state;
    check_to_integer(to_w, false, true, "to w");
    check_to_integer(to_wu, false, false, "to wu");
    check_to_integer(to_l, true, true, "to l");
    check_to_integer(to_lu, true, false, "to lu");
}

static uint64_t call_from_integer(struct width w, uint64_t x, unsigned kind, unsigned rm,
                                  unsigned *flags)
{
    bool d = w.fraction_bits == 52;
    switch (kind) {
    case 0:
        return d ? fpu_w_to_d(x) : fpu_w_to_s(x, rm, flags);
    case 1:
        return d ? fpu_wu_to_d(x) : fpu_wu_to_s(x, rm, flags);
    case 2:
        return d ? fpu_l_to_d(x, rm, flags) : fpu_l_to_s(x, rm, flags);
    default:
        return d ? fpu_lu_to_d(x, rm, flags) : fpu_lu_to_s(x, rm, flags);
    }
}

static void from_integers(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < 8 * cases; i++) {
        struct width w = i & 1 ? twice : single;
        unsigned kind = (unsigned)(i >> 1 & 3);
        uint64_t x = below(3) ? random64() >> below(64)
                              : mask(below(65)) + below(3) - 1 + (UINT64_C(1) << below(64));
        x = below(2) ? 0 - x : x;
        unsigned rm = below(5);
        unsigned flags = 0;
        unsigned want_flags = 0;
        uint64_t result = call_from_integer(w, x, kind, rm, &flags);
        switch (kind) {
        case 0:
            mpfr_set_sj(vr, (int32_t)(uint32_t)x, MPFR_RNDN);
            break;
        case 1:
            mpfr_set_uj(vr, (uint32_t)x, MPFR_RNDN);
            break;
        case 2:
            mpfr_set_sj(vr, (int64_t)x, MPFR_RNDN);
            break;
        default:
            mpfr_set_uj(vr, x, MPFR_RNDN);
            break;
        }
        uint64_t want = mpfr_zero_p(vr) ? 0 : round_value(w, rm, &want_flags);
        expect("from integer", x, kind, 0, rm, 0, result, flags, want, want_flags);
    }
}

static void between_widths(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < 2 * cases; i++) {
        unsigned rm = below(5);
        unsigned flags = 0;
        unsigned want_flags = 0;
        bool narrow = i & 1;
        struct width from = narrow ? twice : single;
        struct width to = narrow ? single : twice;
        uint64_t a = random_operand(from);
        if (narrow && below(2)) { /* about the exponents of a single */
            a = (a & ~infinity(twice)) | (uint64_t)(1023 - 155 + below(300)) << 52;
        }
        uint64_t result = narrow ? fpu_d_to_s(a, rm, &flags) : fpu_s_to_d((uint32_t)a, &flags);
        load(vr, from, a);
        uint64_t want;
        if (is_nan(from, a)) {
            want = quiet_nan(to);
            want_flags = is_signalling(from, a) ? FPU_NV : 0;
        } else if (mpfr_regular_p(vr)) {
            want = round_value(to, rm, &want_flags);
        } else {
            want = (mpfr_signbit(vr) ? sign_bit(to) : 0) | (mpfr_inf_p(vr) ? infinity(to) : 0);
        }
        expect("between widths", a, narrow, 0, rm, 0, result, flags, want, want_flags);
    }
}

/* ---- comparisons ---------------------------------------------------------------------------- */

static uint64_t oracle_select(struct width w, uint64_t a, uint64_t b, bool largest)
{
    if (is_nan(w, a) && is_nan(w, b)) {
        return quiet_nan(w);
    }
    if (is_nan(w, a) || is_nan(w, b)) {
        return is_nan(w, a) ? b : a;
    }
    if (mpfr_zero_p(va) && mpfr_zero_p(vb)) {
        return largest ? a & b : a | b;
    }
    return (mpfr_cmp(va, vb) > 0) == largest ? a : b;
}

static void comparisons(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < 4 * cases; i++) {
        bool d = i & 1;
        struct width w = d ? twice : single;
        uint64_t a = random_operand(w);
        uint64_t b = below(4) ? related_operand(w, a) : below(2) ? a : a ^ sign_bit(w);
        b &= mask(w.fraction_bits + w.exponent_bits + 1);
        uint32_t x = (uint32_t)a;
        uint32_t y = (uint32_t)b;
        bool nan = is_nan(w, a) || is_nan(w, b);
        unsigned quiet = is_signalling(w, a) || is_signalling(w, b) ? FPU_NV : 0;
        unsigned loud = nan ? FPU_NV : 0;
        unsigned f[5] = {0};
        load(va, w, a);
        load(vb, w, b);
        uint64_t eq = d ? fpu_eq_d(a, b, &f[0]) : fpu_eq_s(x, y, &f[0]);
        uint64_t lt = d ? fpu_lt_d(a, b, &f[1]) : fpu_lt_s(x, y, &f[1]);
        uint64_t le = d ? fpu_le_d(a, b, &f[2]) : fpu_le_s(x, y, &f[2]);
        uint64_t min = d ? fpu_min_d(a, b, &f[3]) : fpu_min_s(x, y, &f[3]);
        uint64_t max = d ? fpu_max_d(a, b, &f[4]) : fpu_max_s(x, y, &f[4]);
        expect("eq", a, b, 0, 0, 0, eq, f[0], mpfr_equal_p(va, vb) != 0, quiet);
        expect("lt", a, b, 0, 0, 0, lt, f[1], mpfr_less_p(va, vb) != 0, loud);
        expect("le", a, b, 0, 0, 0, le, f[2], mpfr_lessequal_p(va, vb) != 0, loud);
        expect("min", a, b, 0, 0, 0, min, f[3], oracle_select(w, a, b, false), quiet);
        expect("max", a, b, 0, 0, 0, max, f[4], oracle_select(w, a, b, true), quiet);
    }
}

static void classes(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < cases; i++) {
        bool d = i & 1;
        struct width w = d ? twice : single;
        uint64_t a = random_operand(w);
        unsigned got = d ? fpu_class_d(a) : fpu_class_s((uint32_t)a);
        load(va, w, a);
        bool normal = mpfr_regular_p(va) && mpfr_get_exp(va) >= 2 - (int)mask(w.exponent_bits - 1);
        bool negative = mpfr_signbit(va);
        unsigned want;
        if (mpfr_nan_p(va)) {
            want = is_signalling(w, a) ? 8 : 9;
        } else {
            want = mpfr_inf_p(va) ? 7 : mpfr_zero_p(va) ? 4 : normal ? 6 : 5;
            want = negative ? 7 - want : want;
        }
        assert_int_equal(got, 1u << want);
    }
}

static void boxing_and_signs(void **state)
{
    (void)state;
    assert_int_equal(fpu_unbox(UINT64_C(0xffffffff3f800000)), 0x3f800000);
    assert_int_equal(fpu_unbox(UINT64_C(0xfffffffe3f800000)), FPU_NAN_S);
    assert_int_equal(fpu_unbox(0x3f800000), FPU_NAN_S);
    assert_int_equal(fpu_box(0x80000000), UINT64_C(0xffffffff80000000));
    assert_int_equal(fpu_sgnj_s(0x7f800001, 0x80000000), 0xff800001); /* payload kept */
    assert_int_equal(fpu_sgnjn_d(1, 0), FPU_SIGN_D | 1);
    assert_int_equal(fpu_sgnjx_d(FPU_SIGN_D | 5, FPU_SIGN_D), 5);
}

/* Cases by name, so that a failure says what went wrong. */
static void by_hand(void **state)
{
    (void)state;
    const uint64_t inf = infinity(twice);
    unsigned flags = 0;
    assert_int_equal(fpu_madd_d(inf, 0, FPU_NAN_D, FPU_RNE, &flags), FPU_NAN_D);
    assert_int_equal(flags, FPU_NV);
    flags = 0; /* (1 - 2^-53) * 2^-1022 rounds to the smallest normal number, but is tiny */
    assert_int_equal(fpu_mul_d(0x3fefffffffffffff, 0x0010000000000000, FPU_RNE, &flags),
                     0x0010000000000000);
    assert_int_equal(flags, FPU_UF | FPU_NX);
    flags = 0; /* one half ulp less would round up at any exponent range: not tiny */
    assert_int_equal(
        fpu_madd_d(0x0010000000000000, 0x3ff0000000000000, 0x8000000000000001, FPU_RNE, &flags),
        0x000fffffffffffff);
    assert_int_equal(flags, 0);
    flags = 0;
    assert_int_equal(fpu_d_to_wu(0xbfe0000000000000, FPU_RTZ, &flags), 0); /* -0.5 */
    assert_int_equal(flags, FPU_NX);
    flags = 0;
    assert_int_equal(fpu_d_to_wu(0xbff0000000000000, FPU_RTZ, &flags), 0); /* -1 */
    assert_int_equal(flags, FPU_NV);
    flags = 0;
    assert_int_equal(fpu_d_to_wu(FPU_NAN_D, FPU_RTZ, &flags), UINT64_MAX);
    assert_int_equal(flags, FPU_NV);
    flags = 0;
    assert_int_equal(fpu_div_d(0x3ff0000000000000, FPU_SIGN_D, FPU_RNE, &flags), FPU_SIGN_D | inf);
    assert_int_equal(flags, FPU_DZ);
    flags = 0;
    assert_int_equal(fpu_min_d(0, FPU_SIGN_D, &flags), FPU_SIGN_D);
    assert_int_equal(flags, 0);
}

int main(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : getenv("FLOAT_CASES");
    if (wanted != NULL) {
        cases = strtoul(wanted, NULL, 10);
    }
    oracle_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),        cmocka_unit_test(boxing_and_signs),
        cmocka_unit_test(classes),        cmocka_unit_test(comparisons),
        cmocka_unit_test(to_integers),    cmocka_unit_test(from_integers),
        cmocka_unit_test(add_single),     cmocka_unit_test(sub_single),
        cmocka_unit_test(mul_single),     cmocka_unit_test(div_single),
        cmocka_unit_test(sqrt_single),    cmocka_unit_test(madd_single),
        cmocka_unit_test(add_double),     cmocka_unit_test(sub_double),
        cmocka_unit_test(mul_double),     cmocka_unit_test(div_double),
        cmocka_unit_test(sqrt_double),    cmocka_unit_test(madd_double),
        cmocka_unit_test(between_widths),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mpfr_clears(va, vb, vc, vr, scaled, whole, (mpfr_ptr)0);
    mpfr_free_cache();
    return failed;
}
