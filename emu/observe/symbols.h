/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - names and source lines of the kernel and of guest programs, from ELF files.
 *
 * Files come from the kernel image, from the command line (--symbols, the program of `run`) and
 * from the pack bundled with the guest.  A program is known by the name it is executed under, of
 * which the guest tells 15 bytes.  A file is read when something of it is asked for the first time;
 * it may be anything: every offset is checked.  Source lines need libdw (WITH_LIBDW).
 */
#ifndef FAULTLINE_OBSERVE_SYMBOLS_H
#define FAULTLINE_OBSERVE_SYMBOLS_H

#include "emu/base/error.h"
#include "emu/base/types.h"

struct symbols;

struct symbols *symbols_create(void);
void symbols_destroy(struct symbols *s);

/*
 * Adds an ELF file in memory, which must stay.  name: the program's, or NULL for the kernel.  Later
 * ones of a name come before earlier ones; what the later does not have is looked up in the
 * earlier. No ELF file: nothing happens.
 */
void symbols_add(struct symbols *s, const char *name, const void *data, size_t size);
/*
 * Adds a file, or NAME=FILE for a program that is executed under another name.  A file that is
 * linked to 0x80000000 and above is taken for a kernel.  False with *err set.
 */
bool symbols_add_file(struct symbols *s, const char *path, struct error *err);
/*
 * Adds a pack made by disk-images/bundle.c: for each file a 24-byte name, a u64 size, the bytes,
 * zeros up to a multiple of 8.  "kernel.elf" is the kernel; bytes "=NAME" make another name of a
 * file before.  Ends silently where it is not sound.
 */
void symbols_add_pack(struct symbols *s, const void *pack, size_t size);

/*
 * "memset" or "memset+0x1c" for an address in a program (NULL: in the kernel).  bias: where the
 * program lies, minus where it was linked (0 unless position-independent).  False: no name.
 */
bool symbols_name(struct symbols *s, const char *program, u64 address, u64 bias, char *out,
                  size_t size);
/* "guest/kernel/mm/fault.c:120"; false: not known (or built without libdw). */
bool symbols_line(struct symbols *s, const char *program, u64 address, u64 bias, char *out,
                  size_t size);
/* The value of a name; false: there is none. */
bool symbols_value(struct symbols *s, const char *program, const char *name, size_t length,
                   u64 *out);
/* A name that looks like the one typed, or NULL. */
const char *symbols_nearest(struct symbols *s, const char *program, const char *name);
/*
 * Names that begin with `prefix`, in order of address, until fn returns false.  address is as
 * linked.
 */
void symbols_list(struct symbols *s, const char *program, const char *prefix,
                  bool (*fn)(void *ctx, const char *name, u64 address, u64 size), void *ctx);
/* The program is position-independent; *first: its lowest linked address. */
bool symbols_moves(struct symbols *s, const char *program, u64 *first);

#endif
