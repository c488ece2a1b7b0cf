/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - a growable array of bytes.
 *
 * Zero-initialised is empty.  When memory runs out the buffer remembers it (`failed`), keeps what
 * it has and takes nothing more, so that a long series of appends needs one test at the end.
 */
#ifndef FAULTLINE_BUFFER_H
#define FAULTLINE_BUFFER_H

#include "emu/base/types.h"

struct buffer {
    u8 *data;
    size_t size, capacity;
    bool failed;
};

void buffer_free(struct buffer *buffer);
/* Forgets the contents, keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* Room for `more` bytes behind the present ones. */
bool buffer_reserve(struct buffer *buffer, size_t more);
bool buffer_append(struct buffer *buffer, const void *data, size_t size);
bool buffer_byte(struct buffer *buffer, u8 byte);
bool buffer_text(struct buffer *buffer, const char *text);
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Removes the first `size` bytes (all of them if there are fewer). */
void buffer_consume(struct buffer *buffer, size_t size);

#endif
