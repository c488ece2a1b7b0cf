/* SPDX-License-Identifier: MIT */
/*
 * printf.c - formatted text.
 */
#include "lib/printf.h"
#include "lib/string.h"

/* Where text goes: a buffer that may be too small; `length` counts all the same. */
struct sink {
    char *buffer;
    size_t size, length;
};

struct format {
    bool left, zero, plus, space, alternate;
    int width, precision; /* precision < 0: none given */
};

static void put(struct sink *sink, char character)
{
    if (sink->length < sink->size) {
        sink->buffer[sink->length] = character;
    }
    sink->length++;
}

static void put_repeated(struct sink *sink, char character, int count)
{
    while (count-- > 0) {
        put(sink, character);
    }
}

/* Prefix (sign, 0x), then `text` right- or left-adjusted in the width. */
static void put_field(struct sink *sink, const struct format *format, const char *prefix,
                      const char *text, int length, int zeros)
{
    int padding = format->width - length - zeros - (int)strlen(prefix);

    if (!format->left) {
        put_repeated(sink, ' ', padding);
    }
    for (; *prefix != '\0'; prefix++) {
        put(sink, *prefix);
    }
    put_repeated(sink, '0', zeros);
    for (int i = 0; i < length; i++) {
        put(sink, text[i]);
    }
    if (format->left) {
        put_repeated(sink, ' ', padding);
    }
}

static void put_number(struct sink *sink, const struct format *format, u64 value, unsigned base,
                       bool capital, const char *prefix)
{
    const char *digits = capital ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int length = 0, zeros = 0;

    do {
        text[sizeof(text) - 1 - (size_t)length++] = digits[value % base];
        value /= base;
    } while (value != 0);
    if (format->precision >= 0) {
        zeros = format->precision - length;
    } else if (format->zero && !format->left) {
        zeros = format->width - length - (int)strlen(prefix);
    }
    put_field(sink, format, prefix, text + sizeof(text) - length, length, zeros > 0 ? zeros : 0);
}

static int parse_number(const char **at, va_list *arguments)
{
    int value = 0;

    if (**at == '*') {
        (*at)++;
        return va_arg(*arguments, int);
    }
    while (**at >= '0' && **at <= '9') {
        value = value * 10 + (*(*at)++ - '0');
    }
    return value;
}

static const char *parse_format(const char *at, struct format *format, va_list *arguments)
{
    *format = (struct format){.precision = -1};
    for (;; at++) {
        switch (*at) {
        case '-':
            format->left = true;
            continue;
        case '0':
            format->zero = true;
            continue;
        case '+':
            format->plus = true;
            continue;
        case ' ':
            format->space = true;
            continue;
        case '#':
            format->alternate = true;
            continue;
        default:
            break;
        }
        break;
    }
    format->width = parse_number(&at, arguments);
    if (format->width < 0) {
        format->left = true;
        format->width = -format->width;
    }
    if (*at == '.') {
        at++;
        format->precision = parse_number(&at, arguments);
    }
    return at;
}

/* The next integer argument of a length (0 int, 1 long and longer, -1 short, -2 char). */
static u64 take_integer(va_list *arguments, int length, bool is_signed)
{
    u64 value = length >= 1 ? va_arg(*arguments, u64) : (u64)(i64)va_arg(*arguments, int);

    if (length >= 1) {
        return value;
    }
    if (length == 0) {
        return is_signed ? (u64)(i64)(i32)value : (u32)value;
    }
    if (length == -1) {
        return is_signed ? (u64)(i64)(i16)value : (u16)value;
    }
    return is_signed ? (u64)(i64)(i8)value : (u8)value;
}

static void put_signed(struct sink *sink, const struct format *format, i64 value)
{
    const char *sign = value < 0 ? "-" : format->plus ? "+" : format->space ? " " : "";

    put_number(sink, format, value < 0 ? 0 - (u64)value : (u64)value, 10, false, sign);
}

static void put_string(struct sink *sink, const struct format *format, const char *text)
{
    size_t limit = format->precision < 0 ? (size_t)INT32_MAX : (size_t)format->precision;

    text = text == NULL ? "(null)" : text;
    put_field(sink, format, "", text, (int)strnlen(text, limit), 0);
}

static void put_conversion(struct sink *sink, const struct format *format, char conversion,
                           int length, va_list *arguments)
{
    char character;

    switch (conversion) {
    case 'd':
    case 'i':
        put_signed(sink, format, (i64)take_integer(arguments, length, true));
        break;
    case 'u':
        put_number(sink, format, take_integer(arguments, length, false), 10, false, "");
        break;
    case 'x':
    case 'X':
        put_number(sink, format, take_integer(arguments, length, false), 16, conversion == 'X',
                   format->alternate ? "0x" : "");
        break;
    case 'o':
        put_number(sink, format, take_integer(arguments, length, false), 8, false,
                   format->alternate ? "0" : "");
        break;
    case 'p':
        put_number(sink, format, take_integer(arguments, 1, false), 16, false, "0x");
        break;
    case 'c':
        character = (char)va_arg(*arguments, int);
        put_field(sink, format, "", &character, 1, 0);
        break;
    case 's':
        put_string(sink, format, va_arg(*arguments, const char *));
        break;
    default:
        put(sink, conversion);
        break;
    }
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct sink sink = {buffer, size, 0};
    va_list list;

    va_copy(list, arguments);
    while (*format != '\0') {
        struct format parsed;
        int length = 0;

        if (*format != '%') {
            put(&sink, *format++);
            continue;
        }
        format = parse_format(format + 1, &parsed, &list);
        for (;; format++) {
            if (*format == 'l' || *format == 'z' || *format == 'j' || *format == 't') {
                length = 1;
            } else if (*format == 'h') {
                length--;
            } else {
                break;
            }
        }
        if (*format != '\0') {
            put_conversion(&sink, &parsed, *format++, length, &list);
        }
    }
    va_end(list);
    if (size > 0) {
        buffer[sink.length < size ? sink.length : size - 1] = '\0';
    }
    return (int)sink.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
