/* SPDX-License-Identifier: MIT */
/*
 * x86.h - writes x86-64 instructions into a buffer.
 *
 * One function per shape of instruction, named after what it does; sources: Intel's Software
 * Developer's Manual, volume 2 (encoding: 2.1 and 2.2.1).  Only what the translator uses is here.
 *
 * A struct x86 never writes behind its end: when room runs out `full` is set, later instructions
 * are dropped, and the translator throws the block away.  Nothing here knows of guests.
 */
#ifndef FAULTLINE_JIT_X86_H
#define FAULTLINE_JIT_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_reg {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    X86_NONE = 0xff
};

/* Values are those of the /digit or opcode row of each group. */
enum x86_alu {
    X86_ADD = 0,
    X86_OR = 1,
    X86_ADC = 2,
    X86_SBB = 3,
    X86_AND = 4,
    X86_SUB = 5,
    X86_XOR = 6,
    X86_CMP = 7
};
enum x86_shift { X86_ROL = 0, X86_ROR = 1, X86_SHL = 4, X86_SHR = 5, X86_SAR = 7 };
enum x86_unary { X86_NOT = 2, X86_NEG = 3, X86_MUL = 4, X86_IMUL = 5, X86_DIV = 6, X86_IDIV = 7 };
enum x86_cond {
    X86_O = 0,
    X86_NO = 1,
    X86_B = 2,
    X86_AE = 3,
    X86_E = 4,
    X86_NE = 5,
    X86_BE = 6,
    X86_A = 7,
    X86_S = 8,
    X86_NS = 9,
    X86_P = 10,
    X86_NP = 11,
    X86_L = 12,
    X86_GE = 13,
    X86_LE = 14,
    X86_G = 15
};
/* Widths of memory accesses and register operations, in bytes. */
enum x86_width { X86_1 = 1, X86_2 = 2, X86_4 = 4, X86_8 = 8 };

/* A memory operand: base + index * scale + displacement; index may be X86_NONE. */
struct x86_mem {
    uint8_t base, index, scale; /* scale 1, 2, 4, 8 */
    int32_t disp;
};

struct x86 {
    uint8_t *start, *next, *end; /* in the writable view */
    const uint8_t *run_start;    /* where `start` will be executed */
    bool full;
};

static inline struct x86_mem x86_at(enum x86_reg base, int64_t disp)
{
    return (struct x86_mem){(uint8_t)base, X86_NONE, 1, (int32_t)disp};
}

static inline struct x86_mem x86_index(enum x86_reg base, enum x86_reg index, unsigned scale,
                                       int32_t disp)
{
    return (struct x86_mem){(uint8_t)base, (uint8_t)index, (uint8_t)scale, disp};
}

/* Where the next instruction will be executed. */
const uint8_t *x86_here(const struct x86 *x);

/* Moves. */
void x86_mov(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from); /* 4 or 8 */
void x86_mov_imm(struct x86 *x, enum x86_reg to, uint64_t value); /* shortest form */
void x86_load(struct x86 *x, enum x86_width w, bool sign, enum x86_reg to,
              struct x86_mem m); /* extended to 64 */
void x86_store(struct x86 *x, enum x86_width w, struct x86_mem m, enum x86_reg from);
/* Rounding mode and exception bits of SSE. */
void x86_load_mxcsr(struct x86 *x, struct x86_mem m);
void x86_store_mxcsr(struct x86 *x, struct x86_mem m);
void x86_store_imm(struct x86 *x, enum x86_width w, struct x86_mem m,
                   int32_t value); /* sign-extended */
void x86_lea(struct x86 *x, enum x86_width w, enum x86_reg to, struct x86_mem m);
/* Sign- or zero-extends the low w bytes of `from` to 64 bits. */
void x86_extend(struct x86 *x, enum x86_width w, bool sign, enum x86_reg to, enum x86_reg from);

/* Arithmetic; w is 4 or 8 (a 4-byte operation clears the upper half). */
void x86_alu(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to, enum x86_reg from);
void x86_alu_imm(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to, int32_t value);
void x86_alu_load(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to,
                  struct x86_mem m);
void x86_alu_store(struct x86 *x, enum x86_alu op, enum x86_width w, struct x86_mem m,
                   enum x86_reg from);
void x86_alu_store_imm(struct x86 *x, enum x86_alu op, enum x86_width w, struct x86_mem m,
                       int32_t value);
void x86_test(struct x86 *x, enum x86_width w, enum x86_reg a, enum x86_reg b);
void x86_shift_imm(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg r,
                   unsigned count);
void x86_shift_cl(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg r);
/* BMI2 shlx, shrx, sarx: `op` is X86_SHL, X86_SHR or X86_SAR; the count is taken modulo the width.
 */
void x86_shift_bmi2(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg to,
                    enum x86_reg from, enum x86_reg count);
