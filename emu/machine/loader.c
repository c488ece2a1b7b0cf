/* SPDX-License-Identifier: MIT */
/* loader.c - see loader.h. */
#include "emu/machine/loader.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "emu/base/bits.h"
#include "emu/base/log.h"

#define LINUX_MAGIC2_OFFSET 56
#define LINUX_HEADER 64
#define EXT2_MAGIC_OFFSET 1080
#define MAX_SEGMENTS 64
#define MAX_SYMBOLS (1u << 22)

/* A part of the file, or NULL when it is not all there. */
static const u8 *file_part(const u8 *data, size_t size, u64 offset, u64 length)
{
    return range_within(offset, length, 0, size) ? data + offset : NULL;
}

enum image_format loader_format(const u8 *data, size_t size)
{
    if (size >= 4 && memcmp(data, ELFMAG, SELFMAG) == 0) {
        return IMAGE_ELF;
    }
    if (size >= LINUX_HEADER && memcmp(data + LINUX_MAGIC2_OFFSET, "RSC\x05", 4) == 0) {
        return IMAGE_LINUX;
    }
    if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) {
        return IMAGE_GZIP;
    }
    if (size >= EXT2_MAGIC_OFFSET + 2 && load_u16(data + EXT2_MAGIC_OFFSET) == 0xef53) {
        return IMAGE_EXT2;
    }
    return IMAGE_RAW;
}

static bool elf_header(const struct machine_bytes *bytes, Elf64_Ehdr *header, struct error *err)
{
    if (bytes->size < sizeof *header) {
        return error_set(err, EINVAL, "%s: truncated ELF file", bytes->name);
    }
    memcpy(header, bytes->data, sizeof *header);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
        return error_set(err, EINVAL, "%s: not a 64-bit little-endian ELF file", bytes->name);
    }
    if (header->e_machine != EM_RISCV) {
        return error_set(err, EINVAL,
                         "%s: an ELF file for another processor (machine %u), not "
                         "RISC-V",
                         bytes->name, header->e_machine);
    }
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        return error_set(err, EINVAL, "%s: an ELF file that cannot be run (type %u)", bytes->name,
                         header->e_type);
    }
    if (header->e_phnum == 0 || header->e_phnum > MAX_SEGMENTS ||
        header->e_phentsize != sizeof(Elf64_Phdr) ||
        !file_part(bytes->data, bytes->size, header->e_phoff,
                   (u64)header->e_phnum * sizeof(Elf64_Phdr))) {
        return error_set(err, EINVAL, "%s: damaged ELF file (program headers)", bytes->name);
    }
    return true;
}

static Elf64_Phdr segment(const struct machine_bytes *bytes, const Elf64_Ehdr *header, unsigned i)
{
    Elf64_Phdr out;
    memcpy(&out, bytes->data + header->e_phoff + i * sizeof out, sizeof out);
    return out;
}

u64 loader_symbol(const u8 *data, size_t size, const char *name)
{
    Elf64_Ehdr header;
    if (size < sizeof header || loader_format(data, size) != IMAGE_ELF) {
        return 0;
    }
    memcpy(&header, data, sizeof header);
    for (unsigned i = 0; i < header.e_shnum && header.e_shentsize == sizeof(Elf64_Shdr); i++) {
        Elf64_Shdr table, strings;
        const u8 *at = file_part(data, size, header.e_shoff + (u64)i * sizeof table, sizeof table);
        if (!at || header.e_shoff > size) {
            return 0;
        }
        memcpy(&table, at, sizeof table);
        if (table.sh_type != SHT_SYMTAB || table.sh_link >= header.e_shnum) {
            continue;
        }
        at =
            file_part(data, size, header.e_shoff + (u64)table.sh_link * sizeof table, sizeof table);
        if (!at) {
            return 0;
        }
        memcpy(&strings, at, sizeof strings);
        const u8 *symbols = file_part(data, size, table.sh_offset, table.sh_size);
        const u8 *text = file_part(data, size, strings.sh_offset, strings.sh_size);
        u64 count = table.sh_size / sizeof(Elf64_Sym);
        size_t length = strlen(name) + 1;
        for (u64 j = 0; symbols && text && j < count && j < MAX_SYMBOLS; j++) {
            Elf64_Sym symbol;
            memcpy(&symbol, symbols + j * sizeof symbol, sizeof symbol);
            const u8 *label = file_part(text, strings.sh_size, symbol.st_name, length);
            if (label && memcmp(label, name, length) == 0 && symbol.st_shndx != SHN_UNDEF) {
                return symbol.st_value;
            }
        }
    }
    return 0;
}

