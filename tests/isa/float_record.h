/* SPDX-License-Identifier: MIT */
/*
 * float_record.h: what float_words.c asks and float_guest.c answers, as raw structs on a pipe (both
 * are little-endian).
 */
#ifndef FAULTLINE_TESTS_ISA_FLOAT_RECORD_H
#define FAULTLINE_TESTS_ISA_FLOAT_RECORD_H

#include <stdint.h>

struct float_question {
    uint32_t op;      /* index into float_ops.def */
    uint32_t fcsr;    /* rounding mode and flags before */
    uint64_t a, b, c; /* whole registers: singles boxed, or wrongly boxed on purpose */
};

struct float_answer {
    uint64_t result; /* the whole register */
    uint64_t fcsr;
};

enum float_op {
#define FLOAT_OP(name, mnemonic, shape, width) FLOAT_##name,
#include "tests/isa/float_ops.def"
    FLOAT_OPS
};

#endif
