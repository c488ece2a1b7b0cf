/* SPDX-License-Identifier: MIT */
/*
 * disasm.c: instructions as text.  Two small tables: how each format writes its operands, and the
 * aliases (pseudo-instructions) with the conditions under which binutils prefers them.
 */
#include "emu/isa/disasm.h"
#include "emu/isa/csr.h"
#include "emu/isa/insn.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Operands: d s t = rd rs1 rs2 as x registers, D S T R = rd rs1 rs2 rs3 as f registers,
 * i = decimal immediate, h = hexadecimal shift amount, u = upper 20 bits, p = branch target,
 * c = CSR, z = the immediate of csrrwi, m = comma and rounding mode unless it goes without saying,
 * f = the two sets of fence.  Anything else stands for itself.
 */
static const char *const operands[] = {
    [FORMAT_NONE] = "",
    [FORMAT_U] = "d,u",
    [FORMAT_JUMP] = "d,p",
    [FORMAT_JALR] = "d,i(s)",
    [FORMAT_BRANCH] = "s,t,p",
    [FORMAT_LOAD] = "d,i(s)",
    [FORMAT_STORE] = "t,i(s)",
    [FORMAT_I] = "d,s,i",
    [FORMAT_SHIFT6] = "d,s,h",
    [FORMAT_SHIFT5] = "d,s,h",
    [FORMAT_R] = "d,s,t",
    [FORMAT_R1] = "d,s",
    [FORMAT_FENCE] = "f",
    [FORMAT_FENCE_I] = "",
    [FORMAT_CSR] = "d,c,s",
    [FORMAT_CSRI] = "d,c,z",
    [FORMAT_LR] = "d,(s)",
    [FORMAT_AMO] = "d,t,(s)",
    [FORMAT_SFENCE] = "s,t",
    [FORMAT_CBO] = "(s)",
    [FORMAT_FLOAD] = "D,i(s)",
    [FORMAT_FSTORE] = "T,i(s)",
    [FORMAT_FFFF_RM] = "D,S,T,Rm",
    [FORMAT_FFF_RM] = "D,S,Tm",
    [FORMAT_FFF] = "D,S,T",
    [FORMAT_FF_RM] = "D,Sm",
    [FORMAT_XF_RM] = "d,Sm",
    [FORMAT_FX_RM] = "D,sm",
    [FORMAT_XFF] = "d,S,T",
    [FORMAT_XF] = "d,S",
    [FORMAT_FX] = "D,s",
    [FORMAT_C_ADDI4SPN] = "d,s,i",
    [FORMAT_C_LOAD_W] = "d,i(s)",
    [FORMAT_C_LOAD_D] = "d,i(s)",
    [FORMAT_C_FLOAD_D] = "D,i(s)",
    [FORMAT_C_STORE_W] = "t,i(s)",
    [FORMAT_C_STORE_D] = "t,i(s)",
    [FORMAT_C_FSTORE_D] = "T,i(s)",
    [FORMAT_C_NOP] = "i",
    [FORMAT_C_ADDI] = "d,i",
    [FORMAT_C_ADDIW] = "d,i",
    [FORMAT_C_LI] = "d,i",
    [FORMAT_C_ADDI16SP] = "d,i",
    [FORMAT_C_LUI] = "d,u",
    [FORMAT_C_SHIFT] = "d,h",
    [FORMAT_C_ANDI] = "d,i",
    [FORMAT_C_ALU] = "d,t",
    [FORMAT_C_JUMP] = "p",
    [FORMAT_C_BRANCH] = "s,p",
    [FORMAT_C_SLLI] = "d,h",
    [FORMAT_C_LWSP] = "d,i(s)",
    [FORMAT_C_LDSP] = "d,i(s)",
    [FORMAT_C_FLDSP] = "D,i(s)",
    [FORMAT_C_SWSP] = "t,i(s)",
    [FORMAT_C_SDSP] = "t,i(s)",
    [FORMAT_C_FSDSP] = "T,i(s)",
    [FORMAT_C_JR] = "s",
    [FORMAT_C_JALR] = "s",
    [FORMAT_C_MV] = "d,t",
    [FORMAT_C_ADD] = "d,t",
    [FORMAT_C_EBREAK] = "",
};

enum alias_condition {
    RD_0 = 1,
    RD_1 = 2,
    RS1_0 = 4,
    RS1_1 = 8,
    RS2_0 = 16,
    IMM = 32,  /* imm has the value of the row */
    SAME = 64, /* rs1 == rs2 */
};

