/* SPDX-License-Identifier: MIT */
/* look_faults.c - fault, explain, reset-counters. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/monitor/address.h"
#include "emu/monitor/look.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/observe/history.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(fault);
COMMAND_HANDLER(explain);
COMMAND_HANDLER(reset_counters);

/* "last", nothing, or a number.  Any record that is remembered has one. */
static bool find_record(struct call *call, struct trace_record *out)
{
    const char *which = call_text(call, "which");
    const struct history *h = call->monitor->history;
    char *end;

    if (!which || !strcmp(which, "last")) {
        if (observer_last_fault(call->observer, 0, out))
            return true;
        return error_set(&call->error, ENOENT, "there was no fault yet");
    }
    if (*which == '#')
        which++;
    u64 seq = strtoull(which, &end, 0);
    if (*end || end == which)
        return error_set(&call->error, EINVAL,
                         "'%s' is neither last nor the number of a fault or event", which);
    const struct trace_record *r = history_get(h, seq);
    if (r)
        *out = *r;
    else if (!observer_fault(call->observer, seq, out))
        return error_set(&call->error, ENOENT,
                         "#%s is none, or is no longer kept (#%llu to #%llu are)", which,
                         (unsigned long long)history_first(h),
                         (unsigned long long)(history_end(h) ? history_end(h) - 1 : 0));
    return true;
}

json_t *look_record(struct call *call, const struct trace_record *r)
{
    char line[2 * TRACE_LINE], where[NAME_TEXT];

    trace_line_json(line, sizeof line, r);
    json_t *value = json_loads(line, 0, NULL);
    if (!value)
        value = json_object();
    struct place place = names_of_record(r);
    bool known = r->type == RECORD_FAULT && !(r->fault.notes & FAULT_NOTE_NO_TRAP);
    if (known && names_symbol(call, &place, r->fault.pc, where, sizeof where))
        value_set_text(value, "symbol", "%s", where);
    if (known && names_line(call, &place, r->fault.pc, where, sizeof where))
        value_set_text(value, "source", "%s", where);
    known = known && names_symbol(call, &place, r->fault.pc, where, sizeof where);
    trace_line_at(line, sizeof line, r, known ? where : NULL);
    value_set_text(value, "text", "%s", line);
    return value;
}

bool look_language(struct call *call, enum explain_language *out)
{
    const char *name = call_text(call, "language");

    *out = explain_language();
    if (name && !explain_language_by_name(name, out))
        return error_set(&call->error, EINVAL, "'%s' is no language here: en or zh", name);
    return true;
}

/* "va=main..main+64" and the like become numbers, which is what a filter reads. */
bool look_filter(struct call *call, const char *text, struct filter *out)
{
    char *copy = strdup(text ? text : ""), *rest = copy, *word;
    struct buffer numbers = {0};
    bool ok = copy != NULL;
    u64 from, to;

    while (ok && (word = strsep(&rest, " \t")) != NULL) {
        if (strncmp(word, "va=", 3)) {
            buffer_printf(&numbers, "%s ", word);
            continue;
        }
        ok = address_range(call, word + 3, &from, &to);
        buffer_printf(&numbers, "va=0x%" PRIx64 "..0x%" PRIx64 " ", from, to);
    }
    buffer_byte(&numbers, 0);
    ok = ok && filter_parse((const char *)numbers.data, out, &call->error);
    buffer_free(&numbers);
    free(copy);
    return ok;
}

json_t *run_fault(struct call *call)
{
    const char *which = call_text(call, "which");
    struct trace_record record;
    u64 count = 10;
    json_t *value, *list;

    if (!call_number(call, "count", &count))
        return NULL;
    if (which && strcmp(which, "last")) {
        if (!find_record(call, &record))
            return NULL;
        count = 0;
    } else if (!observer_last_fault(call->observer, 0, &record)) {
        return call_fail(call, "there was no fault yet");
    }
    list = json_array();
    if (!count)
        json_array_append_new(list, look_record(call, &record));
    if (count > OBSERVER_RING)
        count = OBSERVER_RING;
    for (u64 i = count; i > 0; i--)
        if (observer_last_fault(call->observer, i - 1, &record))
            json_array_append_new(list, look_record(call, &record));
    value = json_object();
    json_object_set_new(value, "faults", list);
    return value;
}

void show_fault(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    json_array_foreach(value_list(value, "faults"), i, entry)
    {
        buffer_printf(out, "%s\n", value_string(entry, "text"));
    }
}

json_t *run_explain(struct call *call)
{
    enum explain_language language;
    struct explain_facts facts = {0};
    struct trace_record record;
    struct buffer text = {0};
    char program[17], file[17], where[NAME_TEXT];

    if (!look_language(call, &language) || !find_record(call, &record))
        return NULL;
    json_t *value = look_record(call, &record);
    struct place place = names_of_record(&record);
    if (names_program(call, record.pid, record.seq, program))
        facts.program = program;
    if (record.type == RECORD_FAULT &&
        names_where(call, &place, record.fault.pc, where, sizeof where))
        facts.where = where;
    if (record.type == RECORD_FAULT &&
        history_file(call->monitor->history, record.fault.back >> 32, file))
        facts.file = file;
    explain_record(&record, &facts, language, &text);
    buffer_byte(&text, 0);
    value_set_text(value, "explanation", "%s", text.data ? (char *)text.data : "");
    buffer_free(&text);
    return value;
}

void show_explain(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "%s\n%s", value_string(value, "text"), value_string(value, "explanation"));
}

json_t *run_reset_counters(struct call *call)
{
    observer_reset_counts(call->observer);
    marks_clear(call->monitor);
    memset(call->monitor->area, 0, sizeof call->monitor->area);
    memset(call->monitor->label, 0, sizeof call->monitor->label);
    for (size_t i = 0; i < MAX_POINTS; i++)
        call->monitor->point[i].hits = 0;
    return json_object();
}

void show_reset_counters(const json_t *value, struct buffer *out)
{
    (void)value;
    (void)out;
}
