/* SPDX-License-Identifier: MIT */
/* look_counts.c - faults: how many of which kind, of whom, where, since when. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/monitor/names.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(faults);

#define SHOWN_PIDS 8 /* columns of the table */

/* "by kind,pid since MARK": what is wanted. */
struct counting {
    bool by_kind, by_pid, by_area, by_label;
    const struct counter_mark *since;
};

static bool parse_counting(struct call *call, const char *text, struct counting *out)
{
    char *copy = strdup(text ? text : ""), *rest = copy, *word;
    bool ok = copy != NULL, by = false, since = false;

    *out = (struct counting){.by_kind = true, .by_pid = true};
    while (ok && (word = strsep(&rest, " \t")) != NULL) {
        if (!*word)
            continue;
        if (since) {
            out->since = marks_find(call->monitor, word);
            since = false;
            if (!out->since)
                ok = error_set(&call->error, ENOENT, "there is no mark '%s' (mark lists them)",
                               word);
        } else if (!strcmp(word, "by") || !strcmp(word, "since")) {
            by = !strcmp(word, "by");
            since = !by;
        } else if (by) {
            out->by_kind = strstr(word, "kind") != NULL;
            out->by_pid = strstr(word, "pid") != NULL;
            out->by_area = !strcmp(word, "area") || !strcmp(word, "vma");
            out->by_label = !strcmp(word, "label");
            ok = out->by_area || out->by_label || out->by_pid || out->by_kind;
            by = false;
        } else {
            ok = false;
        }
    }
    free(copy);
    if (!ok && !call->error.text[0])
        return error_set(
            &call->error, EINVAL,
            "faults can be counted by kind, by kind,pid, by pid, by area or by label, and "
            "since MARK; not '%s'",
            text);
    if (ok && (by || since))
        return error_set(&call->error, EINVAL, "something is missing behind '%s'",
                         by ? "by" : "since");
    return ok;
}

static u64 pid_kind_since(const struct counter_mark *mark, u32 pid, unsigned kind)
{
    for (size_t i = 0; mark && i < mark->pids; i++)
        if (mark->by_pid[i].pid == pid)
            return mark->by_pid[i].kind[kind];
    return 0;
}

/* Counts now less those at the mark; the greatest cost is of all time. */
static struct fault_count kind_since(const struct observer *o, const struct counter_mark *mark,
                                     unsigned kind)
{
    struct fault_count c = *observer_kind_count(o, kind);

    if (!mark)
        return c;
    const struct fault_count *old = &mark->kind[kind];
    c.count -= old->count;
    c.cost -= old->cost;
    c.io -= old->io;
    c.frames -= old->frames;
    for (size_t i = 0; i < OBSERVER_COST_BUCKETS; i++)
        c.bucket[i] -= old->bucket[i];
    return c;
}

static json_t *kind_row(const struct observer *o, const struct counting *how, unsigned kind)
{
    struct fault_count c = kind_since(o, how->since, kind);
    json_t *row, *counts;

    if (!c.count)
        return NULL;
    row = json_object();
    counts = json_array();
    value_set_text(row, "kind", "%s", kind ? fault_kind_name(kind) : "(unnamed)");
    value_set_count(row, "total", c.count);
    value_set_count(row, "cost", c.cost);
    value_set_count(row, "p50", observer_cost_percentile(&c, 50));
    value_set_count(row, "p95", observer_cost_percentile(&c, 95));
    value_set_count(row, "max", c.max_cost);
    value_set_count(row, "frames", c.frames);
    value_set_count(row, "io", c.io);
    for (size_t i = 0; how->by_pid && i < observer_counted_pids(o); i++)
        json_array_append_new(
            counts, value_count(observer_pid_kind(o, i, kind) -
                                pid_kind_since(how->since, observer_counted_pid(o, i), kind)));
    json_object_set_new(row, "by_pid", counts);
    return row;
}

