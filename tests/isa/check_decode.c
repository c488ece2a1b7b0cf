/* SPDX-License-Identifier: MIT */
/*
 * check_decode.c: the fast decoder against the slow one on a part of all 32-bit words, and no word
 * that two rows accept.  For scripts/check-decode.
 *
 * usage: check_decode PART PARTS    (part 0 .. parts-1)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/insn.h"

int main(int argc, char **argv)
{
    uint64_t part = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    uint64_t parts = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    unsigned long bad = 0;
    uint64_t known = 0;
    for (uint64_t word = part; word >> 32 == 0; word += parts) {
        struct insn fast;
        struct insn slow;
        insn_decode((uint32_t)word, ~0u, &fast);
        insn_decode_slow((uint32_t)word, ~0u, &slow);
        known += fast.op != OP_ILLEGAL;
        if (memcmp(&fast, &slow, sizeof fast) != 0 && bad++ < 10) {
            printf("%08" PRIx64 ": fast %s, slow %s\n", word, insn_table[fast.row].mnemonic,
                   insn_table[slow.row].mnemonic);
        }
    }
    printf("part %" PRIu64 " of %" PRIu64 ": %" PRIu64 " words are instructions, "
           "%lu differences\n",
           part, parts, known, bad);
    return bad != 0;
}
