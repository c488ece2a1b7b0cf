/* SPDX-License-Identifier: MIT */
/* record.c - the tables of record.def and event.def as data. */
#include "emu/trace/record.h"

#include <string.h>

#define MEMBER_SIZE(member) sizeof(((struct trace_record *)0)->member)
#define FIELD(member, name, format, coding)                                                \
    {                                                                                      \
        name, offsetof(struct trace_record, member), MEMBER_SIZE(member), FORMAT_##format, \
            CODING_##coding                                                                \
    }

static const struct record_field common[] = {
    FIELD(icount, "icount", DEC, NEAR),   FIELD(hart, "hart", DEC, PLAIN),
    FIELD(privilege, "priv", DEC, PLAIN), FIELD(pid, "pid", DEC, PLAIN),
    FIELD(tid, "tid", DEC, PLAIN),
};

static const struct record_field fields[] = {
#define RECORD_FIELD(NAME, member, name, format, coding) FIELD(member, name, format, coding),
#include "record.def"
};

static const u8 field_type[] = {
#define RECORD_FIELD(NAME, member, name, format, coding) RECORD_##NAME,
#include "record.def"
};

static const struct record_field probe_fields[] = {
    FIELD(arg[0], "a0", HEX, NEAR), FIELD(arg[1], "a1", HEX, NEAR), FIELD(arg[2], "a2", HEX, NEAR),
    FIELD(arg[3], "a3", HEX, NEAR), FIELD(arg[4], "a4", HEX, NEAR), FIELD(arg[5], "a5", HEX, NEAR),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct record_field *record_common_fields(size_t *count)
{
    *count = COUNT(common);
    return common;
}

const struct record_field *record_fields(unsigned type, size_t *count)
{
    *count = 0;
    if (type > RECORD_PROBE && type < RECORD_TYPE_COUNT) {
        *count = COUNT(probe_fields);
        return probe_fields;
    }
    size_t first = 0;
    while (first < COUNT(fields) && field_type[first] != type)
        first++;
    if (first == COUNT(fields))
        return NULL;
    size_t end = first;
    while (end < COUNT(fields) && field_type[end] == type)
        end++;
    *count = end - first;
    return &fields[first];
}

u64 record_get(const struct trace_record *record, const struct record_field *field)
{
    const char *at = (const char *)record + field->offset;
    u8 byte;
    u16 half;
    u32 word;
    u64 value;

    switch (field->size) {
    case 1:
        memcpy(&byte, at, 1);
        return byte;
    case 2:
        memcpy(&half, at, 2);
        return half;
    case 4:
        memcpy(&word, at, 4);
        return word;
    default:
        memcpy(&value, at, 8);
        return value;
    }
}

void record_set(struct trace_record *record, const struct record_field *field, u64 value)
{
    char *at = (char *)record + field->offset;
    u8 byte = (u8)value;
    u16 half = (u16)value;
    u32 word = (u32)value;

    switch (field->size) {
    case 1:
        memcpy(at, &byte, 1);
        break;
    case 2:
        memcpy(at, &half, 2);
        break;
    case 4:
        memcpy(at, &word, 4);
        break;
    default:
        memcpy(at, &value, 8);
        break;
    }
}

bool record_equal(const struct trace_record *a, const struct trace_record *b)
{
    size_t count;
    const struct record_field *field = record_common_fields(&count);

    if (a->type != b->type)
        return false;
    for (size_t i = 0; i < count; i++)
        if (record_get(a, &field[i]) != record_get(b, &field[i]))
            return false;
    field = record_fields(a->type, &count);
    for (size_t i = 0; i < count; i++)
        if (record_get(a, &field[i]) != record_get(b, &field[i]))
            return false;
    return true;
}

const char *record_type_name(unsigned type)
{
    switch (type) {
#define RECORD_TYPE(id, NAME, text) \
    case id:                        \
        return text;
#include "record.def"
#define PROBE_EVENT(id, NAME, text, help) \
    case RECORD_PROBE + (id):             \
        return text;
#include "event.def"
    default:
        return NULL;
    }
}

const char *fault_kind_name(unsigned kind)
{
    switch (kind) {
#define FAULT_KIND(id, NAME, text, allowed, help) \
    case id:                                      \
        return text;
#include "event.def"
    default:
        return "?";
    }
}

const char *fault_kind_help(unsigned kind)
{
    switch (kind) {
#define FAULT_KIND(id, NAME, text, allowed, help) \
    case id:                                      \
        return help;
#include "event.def"
    default:
        return "";
    }
}

unsigned fault_kind_allowed(unsigned kind)
{
#define CL(NAME) (1u << COARSE_##NAME)
    switch (kind) {
#define FAULT_KIND(id, NAME, text, allowed, help) \
    case id:                                      \
        return (allowed);
#include "event.def"
    default:
        return ~0u;
    }
}

unsigned fault_kind_by_name(const char *name, size_t length)
{
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        const char *text = fault_kind_name(kind);
        if (strlen(text) == length && !memcmp(text, name, length))
            return kind;
    }
    return 0;
}

bool fault_kind_is_major(unsigned kind)
{
    switch (kind) {
    case FAULT_FILE_READ:
    case FAULT_FILE_WAIT:
    case FAULT_SHM_SWAPIN:
    case FAULT_SWAP_READ:
    case FAULT_BUS_IO:
        return true;
    default:
        return false;
    }
}

const char *coarse_label_name(unsigned label)
{
    switch (label) {
#define COARSE_LABEL(id, NAME, text, help) \
    case id:                               \
        return text;
#include "event.def"
    default:
        return "?";
    }
}

const char *coarse_label_help(unsigned label)
{
    switch (label) {
#define COARSE_LABEL(id, NAME, text, help) \
    case id:                               \
        return help;
#include "event.def"
    default:
        return "";
    }
}

const char *area_kind_name(unsigned kind)
{
    switch (kind) {
#define AREA_KIND(id, NAME, text) \
    case id:                      \
        return text;
#include "event.def"
    default:
        return "?";
    }
}

const char *fault_result_name(unsigned result)
{
    switch (result) {
#define FAULT_RESULT(id, NAME, text) \
    case id:                         \
        return text;
#include "event.def"
    default:
        return "?";
    }
}

const char *writeback_reason_name(unsigned reason)
{
    switch (reason) {
#define WRITEBACK_REASON(id, NAME, text) \
    case id:                             \
        return text;
#include "event.def"
    default:
        return "?";
    }
}

const char *fault_cause_name(unsigned cause)
{
    switch (cause) {
    case 0:
        return "instruction address misaligned";
    case 1:
        return "instruction access fault";
    case 4:
        return "load address misaligned";
    case 5:
        return "load access fault";
    case 6:
        return "store address misaligned";
    case 7:
        return "store access fault";
    case 12:
        return "instruction page fault";
    case 13:
        return "load page fault";
    case 15:
        return "store page fault";
    default:
        return "trap";
    }
}

char fault_access_letter(unsigned access)
{
    return access == PROBE_ACCESS_WRITE ? 'W' : access == PROBE_ACCESS_FETCH ? 'X' : 'R';
}
