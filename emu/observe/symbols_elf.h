/* SPDX-License-Identifier: MIT */
/* symbols_elf.h - one ELF file's names and lines; for symbols*.c only. */
#ifndef FAULTLINE_OBSERVE_SYMBOLS_ELF_H
#define FAULTLINE_OBSERVE_SYMBOLS_ELF_H

#include "emu/base/types.h"

struct elf_symbol {
    u64 value, size;
    const char *name; /* inside the image */
    bool code;
};

struct elf_line {
    u64 address;
    u32 line; /* 0: a sequence ends here */
    u32 file; /* index into file */
};

struct elf_names {
    const u8 *data;
    size_t size;
    u64 first; /* lowest linked address */
    bool moves;
    bool read;                 /* symbols have been read */
    struct elf_symbol *symbol; /* by value */
    size_t symbols;
    bool lines_read;
    struct elf_line *line; /* by address */
    size_t lines;
    char **file;
    size_t files;
};

/* Is it an ELF64 file whose headers lie inside?  Fills in first and moves. */
bool elf_names_open(struct elf_names *e, const void *data, size_t size);
void elf_names_read(struct elf_names *e);
void elf_names_free(struct elf_names *e);
/* The symbol an address lies in, or NULL. */
const struct elf_symbol *elf_names_at(const struct elf_names *e, u64 address);

/* symbols_line.c */
void elf_lines_read(struct elf_names *e);
const struct elf_line *elf_lines_at(const struct elf_names *e, u64 address);

#endif
