/* SPDX-License-Identifier: MIT */
/* wrap.c - see wrap.h. */
#include "emu/monitor/wrap.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INDENT 2

/* One character: its bytes and columns. */
static size_t character(const char *at, size_t left, unsigned *columns)
{
    unsigned char c = (unsigned char)*at;
    size_t bytes = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    if (bytes > left)
        bytes = left;
    u32 code = bytes == 3 ? (u32)(c & 15) << 12 | (u32)((unsigned char)at[1] & 63) << 6 |
                                ((unsigned char)at[2] & 63)
                          : c;
    *columns =
        bytes == 3 && ((code >= 0x2e80 && code < 0xa4d0) || (code >= 0xac00 && code < 0xd7a4) ||
                       (code >= 0xf900 && code < 0xfb00) || (code >= 0xfe30 && code < 0xfe70) ||
                       (code >= 0xff00 && code < 0xff61))
            ? 2
            : 1;
    return bytes;
}

/* How much of the line fits: up to the last space, or wide character, before the edge. */
static size_t fitting(const char *line, size_t length, unsigned width)
{
    unsigned column = 0;
    size_t at = 0, good = 0;

    while (at < length) {
        unsigned columns;
        size_t bytes = character(line + at, length - at, &columns);
        if (column + columns > width)
            return good ? good : at ? at : bytes;
        if (line[at] == ' ')
            good = at;
        column += columns;
        at += bytes;
        if (columns == 2)
            good = at;
    }
    return length;
}

static void wrap_line(const char *line, size_t length, unsigned width, struct buffer *out)
{
    unsigned room = width;

    for (;;) {
        size_t part = fitting(line, length, room);
        buffer_append(out, line, part);
        line += part;
        length -= part;
        while (length && *line == ' ') {
            line++;
            length--;
        }
        if (!length)
            return;
        buffer_text(out, "\n  ");
        room = width - INDENT;
    }
}

void wrap_text(const char *text, size_t size, unsigned width, struct buffer *out)
{
    const char *end = text + size;

    if (width <= 2 * INDENT) {
        buffer_append(out, text, size);
        return;
    }
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        wrap_line(text, length, width, out);
        if (newline)
            buffer_byte(out, '\n');
        text += length + (newline != NULL);
    }
}

unsigned wrap_width(int fd)
{
    struct winsize size;

    if (!isatty(fd))
        return 0;
    return !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

unsigned wrap_rows(int fd)
{
    struct winsize size;

    if (!isatty(fd))
        return 0;
    return !ioctl(fd, TIOCGWINSZ, &size) && size.ws_row ? size.ws_row : 24;
}
