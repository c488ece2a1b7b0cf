/* SPDX-License-Identifier: MIT */
/*
 * elf.c - checking a program file before anything of it is mapped.  See elf.h.
 *
 * Every number comes from a file that anybody may have written: sums are checked for
 * overflow before they are made.
 */
#include "proc/elf.h"

#include "abi/errno.h"
#include "abi/mman.h"

int elf_check_header(const struct elf_header *header)
{
    if (header->magic != ELF_MAGIC || header->elf_class != ELF_CLASS_64 ||
        header->data != ELF_DATA_LITTLE || header->machine != ELF_MACHINE_RISCV) {
        return -ENOEXEC;
    }
    if (header->type != ELF_TYPE_EXEC && header->type != ELF_TYPE_DYN) {
        return -ENOEXEC;
    }
    if (header->phentsize != sizeof(struct elf_segment) || header->phnum == 0 ||
        header->phnum > ELF_SEGMENTS_MAX) {
        return -ENOEXEC;
    }
    return 0;
}

static bool load_is_sane(const struct elf_segment *segment, u64 address_limit)
{
    u64 end;

    if (segment->filesz > segment->memsz || segment->memsz == 0) {
        return segment->memsz == 0 && segment->filesz == 0;
    }
    if (__builtin_add_overflow(segment->vaddr, segment->memsz, &end) || end > address_limit) {
        return false;
    }
    if (segment->offset > (u64)INT64_MAX - segment->filesz) {
        return false;
    }
    return segment->vaddr % PAGE_SIZE == segment->offset % PAGE_SIZE;
}

static bool holds_table(const struct elf_segment *segment, const struct elf_header *header)
{
    u64 size = (u64)header->phnum * sizeof(struct elf_segment);

    return header->phoff >= segment->offset && segment->filesz >= size &&
           header->phoff - segment->offset <= segment->filesz - size;
}

int elf_check_segments(const struct elf_header *header, const struct elf_segment *segments,
                       u64 address_limit, struct elf_summary *out)
{
    u64 previous_end = 0;

    *out = (struct elf_summary){.low = ~0ull};
    for (u32 i = 0; i < header->phnum; i++) {
        const struct elf_segment *segment = &segments[i];

        if (segment->type == PT_INTERP && !out->interpreter) {
            out->interpreter = segment;
        } else if (segment->type == PT_GNU_STACK) {
            out->executable_stack = (segment->flags & PF_X) != 0;
        }
        if (segment->type != PT_LOAD) {
            continue;
        }
        if (!load_is_sane(segment, address_limit)) {
            return -ENOEXEC;
        }
        if (segment->memsz == 0) {
            continue;
        }
        if (out->low != ~0ull && segment->vaddr < previous_end) {
            return -ENOEXEC; /* not in ascending order, or overlapping */
        }
        if (out->low == ~0ull) {
            out->low = segment->vaddr;
        }
        previous_end = segment->vaddr + segment->memsz;
        out->high = previous_end;
        if (holds_table(segment, header)) {
            out->table_address = segment->vaddr + (header->phoff - segment->offset);
        }
    }
    return out->high != 0 ? 0 : -ENOEXEC;
}

u32 elf_protection(u32 flags)
{
    u32 protection = 0;

    if (flags & PF_R) {
        protection |= PROT_READ;
    }
    if (flags & PF_W) {
        protection |= PROT_WRITE;
    }
    if (flags & PF_X) {
        protection |= PROT_EXEC;
    }
    return protection;
}

static char *skip_blanks(char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

int script_parse(char *text, size_t size, char **interpreter, char **argument)
{
    char *line_end = NULL, *at;

    if (size < 2 || text[0] != '#' || text[1] != '!') {
        return 0;
    }
    for (at = text + 2; at < text + size; at++) {
        if (*at == '\n' || *at == '\0') {
            line_end = at;
            break;
        }
    }
    if (!line_end) {
        return -ENOEXEC;
    }
    while (line_end > text + 2 && (line_end[-1] == ' ' || line_end[-1] == '\t')) {
        line_end--;
    }
    *line_end = '\0';
    at = skip_blanks(text + 2, line_end);
    if (at == line_end) {
        return -ENOEXEC;
    }
    *interpreter = at;
    while (at < line_end && *at != ' ' && *at != '\t') {
        at++;
    }
    *argument = NULL;
    if (at < line_end) {
        *at++ = '\0';
        *argument = skip_blanks(at, line_end);
    }
    return 1;
}
