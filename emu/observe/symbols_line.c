/* SPDX-License-Identifier: MIT */
/*
 * symbols_line.c - which line of which source an address comes from: DWARF line tables, read by
 * libdw.  Only the line tables are needed, so that a pack can do without the rest.
 */
#include "emu/observe/symbols_elf.h"

#ifndef WITH_LIBDW

void elf_lines_read(struct elf_names *e)
{
    e->lines_read = true;
}

#else

#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES (8u << 20)
#define MAX_FILES 65536

struct reading {
    struct elf_names *e;
    size_t line_room, file_room;
    const char *last_name; /* names of one table are the same pointers */
    u32 last;
};

/* Sources are told as the compiler knew them, without "./" in front. */
static bool file_number(struct reading *r, const char *name, u32 *out)
{
    struct elf_names *e = r->e;

    if (name == r->last_name) {
        *out = r->last;
        return true;
    }
    const char *shown = strncmp(name, "./", 2) ? name : name + 2;
    size_t i = 0;
    while (i < e->files && strcmp(e->file[i], shown) != 0)
        i++;
    if (i == e->files) {
        if (e->files == r->file_room) {
            size_t room = r->file_room ? 2 * r->file_room : 64;
            char **list = room <= MAX_FILES ? realloc(e->file, room * sizeof *list) : NULL;
            if (!list)
                return false;
            e->file = list;
            r->file_room = room;
        }
        e->file[i] = strdup(shown);
        if (!e->file[i])
            return false;
        e->files++;
    }
    r->last_name = name;
    *out = r->last = (u32)i;
    return true;
}

static bool add_line(struct reading *r, u64 address, u32 line, u32 file)
{
    struct elf_names *e = r->e;

    if (e->lines == r->line_room) {
        size_t room = r->line_room ? 2 * r->line_room : 1024;
        struct elf_line *list = room <= MAX_LINES ? realloc(e->line, room * sizeof *list) : NULL;
        if (!list)
            return false;
        e->line = list;
        r->line_room = room;
    }
    e->line[e->lines++] = (struct elf_line){address, line, file};
    return true;
}

static bool take_lines(struct reading *r, Dwarf_Lines *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *at = dwarf_onesrcline(lines, i);
        Dwarf_Addr address = 0;
        int number = 0;
        bool end = false;
        u32 file = 0;
        const char *name = at ? dwarf_linesrc(at, NULL, NULL) : NULL;
        /* Functions that the linker threw away are left at 0. */
        if (!name || dwarf_lineaddr(at, &address) || dwarf_lineno(at, &number) ||
            dwarf_lineendsequence(at, &end) || number < 0 || address < r->e->first)
            continue;
        if (!file_number(r, name, &file) || !add_line(r, address, end ? 0 : (u32)number, file))
            return false;
    }
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct elf_line *x = a, *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    /* Where one sequence ends and another begins, the beginning is found. */
    return (x->line != 0) - (y->line != 0);
}

static void read_tables(struct reading *r, Dwarf *dwarf)
{
    Dwarf_Off at = 0, next;
    Dwarf_CU *unit = NULL;
    Dwarf_Files *files;
    Dwarf_Lines *lines;
    size_t file_count, line_count;

    while (!dwarf_next_lines(dwarf, at, &next, &unit, &files, &file_count, &lines, &line_count)) {
        if ((lines && !take_lines(r, lines, line_count)) || next <= at)
            break;
        at = next;
    }
}

void elf_lines_read(struct elf_names *e)
{
    struct reading r = {.e = e};

    if (e->lines_read)
        return;
    e->lines_read = true;
    elf_version(EV_CURRENT);
    /* A copy: uncompressing sections writes into the headers. */
    char *copy = malloc(e->size);
    if (!copy)
        return;
    memcpy(copy, e->data, e->size);
    Elf *elf = elf_memory(copy, e->size);
    Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
    if (dwarf) {
        read_tables(&r, dwarf);
        dwarf_end(dwarf);
    }
    if (elf)
        elf_end(elf);
    free(copy);
    if (e->lines)
        qsort(e->line, e->lines, sizeof *e->line, by_address);
}

#endif

const struct elf_line *elf_lines_at(const struct elf_names *e, u64 address)
{
    size_t low = 0, high = e->lines;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->line[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* Line 0 is the compiler's own; sequences end there, too. */
    return low && e->line[low - 1].line ? &e->line[low - 1] : NULL;
}
