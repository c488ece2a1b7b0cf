/* SPDX-License-Identifier: MIT */
/*
 * table.c: the rows of insn.def as data.
 */
#include "emu/isa/insn.h"
#include "emu/isa/format.h"

/* A compressed row has the properties of its base, so give them a name that the row can use. */
enum base_flags {
#define INSN(name, mnemonic, match, mask, format, extensions, flags) FLAGS_##name = (flags),
#include "emu/isa/insn.def"
};

const struct insn_info insn_table[OP_ROWS] = {
    [OP_ILLEGAL] = {"illegal", 1, 0, 0, INSN_ENDS, FORMAT_NONE, OP_ILLEGAL},
#define INSN(name, mnemonic, match, mask, format, extensions, flags) \
    [OP_##name] = {mnemonic, match, mask, extensions, flags, FORMAT_##format, OP_##name},
#define INSN_C(name, mnemonic, match, mask, format, extensions, base) \
    [OP_##name] = {mnemonic, match, mask, extensions, FLAGS_##base, FORMAT_##format, OP_##base},
#include "emu/isa/insn.def"
};

unsigned insn_matches(uint32_t word)
{
    unsigned count = 0;
    if (insn_length(word) == 2) {
        word &= 0xffff;
    }
    for (unsigned row = OP_ILLEGAL + 1; row < OP_ROWS; row++) {
        const struct insn_info *info = &insn_table[row];
        count += (word & info->mask) == info->match &&
                 insn_format_accepts((enum insn_format)info->format, word);
    }
    return count;
}
