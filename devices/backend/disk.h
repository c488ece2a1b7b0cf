/* SPDX-License-Identifier: MIT */
/*
 * disk.h - where the sectors of a virtio-blk device are kept.
 *
 * A disk is a stack: a base (raw file, bytes in memory, host files shown as an ext2 volume) and
 * for a throw-away disk an overlay in memory, sparse in granules of 4 KiB.  Sectors are 512 bytes.
 * All checks of ranges are made here; no call can touch anything outside the disk.
 */
#ifndef FAULTLINE_DISK_H
#define FAULTLINE_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/serial.h"

#define DISK_SECTOR 512u

struct disk;

/*
 * A raw image in a file; gzip'd images are accepted and are always throw-away (`overlay` must be
 * true for them).  With `overlay` the file is opened read-only and writes are kept in memory.
 */
struct disk *disk_open(const char *path, bool read_only, bool overlay, struct error *err);
/*
 * `size` bytes of which the first `prefix` are `bytes` (borrowed until disk_destroy) and the rest
 * zero; writes are kept in memory.
 */
struct disk *disk_memory(const char *name, const u8 *bytes, size_t prefix, u64 size,
                         bool read_only);
/* An empty swap disk of `size` bytes in memory, with the header that mkswap would write. */
struct disk *disk_swap(u64 size, u64 seed, struct error *err);
void disk_destroy(struct disk *d);

const char *disk_name(const struct disk *d);
u64 disk_sectors(const struct disk *d);
bool disk_read_only(const struct disk *d);
/* True when writes are thrown away at the end. */
bool disk_throw_away(const struct disk *d);
/* 0 or a negative errno; -EINVAL outside the disk, -EROFS on a read-only one. */
int disk_read(struct disk *d, u64 sector, void *buffer, u32 count);
int disk_write(struct disk *d, u64 sector, const void *buffer, u32 count);
int disk_flush(struct disk *d);
/* From now on every write and flush that succeeds goes into the log, which is taken over. */
struct disk_log;
void disk_set_log(struct disk *d, struct disk_log *log);
struct disk_log *disk_log_of(struct disk *d); /* NULL: none */
/* The overlay's granules, so that a snapshot of a throw-away disk is complete. */
void disk_save(const struct disk *d, struct serial_writer *writer);
bool disk_load(struct disk *d, struct serial_reader *reader, struct error *err);

#endif
