/* SPDX-License-Identifier: MIT */
/*
 * decode.c: the fast decoder.
 *
 * find_row() is written once, over all rows of insn.def, and inlined with different constants for
 * the bits that the surrounding switch already knows.  The compiler drops the rows that those bits
 * exclude, so that each case compares the word with the few rows left.  There is no second list
 * of instructions to keep in step.
 */
#include "emu/isa/insn.h"
#include "emu/isa/format.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Row of a 32-bit word whose bits under `known` are `value` (both constants). */
ALWAYS_INLINE unsigned find_row(uint32_t word, uint32_t known, uint32_t value)
{
#define INSN(name, mnemonic, match, mask, format, extensions, flags) \
    if ((((match) ^ value) & (mask)&known) == 0 &&                   \
        (word & (mask) & ~known) == ((match) & ~known)) {            \
        return OP_##name;                                            \
    }
#include "emu/isa/insn.def"
    return OP_ILLEGAL;
}

/* The same for a 16-bit word; here two rows can match and the format decides. */
ALWAYS_INLINE unsigned find_short_row(uint32_t word, uint32_t known, uint32_t value)
{
#define INSN_C(name, mnemonic, match, mask, format, extensions, base) \
    if ((((match) ^ value) & (mask)&known) == 0 &&                    \
        (word & (mask) & ~known) == ((match) & ~known) &&             \
        insn_format_accepts(FORMAT_##format, word)) {                 \
        return OP_##name;                                             \
    }
#include "emu/isa/insn.def"
    return OP_ILLEGAL;
}

enum {
    KNOW_OPCODE = 0x7f,
    KNOW_FUNCT3 = 0x707f,
    KNOW_FUNCT5 = (int)0xf800007f,
    KNOW_SHORT = 0xe003,
};

/* One major opcode whose rows are told apart by funct3 first. */
#define BY_FUNCT3(opcode)                                          \
    case opcode:                                                   \
        switch (word >> 12 & 7) {                                  \
        case 0:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode));          \
        case 1:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x1000); \
        case 2:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x2000); \
        case 3:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x3000); \
        case 4:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x4000); \
        case 5:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x5000); \
        case 6:                                                    \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x6000); \
        default:                                                   \
            return find_row(word, KNOW_FUNCT3, (opcode) | 0x7000); \
        }

#define FUNCT5(opcode, value) \
    case value:               \
        return find_row(word, (uint32_t)KNOW_FUNCT5, (opcode) | (uint32_t)(value) << 27);

/* One major opcode whose rows are told apart by the top five bits first. */
#define BY_FUNCT5(opcode)                                 \
    case opcode:                                          \
        switch (word >> 27) {                             \
            FUNCT5(opcode, 0)                             \
            FUNCT5(opcode, 1)                             \
            FUNCT5(opcode, 2)                             \
            FUNCT5(opcode, 3)                             \
            FUNCT5(opcode, 4)                             \
            FUNCT5(opcode, 5)                             \
            FUNCT5(opcode, 8)                             \
            FUNCT5(opcode, 11)                            \
            FUNCT5(opcode, 12)                            \
            FUNCT5(opcode, 16)                            \
            FUNCT5(opcode, 20)                            \
            FUNCT5(opcode, 24)                            \
            FUNCT5(opcode, 26)                            \
            FUNCT5(opcode, 28)                            \
            FUNCT5(opcode, 30)                            \
        default:                                          \
            return find_row(word, KNOW_OPCODE, (opcode)); \
        }

#define BY_OPCODE(opcode) \
    case opcode:          \
        return find_row(word, KNOW_OPCODE, opcode);

static unsigned row_of(uint32_t word)
{
    switch (word & 0x7f) {
        BY_FUNCT3(0x03) /* load */
        BY_FUNCT3(0x07) /* float load */
        BY_FUNCT3(0x0f) /* fences */
        BY_FUNCT3(0x13) /* register with immediate */
        BY_OPCODE(0x17) /* auipc */
        BY_FUNCT3(0x1b) /* the same, 32 bits */
        BY_FUNCT3(0x23) /* store */
        BY_FUNCT3(0x27) /* float store */
        BY_FUNCT5(0x2f) /* atomics */
        BY_FUNCT3(0x33) /* register with register */
        BY_OPCODE(0x37) /* lui */
        BY_FUNCT3(0x3b) /* the same, 32 bits */
        BY_OPCODE(0x43) /* fused multiply-add, four signs */
        BY_OPCODE(0x47)
        BY_OPCODE(0x4b)
        BY_OPCODE(0x4f)
        BY_FUNCT5(0x53) /* float arithmetic */
        BY_FUNCT3(0x63) /* branch */
        BY_OPCODE(0x67) /* jalr */
        BY_OPCODE(0x6f) /* jal */
        BY_FUNCT3(0x73) /* system */
    default:
        return OP_ILLEGAL;
    }
}

