/* SPDX-License-Identifier: MIT */
/* value.c - value trees. */
#include "emu/monitor/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

json_t *value_hex(u64 number)
{
    char text[24];

    snprintf(text, sizeof text, "0x%" PRIx64, number);
    return json_string(text);
}

json_t *value_count(u64 number)
{
    return number <= UINT64_C(1) << 53 ? json_integer((json_int_t)number) : value_hex(number);
}

json_t *value_text(const char *text)
{
    json_t *value = json_string(text);

    if (value)
        return value;
    char *plain = strdup(text);
    for (char *at = plain; at && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    value = plain ? json_string(plain) : NULL;
    free(plain);
    return value ? value : json_string("");
}

void value_set_hex(json_t *object, const char *key, u64 number)
{
    json_object_set_new(object, key, value_hex(number));
}

void value_set_count(json_t *object, const char *key, u64 number)
{
    json_object_set_new(object, key, value_count(number));
}

void value_set_text(json_t *object, const char *key, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    json_object_set_new(object, key, value_text(text));
}

void value_set_flag(json_t *object, const char *key, bool flag)
{
    json_object_set_new(object, key, json_boolean(flag));
}

const char *value_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

u64 value_u64(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 0);
    return (u64)json_integer_value(value);
}

bool value_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

const json_t *value_list(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}
