/* SPDX-License-Identifier: MIT */
/*
 * float_words.c: asks float_guest.c for random floating-point instructions and compares what it
 * answers with fpu.h.
 *
 * usage: float_words ask CASES > questions
 *        float_words compare questions answers
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/fpu.h"
#include "tests/isa/float_operands.h"
#include "tests/isa/float_record.h"

struct op {
    const char *mnemonic;
    const char *shape;
    char width;
};

static const struct op ops[] = {
#define FLOAT_OP(name, mnemonic, shape, width) {mnemonic, #shape, #width[0]},
#include "tests/isa/float_ops.def"
};

/* A register that holds a value of the width; sometimes a single that is not boxed. */
static uint64_t as_register(char width, uint64_t bits)
{
    if (width == 'd') {
        return bits;
    }
    return below(50) == 0 ? random64() << 32 | (uint32_t)bits : fpu_box((uint32_t)bits);
}

static int ask(unsigned long cases)
{
    for (unsigned long i = 0; i < cases * FLOAT_OPS; i++) {
        struct float_question q = {.op = (uint32_t)(i % FLOAT_OPS)};
        const struct op *op = &ops[q.op];
        struct width w = op->width == 'd' ? twice : single;
        uint64_t a = random_operand(w);
        uint64_t b = related_operand(w, a);
        uint64_t c = below(2) ? random_operand(w) : related_operand(w, b);
        q.fcsr = below(5) << 5 | (below(2) ? 0 : below(32));
        q.a = op->shape[2] == 'X' ? random64() >> below(64) : as_register(op->width, a);
        q.b = as_register(op->width, b);
        q.c = as_register(op->width, c);
        if (fwrite(&q, sizeof q, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}

/* Our answers, by the name of the row. */
#define S(n) fpu_unbox(q->n)
#define D(n) (q->n)
#define BOX(value) fpu_box((uint32_t)(value))
#define ARITH(name)                                        \
    case FLOAT_f##name##_s:                                \
        return BOX(fpu_##name##_s(S(a), S(b), rm, flags)); \
    case FLOAT_f##name##_d:                                \
        return fpu_##name##_d(D(a), D(b), rm, flags);
#define FUSED(name)                                              \
    case FLOAT_f##name##_s:                                      \
        return BOX(fpu_##name##_s(S(a), S(b), S(c), rm, flags)); \
    case FLOAT_f##name##_d:                                      \
        return fpu_##name##_d(D(a), D(b), D(c), rm, flags);
#define SIGN(name)                              \
    case FLOAT_f##name##_s:                     \
        return BOX(fpu_##name##_s(S(a), S(b))); \
    case FLOAT_f##name##_d:                     \
        return fpu_##name##_d(D(a), D(b));
#define PICK(name)                                     \
    case FLOAT_f##name##_s:                            \
        return BOX(fpu_##name##_s(S(a), S(b), flags)); \
    case FLOAT_f##name##_d:                            \
        return fpu_##name##_d(D(a), D(b), flags);
#define COMPARE(name)                             \
    case FLOAT_f##name##_s:                       \
        return fpu_##name##_s(S(a), S(b), flags); \
    case FLOAT_f##name##_d:                       \
        return fpu_##name##_d(D(a), D(b), flags);
#define CONVERT(type)                            \
    case FLOAT_fcvt_##type##_s:                  \
        return fpu_s_to_##type(S(a), rm, flags); \
    case FLOAT_fcvt_##type##_d:                  \
        return fpu_d_to_##type(D(a), rm, flags); \
    case FLOAT_fcvt_s_##type:                    \
        return BOX(fpu_##type##_to_s(q->a, rm, flags));

static uint64_t compute(const struct float_question *q, unsigned *flags)
{
    unsigned rm = q->fcsr >> 5;
    switch ((enum float_op)q->op) {
        ARITH(add)
        ARITH(sub)
        ARITH(mul)
        ARITH(div)
        FUSED(madd)
        FUSED(msub)
        FUSED(nmsub)
        FUSED(nmadd)
        SIGN(sgnj)
        SIGN(sgnjn)
        SIGN(sgnjx)
        PICK(min)
        PICK(max)
        COMPARE(eq)
        COMPARE(lt)
        COMPARE(le)
        CONVERT(w)
        CONVERT(wu)
        CONVERT(l)
        CONVERT(lu)
    case FLOAT_fsqrt_s:
        return BOX(fpu_sqrt_s(S(a), rm, flags));
    case FLOAT_fsqrt_d:
        return fpu_sqrt_d(D(a), rm, flags);
    case FLOAT_fclass_s:
        return fpu_class_s(S(a));
    case FLOAT_fclass_d:
        return fpu_class_d(D(a));
    case FLOAT_fcvt_d_w:
        return fpu_w_to_d(q->a);
    case FLOAT_fcvt_d_wu:
        return fpu_wu_to_d(q->a);
    case FLOAT_fcvt_d_l:
        return fpu_l_to_d(q->a, rm, flags);
    case FLOAT_fcvt_d_lu:
        return fpu_lu_to_d(q->a, rm, flags);
    case FLOAT_fcvt_s_d:
        return BOX(fpu_d_to_s(D(a), rm, flags));
    case FLOAT_fcvt_d_s:
        return fpu_s_to_d(S(a), flags);
    case FLOAT_OPS:
        break;
    }
    return 0;
}

static int compare(FILE *questions, FILE *answers)
{
    struct float_question q;
    struct float_answer want;
    unsigned long count = 0;
    unsigned long bad = 0;
    while (fread(&q, sizeof q, 1, questions) == 1) {
        if (fread(&want, sizeof want, 1, answers) != 1) {
            printf("the guest answered only %lu questions\n", count);
            return 1;
        }
        unsigned flags = q.fcsr & 31;
        uint64_t result = compute(&q, &flags);
        flags |= q.fcsr & ~31u;
        if ((result != want.result || flags != want.fcsr) && bad++ < 20) {
            printf("%s fcsr %02x, %016" PRIx64 " %016" PRIx64 " %016" PRIx64 ": ours %016" PRIx64
                   " fcsr %02x, theirs %016" PRIx64 " fcsr %02x\n",
                   ops[q.op].mnemonic, q.fcsr, q.a, q.b, q.c, result, flags, want.result,
                   (unsigned)want.fcsr);
        }
        count++;
    }
    printf("%lu instructions, %lu differences\n", count, bad);
    return bad != 0 || count == 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "ask") == 0) {
        return ask(strtoul(argv[2], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "compare") == 0) {
        FILE *questions = fopen(argv[2], "rb");
        FILE *answers = fopen(argv[3], "rb");
        int status = 2;
        if (questions != NULL && answers != NULL) {
            status = compare(questions, answers);
        }
        if (questions != NULL) {
            fclose(questions);
        }
        if (answers != NULL) {
            fclose(answers);
        }
        return status;
    }
    fprintf(stderr, "usage: float_words ask CASES | compare QUESTIONS ANSWERS\n");
    return 2;
}
