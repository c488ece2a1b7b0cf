/* SPDX-License-Identifier: MIT */
/*
 * disasm.h: instruction words as text, as binutils' objdump writes them.
 */
#ifndef FAULTLINE_EMU_ISA_DISASM_H
#define FAULTLINE_EMU_ISA_DISASM_H

#include <stddef.h>
#include <stdint.h>

enum insn_print_flag {
    INSN_PRINT_NO_ALIASES = 1, /* "addi zero,zero,0", "c.nop" instead of "nop" */
    INSN_PRINT_NUMERIC = 2,    /* x10, f10 instead of a0, fa0 */
    INSN_PRINT_COLUMNS = 4,    /* pad the mnemonic to 8 columns instead of one space after it */
};

/*
 * Write the text of the instruction `word` that stands at `pc` into buf (size n, always
 * terminated when n > 0).  Branch and jump targets are absolute, in hexadecimal.  A word that does
 * not decode with every extension on becomes ".2byte 0x..." or ".4byte 0x...".
 * Returns the length of the instruction in bytes, 2 or 4.
 */
int insn_print(char *buf, size_t n, uint64_t pc, uint32_t word, unsigned flags);

/* ABI name of an integer register ("a0") or float register ("fa0"); index 0..31. */
const char *insn_x_name(unsigned index);
const char *insn_f_name(unsigned index);

/* Name of a CSR ("satp"), or NULL when csr.def has none; number 0..0xfff. */
const char *csr_name(unsigned number);

#endif
