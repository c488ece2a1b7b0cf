/* SPDX-License-Identifier: MIT */
/*
 * hostfile.h - whole files of the host in memory, gzip'd ones unpacked.
 */
#ifndef FAULTLINE_CLI_HOSTFILE_H
#define FAULTLINE_CLI_HOSTFILE_H

#include "emu/base/buffer.h"
#include "emu/base/error.h"
#include "emu/machine/config.h"

/* Reads a regular file.  *bytes refers to *buffer and `path`; free the buffer. */
bool hostfile_read(const char *path, struct buffer *buffer, struct machine_bytes *bytes,
                   struct error *err);
/* The first bytes, at most `size`; false when it cannot be opened or is no regular file. */
bool hostfile_head(const char *path, u8 *head, size_t size, size_t *got, struct error *err);

#endif
