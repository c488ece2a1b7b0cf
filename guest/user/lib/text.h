/* SPDX-License-Identifier: MIT */
/*
 * text.h - strings and formatted output for freestanding programs.
 *
 * Formats: %d %u %x (with l for 64 bits), %s, %c, %p, %%; a width, a leading '-'
 * (left-justified) and a leading '0' are understood.  Nothing is allocated.
 */
#ifndef USER_LIB_TEXT_H
#define USER_LIB_TEXT_H

#include "sys.h"
#include <stdarg.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);

bool text_equal(const char *a, const char *b);
bool text_starts(const char *s, const char *prefix);
/* The first place of `part` in `s`, or NULL. */
const char *text_find(const char *s, const char *part);
/* A number in base 10, or 16 after "0x"; *end is set behind it when end is not NULL. */
u64 text_number(const char *s, const char **end);

/* Writes at most size - 1 characters and a zero; returns the length written. */
size_t text_format(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t text_vformat(char *to, size_t size, const char *format, va_list args);

/* Formatted text to standard output, or to fd, in one write. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_to(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads a whole (small) file; zero-terminated; the length, or a negative errno. */
long text_read_file(const char *path, char *to, size_t size);

#endif
