/* SPDX-License-Identifier: MIT */
/* symbols_elf.c - the symbol table of an ELF64 file, every offset checked. */
#include "emu/observe/symbols_elf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"

#define MAX_SYMBOLS (4u << 20)
#define REACH 65536 /* how far a symbol without a size may reach */

static bool within(const struct elf_names *e, u64 offset, u64 length)
{
    return range_within(offset, length, 0, e->size);
}

static bool header(const struct elf_names *e, Elf64_Ehdr *head)
{
    if (e->size < sizeof *head)
        return false;
    memcpy(head, e->data, sizeof *head);
    return !memcmp(head->e_ident, ELFMAG, SELFMAG) && head->e_ident[EI_CLASS] == ELFCLASS64 &&
           head->e_ident[EI_DATA] == ELFDATA2LSB;
}

bool elf_names_open(struct elf_names *e, const void *data, size_t size)
{
    Elf64_Ehdr head;
    Elf64_Phdr segment;

    *e = (struct elf_names){.data = data, .size = size, .first = UINT64_MAX};
    if (!header(e, &head) || head.e_phentsize != sizeof segment ||
        !within(e, head.e_phoff, (u64)head.e_phnum * sizeof segment))
        return false;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        memcpy(&segment, e->data + head.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_vaddr < e->first)
            e->first = segment.p_vaddr;
    }
    e->moves = head.e_type == ET_DYN;
    return e->first != UINT64_MAX;
}

static int by_value(const void *a, const void *b)
{
    const struct elf_symbol *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    /* Of several at one place the one with a size comes last and is found. */
    return (x->size > y->size) - (x->size < y->size);
}

static void take_symbol(struct elf_names *e, const Elf64_Sym *symbol, const char *names,
                        u64 names_size)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);

    /* What the linker threw away is left at 0, below everything. */
    if (symbol->st_name >= names_size || symbol->st_shndx == SHN_UNDEF ||
        symbol->st_shndx == SHN_ABS || symbol->st_value < e->first || type == STT_FILE ||
        type == STT_SECTION || type == STT_TLS)
        return;
    const char *name = names + symbol->st_name;
    /* "$x" and ".L1" are the assembler's. */
    if (!*name || *name == '.' || *name == '$')
        return;
    e->symbol[e->symbols++] = (struct elf_symbol){symbol->st_value, symbol->st_size, name,
                                                  type == STT_FUNC || type == STT_NOTYPE};
}

static bool take_table(struct elf_names *e, const Elf64_Shdr *table, const Elf64_Shdr *strings)
{
    if (!within(e, table->sh_offset, table->sh_size) ||
        !within(e, strings->sh_offset, strings->sh_size) || !strings->sh_size ||
        e->data[strings->sh_offset + strings->sh_size - 1] != 0)
        return false;
    u64 count = table->sh_size / sizeof(Elf64_Sym);
    if (count > MAX_SYMBOLS)
        return false;
    e->symbol = calloc(count ? count : 1, sizeof *e->symbol);
    for (u64 i = 0; e->symbol && i < count; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, e->data + table->sh_offset + i * sizeof symbol, sizeof symbol);
        take_symbol(e, &symbol, (const char *)e->data + strings->sh_offset, strings->sh_size);
    }
    if (e->symbols)
        qsort(e->symbol, e->symbols, sizeof *e->symbol, by_value);
    return true;
}

void elf_names_read(struct elf_names *e)
{
    Elf64_Ehdr head;
    Elf64_Shdr section, strings;

    if (e->read)
        return;
    e->read = true;
    if (!header(e, &head) || head.e_shentsize != sizeof section ||
        !within(e, head.e_shoff, (u64)head.e_shnum * sizeof section))
        return;
    for (unsigned i = 0; i < head.e_shnum; i++) {
        memcpy(&section, e->data + head.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= head.e_shnum)
            continue;
        memcpy(&strings, e->data + head.e_shoff + section.sh_link * sizeof strings, sizeof strings);
        if (take_table(e, &section, &strings))
            return;
    }
}

void elf_names_free(struct elf_names *e)
{
    for (size_t i = 0; i < e->files; i++)
        free(e->file[i]);
    free(e->file);
    free(e->line);
    free(e->symbol);
    *e = (struct elf_names){0};
}

const struct elf_symbol *elf_names_at(const struct elf_names *e, u64 address)
{
    size_t low = 0, high = e->symbols;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->symbol[middle].value <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* Back over labels inside of functions and markers to what really covers the address. */
    for (size_t i = low; i > 0 && low - i < 16; i--) {
        const struct elf_symbol *s = &e->symbol[i - 1];
        u64 offset = address - s->value;
        if (s->size ? offset < s->size : i == low && offset < REACH && s->code)
            return s;
    }
    return NULL;
}
