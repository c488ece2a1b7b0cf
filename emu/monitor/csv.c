/* SPDX-License-Identifier: MIT */
/* csv.c - see csv.h. */
#include "emu/monitor/csv.h"

#include <stdlib.h>
#include <string.h>

#include "emu/monitor/value.h"

static void quoted(const char *text, struct buffer *out)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        buffer_text(out, text);
        return;
    }
    buffer_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (u8)*text);
    }
    buffer_byte(out, '"');
}

static void cell(const json_t *value, struct buffer *out)
{
    if (json_is_string(value)) {
        quoted(json_string_value(value), out);
    } else if (value && !json_is_null(value)) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        quoted(text ? text : "", out);
        free(text);
    }
}

static const json_t *longest_list(const json_t *value)
{
    const json_t *best = NULL;
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        (void)key;
        if (json_is_array(member) && json_is_object(json_array_get(member, 0)) &&
            (!best || json_array_size(member) > json_array_size(best)))
            best = member;
    }
    return best;
}

/* Columns in the order in which rows first have them. */
static json_t *columns_of(const json_t *list)
{
    json_t *columns = json_object(), *row, *member;
    const char *key;
    size_t i;

    json_array_foreach(list, i, row)
    {
        json_object_foreach(row, key, member)
        {
            (void)member;
            json_object_set_new(columns, key, json_null());
        }
    }
    return columns;
}

static void write_table(const json_t *list, struct buffer *out)
{
    json_t *columns = columns_of(list), *row, *ignored;
    const char *key, *separator = "";
    size_t i;

    json_object_foreach(columns, key, ignored)
    {
        buffer_text(out, separator);
        quoted(key, out);
        separator = ",";
    }
    buffer_text(out, "\n");
    json_array_foreach(list, i, row)
    {
        separator = "";
        json_object_foreach(columns, key, ignored)
        {
            buffer_text(out, separator);
            cell(json_object_get(row, key), out);
            separator = ",";
        }
        buffer_text(out, "\n");
    }
    (void)ignored;
    json_decref(columns);
}

void csv_write(const json_t *value, struct buffer *out)
{
    const json_t *list = longest_list(value);
    const char *key;
    json_t *member;

    if (list) {
        write_table(list, out);
        return;
    }
    buffer_text(out, "name,value\n");
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        quoted(key, out);
        buffer_byte(out, ',');
        cell(member, out);
        buffer_text(out, "\n");
    }
}