struct alias {
    uint16_t op;
    uint16_t conditions;
    int32_t imm;
    const char *mnemonic;
    const char *operands;
};

/* The first that fits is taken. */
static const struct alias aliases[] = {
    {OP_ADDI, RD_0 | RS1_0 | IMM, 0, "nop", ""},
    {OP_ADDI, RS1_0, 0, "li", "d,i"},
    {OP_ADDI, IMM, 0, "mv", "d,s"},
    {OP_ADDIW, IMM, 0, "sext.w", "d,s"},
    {OP_ANDI, IMM, 255, "zext.b", "d,s"},
    {OP_XORI, IMM, -1, "not", "d,s"},
    {OP_SLTIU, IMM, 1, "seqz", "d,s"},
    {OP_SUB, RS1_0, 0, "neg", "d,t"},
    {OP_SUBW, RS1_0, 0, "negw", "d,t"},
    {OP_SLT, RS2_0, 0, "sltz", "d,s"},
    {OP_SLT, RS1_0, 0, "sgtz", "d,t"},
    {OP_SLTU, RS1_0, 0, "snez", "d,t"},
    {OP_ADD_UW, RS2_0, 0, "zext.w", "d,s"},
    {OP_JAL, RD_0, 0, "j", "p"},
    {OP_JAL, RD_1, 0, "jal", "p"},
    {OP_JALR, RD_0 | RS1_1 | IMM, 0, "ret", ""},
    {OP_JALR, RD_0 | IMM, 0, "jr", "s"},
    {OP_JALR, RD_0, 0, "jr", "i(s)"},
    {OP_JALR, RD_1 | IMM, 0, "jalr", "s"},
    {OP_JALR, RD_1, 0, "jalr", "i(s)"},
    {OP_JALR, IMM, 0, "jalr", "d,s"},
    {OP_BEQ, RS2_0, 0, "beqz", "s,p"},
    {OP_BNE, RS2_0, 0, "bnez", "s,p"},
    {OP_BGE, RS1_0, 0, "blez", "t,p"},
    {OP_BGE, RS2_0, 0, "bgez", "s,p"},
    {OP_BLT, RS2_0, 0, "bltz", "s,p"},
    {OP_BLT, RS1_0, 0, "bgtz", "t,p"},
    {OP_FENCE, IMM, 0x0ff, "fence", ""},
    {OP_FENCE, IMM, 0x833, "fence.tso", ""},
    {OP_FENCE, IMM, 0x010, "pause", ""},
    {OP_SFENCE_VMA, RS1_0 | RS2_0, 0, "sfence.vma", ""},
    {OP_SFENCE_VMA, RS2_0, 0, "sfence.vma", "s"},
    {OP_CSRRW, RD_0 | RS1_0 | IMM, CSR_CYCLE, "unimp", ""},
    {OP_CSRRS, RS1_0 | IMM, CSR_FFLAGS, "frflags", "d"},
    {OP_CSRRW, RD_0 | IMM, CSR_FFLAGS, "fsflags", "s"},
    {OP_CSRRW, IMM, CSR_FFLAGS, "fsflags", "d,s"},
    {OP_CSRRWI, IMM, CSR_FFLAGS, "fsflagsi", "d,z"},
    {OP_CSRRS, RS1_0 | IMM, CSR_FRM, "frrm", "d"},
    {OP_CSRRW, RD_0 | IMM, CSR_FRM, "fsrm", "s"},
    {OP_CSRRW, IMM, CSR_FRM, "fsrm", "d,s"},
    {OP_CSRRWI, IMM, CSR_FRM, "fsrmi", "d,z"},
    {OP_CSRRS, RS1_0 | IMM, CSR_FCSR, "frcsr", "d"},
    {OP_CSRRW, RD_0 | IMM, CSR_FCSR, "fscsr", "s"},
    {OP_CSRRW, IMM, CSR_FCSR, "fscsr", "d,s"},
    {OP_CSRRS, RS1_0 | IMM, CSR_CYCLE, "rdcycle", "d"},
    {OP_CSRRS, RS1_0 | IMM, CSR_TIME, "rdtime", "d"},
    {OP_CSRRS, RS1_0 | IMM, CSR_INSTRET, "rdinstret", "d"},
    {OP_CSRRS, RS1_0, 0, "csrr", "d,c"},
    {OP_CSRRW, RD_0, 0, "csrw", "c,s"},
    {OP_CSRRS, RD_0, 0, "csrs", "c,s"},
    {OP_CSRRC, RD_0, 0, "csrc", "c,s"},
    {OP_CSRRWI, RD_0, 0, "csrwi", "c,z"},
    {OP_CSRRSI, RD_0, 0, "csrsi", "c,z"},
    {OP_CSRRCI, RD_0, 0, "csrci", "c,z"},
    {OP_FSGNJ_S, SAME, 0, "fmv.s", "D,S"},
    {OP_FSGNJN_S, SAME, 0, "fneg.s", "D,S"},
    {OP_FSGNJX_S, SAME, 0, "fabs.s", "D,S"},
    {OP_FSGNJ_D, SAME, 0, "fmv.d", "D,S"},
    {OP_FSGNJN_D, SAME, 0, "fneg.d", "D,S"},
    {OP_FSGNJX_D, SAME, 0, "fabs.d", "D,S"},
};

