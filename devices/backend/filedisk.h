/* SPDX-License-Identifier: MIT */
/*
 * filedisk.h - host files shown to the guest as a read-only ext2 volume (label "faulthost").
 *
 * The metadata is made in memory; the sectors of a file are read from it when the guest asks, so
 * a large file costs nothing until it is used.  Source: "The Second Extended File System:
 * internal layout" (revision 1, 4 KiB blocks, no features but filetype and sparse_super).
 */
#ifndef FAULTLINE_FILEDISK_H
#define FAULTLINE_FILEDISK_H

#include "devices/backend/disk.h"

struct filedisk;

struct filedisk *filedisk_create(void);
/*
 * Adds the host file `path` as /`name` (directories in `name` are made; NULL: the last component
 * of `path`).  A directory is added with what it holds.  False with *err set: not readable, name
 * taken, name too long, not a regular file.
 */
bool filedisk_add(struct filedisk *f, const char *path, const char *name, struct error *err);
/* Takes `f` over and makes the disk; NULL with *err set. */
struct disk *filedisk_finish(struct filedisk *f, struct error *err);
void filedisk_destroy(struct filedisk *f);

#endif
