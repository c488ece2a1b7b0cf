/* SPDX-License-Identifier: MIT */
/*
 * printf.h - formatted text and the kernel log.
 *
 * The log is a ring of the last 64 KiB (dmesg reads it) and, for messages at or
 * above the console level, the console.  Any context may log, also with
 * spinlocks held.
 *
 * Formats: %d %i %u %x %X %o %c %s %p %% with flags 0 - + space #, width and
 * precision (also *), and the lengths hh h l ll z.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include "lib/types.h"

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

/* => the length the whole text would have; at most size - 1 bytes and a zero are stored. */
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Log one message (a line break is added). */
void log_message(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define log_error(...) log_message(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_message(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

/* Messages with a level above this stay off the console (default LOG_INFO; bootarg loglevel=). */
void log_set_level(int level);
int log_get_level(void);

/* Where console text goes; NULL is the firmware's console. */
void log_set_console(void (*write)(const char *text, size_t length));

/*
 * Read the ring from position `from` (0 is the first byte ever logged; older
 * bytes than the ring holds are skipped).  => bytes copied; *from moves on.
 */
size_t log_read(u64 *from, char *buffer, size_t size);
u64 log_end(void); /* position behind the newest byte */

#endif