static json_t *area_rows(struct call *call, const struct counting *how)
{
    json_t *list = json_array();

    for (unsigned area = 0; area < AREA_KIND_COUNT; area++) {
        u64 count = call->monitor->area[area] - (how->since ? how->since->area[area] : 0);
        json_t *row = json_object();
        value_set_text(row, "area", "%s", area ? area_kind_name(area) : "(none)");
        value_set_count(row, "total", count);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *label_rows(struct call *call, const struct counting *how)
{
    json_t *list = json_array();

    for (unsigned label = 0; label < COARSE_COUNT; label++) {
        u64 count = call->monitor->label[label] - (how->since ? how->since->label[label] : 0);
        json_t *row = json_object();
        value_set_text(row, "label", "%s", coarse_label_name(label));
        value_set_text(row, "help", "%s", coarse_label_help(label));
        value_set_count(row, "total", count);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *pid_rows(struct call *call, const struct counting *how)
{
    struct observer *o = call->observer;
    json_t *list = json_array();
    char program[17];

    for (size_t i = 0; i < observer_counted_pids(o); i++) {
        u32 pid = observer_counted_pid(o, i);
        u64 total = 0;
        for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++)
            total += observer_pid_kind(o, i, kind) - pid_kind_since(how->since, pid, kind);
        json_t *row = json_object();
        value_set_count(row, "pid", pid);
        value_set_count(row, "total", total);
        if (names_program(call, pid, UINT64_MAX, program))
            value_set_text(row, "program", "%s", program);
        json_array_append_new(list, row);
    }
    return list;
}

json_t *run_faults(struct call *call)
{
    struct observer *o = call->observer;
    struct counting how;

    if (!parse_counting(call, call_text(call, "by"), &how))
        return NULL;
    json_t *value = json_object(), *rows = json_array(), *pids = json_array();
    for (size_t i = 0; how.by_pid && how.by_kind && i < observer_counted_pids(o); i++)
        json_array_append_new(pids, json_integer(observer_counted_pid(o, i)));
    for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        json_t *row = kind_row(o, &how, kind);
        if (row)
            json_array_append_new(rows, row);
    }
    /* A guest that does not say why: what the hardware shows says most. */
    if (how.by_label || !observer_has_layout(o))
        json_object_set_new(value, "labels", label_rows(call, &how));
    if (how.by_area)
        json_object_set_new(value, "areas", area_rows(call, &how));
    if (how.by_pid && !how.by_kind)
        json_object_set_new(value, "processes", pid_rows(call, &how));
    if (how.by_kind) {
        json_object_set_new(value, "pids", pids);
        json_object_set_new(value, "kinds", rows);
    } else {
        json_decref(pids);
        json_decref(rows);
    }
    const struct trace_counts *counts = observer_counts(o);
    value_set_count(value, "faults", counts->faults - (how.since ? how.since->counts.faults : 0));
    value_set_count(value, "label_mismatches",
                    observer_label_mismatches(o) - (how.since ? how.since->counts.mismatch : 0));
    if (how.since)
        value_set_text(value, "since", "%s", how.since->name);
    return value;
}

static void show_simple(const json_t *list, const char *key, struct buffer *out)
{
    size_t i;
    json_t *row;

    json_array_foreach(list, i, row)
    {
        if (!strcmp(key, "pid"))
            buffer_printf(out, "%5" PRIu64 " %-16s %9" PRIu64 "\n", value_u64(row, "pid"),
                          value_string(row, "program"), value_u64(row, "total"));
        else if (value_u64(row, "total"))
            buffer_printf(out, "%-14s %9" PRIu64 "  %s\n", value_string(row, key),
                          value_u64(row, "total"), value_string(row, "help"));
    }
}

static void show_kinds(const json_t *value, size_t from, struct buffer *out)
{
    const json_t *pids = value_list(value, "pids");
    size_t all = json_array_size(pids), i;
    json_t *row;

    buffer_printf(out, "%-12s %9s", "kind", "total");
    for (size_t p = from; p < all; p++) {
        char head[16];
        snprintf(head, sizeof head, "pid%lld",
                 (long long)json_integer_value(json_array_get(pids, p)));
        buffer_printf(out, " %7s", head);
    }
    buffer_printf(out, "   %-22s %8s %7s\n", "instructions p50/p95", "frames+", "I/O");
    json_array_foreach(value_list(value, "kinds"), i, row)
    {
        const json_t *counts = value_list(row, "by_pid");
        char cost[48];
        buffer_printf(out, "%-12s %9" PRIu64, value_string(row, "kind"), value_u64(row, "total"));
        for (size_t p = from; p < all; p++)
            buffer_printf(out, " %7lld", (long long)json_integer_value(json_array_get(counts, p)));
        snprintf(cost, sizeof cost, "%" PRIu64 " / %" PRIu64, value_u64(row, "p50"),
                 value_u64(row, "p95"));
        buffer_printf(out, "   %-22s %8" PRIu64 " %7" PRIu64 "\n", cost, value_u64(row, "frames"),
                      value_u64(row, "io"));
    }
}

void show_faults(const json_t *value, struct buffer *out)
{
    size_t all = json_array_size(value_list(value, "pids"));
    size_t from = all > SHOWN_PIDS ? all - SHOWN_PIDS : 0;

    show_simple(value_list(value, "areas"), "area", out);
    show_simple(value_list(value, "labels"), "label", out);
    show_simple(value_list(value, "processes"), "pid", out);
    if (json_object_get(value, "kinds"))
        show_kinds(value, from, out);
    buffer_printf(out, "%" PRIu64 " faults%s%s, label mismatches %" PRIu64 "%s\n",
                  value_u64(value, "faults"), value_string(value, "since")[0] ? " since " : "",
                  value_string(value, "since"), value_u64(value, "label_mismatches"),
                  from ? " (the last processes are shown; JSON has all)" : "");
}
