/* SPDX-License-Identifier: MIT */
/* look_life.c - why, tail: what is remembered of a page, and of everything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/monitor/address.h"
#include "emu/monitor/look.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/observe/biography.h"
#include "emu/observe/filter.h"
#include "emu/observe/history.h"
#include "emu/trace/nearest.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(why);
COMMAND_HANDLER(tail);

#define MAX_TAIL 4096

/* ---- why ---- */

struct telling {
    struct call *call;
    u64 at; /* next record of the history */
    json_t *list;
};

static bool rewind_history(void *ctx)
{
    struct telling *t = ctx;

    t->at = history_first(t->call->monitor->history);
    return true;
}

static bool next_record(void *ctx, struct trace_record *out)
{
    struct telling *t = ctx;
    const struct trace_record *r = history_get(t->call->monitor->history, t->at);

    if (!r)
        return false;
    *out = *r;
    t->at++;
    return true;
}

static bool program_at(void *ctx, u32 pid, u64 seq, char *out)
{
    return names_program(((struct telling *)ctx)->call, pid, seq, out);
}

static bool where_at(void *ctx, const struct trace_record *r, char *out, size_t size)
{
    struct place place = names_of_record(r);

    return names_where(((struct telling *)ctx)->call, &place, r->fault.pc, out, size);
}

static void add_event(void *ctx, const struct biography_event *e)
{
    struct telling *t = ctx;
    json_t *entry = json_object();

    value_set_count(entry, "seq", e->record->seq);
    value_set_count(entry, "icount", e->record->icount);
    value_set_count(entry, "pid", e->record->pid);
    value_set_text(entry, "what", "%s", e->what);
    value_set_text(entry, "event", "%s", record_type_name(e->record->type));
    value_set_text(entry, "text", "%s", e->text);
    json_array_append_new(t->list, entry);
}

/* How the page stands now. */
static void add_now(struct call *call, json_t *value, const struct address *a)
{
    struct process_view process;
    struct peek peek;
    char words[80];

    if (observer_has_layout(call->observer) &&
        (!observer_process(call->observer, a->pid, &process) || !process.root)) {
        value_set_text(value, "now", "process %u has ended", a->pid);
        return;
    }
    observer_walk(call->observer, a->satp, a->value, &peek);
    u64 pte = peek.steps ? peek.step[peek.steps - 1].pte : 0;
    trace_pte_words(words, sizeof words, pte);
    if (peek.result == PEEK_LEAF) {
        struct frame_view frame;
        u64 pfn = peek.pa >> PAGE_SHIFT;
        bool known = observer_frame(call->observer, pfn, &frame);
        value_set_text(value, "now", "in frame 0x%" PRIx64 " (%s)%s%s", pfn, words,
                       known && frame.maps > 1 ? ", mapped by several: rmap tells whom" : "",
                       known && frame.kind == FRAME_ZERO ? ", the shared page of zeros" : "");
        value_set_hex(value, "pfn", pfn);
    } else {
        value_set_text(value, "now", "not in memory: %s", words);
    }
}

/* pid:va; a process that has ended is as good, which address_parse does not know. */
static bool page_of(struct call *call, const char *text, struct address *a)
{
    const char *colon = strchr(text, ':');
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    char name[17];

    if (colon && end == colon && colon != text && pid <= UINT32_MAX &&
        !address_space_of(call, (u32)pid, &a->satp) &&
        history_program(call->monitor->history, (u32)pid, UINT64_MAX, name)) {
        call->error = (struct error){0};
        *a = (struct address){.space = ADDRESS_VIRTUAL, .has_pid = true, .pid = (u32)pid};
        return address_expression(call, colon + 1, strlen(colon + 1), &a->value);
    }
    call->error = (struct error){0};
    if (!address_parse(call, text, a))
        return false;
    if (a->space != ADDRESS_VIRTUAL || !a->pid)
        return error_set(&call->error, 22,
                         "why takes the address of a process: PID:ADDRESS (rmap PFN tells who "
                         "maps a frame)");
    if (a->value >> 63)
        return error_set(&call->error, 22,
                         "0x%llx belongs to the kernel, which every process has in common: it is "
                         "mapped once, at boot (walk tells where to)",
                         (unsigned long long)a->value);
    return true;
}

