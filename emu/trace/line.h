/* SPDX-License-Identifier: MIT */
/* line.h - building one line of text in a fixed buffer; too long is cut, and counted as snprintf
 * counts. */
#ifndef FAULTLINE_TRACE_LINE_H
#define FAULTLINE_TRACE_LINE_H

#include <stdarg.h>
#include <stdio.h>

#include "emu/trace/record.h"

struct line {
    char *at;
    size_t room, length; /* room of the whole buffer */
};

static inline struct line line_begin(char *out, size_t room)
{
    if (room)
        out[0] = 0;
    return (struct line){out, room, 0};
}

__attribute__((format(printf, 2, 3))) static inline void line_add(struct line *line,
                                                                  const char *format, ...)
{
    va_list list;
    size_t used = line->length < line->room ? line->length : line->room;

    va_start(list, format);
    int n = vsnprintf(line->at + used, line->room - used, format, list);
    va_end(list);
    if (n > 0)
        line->length += (size_t)n;
}

static inline int line_end(const struct line *line)
{
    return (int)line->length;
}

/* Pieces shared by the forms of text. */
void line_place(struct line *line, const struct trace_fault *fault);
void line_kind(struct line *line, const struct trace_fault *fault);
/* A name of 16 bytes in two registers. */
void line_name(struct line *line, u64 low, u64 high);

#endif
