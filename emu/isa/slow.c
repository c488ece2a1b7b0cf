/* SPDX-License-Identifier: MIT */
/*
 * slow.c: the reference decoder: searches the table and reads the operands by the notation of the
 * manual.  Independent of format.h on purpose.
 */
#include "emu/isa/insn.h"

#include <stdlib.h>

/*
 * Fields of a format, separated by spaces:
 *   d7 s15 t20 r27   rd, rs1, rs2, rs3: five bits from that bit of the word up
 *   D7 S7 T2         the same, three bits that name x8..x15
 *   d=2              a fixed register
 *   m12              rounding mode     o25   aq and rl
 *   u12:5|4:2        immediate: bits of the word from 12 down are bits 5, 4, 3, 2 of the immediate
 *                    (as in the tables of the manual); several fields add up
 *   i...             the same, and the highest bit named is the sign
 *   !d !t !i         that must not be 0      !d2  rd must not be 2
 *   !m               rm must not be 5 or 6
 */
static const char *const fields[] = {
    [FORMAT_NONE] = "",
    [FORMAT_U] = "d7 i31:31:12",
    [FORMAT_JUMP] = "d7 i31:20|10:1|11|19:12",
    [FORMAT_JALR] = "d7 s15 i31:11:0",
    [FORMAT_BRANCH] = "s15 t20 i31:12|10:5 u11:4:1|11",
    [FORMAT_LOAD] = "d7 s15 i31:11:0",
    [FORMAT_STORE] = "s15 t20 i31:11:5 u11:4:0",
    [FORMAT_I] = "d7 s15 i31:11:0",
    [FORMAT_SHIFT6] = "d7 s15 u25:5:0",
    [FORMAT_SHIFT5] = "d7 s15 u24:4:0",
    [FORMAT_R] = "d7 s15 t20",
    [FORMAT_R1] = "d7 s15",
    [FORMAT_FENCE] = "u31:11:0",
    [FORMAT_FENCE_I] = "",
    [FORMAT_CSR] = "d7 s15 u31:11:0",
    [FORMAT_CSRI] = "d7 s15 u31:11:0",
    [FORMAT_LR] = "d7 s15 o25",
    [FORMAT_AMO] = "d7 s15 t20 o25",
    [FORMAT_SFENCE] = "s15 t20",
    [FORMAT_CBO] = "s15",
    [FORMAT_FLOAD] = "d7 s15 i31:11:0",
    [FORMAT_FSTORE] = "s15 t20 i31:11:5 u11:4:0",
    [FORMAT_FFFF_RM] = "d7 s15 t20 r27 m12 !m",
    [FORMAT_FFF_RM] = "d7 s15 t20 m12 !m",
    [FORMAT_FFF] = "d7 s15 t20",
    [FORMAT_FF_RM] = "d7 s15 m12 !m",
    [FORMAT_XF_RM] = "d7 s15 m12 !m",
    [FORMAT_FX_RM] = "d7 s15 m12 !m",
    [FORMAT_XFF] = "d7 s15 t20",
    [FORMAT_XF] = "d7 s15",
    [FORMAT_FX] = "d7 s15",
    [FORMAT_C_ADDI4SPN] = "D2 s=2 u12:5:4|9:6|2|3 !i",
    [FORMAT_C_LOAD_W] = "D2 S7 u12:5:3 u6:2|6",
    [FORMAT_C_LOAD_D] = "D2 S7 u12:5:3 u6:7:6",
    [FORMAT_C_FLOAD_D] = "D2 S7 u12:5:3 u6:7:6",
    [FORMAT_C_STORE_W] = "T2 S7 u12:5:3 u6:2|6",
    [FORMAT_C_STORE_D] = "T2 S7 u12:5:3 u6:7:6",
    [FORMAT_C_FSTORE_D] = "T2 S7 u12:5:3 u6:7:6",
    [FORMAT_C_NOP] = "i12:5 u6:4:0",
    [FORMAT_C_ADDI] = "d7 s7 i12:5 u6:4:0 !d",
    [FORMAT_C_ADDIW] = "d7 s7 i12:5 u6:4:0 !d",
    [FORMAT_C_LI] = "d7 i12:5 u6:4:0",
    [FORMAT_C_ADDI16SP] = "d=2 s=2 i12:9 u6:4|6|8:7|5 !i",
    [FORMAT_C_LUI] = "d7 i12:17 u6:16:12 !i !d2",
    [FORMAT_C_SHIFT] = "D7 S7 u12:5 u6:4:0",
    [FORMAT_C_ANDI] = "D7 S7 i12:5 u6:4:0",
    [FORMAT_C_ALU] = "D7 S7 T2",
    [FORMAT_C_JUMP] = "i12:11|4|9:8|10|6|7|3:1|5",
    [FORMAT_C_BRANCH] = "S7 i12:8|4:3 u6:7:6|2:1|5",
    [FORMAT_C_SLLI] = "d7 s7 u12:5 u6:4:0",
    [FORMAT_C_LWSP] = "d7 s=2 u12:5 u6:4:2|7:6 !d",
    [FORMAT_C_LDSP] = "d7 s=2 u12:5 u6:4:3|8:6 !d",
    [FORMAT_C_FLDSP] = "d7 s=2 u12:5 u6:4:3|8:6",
    [FORMAT_C_SWSP] = "t2 s=2 u12:5:2|7:6",
    [FORMAT_C_SDSP] = "t2 s=2 u12:5:3|8:6",
    [FORMAT_C_FSDSP] = "t2 s=2 u12:5:3|8:6",
    [FORMAT_C_JR] = "s7 !s",
    [FORMAT_C_JALR] = "d=1 s7 !s",
    [FORMAT_C_MV] = "d7 t2 !t",
    [FORMAT_C_ADD] = "d7 s7 t2 !t",
    [FORMAT_C_EBREAK] = "",
};

