/* SPDX-License-Identifier: MIT */
/*
 * string.c - bytes and strings.  Blocks move in 8-byte words where both sides are
 * equally aligned; pages have their own routines in mm/page.S.
 */
#include "lib/string.h"

/* Else gcc would see the loops below as memset and memcpy and call itself. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

typedef u64 __attribute__((may_alias)) word;

void *memset(void *destination, int byte, size_t size)
{
    u8 *at = destination;
    u64 pattern = (u8)byte * 0x0101010101010101ull;

    while (size > 0 && ((uintptr_t)at & 7) != 0) {
        *at++ = (u8)byte;
        size--;
    }
    for (; size >= 32; size -= 32, at += 32) {
        word *words = (word *)(void *)at;

        words[0] = pattern;
        words[1] = pattern;
        words[2] = pattern;
        words[3] = pattern;
    }
    for (; size >= 8; size -= 8, at += 8) {
        *(word *)(void *)at = pattern;
    }
    while (size-- > 0) {
        *at++ = (u8)byte;
    }
    return destination;
}

static void copy_up(u8 *to, const u8 *from, size_t size)
{
    if ((((uintptr_t)to ^ (uintptr_t)from) & 7) == 0) {
        while (size > 0 && ((uintptr_t)to & 7) != 0) {
            *to++ = *from++;
            size--;
        }
        for (; size >= 32; size -= 32, to += 32, from += 32) {
            const word *source = (const word *)(const void *)from;
            word *target = (word *)(void *)to;
            u64 a = source[0], b = source[1], c = source[2], d = source[3];

            target[0] = a;
            target[1] = b;
            target[2] = c;
            target[3] = d;
        }
        for (; size >= 8; size -= 8, to += 8, from += 8) {
            *(word *)(void *)to = *(const word *)(const void *)from;
        }
    }
    while (size-- > 0) {
        *to++ = *from++;
    }
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
    copy_up(destination, source, size);
    return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
    u8 *to = destination;
    const u8 *from = source;

    if (to <= from || to >= from + size) {
        copy_up(to, from, size);
        return destination;
    }
    while (size-- > 0) {
        to[size] = from[size];
    }
    return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const u8 *a = left, *b = right;

    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

void *memchr(const void *start, int byte, size_t size)
{
    const u8 *at = start;

    for (; size > 0; size--, at++) {
        if (*at == (u8)byte) {
            return (void *)(uintptr_t)at;
        }
    }
    return NULL;
}

size_t strlen(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0') {
        length++;
    }
    return length;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length] != '\0') {
        length++;
    }
    return length;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (u8)*left - (u8)*right;
}

int strncmp(const char *left, const char *right, size_t limit)
{
    while (limit > 0 && *left != '\0' && *left == *right) {
        left++;
        right++;
        limit--;
    }
    return limit == 0 ? 0 : (u8)*left - (u8)*right;
}

char *strchr(const char *string, int character)
{
    for (;; string++) {
        if (*string == (char)character) {
            return (char *)(uintptr_t)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}

char *strrchr(const char *string, int character)
{
    const char *found = NULL;

    for (;; string++) {
        if (*string == (char)character) {
            found = string;
        }
        if (*string == '\0') {
            return (char *)(uintptr_t)found;
        }
    }
}

char *strstr(const char *haystack, const char *needle)
{
    size_t length = strlen(needle);

    for (; strncmp(haystack, needle, length) != 0; haystack++) {
        if (*haystack == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)haystack;
}

size_t string_copy(char *destination, const char *source, size_t size)
{
    size_t length = strlen(source);
    size_t kept = length < size ? length : size - 1;

    memcpy(destination, source, kept);
    destination[kept] = '\0';
    return length;
}

static int digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : 99;
}

bool string_to_u64(const char *string, const char **end, u64 *value)
{
    int base = 10;
    u64 result = 0;
    const char *at = string;
    bool fits = true;

    if (at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16) {
        base = 16;
        at += 2;
    }
    string = at;
    for (; digit_value(*at) < base; at++) {
        fits = fits && !__builtin_mul_overflow(result, (u64)base, &result) &&
               !__builtin_add_overflow(result, (u64)digit_value(*at), &result);
    }
    if (end != NULL) {
        *end = at;
    }
    *value = result;
    return fits && at != string;
}