json_t *run_why(struct call *call)
{
    struct address a = {0};
    enum explain_language language;
    struct telling t = {.call = call};
    struct biography_source source = {rewind_history, next_record, &t};
    struct biography_names names = {program_at, where_at, &t};
    struct biography_summary summary;
    char name[17];

    if (!look_language(call, &language) || !page_of(call, call_text(call, "address"), &a))
        return NULL;
    json_t *value = json_object();
    t.list = json_array();
    biography_tell(&source, &names, a.pid, a.value, language, add_event, &t, &summary);
    value_set_count(value, "pid", a.pid);
    value_set_hex(value, "page", a.value & PAGE_MASK);
    if (names_program(call, a.pid, UINT64_MAX, name))
        value_set_text(value, "program", "%s", name);
    json_object_set_new(value, "events", t.list);
    value_set_flag(value, "beginning_lost", !summary.born && !summary.began && summary.first_seq);
    value_set_count(value, "oldest", summary.first_seq);
    add_now(call, value, &a);
    return value;
}

void show_why(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "events");
    size_t i;
    json_t *e;

    buffer_printf(out, "page %s of process %" PRIu64 " %s\n", value_string(value, "page"),
                  value_u64(value, "pid"), value_string(value, "program"));
    if (value_flag(value, "beginning_lost"))
        buffer_printf(out,
                      "(the beginning is lost: only what came after #%" PRIu64
                      " is remembered; --trace keeps all)\n",
                      value_u64(value, "oldest"));
    json_array_foreach(list, i, e)
    {
        char number[32];
        trace_number(number, sizeof number, value_u64(e, "icount"));
        buffer_printf(out, "#%-7" PRIu64 " i=%-14s %-9s %s\n", value_u64(e, "seq"), number,
                      value_string(e, "what"), value_string(e, "text"));
    }
    if (!json_array_size(list))
        buffer_text(out, "nothing happened to it that is remembered\n");
    buffer_printf(out, "now: %s\n", value_string(value, "now"));
}

/* ---- tail ---- */

struct wanted {
    struct filter filter;
    bool faults;   /* a condition on faults was given */
    unsigned type; /* only this type of record; 0: any */
    u64 count;
};

static bool take_event_name(struct call *call, struct wanted *w, const char *name)
{
    struct nearest nearest = nearest_begin(name);

    for (unsigned type = 1; type < RECORD_TYPE_COUNT; type++) {
        const char *known = record_type_name(type);
        if (!known)
            continue;
        nearest_offer(&nearest, known);
        if (!strcmp(known, name)) {
            w->type = type;
            return true;
        }
    }
    if (nearest.best)
        return error_set(&call->error, 22, "there is no event '%s'; did you mean '%s'?", name,
                         nearest.best);
    return error_set(&call->error, 22, "there is no event '%s'", name);
}

static bool parse_wanted(struct call *call, const char *text, struct wanted *w)
{
    char *copy = strdup(text ? text : ""), *rest = copy, *word, *end;
    struct buffer conditions = {0};
    bool ok = copy != NULL;

    *w = (struct wanted){.count = 20};
    while (ok && (word = strsep(&rest, " \t")) != NULL) {
        u64 count = strtoull(word, &end, 10);
        if (!*word)
            continue;
        if (!*end && *word >= '0' && *word <= '9')
            w->count = count;
        else if (!strncmp(word, "event=", 6))
            ok = take_event_name(call, w, word + 6);
        else
            buffer_printf(&conditions, "%s ", word);
    }
    buffer_byte(&conditions, 0);
    w->faults = conditions.size > 1;
    ok = ok && look_filter(call, (const char *)conditions.data, &w->filter);
    buffer_free(&conditions);
    free(copy);
    if (ok && (!w->count || w->count > MAX_TAIL))
        return error_set(&call->error, 22, "tail shows 1 to %d records", MAX_TAIL);
    return ok;
}

/* A pid alone holds for every record, the rest for faults. */
static bool is_wanted(const struct wanted *w, const struct trace_record *r)
{
    if (w->type && r->type != w->type)
        return false;
    if (!w->faults)
        return true;
    if (r->type == RECORD_FAULT)
        return filter_match(&w->filter, r);
    const struct filter *f = &w->filter;
    return f->has_pid && !f->kinds && !f->has_va && !f->has_area && !f->has_result &&
           r->pid == f->pid;
}

json_t *run_tail(struct call *call)
{
    struct history *h = call->monitor->history;
    struct wanted w;
    u64 found = 0, from = history_end(h);

    if (!parse_wanted(call, call_text(call, "what"), &w))
        return NULL;
    while (from > history_first(h) && found < w.count)
        found += is_wanted(&w, history_get(h, --from));
    json_t *value = json_object(), *list = json_array();
    for (; from < history_end(h); from++) {
        const struct trace_record *r = history_get(h, from);
        if (is_wanted(&w, r))
            json_array_append_new(list, look_record(call, r));
    }
    json_object_set_new(value, "records", list);
    return value;
}

void show_tail(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "records");
    size_t i;
    json_t *entry;

    if (!json_array_size(list))
        buffer_text(out, "nothing like that is remembered\n");
    json_array_foreach(list, i, entry) buffer_printf(out, "%s\n", value_string(entry, "text"));
}
