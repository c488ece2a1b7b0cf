/* SPDX-License-Identifier: MIT */
/*
 * format.h: where the operands of each format stand in a word, as shifts and masks; for the fast
 * decoder.  The slow decoder has the same knowledge in another notation (slow.c), and a test
 * holds the two against each other.
 */
#ifndef FAULTLINE_EMU_ISA_FORMAT_H
#define FAULTLINE_EMU_ISA_FORMAT_H

#include "emu/isa/insn.h"

/* Bits hi..lo of the word, moved down to bit 0. */
static inline uint32_t format_bits(uint32_t word, unsigned hi, unsigned lo)
{
    return word >> lo & ((2u << (hi - lo)) - 1);
}

/* The low `width` bits of value as a signed number. */
static inline int32_t format_signed(uint32_t value, unsigned width)
{
    return (int32_t)(value << (32 - width)) >> (32 - width);
}

static inline uint8_t format_register(uint32_t word, unsigned lo)
{
    return (uint8_t)format_bits(word, lo + 4, lo);
}

/* The three-bit register fields of C name x8..x15. */
static inline uint8_t format_short_register(uint32_t word, unsigned lo)
{
    return (uint8_t)(8 + format_bits(word, lo + 2, lo));
}

/* Immediates of 32-bit formats. */
static inline int32_t format_imm_i(uint32_t word)
{
    return (int32_t)word >> 20;
}

static inline int32_t format_imm_s(uint32_t word)
{
    return (int32_t)((uint32_t)((int32_t)word >> 20 & ~31) | format_bits(word, 11, 7));
}

static inline int32_t format_imm_b(uint32_t word)
{
    return (int32_t)((uint32_t)((int32_t)word >> 31 & ~0xfff) | format_bits(word, 7, 7) << 11 |
                     format_bits(word, 30, 25) << 5 | format_bits(word, 11, 8) << 1);
}

static inline int32_t format_imm_j(uint32_t word)
{
    return (int32_t)((uint32_t)((int32_t)word >> 31 & ~0xfffff) | (word & 0xff000) |
                     format_bits(word, 20, 20) << 11 | format_bits(word, 30, 21) << 1);
}

/* Immediates of 16-bit formats. */
static inline int32_t format_imm_c(uint32_t word)
{
    return format_signed(format_bits(word, 12, 12) << 5 | format_bits(word, 6, 2), 6);
}

static inline uint32_t format_shift_c(uint32_t word)
{
    return format_bits(word, 12, 12) << 5 | format_bits(word, 6, 2);
}

static inline uint32_t format_offset_w(uint32_t word)
{
    return format_bits(word, 12, 10) << 3 | format_bits(word, 6, 6) << 2 |
           format_bits(word, 5, 5) << 6;
}

static inline uint32_t format_offset_d(uint32_t word)
{
    return format_bits(word, 12, 10) << 3 | format_bits(word, 6, 5) << 6;
}

static inline int32_t format_imm_cj(uint32_t word)
{
    return format_signed(format_bits(word, 12, 12) << 11 | format_bits(word, 11, 11) << 4 |
                             format_bits(word, 10, 9) << 8 | format_bits(word, 8, 8) << 10 |
                             format_bits(word, 7, 7) << 6 | format_bits(word, 6, 6) << 7 |
                             format_bits(word, 5, 3) << 1 | format_bits(word, 2, 2) << 5,
                         12);
}

static inline int32_t format_imm_cb(uint32_t word)
{
    return format_signed(format_bits(word, 12, 12) << 8 | format_bits(word, 11, 10) << 3 |
                             format_bits(word, 6, 5) << 6 | format_bits(word, 4, 3) << 1 |
                             format_bits(word, 2, 2) << 5,
                         9);
}

static inline uint32_t format_imm_4spn(uint32_t word)
{
    return format_bits(word, 12, 11) << 4 | format_bits(word, 10, 7) << 6 |
           format_bits(word, 6, 6) << 2 | format_bits(word, 5, 5) << 3;
}

static inline int32_t format_imm_16sp(uint32_t word)
{
    return format_signed(format_bits(word, 12, 12) << 9 | format_bits(word, 6, 6) << 4 |
                             format_bits(word, 5, 5) << 6 | format_bits(word, 4, 3) << 7 |
                             format_bits(word, 2, 2) << 5,
                         10);
}

/* The reserved static rounding modes. */
static inline bool format_rounds(uint32_t word)
{
    unsigned rm = format_bits(word, 14, 12);
    return rm != 5 && rm != 6;
}

/* Whether the fields of a word that matches a row's mask are ones that the row may have. */
static inline bool insn_format_accepts(enum insn_format format, uint32_t word)
{
    switch (format) {
    case FORMAT_FFFF_RM:
    case FORMAT_FFF_RM:
    case FORMAT_FF_RM:
    case FORMAT_XF_RM:
    case FORMAT_FX_RM:
        return format_rounds(word);
    case FORMAT_C_ADDI4SPN:
        return format_imm_4spn(word) != 0;
    case FORMAT_C_ADDI:
    case FORMAT_C_ADDIW:
    case FORMAT_C_LWSP:
    case FORMAT_C_LDSP:
    case FORMAT_C_JR:
    case FORMAT_C_JALR:
        return format_register(word, 7) != 0;
    case FORMAT_C_ADDI16SP:
        return format_imm_16sp(word) != 0;
    case FORMAT_C_LUI:
        return format_register(word, 7) != 2 && format_imm_c(word) != 0;
    case FORMAT_C_MV:
    case FORMAT_C_ADD:
        return format_register(word, 2) != 0;
    default:
        return true;
    }
}

#endif
