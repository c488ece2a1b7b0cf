/* SPDX-License-Identifier: MIT */
/*
 * float_guest.c: a RISC-V program that executes the floating-point instructions it is asked for.
 * Runs under QEMU (or on anything else) as an oracle; see float-qemu.
 */
#include <stdint.h>
#include <unistd.h>

#include "tests/isa/float_record.h"

/* Operands travel as whole registers, the rounding mode is the dynamic one. */
#define RUN(code, output, constraint)                                 \
    __asm__ volatile("fscsr %[fcsr]\n\t" code "\n\tfrcsr %[after]"    \
                     : [out] constraint(output), [after] "=&r"(after) \
                     : [fcsr] "r"(q->fcsr), [a] "f"(a), [b] "f"(b), [c] "f"(c), [x] "r"(q->a))

#define EXECUTE_F_FF(mnemonic) RUN(mnemonic " %[out],%[a],%[b]", f, "=f")
#define EXECUTE_F_F(mnemonic) RUN(mnemonic " %[out],%[a]", f, "=f")
#define EXECUTE_F_FFF(mnemonic) RUN(mnemonic " %[out],%[a],%[b],%[c]", f, "=f")
#define EXECUTE_F_X(mnemonic) RUN(mnemonic " %[out],%[x]", f, "=f")
#define EXECUTE_X_FF(mnemonic)                  \
    RUN(mnemonic " %[out],%[a],%[b]", x, "=r"); \
    integer = 1
#define EXECUTE_X_F(mnemonic)              \
    RUN(mnemonic " %[out],%[a]", x, "=r"); \
    integer = 1

static double from_bits(uint64_t bits)
{
    double value;
    __asm__("fmv.d.x %0, %1" : "=f"(value) : "r"(bits));
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    __asm__("fmv.x.d %0, %1" : "=r"(bits) : "f"(value));
    return bits;
}

static struct float_answer answer(const struct float_question *q)
{
    double a = from_bits(q->a);
    double b = from_bits(q->b);
    double c = from_bits(q->c);
    double f = 0;
    uint64_t x = 0;
    uint64_t after = 0;
    int integer = 0;
    switch (q->op) {
#define FLOAT_OP(name, mnemonic, shape, width) \
    case FLOAT_##name:                         \
        EXECUTE_##shape(mnemonic);             \
        break;
#include "tests/isa/float_ops.def"
    }
    return (struct float_answer){integer ? x : to_bits(f), after};
}

static int transfer_in(void *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(0, (char *)to + done, size - done);
        if (got <= 0) {
            return 0;
        }
        done += (size_t)got;
    }
    return 1;
}

int main(void)
{
    static struct float_question questions[512];
    static struct float_answer answers[512];
    unsigned count = 0;
    int more = 1;
    while (more) {
        more = transfer_in(&questions[count], sizeof questions[count]);
        if (more) {
            answers[count] = answer(&questions[count]);
            count++;
        }
        if (count == 512 || !more) {
            size_t size = count * sizeof answers[0];
            if (write(1, answers, size) != (ssize_t)size) {
                return 1;
            }
            count = 0;
        }
    }
    return 0;
}