/* "31:12|10:5": the number before the first colon is the place in the word, then ranges. */
static void read_immediate(const char **text, uint32_t word, bool is_signed, struct insn *out)
{
    char *p;
    uint64_t imm = (uint32_t)out->imm;
    unsigned from = (unsigned)strtoul(*text, &p, 10);
    unsigned top = 0;
    bool sign = false;
    do {
        unsigned hi = (unsigned)strtoul(p + 1, &p, 10);
        unsigned lo = *p == ':' ? (unsigned)strtoul(p + 1, &p, 10) : hi;
        for (int bit = (int)hi; bit >= (int)lo; bit--, from--) {
            bool set = word >> from & 1;
            imm |= (uint64_t)set << bit;
            if ((unsigned)bit >= top) {
                top = (unsigned)bit;
                sign = set;
            }
        }
    } while (*p == '|');
    if (is_signed && sign) {
        imm |= ~UINT64_C(0) << top;
    }
    out->imm = (int32_t)(uint32_t)imm;
    *text = p;
}

static uint8_t *operand(struct insn *out, char which)
{
    switch (which) {
    case 'd':
    case 'D':
        return &out->rd;
    case 's':
    case 'S':
        return &out->rs1;
    case 't':
    case 'T':
        return &out->rs2;
    case 'r':
        return &out->rs3;
    case 'm':
        return &out->rm;
    default:
        return &out->order;
    }
}

/* One condition, without its '!'. */
static bool holds(const char **text, const struct insn *out)
{
    char which = *(*text)++;
    char *end;
    unsigned long but = strtoul(*text, &end, 10);
    *text = end;
    switch (which) {
    case 'i':
        return out->imm != 0;
    case 'm':
        return out->rm != 5 && out->rm != 6;
    case 'd':
        return out->rd != but;
    case 's':
        return out->rs1 != but;
    default:
        return out->rs2 != but;
    }
}

static bool read_fields(const char *text, uint32_t word, struct insn *out)
{
    while (*text != '\0') {
        char which = *text++;
        if (which == ' ') {
            continue;
        }
        if (which == '!') {
            if (!holds(&text, out)) {
                return false;
            }
        } else if (which == 'i' || which == 'u') {
            read_immediate(&text, word, which == 'i', out);
        } else {
            bool fixed = *text == '=';
            bool small = which >= 'A' && which <= 'Z';
            unsigned mask = small || which == 'm' ? 7 : which == 'o' ? 3 : 31;
            char *end;
            unsigned number = (unsigned)strtoul(text + fixed, &end, 10);
            unsigned value = fixed ? number : (word >> number & mask) + (small ? 8u : 0u);
            *operand(out, which) = (uint8_t)value;
            text = end;
        }
    }
    return true;
}

void insn_decode_slow(uint32_t word, uint32_t extensions, struct insn *out)
{
    struct insn nothing = {.len = (uint8_t)insn_length(word)};
    if (nothing.len == 2) {
        word &= 0xffff;
    }
    for (unsigned row = OP_ILLEGAL + 1; row < OP_ROWS; row++) {
        const struct insn_info *info = &insn_table[row];
        if ((word & info->mask) != info->match || (info->extensions & ~extensions) != 0) {
            continue;
        }
        *out = nothing;
        out->op = info->base;
        out->row = (uint16_t)row;
        if (read_fields(fields[info->format], word, out)) {
            return;
        }
    }
    *out = nothing;
}
