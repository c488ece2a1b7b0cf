/* SPDX-License-Identifier: MIT */
/*
 * serial.h - saved state as a stream of named fields in versioned sections.
 *
 * A field is: kind (1 byte), length of the name (1), name, value (8 bytes little-endian, or an
 * 8-byte length and that many bytes).  A section has a name and a version and may hold others.
 * Reading is strict and in order: the same names as were written.
 *
 * The reader's first error sticks: from then on every call returns zero and changes nothing, so a
 * load function reads all its fields and ends with `return serial_ok(reader, err)`.  Streams may
 * come from anybody; no length is believed before it was compared with what is there.
 */
#ifndef FAULTLINE_SERIAL_H
#define FAULTLINE_SERIAL_H

#include "emu/base/buffer.h"
#include "emu/base/error.h"
#include "emu/base/types.h"

struct serial_writer {
    struct buffer out; /* out.failed: memory ran out */
    unsigned depth;
};

struct serial_reader {
    const u8 *data; /* borrowed */
    size_t size, position;
    unsigned depth;
    struct error error;
};

/* Names: 1 to 255 bytes.  Zero-initialised is a fresh writer; free it by serial_writer_free. */
void serial_writer_free(struct serial_writer *writer);
void serial_begin(struct serial_writer *writer, const char *name, u32 version);
void serial_end(struct serial_writer *writer);
void serial_put_u64(struct serial_writer *writer, const char *name, u64 value);
void serial_put_bool(struct serial_writer *writer, const char *name, bool value);
void serial_put_bytes(struct serial_writer *writer, const char *name, const void *data,
                      size_t size);

void serial_reader_init(struct serial_reader *reader, const void *data, size_t size);
/* Enters the section `name`; returns its version, 1 .. newest, or 0 on error. */
u32 serial_enter(struct serial_reader *reader, const char *name, u32 newest);
void serial_leave(struct serial_reader *reader);
u64 serial_get_u64(struct serial_reader *reader, const char *name);
/* A number of at most `limit`; more is an error. */
u64 serial_get_max(struct serial_reader *reader, const char *name, u64 limit);
u32 serial_get_u32(struct serial_reader *reader, const char *name);
u16 serial_get_u16(struct serial_reader *reader, const char *name);
u8 serial_get_u8(struct serial_reader *reader, const char *name);
bool serial_get_bool(struct serial_reader *reader, const char *name);
/* Exactly `size` bytes into `to`. */
void serial_get_bytes(struct serial_reader *reader, const char *name, void *to, size_t size);
/* Any number of bytes up to `limit`, borrowed from the stream; NULL on error. */
const u8 *serial_get_blob(struct serial_reader *reader, const char *name, size_t limit,
                          size_t *size);
/* For load functions that find a value they cannot accept. */
void serial_reject(struct serial_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* False, with the reason in *err (may be NULL), when something went wrong. */
bool serial_ok(const struct serial_reader *reader, struct error *err);
/* True when all was read and nothing went wrong. */
bool serial_at_end(const struct serial_reader *reader);

#endif
