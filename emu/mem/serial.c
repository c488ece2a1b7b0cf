/* SPDX-License-Identifier: MIT */
/* serial.c - see serial.h. */
#include "emu/mem/serial.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "emu/base/bits.h"

enum field_kind { FIELD_BEGIN = 1, FIELD_END = 2, FIELD_NUMBER = 3, FIELD_BYTES = 4 };

static void put_header(struct serial_writer *writer, enum field_kind kind, const char *name)
{
    size_t length = strlen(name);
    buffer_byte(&writer->out, (u8)kind);
    buffer_byte(&writer->out, (u8)length);
    buffer_append(&writer->out, name, length & 0xff);
}

static void put_number(struct serial_writer *writer, u64 value)
{
    u8 bytes[8];
    store_u64(bytes, value);
    buffer_append(&writer->out, bytes, sizeof(bytes));
}

void serial_writer_free(struct serial_writer *writer)
{
    buffer_free(&writer->out);
    writer->depth = 0;
}

void serial_begin(struct serial_writer *writer, const char *name, u32 version)
{
    put_header(writer, FIELD_BEGIN, name);
    put_number(writer, version);
    writer->depth++;
}

void serial_end(struct serial_writer *writer)
{
    put_header(writer, FIELD_END, "");
    writer->depth--;
}

void serial_put_u64(struct serial_writer *writer, const char *name, u64 value)
{
    put_header(writer, FIELD_NUMBER, name);
    put_number(writer, value);
}

void serial_put_bool(struct serial_writer *writer, const char *name, bool value)
{
    serial_put_u64(writer, name, value);
}

void serial_put_bytes(struct serial_writer *writer, const char *name, const void *data, size_t size)
{
    put_header(writer, FIELD_BYTES, name);
    put_number(writer, size);
    buffer_append(&writer->out, data, size);
}

void serial_reader_init(struct serial_reader *reader, const void *data, size_t size)
{
    *reader = (struct serial_reader){.data = data, .size = size};
}

void serial_reject(struct serial_reader *reader, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_set(&reader->error, EINVAL, "saved state, byte %zu: %s", reader->position, text);
}

/* The next `size` bytes, or NULL. */
static const u8 *take(struct serial_reader *reader, u64 size)
{
    if (reader->error.code) {
        return NULL;
    }
    if (size > reader->size - reader->position) {
        serial_reject(reader, "the data end too early");
        return NULL;
    }
    const u8 *data = reader->data + reader->position;
    reader->position += size;
    return data;
}

static bool get_header(struct serial_reader *reader, enum field_kind kind, const char *name)
{
    const u8 *head = take(reader, 2);
    if (!head) {
        return false;
    }
    size_t length = head[1];
    const u8 *text = take(reader, length);
    if (!text) {
        return false;
    }
    if (head[0] != kind || length != strlen(name) || memcmp(text, name, length) != 0) {
        serial_reject(reader, "expected \"%s\"", name);
        return false;
    }
    return true;
}

static u64 get_number(struct serial_reader *reader)
{
    const u8 *data = take(reader, 8);
    return data ? load_u64(data) : 0;
}

u32 serial_enter(struct serial_reader *reader, const char *name, u32 newest)
{
    if (!get_header(reader, FIELD_BEGIN, name)) {
        return 0;
    }
    u64 version = get_number(reader);
    if (reader->error.code == 0 && (version == 0 || version > newest)) {
        serial_reject(reader, "section \"%s\" has version %llu, known are 1 to %u", name,
                      (unsigned long long)version, newest);
    }
    if (reader->error.code) {
        return 0;
    }
    reader->depth++;
    return (u32)version;
}

void serial_leave(struct serial_reader *reader)
{
    if (reader->error.code == 0 && reader->depth == 0) {
        serial_reject(reader, "no section to leave");
    }
    if (get_header(reader, FIELD_END, "")) {
        reader->depth--;
    }
}

u64 serial_get_max(struct serial_reader *reader, const char *name, u64 limit)
{
    if (!get_header(reader, FIELD_NUMBER, name)) {
        return 0;
    }
    u64 value = get_number(reader);
    if (value > limit) {
        serial_reject(reader, "\"%s\" is %llu, at most %llu is possible", name,
                      (unsigned long long)value, (unsigned long long)limit);
    }
    return reader->error.code ? 0 : value;
}

u64 serial_get_u64(struct serial_reader *reader, const char *name)
{
    return serial_get_max(reader, name, UINT64_MAX);
}

u32 serial_get_u32(struct serial_reader *reader, const char *name)
{
    return (u32)serial_get_max(reader, name, UINT32_MAX);
}

u16 serial_get_u16(struct serial_reader *reader, const char *name)
{
    return (u16)serial_get_max(reader, name, UINT16_MAX);
}

u8 serial_get_u8(struct serial_reader *reader, const char *name)
{
    return (u8)serial_get_max(reader, name, UINT8_MAX);
}

bool serial_get_bool(struct serial_reader *reader, const char *name)
{
    return serial_get_max(reader, name, 1) != 0;
}

const u8 *serial_get_blob(struct serial_reader *reader, const char *name, size_t limit,
                          size_t *size)
{
    *size = 0;
    if (!get_header(reader, FIELD_BYTES, name)) {
        return NULL;
    }
    u64 length = get_number(reader);
    if (length > limit) {
        serial_reject(reader, "\"%s\" has %llu bytes, at most %zu are possible", name,
                      (unsigned long long)length, limit);
    }
    const u8 *data = take(reader, length);
    if (data) {
        *size = (size_t)length;
    }
    return data;
}

void serial_get_bytes(struct serial_reader *reader, const char *name, void *to, size_t size)
{
    size_t got;
    const u8 *data = serial_get_blob(reader, name, size, &got);
    if (data && got != size) {
        serial_reject(reader, "\"%s\" has %zu bytes instead of %zu", name, got, size);
    } else if (data && size) {
        memcpy(to, data, size);
    }
}

bool serial_ok(const struct serial_reader *reader, struct error *err)
{
    if (reader->error.code) {
        return error_set(err, reader->error.code, "%s", reader->error.text);
    }
    return true;
}

bool serial_at_end(const struct serial_reader *reader)
{
    return reader->error.code == 0 && reader->depth == 0 && reader->position == reader->size;
}