/* BMI2: to = from rotated right. */
void x86_rorx(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from, unsigned count);
void x86_unary(struct x86 *x, enum x86_unary op, enum x86_width w, enum x86_reg r);
void x86_imul(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from);
void x86_sign_to_rdx(struct x86 *x, enum x86_width w);           /* cdq, cqo */
void x86_setcc(struct x86 *x, enum x86_cond c, enum x86_reg to); /* low byte only */
void x86_cmov(struct x86 *x, enum x86_cond c, enum x86_width w, enum x86_reg to, enum x86_reg from);
void x86_bswap(struct x86 *x, enum x86_width w, enum x86_reg r);
/* 0xf3-prefixed bit counts: lzcnt, tzcnt, popcnt (feature-tested by the caller). */
void x86_lzcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from);
void x86_tzcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from);
void x86_popcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from);
/* bt, bts, btr, btc with a register bit number (taken modulo the width): op is 4, 5, 6, 7. */
enum x86_bit { X86_BT = 4, X86_BTS = 5, X86_BTR = 6, X86_BTC = 7 };
void x86_bit(struct x86 *x, enum x86_bit op, enum x86_width w, enum x86_reg r, enum x86_reg number);
void x86_bit_imm(struct x86 *x, enum x86_bit op, enum x86_width w, enum x86_reg r, unsigned number);

/* Control.  A jump returns the address of its 32-bit displacement, for x86_patch(). */
uint8_t *x86_jump(struct x86 *x);
uint8_t *x86_jump_if(struct x86 *x, enum x86_cond c);
void x86_patch(const struct x86 *x, uint8_t *displacement,
               const uint8_t *target); /* target in the run view */
void x86_patch_here(struct x86 *x, uint8_t *displacement);
void x86_jump_to(struct x86 *x, const uint8_t *target);
void x86_jump_reg(struct x86 *x, enum x86_reg r);
void x86_jump_mem(struct x86 *x, struct x86_mem m);
void x86_call(struct x86 *x, const void *target, enum x86_reg scratch); /* any address */
void x86_call_near(struct x86 *x, const uint8_t *target);               /* in the run view */
/* Bytes that are not executed. */
void x86_data(struct x86 *x, const void *bytes, size_t length);
void x86_call_mem(struct x86 *x, struct x86_mem m);
void x86_push(struct x86 *x, enum x86_reg r);
void x86_pop(struct x86 *x, enum x86_reg r);
void x86_return(struct x86 *x);

/* SSE2 scalar floating point; `d` chooses double, else single.  Registers are xmm0..xmm15. */
enum x86_sse {
    X86_SQRT = 0x51,
    X86_FMIN = 0x5d,
    X86_FMAX = 0x5f,
    X86_FADD = 0x58,
    X86_FMUL = 0x59,
    X86_FSUB = 0x5c,
    X86_FDIV = 0x5e
};
void x86_sse(struct x86 *x, enum x86_sse op, bool d, unsigned to, unsigned from);
void x86_sse_load(struct x86 *x, enum x86_sse op, bool d, unsigned to, struct x86_mem m);
/* Bitwise, all 128 bits; memory operands lie on 16 bytes. */
enum x86_sse_logic {
    X86_PAND = 0x54,
    X86_PANDN = 0x55, /* ~to & from */
    X86_POR = 0x56,
    X86_PXOR = 0x57
};
void x86_sse_logic(struct x86 *x, enum x86_sse_logic op, unsigned to, unsigned from);
void x86_sse_logic_load(struct x86 *x, enum x86_sse_logic op, unsigned to, struct x86_mem m);
void x86_ucomi(struct x86 *x, bool d, unsigned a, unsigned b);
void x86_comi(struct x86 *x, bool d, unsigned a, unsigned b);
void x86_float_load(struct x86 *x, bool d, unsigned to, struct x86_mem m);
void x86_float_store(struct x86 *x, bool d, struct x86_mem m, unsigned from);
void x86_float_mov(struct x86 *x, unsigned to, unsigned from);          /* all 128 bits */
void x86_float_zero(struct x86 *x, unsigned to);                        /* all 128 bits */
void x86_float_store16(struct x86 *x, struct x86_mem m, unsigned from); /* aligned */
void x86_float_to_reg(struct x86 *x, enum x86_width w, enum x86_reg to,
                      unsigned from); /* raw bits */
void x86_reg_to_float(struct x86 *x, enum x86_width w, unsigned to, enum x86_reg from);
void x86_cvt_int_to_float(struct x86 *x, bool d, enum x86_width w, unsigned to, enum x86_reg from);
/* cvtsd2si and its kin; `truncate`: towards zero, else by MXCSR. */
void x86_cvt_float_to_int(struct x86 *x, bool d, bool truncate, enum x86_width w, enum x86_reg to,
                          unsigned from);
void x86_cvt_float_to_float(struct x86 *x, bool from_d, unsigned to, unsigned from);
/* SSE4.1: rounds to an integer.  how: as MXCSR's mode or X86_ROUND_MXCSR, and X86_ROUND_QUIET: not
 * inexact. */
enum { X86_ROUND_MXCSR = 4, X86_ROUND_QUIET = 8 };
void x86_round(struct x86 *x, bool d, unsigned how, unsigned to, unsigned from);
/* FMA3 in form 231: to = +-(a * b) +- to, rounded once; op is the opcode of that form. */
enum x86_fma { X86_FMADD = 0xb9, X86_FMSUB = 0xbb, X86_FNMADD = 0xbd, X86_FNMSUB = 0xbf };
void x86_fma231(struct x86 *x, enum x86_fma op, bool d, unsigned to, unsigned a, unsigned b);

#endif
