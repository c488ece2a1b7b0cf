/* SPDX-License-Identifier: MIT */
/* log.c - see log.h. */
#include "emu/base/log.h"

#include <time.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "emu/base/types.h"

static void write_line(const char *kind, const char *format, va_list args)
{
    char line[1024];
    int used = snprintf(line, sizeof(line), "faultline: %s", kind);
    int more = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, args);
    size_t length = (size_t)used + (more > 0 ? (size_t)more : 0);
    if (length > sizeof(line) - 2) {
        length = sizeof(line) - 2;
    }
    line[length++] = '\n';
    /* Nobody is left to be told when stderr itself fails. */
    ssize_t ignored = write(STDERR_FILENO, line, length);
    (void)ignored;
}

#define LOG_FUNCTION(name, kind)        \
    void name(const char *format, ...)  \
    {                                   \
        va_list args;                   \
        va_start(args, format);         \
        write_line(kind, format, args); \
        va_end(args);                   \
    }
LOG_FUNCTION(log_note, "")
LOG_FUNCTION(log_warn, "warning: ")
LOG_FUNCTION(log_error, "error: ")

void log_progress(struct log_progress *progress, const char *what, const char *name)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    u64 now = (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
    if (progress->started_ns == 0) {
        progress->started_ns = now;
    } else if (!progress->said && now - progress->started_ns > 1000000000u) {
        progress->said = true;
        if (isatty(STDERR_FILENO)) {
            log_note("%s %s ...", what, name);
        }
    }
}
