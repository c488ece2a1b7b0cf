/* SPDX-License-Identifier: MIT */
/* text_forms.c - records as text for programs and goldens: exact, semantic, JSON, CSV. */
#include <inttypes.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/trace/line.h"
#include "emu/trace/text.h"

/* Above this a double (and so JavaScript and jq) would lose digits. */
#define JSON_EXACT (UINT64_C(1) << 53)

/* Text of a field whose format names a table, else NULL. */
static const char *field_word(const struct record_field *field, u64 value)
{
    unsigned id = (unsigned)value;

    switch (field->format) {
    case FORMAT_KIND:
        return id ? fault_kind_name(id) : "none";
    case FORMAT_COARSE:
        return coarse_label_name(id);
    case FORMAT_ACCESS:
        return id == PROBE_ACCESS_WRITE ? "write" : id == PROBE_ACCESS_FETCH ? "fetch" : "read";
    case FORMAT_AREA:
        return area_kind_name(id);
    case FORMAT_RESULT:
        return fault_result_name(id);
    default:
        return NULL;
    }
}

int trace_line_exact(char *out, size_t size, const struct trace_record *record)
{
    struct line line = line_begin(out, size);
    const char *name = record_type_name(record->type);
    size_t count;
    const struct record_field *field = record_common_fields(&count);

    line_add(&line, "%s", name ? name : "?");
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < count; i++) {
            u64 value = record_get(record, &field[i]);
            const char *word = field_word(&field[i], value);
            if (word)
                line_add(&line, " %s=%s", field[i].name, word);
            else if (field[i].format == FORMAT_HEX)
                line_add(&line, " %s=0x%" PRIx64, field[i].name, value);
            else
                line_add(&line, " %s=%" PRIu64, field[i].name, value);
        }
        field = record_fields(record->type, &count);
    }
    return line_end(&line);
}

/*
 * Write-backs of files' pages that a program asked for.  The others come when the kernel finds
 * time; and where the metadata lie depends on everything else that is on the disk.
 */
static bool asked_for(u64 reason, u64 metadata)
{
    if (metadata)
        return false;
    return reason == WRITEBACK_MUNMAP || reason == WRITEBACK_MSYNC || reason == WRITEBACK_FSYNC;
}

static bool semantic_probe(struct line *line, const struct trace_record *record, unsigned other)
{
    const u64 *a = record->arg;

    switch (record->type - RECORD_PROBE) {
    case PROBE_EV_FORK:
        line_add(line, "fork p%u%s", other, a[3] ? " shared" : "");
        return true;
    case PROBE_EV_EXEC:
        line_add(line, "exec ");
        line_name(line, a[1], a[2]);
        return true;
    case PROBE_EV_EXIT:
        line_add(line, "exit 0x%" PRIx64, a[1]);
        return true;
    case PROBE_EV_MARK:
        line_add(line, "mark ");
        line_name(line, a[0], a[1]);
        return true;
    case PROBE_EV_OOM_KILL:
        line_add(line, "oom-kill");
        return true;
    case PROBE_EV_WRITEBACK:
        if (!asked_for(a[3], a[4]))
            return false;
        line_add(line, "writeback %s page %" PRIu64, writeback_reason_name((unsigned)a[3]), a[1]);
        return true;
    default:
        return false;
    }
}

u32 trace_semantic_refs(const struct trace_fault *fault)
{
    switch (fault->kind) {
    case FAULT_COW_REUSE:
    case FAULT_COW_COPY:
    case FAULT_SWAP_COW:
        return fault->refs;
    default:
        return 0;
    }
}

bool trace_line_semantic(char *out, size_t size, const struct trace_record *record,
                         unsigned other_process)
{
    struct line line = line_begin(out, size);
    const struct trace_fault *fault = &record->fault;

    if (record->type > RECORD_PROBE)
        return semantic_probe(&line, record, other_process);
    if (record->type != RECORD_FAULT)
        return false;
    line_kind(&line, fault);
    line_add(&line, " %c ", fault_access_letter(fault->access));
    line_place(&line, fault);
    line_add(&line, " %s", fault_result_name(fault->result));
    if (trace_semantic_refs(fault))
        line_add(&line, " refs=%u", trace_semantic_refs(fault));
    if (fault->flags & PROBE_FLAG_KERNEL)
        line_add(&line, " kernel");
    return true;
}

static void json_field(struct line *line, const struct record_field *field, u64 value)
{
    const char *word = field_word(field, value);

    if (word)
        line_add(line, ",\"%s\":\"%s\"", field->name, word);
    else if (field->format == FORMAT_HEX || value >= JSON_EXACT)
        line_add(line, ",\"%s\":\"0x%" PRIx64 "\"", field->name, value);
    else
        line_add(line, ",\"%s\":%" PRIu64, field->name, value);
}

int trace_line_json(char *out, size_t size, const struct trace_record *record)
{
    struct line line = line_begin(out, size);
    const char *name = record_type_name(record->type);
    size_t count;
    const struct record_field *field = record_common_fields(&count);

    line_add(&line, "{\"type\":\"%s\",\"seq\":%" PRIu64, name ? name : "?", record->seq);
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < count; i++)
            json_field(&line, &field[i], record_get(record, &field[i]));
        field = record_fields(record->type, &count);
    }
    unsigned event = record->type > RECORD_PROBE ? record->type - RECORD_PROBE : 0;
    if (event == PROBE_EV_EXEC || event == PROBE_EV_MARK) {
        const u64 *word = event == PROBE_EV_EXEC ? &record->arg[1] : &record->arg[0];
        char text[17], *at = text;
        struct line inner = line_begin(text, sizeof text);
        line_name(&inner, word[0], word[1]);
        line_add(&line, ",\"name\":\"");
        for (; *at; at++)
            line_add(&line, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
        line_add(&line, "\"");
    }
    line_add(&line, "}");
    return line_end(&line);
}

int trace_csv_header(char *out, size_t size)
{
    struct line line = line_begin(out, size);
    size_t count;
    const struct record_field *field = record_common_fields(&count);

    line_add(&line, "type,seq");
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < count; i++)
            line_add(&line, ",%s", field[i].name);
        field = record_fields(RECORD_FAULT, &count);
    }
    line_add(&line, ",a0,a1,a2,a3,a4,a5");
    return line_end(&line);
}

int trace_line_csv(char *out, size_t size, const struct trace_record *record)
{
    struct line line = line_begin(out, size);
    const char *name = record_type_name(record->type);
    size_t count;
    const struct record_field *field = record_common_fields(&count);
    bool is_fault = record->type == RECORD_FAULT;

    line_add(&line, "%s,%" PRIu64, name ? name : "?", record->seq);
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < count; i++) {
            u64 value = record_get(record, &field[i]);
            const char *word = field_word(&field[i], value);
            if (part && !is_fault)
                line_add(&line, ",");
            else if (word)
                line_add(&line, ",%s", word);
            else
                line_add(&line, field[i].format == FORMAT_HEX ? ",0x%" PRIx64 : ",%" PRIu64, value);
        }
        field = record_fields(RECORD_FAULT, &count);
    }
    field = record_fields(record->type, &count);
    for (size_t i = 0; i < 6; i++) {
        if (is_fault || i >= count)
            line_add(&line, ",");
        else
            line_add(&line, ",0x%" PRIx64, record_get(record, &field[i]));
    }
    return line_end(&line);
}
