/* SPDX-License-Identifier: MIT */
/*
 * log.h - messages of the emulator itself: one line on stderr, "faultline: ...".
 *
 * Each line is one write, so lines of several threads do not mix.  Nothing is kept.
 */
#ifndef FAULTLINE_LOG_H
#define FAULTLINE_LOG_H

void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
