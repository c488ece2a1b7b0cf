/* SPDX-License-Identifier: MIT */
/*
 * insn.h: what an instruction word means, before anybody executes it.
 *
 * Pure knowledge: no state, no machine.  Everything here is made from insn.def.  Two decoders give
 * the same answer by different ways: insn_decode (a switch tree that the compiler makes from the
 * table, for the engines) and insn_decode_slow (a search through the table, the reference).
 */
#ifndef FAULTLINE_EMU_ISA_INSN_H
#define FAULTLINE_EMU_ISA_INSN_H

#include <stdbool.h>
#include <stdint.h>

/* Extensions, as a set.  A hart has the set that `-cpu` gave it; csr.def uses the same names. */
enum isa_extension {
    ISA_I = 1u << 0,
    ISA_M = 1u << 1,
    ISA_A = 1u << 2,
    ISA_F = 1u << 3,
    ISA_D = 1u << 4,
    ISA_C = 1u << 5,
    ISA_S = 1u << 6,
    ISA_U = 1u << 7,
    ISA_ZICSR = 1u << 8,
    ISA_ZIFENCEI = 1u << 9,
    ISA_ZICNTR = 1u << 10,
    ISA_ZIHPM = 1u << 11,
    ISA_ZBA = 1u << 12,
    ISA_ZBB = 1u << 13,
    ISA_ZBS = 1u << 14,
    ISA_ZICBOZ = 1u << 15,
    ISA_ZICBOM = 1u << 16,
    ISA_ZICOND = 1u << 17,
    ISA_SSTC = 1u << 18,
    ISA_SVADU = 1u << 19,
    ISA_SVVPTC = 1u << 20,
    ISA_SV48 = 1u << 21,
    ISA_PMP = 1u << 22,
};

/* The default hart: everything but the optional Zicbom and Sv48. */
#define ISA_DEFAULT                                                                                \
    ((uint32_t)(ISA_I | ISA_M | ISA_A | ISA_F | ISA_D | ISA_C | ISA_S | ISA_U | ISA_ZICSR |        \
                ISA_ZIFENCEI | ISA_ZICNTR | ISA_ZIHPM | ISA_ZBA | ISA_ZBB | ISA_ZBS | ISA_ZICBOZ | \
                ISA_ZICOND | ISA_SSTC | ISA_SVADU | ISA_SVVPTC | ISA_PMP))

/* Properties of an instruction (column FLAGS of insn.def). */
enum insn_property {
    INSN_BRANCH = 1u << 0, /* conditional, pc-relative */
    INSN_JUMP = 1u << 1,   /* jal, jalr */
    INSN_LOAD = 1u << 2,   /* reads memory */
    INSN_STORE = 1u << 3,  /* writes memory */
    INSN_AMO = 1u << 4,    /* lr, sc and amo: aq and rl are in insn.order */
    INSN_FP = 1u << 5,     /* illegal when mstatus.FS is off */
    INSN_RM = 1u << 6,     /* insn.rm is a rounding mode, 7 means frm */
    INSN_CSR = 1u << 7,
    INSN_PRIV = 1u << 8, /* legality depends on the privilege mode */
    INSN_ENDS = 1u << 9, /* the last instruction of a decoded block */
    INSN_FENCE = 1u << 10,
    INSN_CBO = 1u << 11, /* cache block management other than zero */
    INSN_RMW = INSN_LOAD | INSN_STORE | INSN_AMO,
};

/* Which operands a word has and where they stand; the names tell (F: an f register, X: an x
 * register, the destination first). */
