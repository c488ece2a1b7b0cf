/* SPDX-License-Identifier: MIT */
/*
 * pft.h - trace files: writing and reading.
 *
 * Layout (all integers little-endian):
 *   8 bytes magic, u32 version, u32 0x01020304, u32 length and u32 CRC32 of the JSON header,
 *   the JSON header, then chunks: u32 "PFTC", u32 type, u64 first seq, u64 first icount,
 *   u32 records, u32 raw length (<= 64 KiB), u32 stored length, u32 CRC32 of all that and of the
 *   stored bytes; the zlib stream.  A chunk can be decoded alone.  The last chunk is the index
 *   (offset, first seq, first icount of every chunk, counts by kind), followed by u64 its offset
 *   and 8 bytes end magic.  A file without its end is readable to the last whole chunk.
 *
 * A file is hostile until checked: nothing is allocated beyond the limits of the format, and every
 * refusal has a text.
 */
#ifndef FAULTLINE_TRACE_PFT_H
#define FAULTLINE_TRACE_PFT_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/trace/record.h"

#define PFT_VERSION 1
#define PFT_MAX_IMAGES 10
#define PFT_MAX_ARGS 64
#define PFT_SHA256_TEXT 65

/* What the header says of the run.  Strings are owned by the holder of the struct. */
struct pft_image {
    char role[16]; /* "kernel", "firmware", "vda", ... */
    char *name;
    char sha256[PFT_SHA256_TEXT]; /* hexadecimal */
    u64 size;
};
struct pft_info {
    char *tool;    /* "faultline 0.1.0" */
    char *program; /* the program under test, base name; NULL: none, the trace is of everything */
    char *append;  /* kernel command line or NULL */
    char *engine;
    u64 ram_size, seed;
    u32 harts;
    u32 image_count;
    struct pft_image image[PFT_MAX_IMAGES];
    u32 arg_count;
    char *arg[PFT_MAX_ARGS];
};

void pft_info_init(struct pft_info *info);
void pft_info_free(struct pft_info *info);
/* Copies the text; replaces *slot (one of the string members). */
void pft_info_text(char **slot, const char *text);
/* Hashes the bytes.  Beyond PFT_MAX_IMAGES nothing is added. */
void pft_info_add_image(struct pft_info *info, const char *role, const char *name,
                        const void *bytes, size_t size);
/* The same when the hash (64 hexadecimal digits) is known. */
void pft_info_add_hash(struct pft_info *info, const char *role, const char *name,
                       const char *sha256, u64 size);
void pft_info_add_arg(struct pft_info *info, const char *text);

struct pft_writer;

/* Creates or truncates the file.  NULL with *err set. */
struct pft_writer *pft_create(const char *path, const struct pft_info *info, struct error *err);
/* Appends; record->seq is given by the writer.  A failed write is reported by pft_finish. */
void pft_write(struct pft_writer *writer, const struct trace_record *record);
/* Writes out what is pending, so that a reader (or a crash) loses nothing. */
void pft_flush(struct pft_writer *writer);
u64 pft_written(const struct pft_writer *writer);
/* Writes the index, closes and frees.  False with *err set when anything could not be written. */
bool pft_finish(struct pft_writer *writer, struct error *err);

struct pft_reader;

/* NULL with *err set: no such file, not a trace, damaged header. */
struct pft_reader *pft_open(const char *path, struct error *err);
void pft_close(struct pft_reader *reader);
const struct pft_info *pft_info(const struct pft_reader *reader);

enum pft_status { PFT_RECORD, PFT_END, PFT_DAMAGED };
/*
 * The next record.  PFT_END: no more; pft_truncated tells whether the file had its end.
 * PFT_DAMAGED with *err set: the file is broken here; every later call says the same.
 */
enum pft_status pft_next(struct pft_reader *reader, struct trace_record *record, struct error *err);
/* Goes to record `seq` (the first record at or after it).  False with *err set when damaged. */
bool pft_seek(struct pft_reader *reader, u64 seq, struct error *err);
/* The file ends without its index: the writer did not come to an end. */
bool pft_truncated(const struct pft_reader *reader);
/* Records from the index; when truncated, of the whole chunks found. */
u64 pft_count(const struct pft_reader *reader);
/* Records of unknown type skipped so far. */
u64 pft_skipped(const struct pft_reader *reader);

#endif
