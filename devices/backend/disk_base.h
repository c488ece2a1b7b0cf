/* SPDX-License-Identifier: MIT */
/*
 * disk_base.h - the bottom of a disk, for the files of this folder only.
 */
#ifndef FAULTLINE_DISK_BASE_H
#define FAULTLINE_DISK_BASE_H

#include "devices/backend/disk.h"
#include "emu/base/bits.h"

struct disk_base_ops {
    /* Offset and size are in bytes, whole sectors, inside the disk.  0 or a negative errno. */
    int (*read)(void *ctx, u64 offset, u8 *to, size_t size);
    int (*write)(void *ctx, u64 offset, const u8 *from, size_t size); /* NULL: overlay needed */
    int (*flush)(void *ctx);                                          /* may be NULL */
    void (*destroy)(void *ctx);                                       /* may be NULL */
};

struct disk_base {
    const struct disk_base_ops *ops;
    void *ctx;
};

/* Takes the base over when it succeeds; NULL when memory is short. */
struct disk *disk_from_base(const char *name, const struct disk_base *base, u64 size,
                            bool read_only, bool overlay);

#endif
