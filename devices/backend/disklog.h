/* SPDX-License-Identifier: MIT */
/*
 * disklog.h - a record of everything that was written to a disk, in order, and what a power cut
 * would have left of it.
 *
 * A log is a file: writes with their data, flushes, and marks (what the guest said with the `mark`
 * probe).  disk_log_cut() plays the first N requests (writes and flushes) onto an
 * image.  A disk has a write cache: what
 * was written since the last flush may be lost in part, in any order, to the single sector.
 * Which part, the seed decides; seed 0 loses nothing.
 *
 * The file, little-endian: "FLDISKLG", version 1 (u32), sectors of the disk (u64); then records:
 * type (u8: 1 write, 2 flush, 3 mark), size (u32, bytes of what follows the sector), sector (u64),
 * the data or the text.
 */
#ifndef FAULTLINE_DISKLOG_H
#define FAULTLINE_DISKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "emu/base/error.h"
#include "emu/base/types.h"

struct disk_log;

/* A new log for a disk of that many sectors; an old file is replaced.  NULL with *err set. */
struct disk_log *disk_log_create(const char *path, u64 sectors, struct error *err);
void disk_log_write(struct disk_log *log, u64 sector, const void *data, u32 sectors);
void disk_log_flush(struct disk_log *log);
void disk_log_mark(struct disk_log *log, const char *text);
/* Everything is in the file; false with *err set if not.  Frees the log; NULL is allowed. */
bool disk_log_close(struct disk_log *log, struct error *err);

/* ---- reading ---- */

enum disk_log_type { DISK_LOG_WRITE = 1, DISK_LOG_FLUSH = 2, DISK_LOG_MARK = 3 };

struct disk_log_record {
    enum disk_log_type type;
    u64 request;    /* writes and flushes so far, this one included */
    u64 sector;     /* of a write */
    u32 size;       /* bytes of data */
    const u8 *data; /* of a write; a mark's text, zero-terminated */
};

/* Calls fn for each record until it returns false.  False with *err set: damaged file. */
bool disk_log_read(const char *path, bool (*fn)(void *ctx, const struct disk_log_record *record),
                   void *ctx, u64 *sectors, struct error *err);

/*
 * Writes to `out` (an open image, as it was before the log began) what the first `after` requests
 * left of themselves.  False with *err set: damaged log, no such request, or an error of the file.
 */
bool disk_log_cut(const char *path, int out, u64 after, u64 seed, struct error *err);

#endif
