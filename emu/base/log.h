/* SPDX-License-Identifier: MIT */
/*
 * log.h - messages of the emulator itself: one line on stderr, "faultline: ...".
 *
 * Each line is one write, so lines of several threads do not mix.  Nothing is kept.
 */
#ifndef FAULTLINE_LOG_H
#define FAULTLINE_LOG_H

#include <stdbool.h>

#include "emu/base/types.h"

void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Work that may take long: zero-initialised at its beginning, log_progress called as it goes on. */
struct log_progress {
    u64 started_ns;
    bool said;
};

/* Says once, when a second is over and stderr is a terminal, what is being done. */
void log_progress(struct log_progress *progress, const char *what, const char *name);

#endif
