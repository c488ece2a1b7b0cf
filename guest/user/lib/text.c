/* SPDX-License-Identifier: MIT */
/*
 * text.c - strings and formatted output for freestanding programs.
 */
#include "text.h"

void *memcpy(void *to, const void *from, size_t size)
{
    u8 *t = to;
    const u8 *f = from;

    if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0) {
        for (; size >= 8; size -= 8, t += 8, f += 8)
            *(u64 *)t = *(const u64 *)f;
    }
    while (size-- > 0)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    u8 *t = to;
    const u8 *f = from;

    if (t <= f || t >= f + size)
        return memcpy(to, from, size);
    while (size-- > 0)
        t[size] = f[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    u8 *t = to;
    u64 word = (u8)value * 0x0101010101010101ull;

    for (; size > 0 && ((uintptr_t)t & 7) != 0; size--)
        *t++ = (u8)value;
    for (; size >= 8; size -= 8, t += 8)
        *(u64 *)t = word;
    while (size-- > 0)
        *t++ = (u8)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const u8 *x = a, *y = b;

    for (; size > 0; size--, x++, y++) {
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

bool text_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool text_starts(const char *s, const char *prefix)
{
    while (*prefix != '\0') {
        if (*s++ != *prefix++)
            return false;
    }
    return true;
}

const char *text_find(const char *s, const char *part)
{
    for (; *s != '\0'; s++) {
        if (text_starts(s, part))
            return s;
    }
    return NULL;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

u64 text_number(const char *s, const char **end)
{
    u64 value = 0;
    int base = 10;

    while (*s == ' ' || *s == '\t')
        s++;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    for (; digit_value(*s) < base; s++)
        value = value * (u64)base + (u64)digit_value(*s);
    if (end != NULL)
        *end = s;
    return value;
}

/* Where formatted characters go; counts on when the room is used up. */
struct sink {
    char *to;
    size_t size, used;
};

static void sink_put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size)
        sink->to[sink->used++] = c;
}

struct field {
    bool left, zero;
    unsigned width;
};

static void put_padded(struct sink *sink, const char *s, size_t length, struct field field)
{
    size_t fill = field.width > length ? field.width - length : 0;

    if (!field.left) {
        while (fill > 0) {
            sink_put(sink, field.zero ? '0' : ' ');
            fill--;
        }
    }
    for (size_t i = 0; i < length; i++)
        sink_put(sink, s[i]);
    while (fill-- > 0)
        sink_put(sink, ' ');
}

static void put_number(struct sink *sink, u64 value, unsigned base, bool negative,
                       struct field field)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        digits[--at] = '-';
    put_padded(sink, digits + at, sizeof digits - at, field);
}

/* One conversion; `f` is behind the '%', the place behind the conversion is returned. */
static const char *put_conversion(struct sink *sink, const char *f, va_list *args)
{
    struct field field = {false, false, 0};
    bool wide = false;
    char one[1];
    const char *s;

    for (;; f++) {
        if (*f == '-')
            field.left = true;
        else if (*f == '0')
            field.zero = true;
        else
            break;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        field.width = field.width * 10 + (unsigned)(*f - '0');
    for (; *f == 'l' || *f == 'z'; f++)
        wide = true;
    switch (*f) {
    case 'd': {
        i64 v = wide ? va_arg(*args, i64) : va_arg(*args, int);

        put_number(sink, v < 0 ? 0 - (u64)v : (u64)v, 10, v < 0, field);
        break;
    }
    case 'u':
    case 'x': {
        u64 v = wide ? va_arg(*args, u64) : va_arg(*args, unsigned);

        put_number(sink, v, *f == 'x' ? 16 : 10, false, field);
        break;
    }
    case 'p':
        sink_put(sink, '0');
        sink_put(sink, 'x');
        put_number(sink, (u64)va_arg(*args, void *), 16, false, field);
        break;
    case 'c':
        one[0] = (char)va_arg(*args, int);
        put_padded(sink, one, 1, field);
        break;
    case 's':
        s = va_arg(*args, const char *);
        put_padded(sink, s, strlen(s), field);
        break;
    default:
        sink_put(sink, *f);
    }
    return f + 1;
}

size_t text_vformat(char *to, size_t size, const char *format, va_list args)
{
    struct sink sink = {to, size, 0};
    va_list copy;

    va_copy(copy, args);
    for (const char *f = format; *f != '\0';) {
        if (*f == '%' && f[1] != '\0')
            f = put_conversion(&sink, f + 1, &copy);
        else
            sink_put(&sink, *f++);
    }
    va_end(copy);
    to[sink.used] = '\0';
    return sink.used;
}

size_t text_format(char *to, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = text_vformat(to, size, format, args);
    va_end(args);
    return length;
}

static void write_all(int fd, const char *s, size_t size)
{
    while (size > 0) {
        long n = sys_write(fd, s, size);

        if (n <= 0)
            return;
        s += n;
        size -= (size_t)n;
    }
}

void say(const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    write_all(1, line, text_vformat(line, sizeof line, format, args));
    va_end(args);
}

void say_to(int fd, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    write_all(fd, line, text_vformat(line, sizeof line, format, args));
    va_end(args);
}

long text_read_file(const char *path, char *to, size_t size)
{
    int fd = sys_open(path, O_RDONLY, 0);
    size_t used = 0;
    long n;

    if (fd < 0)
        return fd;
    while (used + 1 < size && (n = sys_read(fd, to + used, size - 1 - used)) > 0)
        used += (size_t)n;
    to[used] = '\0';
    sys_close(fd);
    return (long)used;
}