static const char *const x_names[32] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static const char *const f_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

const char *insn_x_name(unsigned index)
{
    return x_names[index & 31];
}

const char *insn_f_name(unsigned index)
{
    return f_names[index & 31];
}

const char *csr_name(unsigned number)
{
    switch (number) {
#define CSR(value, NAME, name, extensions) \
    case value:                            \
        return #name;
#include "emu/isa/csr.def"
    default:
        return NULL;
    }
}

/* The text being written: never beyond the end of the caller's buffer. */
struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (length > 0 && text->left > 0) {
        size_t advance = (size_t)length < text->left ? (size_t)length : text->left - 1;
        text->at += advance;
        text->left -= advance;
    }
}

static void put_x(struct text *text, unsigned index, unsigned flags)
{
    if (flags & INSN_PRINT_NUMERIC) {
        put(text, "x%u", index);
    } else {
        put(text, "%s", insn_x_name(index));
    }
}

static void put_f(struct text *text, unsigned index, unsigned flags)
{
    if (flags & INSN_PRINT_NUMERIC) {
        put(text, "f%u", index);
    } else {
        put(text, "%s", insn_f_name(index));
    }
}

static void put_rounding(struct text *text, unsigned rm, unsigned unless)
{
    static const char *const names[8] = {"rne", "rtz", "rdn", "rup", "rmm", "?", "?", "dyn"};
    if (rm != unless) {
        put(text, ",%s", names[rm & 7]);
    }
}

static void put_fence_set(struct text *text, unsigned set)
{
    if (set == 0) {
        put(text, "unknown");
    }
    for (unsigned bit = 0; bit < 4; bit++) {
        if (set & 8u >> bit) {
            put(text, "%c", "iorw"[bit]);
        }
    }
}

/* Conversions that cannot round are written with rm 0 by assemblers; show any other. */
static unsigned silent_rounding(const struct insn *insn)
{
    switch (insn->op) {
    case OP_FCVT_D_S:
    case OP_FCVT_D_W:
    case OP_FCVT_D_WU:
        return 0;
    default:
        return 7;
    }
}

static void put_operand(struct text *text, char what, uint64_t pc, const struct insn *insn,
                        unsigned flags)
{
    const char *name;
    switch (what) {
    case 'd':
        put_x(text, insn->rd, flags);
        break;
    case 's':
        put_x(text, insn->rs1, flags);
        break;
    case 't':
        put_x(text, insn->rs2, flags);
        break;
    case 'D':
        put_f(text, insn->rd, flags);
        break;
    case 'S':
        put_f(text, insn->rs1, flags);
        break;
    case 'T':
        put_f(text, insn->rs2, flags);
        break;
    case 'R':
        put_f(text, insn->rs3, flags);
        break;
    case 'i':
        put(text, "%" PRId32, insn->imm);
        break;
    case 'h':
        put(text, "0x%" PRIx32, (uint32_t)insn->imm);
        break;
    case 'u':
        put(text, "0x%" PRIx32, (uint32_t)insn->imm >> 12);
        break;
    case 'p':
        put(text, "0x%" PRIx64, pc + (uint64_t)(int64_t)insn->imm);
        break;
    case 'z':
        put(text, "%u", insn->rs1);
        break;
    case 'c':
        name = csr_name((unsigned)insn->imm);
        if (name != NULL) {
            put(text, "%s", name);
        } else {
            put(text, "0x%" PRIx32, (uint32_t)insn->imm);
        }
        break;
    case 'm':
        put_rounding(text, insn->rm, silent_rounding(insn));
        break;
    case 'f':
        put_fence_set(text, (unsigned)insn->imm >> 4 & 15);
        put(text, ",");
        put_fence_set(text, (unsigned)insn->imm & 15);
        break;
    default:
        put(text, "%c", what);
        break;
    }
}

