/* SPDX-License-Identifier: MIT */
/* x86_encode.h - inside the encoder only: the shapes that instructions of x86.h share. */
#ifndef FAULTLINE_JIT_X86_ENCODE_H
#define FAULTLINE_JIT_X86_ENCODE_H

#include "emu/jit/x86.h"

enum { X86_LONGEST = 16 }; /* bytes of the longest instruction written here */

/* An instruction under construction. */
struct code {
    uint8_t byte[X86_LONGEST];
    size_t n;
};

/* Opcode maps of VEX prefixes. */
enum x86_map { X86_MAP_0F38 = 2, X86_MAP_0F3A = 3 };

void x86_put(struct x86 *x, const uint8_t *bytes, size_t n);
/* [prefix] REX [0f] opcode ModRM with two registers.  `prefix` and `escape` may be 0. */
void x86_op_reg(struct x86 *x, unsigned prefix, bool w, bool escape, unsigned opcode, unsigned reg,
                unsigned rm, bool byte_reg);
/* ... with a memory operand. */
void x86_op_mem(struct x86 *x, unsigned prefix, bool w, bool escape, unsigned opcode, unsigned reg,
                struct x86_mem m, bool byte_reg);
/* VEX opcode ModRM with three registers.  pp: 1 = 66, 2 = f3, 3 = f2. */
void x86_op_vex(struct x86 *x, enum x86_map map, unsigned pp, bool w, unsigned opcode, unsigned reg,
                unsigned vvvv, unsigned rm);
void x86_imm(struct x86 *x, int32_t value, size_t bytes);

#endif
