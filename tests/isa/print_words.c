/* SPDX-License-Identifier: MIT */
/*
 * print_words.c: reads raw little-endian code on standard input and writes its disassembly, one
 * line per instruction: "address text".  For disasm.py.  Argument "no-aliases": the plain names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emu/isa/disasm.h"

int main(int argc, char **argv)
{
    unsigned flags = argc > 1 && strcmp(argv[1], "no-aliases") == 0 ? INSN_PRINT_NO_ALIASES : 0;
    uint64_t pc = 0;
    char text[128];
    unsigned char half[2];
    while (fread(half, 1, 2, stdin) == 2) {
        uint32_t word = (uint32_t)half[0] | (uint32_t)half[1] << 8;
        if ((word & 3) == 3 && fread(half, 1, 2, stdin) == 2) {
            word |= (uint32_t)half[0] << 16 | (uint32_t)half[1] << 24;
        }
        int length = insn_print(text, sizeof text, pc, word, flags);
        printf("%" PRIx64 " %s\n", pc, text);
        pc += (uint64_t)length;
    }
    return 0;
}
