/* SPDX-License-Identifier: MIT */
/*
 * loader.h - kernels and firmware from bytes into guest RAM: ELF64, Linux Image, raw, gzip'd.
 *
 * The bytes come from anybody: nothing is read beyond them, every segment must lie in RAM.
 * Sources: ELF-64 Object File Format 1.5; Linux, "Boot image header in RISC-V Linux".
 */
#ifndef FAULTLINE_MACHINE_LOADER_H
#define FAULTLINE_MACHINE_LOADER_H

#include "emu/base/buffer.h"
#include "emu/base/error.h"
#include "emu/machine/config.h"
#include "emu/mem/ram.h"

enum image_format { IMAGE_RAW, IMAGE_ELF, IMAGE_LINUX, IMAGE_EXT2, IMAGE_GZIP };

struct image_info {
    enum image_format format;
    u64 entry;            /* ELF: as a physical address */
    u64 low, high;        /* physical addresses used, high exclusive */
    bool user_program;    /* ELF for Linux user space: linked low, or with an interpreter */
    bool interpreter;     /* ELF with PT_INTERP: dynamically linked */
    u64 tohost, fromhost; /* symbols' addresses, 0: not there */
};

/* What the first bytes say.  Never fails; what is unknown is IMAGE_RAW. */
enum image_format loader_format(const u8 *data, size_t size);
/*
 * Examines without loading.  base: where a raw image or (plus its offset) a Linux Image goes.
 * False with *err set when it is damaged or not for this machine.
 */
bool loader_inspect(const struct machine_bytes *bytes, u64 base, struct image_info *info,
                    struct error *err);
/* Examines and copies into RAM. */
bool loader_load(const struct machine_bytes *bytes, struct ram *ram, u64 base,
                 struct image_info *info, struct error *err);
/* The value of a symbol of an ELF file, 0 when there is none. */
u64 loader_symbol(const u8 *data, size_t size, const char *name);
/* Unpacks gzip'd bytes; at most `limit` bytes. */
bool loader_unpack(const struct machine_bytes *bytes, size_t limit, struct buffer *out,
                   struct error *err);

#endif