enum insn_format {
    FORMAT_NONE,
    FORMAT_U,
    FORMAT_JUMP,
    FORMAT_JALR,
    FORMAT_BRANCH,
    FORMAT_LOAD,
    FORMAT_STORE,
    FORMAT_I,
    FORMAT_SHIFT6,
    FORMAT_SHIFT5,
    FORMAT_R,
    FORMAT_R1,
    FORMAT_FENCE,
    FORMAT_FENCE_I,
    FORMAT_CSR,
    FORMAT_CSRI,
    FORMAT_LR,
    FORMAT_AMO,
    FORMAT_SFENCE,
    FORMAT_CBO,
    FORMAT_FLOAD,
    FORMAT_FSTORE,
    FORMAT_FFFF_RM,
    FORMAT_FFF_RM,
    FORMAT_FFF,
    FORMAT_FF_RM,
    FORMAT_XF_RM,
    FORMAT_FX_RM,
    FORMAT_XFF,
    FORMAT_XF,
    FORMAT_FX,
    /* 16 bits */
    FORMAT_C_ADDI4SPN,
    FORMAT_C_LOAD_W,
    FORMAT_C_LOAD_D,
    FORMAT_C_FLOAD_D,
    FORMAT_C_STORE_W,
    FORMAT_C_STORE_D,
    FORMAT_C_FSTORE_D,
    FORMAT_C_NOP,
    FORMAT_C_ADDI,
    FORMAT_C_ADDIW,
    FORMAT_C_LI,
    FORMAT_C_ADDI16SP,
    FORMAT_C_LUI,
    FORMAT_C_SHIFT,
    FORMAT_C_ANDI,
    FORMAT_C_ALU,
    FORMAT_C_JUMP,
    FORMAT_C_BRANCH,
    FORMAT_C_SLLI,
    FORMAT_C_LWSP,
    FORMAT_C_LDSP,
    FORMAT_C_FLDSP,
    FORMAT_C_SWSP,
    FORMAT_C_SDSP,
    FORMAT_C_FSDSP,
    FORMAT_C_JR,
    FORMAT_C_JALR,
    FORMAT_C_MV,
    FORMAT_C_ADD,
    FORMAT_C_EBREAK,
};

/* OP_ILLEGAL, then the base instructions in the order of insn.def up to OP_COUNT, then the
 * compressed rows, which appear in struct insn only as `row`. */
enum insn_op {
    OP_ILLEGAL,
#define INSN(name, mnemonic, match, mask, format, extensions, flags) OP_##name,
#include "emu/isa/insn.def"
    OP_COUNT,
    OP_BEFORE_COMPRESSED = OP_COUNT - 1,
#define INSN_C(name, mnemonic, match, mask, format, extensions, base) OP_##name,
#include "emu/isa/insn.def"
    OP_ROWS
};

/*
 * A decoded instruction.  Fields that the instruction does not have are 0.
 * imm: sign-extended immediate; the shift amount of shifts; the CSR number (0..0xfff) of CSR
 *      instructions; bits 31:20 (fm, pred, succ) of fence.  lui and auipc: already shifted left.
 * rs1: also the 5-bit immediate of csrrwi and its kin.
 * rm:  the rounding mode field, 0..4 or 7, when the op has INSN_RM (5 and 6 do not decode).
 * order: bit 0 rl, bit 1 aq, for A.
 * A 16-bit word gives the op and operands of its base instruction, with len 2.
 */
struct insn {
    uint16_t op;  /* enum insn_op, < OP_COUNT */
    uint16_t row; /* row of the table: equals op, or the compressed row */
    uint8_t rd, rs1, rs2, rs3;
    uint8_t rm, len, order, pad;
    int32_t imm;
};
_Static_assert(sizeof(struct insn) == 16, "blocks hold many of these");

/* One row of insn.def. */
struct insn_info {
    const char *mnemonic;
    uint32_t match, mask;
    uint32_t extensions; /* all of them are needed */
    uint16_t flags;      /* INSN_ bits; a compressed row has those of its base */
    uint8_t format;      /* enum insn_format */
    uint16_t base;       /* enum insn_op < OP_COUNT; itself for 32-bit rows */
};

/* All rows, indexed by enum insn_op; row OP_ILLEGAL is "illegal" and matches nothing. */
extern const struct insn_info insn_table[OP_ROWS];

/* Number of bytes of the instruction that begins with these 16 bits: 2, or 4 (longer formats are
 * not implemented and decode as illegal). */
static inline unsigned insn_length(uint32_t word)
{
    return (word & 3) == 3 ? 4 : 2;
}

/*
 * Decode the instruction at the start of `word` for a hart that has `extensions` (ISA_ set).
 * When the low two bits are not 3 only the low 16 bits are looked at.  An unknown or reserved
 * encoding gives op OP_ILLEGAL, with len set and all other fields 0.  HINTs decode as the
 * instruction they are (with rd 0), the probe's `slti x0` too.
 */
void insn_decode(uint32_t word, uint32_t extensions, struct insn *out);

/* The same by linear search: for tests. */
void insn_decode_slow(uint32_t word, uint32_t extensions, struct insn *out);

/* Number of rows that accept the word when every extension is on: 0 or 1 if the table is sound. */
unsigned insn_matches(uint32_t word);

#endif