#define SHORT(quadrant, funct3)      \
    case (funct3) << 2 | (quadrant): \
        return find_short_row(word, KNOW_SHORT, (quadrant) | (funct3) << 13);

#define QUADRANT(quadrant) \
    SHORT(quadrant, 0)     \
    SHORT(quadrant, 1)     \
    SHORT(quadrant, 2)     \
    SHORT(quadrant, 3)     \
    SHORT(quadrant, 4)     \
    SHORT(quadrant, 5)     \
    SHORT(quadrant, 6)     \
    SHORT(quadrant, 7)

static unsigned short_row_of(uint32_t word)
{
    switch ((word >> 13 & 7) << 2 | (word & 3)) {
        QUADRANT(0)
        QUADRANT(1)
        QUADRANT(2)
    default:
        return OP_ILLEGAL;
    }
}

static void take_r(uint32_t word, struct insn *out)
{
    out->rd = format_register(word, 7);
    out->rs1 = format_register(word, 15);
    out->rs2 = format_register(word, 20);
}

static void take_i(uint32_t word, struct insn *out)
{
    out->rd = format_register(word, 7);
    out->rs1 = format_register(word, 15);
    out->imm = format_imm_i(word);
}

static void take_fields(enum insn_format format, uint32_t word, struct insn *out)
{
    switch (format) {
    case FORMAT_U:
        out->rd = format_register(word, 7);
        out->imm = (int32_t)(word & 0xfffff000);
        break;
    case FORMAT_JUMP:
        out->rd = format_register(word, 7);
        out->imm = format_imm_j(word);
        break;
    case FORMAT_BRANCH:
        out->rs1 = format_register(word, 15);
        out->rs2 = format_register(word, 20);
        out->imm = format_imm_b(word);
        break;
    case FORMAT_STORE:
    case FORMAT_FSTORE:
        out->rs1 = format_register(word, 15);
        out->rs2 = format_register(word, 20);
        out->imm = format_imm_s(word);
        break;
    case FORMAT_JALR:
    case FORMAT_LOAD:
    case FORMAT_FLOAD:
    case FORMAT_I:
        take_i(word, out);
        break;
    case FORMAT_SHIFT6:
        take_i(word, out);
        out->imm &= 63;
        break;
    case FORMAT_SHIFT5:
        take_i(word, out);
        out->imm &= 31;
        break;
    case FORMAT_CSR:
    case FORMAT_CSRI:
        take_i(word, out);
        out->imm &= 0xfff;
        break;
    case FORMAT_FENCE:
        out->imm = (int32_t)format_bits(word, 31, 20);
        break;
    case FORMAT_AMO:
    case FORMAT_LR:
        take_r(word, out);
        out->order = (uint8_t)format_bits(word, 26, 25);
        break;
    case FORMAT_SFENCE:
        out->rs1 = format_register(word, 15);
        out->rs2 = format_register(word, 20);
        break;
    case FORMAT_CBO:
        out->rs1 = format_register(word, 15);
        break;
    case FORMAT_FFFF_RM:
        out->rs3 = format_register(word, 27);
        take_r(word, out);
        out->rm = (uint8_t)format_bits(word, 14, 12);
        break;
    case FORMAT_FFF_RM:
        take_r(word, out);
        out->rm = (uint8_t)format_bits(word, 14, 12);
        break;
    case FORMAT_R:
    case FORMAT_FFF:
    case FORMAT_XFF:
        take_r(word, out);
        break;
    case FORMAT_FF_RM:
    case FORMAT_XF_RM:
    case FORMAT_FX_RM:
        out->rm = (uint8_t)format_bits(word, 14, 12);
        /* fall through */
    case FORMAT_R1:
    case FORMAT_XF:
    case FORMAT_FX:
        out->rd = format_register(word, 7);
        out->rs1 = format_register(word, 15);
        break;
    default:
        break;
    }
}

static void take_short_memory(enum insn_format format, uint32_t word, struct insn *out)
{
    uint32_t offset = format == FORMAT_C_LOAD_W || format == FORMAT_C_STORE_W
                          ? format_offset_w(word)
                          : format_offset_d(word);
    bool load =
        format == FORMAT_C_LOAD_W || format == FORMAT_C_LOAD_D || format == FORMAT_C_FLOAD_D;
    out->imm = (int32_t)offset;
    out->rs1 = format_short_register(word, 7);
    *(load ? &out->rd : &out->rs2) = format_short_register(word, 2);
}

