/* SPDX-License-Identifier: MIT */
/* marks.c - mark, and the counters as they were at one. */
#include <stdlib.h>
#include <string.h>

#include "emu/machine/machine.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(mark);

static void free_mark(struct counter_mark *mark)
{
    if (mark)
        free(mark->by_pid);
    free(mark);
}

void marks_clear(struct monitor *m)
{
    for (size_t i = 0; i < MAX_MARKS; i++) {
        free_mark(m->mark[i]);
        m->mark[i] = NULL;
    }
}

struct counter_mark *marks_find(struct monitor *m, const char *name)
{
    for (size_t i = 0; i < MAX_MARKS; i++)
        if (m->mark[i] && !strcmp(m->mark[i]->name, name))
            return m->mark[i];
    return NULL;
}

static size_t place_for(struct monitor *m, const char *name)
{
    size_t oldest = 0;

    for (size_t i = 0; i < MAX_MARKS; i++) {
        if (!m->mark[i] || !strcmp(m->mark[i]->name, name))
            return i;
        if (m->mark[i]->icount < m->mark[oldest]->icount)
            oldest = i;
    }
    return oldest;
}

bool marks_set(struct monitor *m, const char *name)
{
    struct observer *o = m->observer;
    size_t place = place_for(m, name), pids = observer_counted_pids(o);
    struct counter_mark *mark = calloc(1, sizeof *mark);

    if (mark)
        mark->by_pid = calloc(pids ? pids : 1, sizeof *mark->by_pid);
    if (!mark || !mark->by_pid) {
        free_mark(mark);
        return false;
    }
    snprintf(mark->name, sizeof mark->name, "%s", name);
    mark->icount = machine_instructions(m->machine);
    mark->counts = *observer_counts(o);
    memcpy(mark->area, m->area, sizeof mark->area);
    memcpy(mark->label, m->label, sizeof mark->label);
    mark->pids = pids;
    for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++)
        mark->kind[kind] = *observer_kind_count(o, kind);
    for (size_t i = 0; i < pids; i++) {
        mark->by_pid[i].pid = observer_counted_pid(o, i);
        for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++)
            mark->by_pid[i].kind[kind] = observer_pid_kind(o, i, kind);
    }
    free_mark(m->mark[place]);
    m->mark[place] = mark;
    return true;
}

static json_t *mark_value(const struct counter_mark *mark)
{
    json_t *value = json_object();

    value_set_text(value, "name", "%s", mark->name);
    value_set_count(value, "icount", mark->icount);
    value_set_count(value, "faults", mark->counts.faults);
    return value;
}

json_t *run_mark(struct call *call)
{
    const char *name = call_text(call, "name");
    json_t *value, *list;

    if (name) {
        if (strlen(name) >= sizeof call->monitor->mark[0]->name)
            return call_fail(call, "the name is too long");
        if (!marks_set(call->monitor, name))
            return call_fail(call, "not enough memory");
    }
    value = json_object();
    list = json_array();
    for (size_t i = 0; i < MAX_MARKS; i++) {
        const struct counter_mark *mark = call->monitor->mark[i];
        if (mark && (!name || !strcmp(mark->name, name)))
            json_array_append_new(list, mark_value(mark));
    }
    json_object_set_new(value, "marks", list);
    return value;
}

void show_mark(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "marks");
    size_t i;
    json_t *entry;
    char number[32];

    if (!json_array_size(list))
        buffer_text(out, "no marks yet: mark NAME makes one\n");
    json_array_foreach(list, i, entry)
    {
        trace_number(number, sizeof number, value_u64(entry, "icount"));
        buffer_printf(out, "mark %-16s at instruction %s, after %" PRIu64 " faults\n",
                      value_string(entry, "name"), number, value_u64(entry, "faults"));
    }
}
