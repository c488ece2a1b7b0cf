/* SPDX-License-Identifier: MIT */
/* text.c - growing texts.  See text.h. */
#include "fs/text.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"

void text_init(struct text_buffer *text)
{
    *text = (struct text_buffer){.bytes = NULL};
}

void text_destroy(struct text_buffer *text)
{
    kfree(text->bytes);
    text_init(text);
}

/* Make room for `size` more bytes.  => false if there is none */
static bool reserve(struct text_buffer *text, size_t size)
{
    size_t capacity = text->capacity ? text->capacity : 1024;
    char *bytes;

    if (text->failed || size > TEXT_LIMIT - text->length) {
        text->failed = true;
        return false;
    }
    while (capacity < text->length + size) {
        capacity *= 2;
    }
    if (capacity == text->capacity) {
        return true;
    }
    bytes = kalloc(capacity);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    if (text->length > 0) {
        memcpy(bytes, text->bytes, text->length);
    }
    kfree(text->bytes);
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_append(struct text_buffer *text, const void *bytes, size_t size)
{
    if (size > 0 && reserve(text, size)) {
        memcpy(text->bytes + text->length, bytes, size);
        text->length += size;
    }
}

void text_printf(struct text_buffer *text, const char *format, ...)
{
    char line[256];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    if ((size_t)length < sizeof(line)) {
        text_append(text, line, (size_t)length);
        return;
    }
    /* Too long for the stack: once more, in place, with room for the closing zero. */
    if (reserve(text, (size_t)length + 1)) {
        va_start(arguments, format);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        text->length += (size_t)length;
    }
}