static void put_insn(struct text *text, const char *mnemonic, const char *suffix, const char *list,
                     uint64_t pc, const struct insn *insn, unsigned flags)
{
    size_t before = text->left;
    put(text, "%s%s", mnemonic, suffix);
    if (*list == '\0') {
        return;
    }
    put(text, " ");
    while ((flags & INSN_PRINT_COLUMNS) && before - text->left < 8 && text->left > 1) {
        put(text, " ");
    }
    for (; *list != '\0'; list++) {
        put_operand(text, *list, pc, insn, flags);
    }
}

static const struct alias *find_alias(const struct insn *insn)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        const struct alias *alias = &aliases[i];
        unsigned c = alias->conditions;
        if (alias->op == insn->op && !((c & RD_0) && insn->rd != 0) &&
            !((c & RD_1) && insn->rd != 1) && !((c & RS1_0) && insn->rs1 != 0) &&
            !((c & RS1_1) && insn->rs1 != 1) && !((c & RS2_0) && insn->rs2 != 0) &&
            !((c & IMM) && insn->imm != alias->imm) && !((c & SAME) && insn->rs1 != insn->rs2)) {
            return alias;
        }
    }
    return NULL;
}

/* Compressed HINTs: shown as what they are even where aliases are wanted. */
static bool is_hint(const struct insn *insn)
{
    switch (insn->row) {
    case OP_C_NOP:
        return insn->imm != 0;
    case OP_C_LI:
    case OP_C_LUI:
    case OP_C_MV:
    case OP_C_ADD:
        return insn->rd == 0;
    case OP_C_SLLI:
        return insn->rd == 0 || insn->imm == 0;
    case OP_C_SRLI:
    case OP_C_SRAI:
        return insn->imm == 0;
    default:
        return false;
    }
}

static void put_compressed(struct text *text, uint64_t pc, const struct insn *insn, unsigned flags)
{
    const struct insn_info *info = &insn_table[insn->row];
    const char *list = operands[info->format];
    const char *suffix = "";
    if (insn->row == OP_C_NOP && insn->imm == 0) {
        list = "";
    }
    if ((info->format == FORMAT_C_SLLI || info->format == FORMAT_C_SHIFT) && insn->imm == 0) {
        suffix = "64";
        list = "d";
    }
    put_insn(text, info->mnemonic, suffix, list, pc, insn, flags);
}

int insn_print(char *buf, size_t n, uint64_t pc, uint32_t word, unsigned flags)
{
    struct text text = {buf, n};
    struct insn insn;
    insn_decode(word, ~UINT32_C(0), &insn);
    const struct insn_info *info = &insn_table[insn.op];
    const struct alias *alias;
    bool plain = flags & INSN_PRINT_NO_ALIASES;
    if (n > 0) {
        *buf = '\0';
    }
    if (insn.op == OP_ILLEGAL && insn.len == 2) {
        word &= 0xffff;
        if (word == 0) {
            put(&text, plain ? "c.unimp" : "unimp");
        } else {
            put(&text, ".2byte 0x%x", word);
        }
    } else if (insn.op == OP_ILLEGAL) {
        put(&text, ".4byte 0x%x", word);
    } else if (insn.len == 2 && (plain || is_hint(&insn))) {
        put_compressed(&text, pc, &insn, flags);
    } else if (insn.row == OP_C_MV) {
        put_insn(&text, "mv", "", "d,t", pc, &insn, flags);
    } else if (insn.row == OP_C_ADDI) { /* never a move: with immediate 0 it is a HINT */
        put_insn(&text, "addi", "", "d,s,i", pc, &insn, flags);
    } else if (!plain && (alias = find_alias(&insn)) != NULL) {
        put_insn(&text, alias->mnemonic, "", alias->operands, pc, &insn, flags);
    } else {
        static const char *const order[4] = {"", ".rl", ".aq", ".aqrl"};
        put_insn(&text, info->mnemonic, order[insn.order], operands[info->format], pc, &insn,
                 flags);
    }
    return insn.len;
}