static bool inspect_elf(const struct machine_bytes *bytes, struct image_info *info,
                        struct error *err)
{
    Elf64_Ehdr header;
    if (!elf_header(bytes, &header, err)) {
        return false;
    }
    info->entry = header.e_entry;
    info->low = ~0ull;
    info->high = 0;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr s = segment(bytes, &header, i);
        info->interpreter |= s.p_type == PT_INTERP;
        if (s.p_type != PT_LOAD || s.p_memsz == 0) {
            continue;
        }
        u64 end;
        if (s.p_filesz > s.p_memsz || !checked_add(s.p_paddr, s.p_memsz, &end) ||
            !file_part(bytes->data, bytes->size, s.p_offset, s.p_filesz)) {
            return error_set(err, EINVAL, "%s: damaged or truncated ELF file (segment %u)",
                             bytes->name, i);
        }
        info->low = s.p_paddr < info->low ? s.p_paddr : info->low;
        info->high = end > info->high ? end : info->high;
        if (range_within(header.e_entry, 1, s.p_vaddr, s.p_memsz)) {
            info->entry = header.e_entry - s.p_vaddr + s.p_paddr;
        }
    }
    if (info->high == 0) {
        return error_set(err, EINVAL, "%s: an ELF file with nothing to load", bytes->name);
    }
    info->user_program = info->interpreter || info->high < 0x80000000u;
    info->tohost = loader_symbol(bytes->data, bytes->size, "tohost");
    info->fromhost = loader_symbol(bytes->data, bytes->size, "fromhost");
    return true;
}

static bool inspect_linux(const struct machine_bytes *bytes, u64 base, struct image_info *info,
                          struct error *err)
{
    u64 offset = load_u64(bytes->data + 8);
    u64 size = load_u64(bytes->data + 16);
    u64 flags = load_u64(bytes->data + 24);
    if (flags & 1) {
        return error_set(err, EINVAL, "%s: a big-endian kernel", bytes->name);
    }
    size = size < bytes->size ? bytes->size : size;
    if (offset > (1ull << 40) || size > (1ull << 40)) {
        return error_set(err, EINVAL, "%s: damaged Linux Image header", bytes->name);
    }
    info->low = info->entry = base + offset;
    info->high = info->low + size;
    return true;
}

bool loader_inspect(const struct machine_bytes *bytes, u64 base, struct image_info *info,
                    struct error *err)
{
    *info = (struct image_info){.format = loader_format(bytes->data, bytes->size)};
    switch (info->format) {
    case IMAGE_ELF:
        return inspect_elf(bytes, info, err);
    case IMAGE_LINUX:
        return inspect_linux(bytes, base, info, err);
    default:
        info->low = info->entry = base;
        info->high = base + bytes->size;
        return true;
    }
}

static void place(struct ram *ram, u64 address, const u8 *from, u64 file_size, u64 memory_size)
{
    u8 *to = ram_pointer(ram, address, memory_size);
    memcpy(to, from, file_size);
    memset(to + file_size, 0, memory_size - file_size);
    ram_written(ram, address, memory_size);
}

bool loader_load(const struct machine_bytes *bytes, struct ram *ram, u64 base,
                 struct image_info *info, struct error *err)
{
    if (!loader_inspect(bytes, base, info, err)) {
        return false;
    }
    if (!range_within(info->low, info->high - info->low, ram->base, ram->size)) {
        return error_set(err, EINVAL,
                         "%s: wants memory %#llx to %#llx, but RAM is %#llx to %#llx "
                         "(-m gives more)",
                         bytes->name, (unsigned long long)info->low, (unsigned long long)info->high,
                         (unsigned long long)ram->base,
                         (unsigned long long)(ram->base + ram->size));
    }
    if (info->format != IMAGE_ELF) {
        place(ram, info->low, bytes->data, bytes->size, bytes->size);
        return true;
    }
    Elf64_Ehdr header;
    memcpy(&header, bytes->data, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr s = segment(bytes, &header, i);
        if (s.p_type == PT_LOAD && s.p_memsz > 0) {
            place(ram, s.p_paddr, bytes->data + s.p_offset, s.p_filesz, s.p_memsz);
        }
    }
    return true;
}

bool loader_unpack(const struct machine_bytes *bytes, size_t limit, struct buffer *out,
                   struct error *err)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes->data,
                       .avail_in = (uInt)(bytes->size < 0xffffffffu ? bytes->size : 0xffffffffu)};
    u8 chunk[65536];
    struct log_progress progress = {0};
    int code = inflateInit2(&stream, 15 + 16);
    while (code == Z_OK) {
        log_progress(&progress, "unpacking", bytes->name);
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        code = inflate(&stream, Z_NO_FLUSH);
        if (code == Z_OK || code == Z_STREAM_END) {
            buffer_append(out, chunk, sizeof chunk - stream.avail_out);
        }
        if (out->size > limit || out->failed) {
            inflateEnd(&stream);
            return error_set(err, EFBIG, "%s: too large when unpacked", bytes->name);
        }
    }
    inflateEnd(&stream);
    if (code != Z_STREAM_END) {
        return error_set(err, EINVAL, "%s: damaged or truncated gzip data", bytes->name);
    }
    return true;
}
