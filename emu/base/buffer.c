/* SPDX-License-Identifier: MIT */
/* buffer.c - see buffer.h. */
#include "emu/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed) {
        return false;
    }
    if (more <= buffer->capacity - buffer->size) {
        return true;
    }
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity - buffer->size < more) {
        if (capacity > SIZE_MAX / 2) {
            buffer->failed = true;
            return false;
        }
        capacity *= 2;
    }
    u8 *data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (!buffer_reserve(buffer, size)) {
        return false;
    }
    if (size) {
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
    }
    return true;
}

bool buffer_byte(struct buffer *buffer, u8 byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* One byte more for the terminator, which is not counted as content. */
    if (length < 0 || !buffer_reserve(buffer, (size_t)length + 1)) {
        return false;
    }
    va_start(args, format);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, args);
    va_end(args);
    buffer->size += (size_t)length;
    return true;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size) {
        buffer->size = 0;
        return;
    }
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}