/* Stack-relative loads and stores. */
static void take_short_stack(enum insn_format format, uint32_t word, struct insn *out)
{
    uint32_t imm;
    out->rs1 = 2;
    switch (format) {
    case FORMAT_C_LWSP:
        imm = format_bits(word, 12, 12) << 5 | format_bits(word, 6, 4) << 2 |
              format_bits(word, 3, 2) << 6;
        break;
    case FORMAT_C_LDSP:
    case FORMAT_C_FLDSP:
        imm = format_bits(word, 12, 12) << 5 | format_bits(word, 6, 5) << 3 |
              format_bits(word, 4, 2) << 6;
        break;
    case FORMAT_C_SWSP:
        imm = format_bits(word, 12, 9) << 2 | format_bits(word, 8, 7) << 6;
        break;
    default:
        imm = format_bits(word, 12, 10) << 3 | format_bits(word, 9, 7) << 6;
        break;
    }
    out->imm = (int32_t)imm;
    if (format == FORMAT_C_SWSP || format == FORMAT_C_SDSP || format == FORMAT_C_FSDSP) {
        out->rs2 = format_register(word, 2);
    } else {
        out->rd = format_register(word, 7);
    }
}

static void take_short_fields(enum insn_format format, uint32_t word, struct insn *out)
{
    switch (format) {
    case FORMAT_C_ADDI4SPN:
        out->rd = format_short_register(word, 2);
        out->rs1 = 2;
        out->imm = (int32_t)format_imm_4spn(word);
        break;
    case FORMAT_C_LOAD_W:
    case FORMAT_C_LOAD_D:
    case FORMAT_C_FLOAD_D:
    case FORMAT_C_STORE_W:
    case FORMAT_C_STORE_D:
    case FORMAT_C_FSTORE_D:
        take_short_memory(format, word, out);
        break;
    case FORMAT_C_NOP:
    case FORMAT_C_ADDI:
    case FORMAT_C_ADDIW:
        out->rd = out->rs1 = format_register(word, 7);
        out->imm = format_imm_c(word);
        break;
    case FORMAT_C_LI:
        out->rd = format_register(word, 7);
        out->imm = format_imm_c(word);
        break;
    case FORMAT_C_ADDI16SP:
        out->rd = out->rs1 = 2;
        out->imm = format_imm_16sp(word);
        break;
    case FORMAT_C_LUI:
        out->rd = format_register(word, 7);
        out->imm = (int32_t)((uint32_t)format_imm_c(word) << 12);
        break;
    case FORMAT_C_SHIFT:
        out->rd = out->rs1 = format_short_register(word, 7);
        out->imm = (int32_t)format_shift_c(word);
        break;
    case FORMAT_C_ANDI:
        out->rd = out->rs1 = format_short_register(word, 7);
        out->imm = format_imm_c(word);
        break;
    case FORMAT_C_ALU:
        out->rd = out->rs1 = format_short_register(word, 7);
        out->rs2 = format_short_register(word, 2);
        break;
    case FORMAT_C_JUMP:
        out->imm = format_imm_cj(word);
        break;
    case FORMAT_C_BRANCH:
        out->rs1 = format_short_register(word, 7);
        out->imm = format_imm_cb(word);
        break;
    case FORMAT_C_SLLI:
        out->rd = out->rs1 = format_register(word, 7);
        out->imm = (int32_t)format_shift_c(word);
        break;
    case FORMAT_C_LWSP:
    case FORMAT_C_LDSP:
    case FORMAT_C_FLDSP:
    case FORMAT_C_SWSP:
    case FORMAT_C_SDSP:
    case FORMAT_C_FSDSP:
        take_short_stack(format, word, out);
        break;
    case FORMAT_C_JALR:
        out->rd = 1;
        /* fall through */
    case FORMAT_C_JR:
        out->rs1 = format_register(word, 7);
        break;
    case FORMAT_C_ADD:
        out->rs1 = format_register(word, 7);
        /* fall through */
    case FORMAT_C_MV:
        out->rd = format_register(word, 7);
        out->rs2 = format_register(word, 2);
        break;
    default:
        break;
    }
}

void insn_decode(uint32_t word, uint32_t extensions, struct insn *out)
{
    *out = (struct insn){.len = (uint8_t)insn_length(word)};
    bool compressed = out->len == 2;
    unsigned row = compressed ? short_row_of(word & 0xffff) : row_of(word);
    const struct insn_info *info = &insn_table[row];
    enum insn_format format = (enum insn_format)info->format;
    if (row == OP_ILLEGAL || (info->extensions & ~extensions) != 0 ||
        (!compressed && !insn_format_accepts(format, word))) {
        return;
    }
    out->op = info->base;
    out->row = (uint16_t)row;
    if (compressed) {
        take_short_fields(format, word & 0xffff, out);
    } else {
        take_fields(format, word, out);
    }
}
