/* SPDX-License-Identifier: MIT */
/*
 * string.h - bytes and zero-terminated strings, with the meanings of ISO C.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "lib/types.h"

void *memset(void *destination, int byte, size_t size);
void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
int memcmp(const void *left, const void *right, size_t size);
void *memchr(const void *start, int byte, size_t size);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);
char *strstr(const char *haystack, const char *needle);

/*
 * Copy a string into a buffer of `size` bytes, always zero-terminated (size > 0).
 * => the length of `source`; a result >= size means that it was cut.
 */
size_t string_copy(char *destination, const char *source, size_t size);

/*
 * Read an unsigned number, decimal or 0x hexadecimal.
 * => false if there is no digit or it does not fit; *end (may be NULL) is set
 *    behind the last digit read.
 */
bool string_to_u64(const char *string, const char **end, u64 *value);

#endif
