/* SPDX-License-Identifier: MIT */
/* run.c - stop, c, s, next-fault, quit, breakpoints on faults, info status. */
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/observe/filter.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"

#define COMMAND(id, ...) COMMAND_HANDLER(id);
#include "emu/monitor/command.def"

static json_t *done(const char *text)
{
    json_t *value = json_object();

    value_set_text(value, "message", "%s", text);
    return value;
}

static void show_message(const json_t *value, struct buffer *out)
{
    if (value_string(value, "message")[0])
        buffer_printf(out, "%s\n", value_string(value, "message"));
}

json_t *run_stop(struct call *call)
{
    if (machine_is_stopped(call->machine))
        return done("it is stopped");
    call->monitor->announce = true;
    machine_stop(call->machine);
    return done("");
}

void show_stop(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

json_t *run_continue(struct call *call)
{
    if (!machine_is_stopped(call->machine))
        return done("it is running");
    call->monitor->stop_reason[0] = 0;
    machine_continue(call->machine);
    return done("");
}

void show_continue(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

json_t *run_step(struct call *call)
{
    u64 count = 1, hart = address_hart(call)->id;

    if (!call_number(call, "count", &count) || !call_number(call, "hart", &hart))
        return NULL;
    if (!machine_is_stopped(call->machine))
        return call_fail(call, "the guest runs: stop it first");
    if (hart >= machine_hart_count(call->machine))
        return call_fail(call, "there is no hart %llu", (unsigned long long)hart);
    call->monitor->announce = true;
    call->monitor->stop_reason[0] = 0;
    machine_step(call->machine, (unsigned)hart, count);
    return done("");
}

void show_step(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

json_t *run_quit(struct call *call)
{
    u64 status = 0;

    if (!call_number(call, "status", &status))
        return NULL;
    machine_quit(call->machine, (int)(status & 255));
    return done("");
}

void show_quit(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

/* ---- breakpoints on faults ---- */

struct fault_break *monitor_add_break(struct monitor *m, const struct filter *filter, bool once)
{
    for (size_t i = 0; i < MAX_BREAKS; i++) {
        struct fault_break *b = &m->fault_break[i];
        if (b->number)
            continue;
        memset(b, 0, sizeof *b);
        b->number = ++m->last_number;
        b->filter = *filter;
        b->once = once;
        observer_on_fault(m->observer, monitor_fault_happened, m);
        return b;
    }
    return NULL;
}

static void update_listening(struct monitor *m)
{
    for (size_t i = 0; i < MAX_BREAKS; i++)
        if (m->fault_break[i].number)
            return;
    observer_on_fault(m->observer, NULL, NULL);
}

void monitor_fault_happened(void *ctx, const struct trace_record *record)
{
    struct monitor *m = ctx;
    char line[TRACE_LINE];
    bool stop = false;

    for (size_t i = 0; i < MAX_BREAKS; i++) {
        struct fault_break *b = &m->fault_break[i];
        if (!b->number || !filter_match(&b->filter, record))
            continue;
        b->hits++;
        if (b->hits < b->filter.count)
            continue;
        stop = true;
        trace_line(line, sizeof line, record);
        if (b->once)
            snprintf(m->stop_reason, sizeof m->stop_reason, "%.480s", line);
        else
            snprintf(m->stop_reason, sizeof m->stop_reason, "breakpoint %u: %.480s", b->number,
                     line);
        if (b->once)
            b->number = 0;
    }
    if (stop) {
        m->announce = true;
        machine_stop(m->machine);
        update_listening(m);
    }
}

json_t *run_next_fault(struct call *call)
{
    struct filter filter;

    if (!filter_parse(call_text(call, "filter"), &filter, &call->error))
        return NULL;
    if (!monitor_add_break(call->monitor, &filter, true))
        return call_fail(call, "there are %d breakpoints already", MAX_BREAKS);
    if (machine_is_stopped(call->machine))
        machine_continue(call->machine);
    return done("");
}

void show_next_fault(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

json_t *run_break_fault(struct call *call)
{
    struct filter filter;
    char text[512];

    if (!filter_parse(call_text(call, "filter"), &filter, &call->error))
        return NULL;
    struct fault_break *b = monitor_add_break(call->monitor, &filter, false);
    if (!b)
        return call_fail(call, "there are %d breakpoints already", MAX_BREAKS);
    json_t *value = json_object();
    filter_text(&filter, text, sizeof text);
    value_set_count(value, "number", b->number);
    value_set_text(value, "filter", "%s", text);
    return value;
}

void show_break_fault(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "breakpoint %" PRIu64 ": %s\n", value_u64(value, "number"),
                  value_string(value, "filter"));
}

json_t *run_breaks(struct call *call)
{
    json_t *list = json_array();
    char text[512];

    for (size_t i = 0; i < MAX_BREAKS; i++) {
        const struct fault_break *b = &call->monitor->fault_break[i];
        if (!b->number)
            continue;
        json_t *entry = json_object();
        filter_text(&b->filter, text, sizeof text);
        value_set_count(entry, "number", b->number);
        value_set_text(entry, "filter", "%s", text);
        value_set_count(entry, "hits", b->hits);
        json_array_append_new(list, entry);
    }
    json_t *value = json_object();
    json_object_set_new(value, "breakpoints", list);
    return value;
}

void show_breaks(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "breakpoints");
    size_t i;
    json_t *entry;

    if (!json_array_size(list))
        buffer_text(out, "no breakpoints\n");
    json_array_foreach(list, i, entry)
    {
        buffer_printf(out, "%3" PRIu64 "  hits %-8" PRIu64 " %s\n", value_u64(entry, "number"),
                      value_u64(entry, "hits"), value_string(entry, "filter"));
    }
}

json_t *run_delete(struct call *call)
{
    u64 number = 0;

    if (!call_number(call, "number", &number))
        return NULL;
    for (size_t i = 0; i < MAX_BREAKS; i++) {
        struct fault_break *b = &call->monitor->fault_break[i];
        if (b->number && b->number == number) {
            b->number = 0;
            update_listening(call->monitor);
            return done("");
        }
    }
    return call_fail(call, "there is no breakpoint %llu", (unsigned long long)number);
}

void show_delete(const json_t *value, struct buffer *out)
{
    show_message(value, out);
}

/* ---- info status ---- */

json_t *run_status(struct call *call)
{
    json_t *value = json_object();
    const struct machine_config *config = machine_config_of(call->machine);
    const struct trace_counts *counts = observer_counts(call->observer);

    value_set_flag(value, "running", !machine_is_stopped(call->machine));
    value_set_count(value, "instructions", machine_instructions(call->machine));
    value_set_count(value, "time_ns", machine_time(call->machine));
    value_set_count(value, "ram", config->ram_size);
    value_set_count(value, "harts", machine_hart_count(call->machine));
    value_set_flag(value, "probe", observer_has_layout(call->observer));
    value_set_count(value, "faults", counts->faults);
    value_set_count(value, "major", counts->major);
    value_set_count(value, "label_mismatches", counts->mismatch);
    value_set_count(value, "open_faults", observer_open_faults(call->observer));
    if (observer_has_layout(call->observer)) {
        value_set_count(value, "free_frames", observer_free_frames(call->observer));
        value_set_count(value, "frames", observer_frame_count(call->observer));
        char policy[16];
        observer_policy(call->observer, policy);
        value_set_text(value, "policy", "%s", policy);
    }
    if (observer_panic(call->observer))
        value_set_text(value, "panic", "%s", observer_panic(call->observer));
    return value;
}

void show_status(const json_t *value, struct buffer *out)
{
    char number[32];

    trace_number(number, sizeof number, value_u64(value, "instructions"));
    buffer_printf(out, "%s at instruction %s, guest time %.6f s\n",
                  value_flag(value, "running") ? "running" : "stopped", number,
                  (double)value_u64(value, "time_ns") / 1e9);
    buffer_printf(out, "%" PRIu64 " MiB, %" PRIu64 " hart(s), guest %s\n",
                  value_u64(value, "ram") >> 20, value_u64(value, "harts"),
                  value_flag(value, "probe") ? "with probe" : "without probe");
    buffer_printf(out,
                  "faults %" PRIu64 " (%" PRIu64 " major, %" PRIu64 " in progress), label "
                  "mismatches %" PRIu64 "\n",
                  value_u64(value, "faults"), value_u64(value, "major"),
                  value_u64(value, "open_faults"), value_u64(value, "label_mismatches"));
    if (value_flag(value, "probe"))
        buffer_printf(out, "frames %" PRIu64 ", free %" PRIu64 ", replaced by %s\n",
                      value_u64(value, "frames"), value_u64(value, "free_frames"),
                      value_string(value, "policy")[0] ? value_string(value, "policy") : "?");
    if (value_string(value, "panic")[0])
        buffer_printf(out, "PANIC: %s\n", value_string(value, "panic"));
}
