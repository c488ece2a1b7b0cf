/* SPDX-License-Identifier: MIT */
/* stops.c - break fault, break swap-out, break event, watch pte, watch mem, and their list. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/look.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/trace/nearest.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(break_fault);
COMMAND_HANDLER(break_swap_out);
COMMAND_HANDLER(break_event);
COMMAND_HANDLER(watch_pte);
COMMAND_HANDLER(watch_mem);
COMMAND_HANDLER(breaks);
COMMAND_HANDLER(delete);
COMMAND_HANDLER(ignore);

static const char *noun(const struct point *p)
{
    return p->kind >= POINT_PTE ? "watch" : "breakpoint";
}

static json_t *point_value(const struct point *p)
{
    json_t *value = json_object();

    value_set_count(value, "number", p->number);
    value_set_text(value, "noun", "%s", noun(p));
    value_set_text(value, "filter", "%s", p->what);
    value_set_count(value, "hits", p->hits);
    if (p->filter.count > 1)
        value_set_count(value, "from", p->filter.count);
    if (p->ignore)
        value_set_count(value, "ignore", p->ignore);
    if (p->commands)
        value_set_text(value, "commands", "%s", p->commands);
    if (p->gone)
        value_set_flag(value, "gone", true);
    return value;
}

static void show_point(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "%s %" PRIu64 ": %s\n", value_string(value, "noun"),
                  value_u64(value, "number"), value_string(value, "filter"));
}

json_t *run_break_fault(struct call *call)
{
    struct point *p = points_add(call, POINT_FAULT, call_text(call, "filter"));

    if (!p)
        return NULL;
    filter_text(&p->filter, p->what, sizeof p->what);
    return point_value(p);
}

void show_break_fault(const json_t *value, struct buffer *out)
{
    show_point(value, out);
}

static json_t *break_at_event(struct call *call, unsigned event, const char *words)
{
    struct point *p = points_add(call, POINT_EVENT, words);
    char condition[64] = "";

    if (!p)
        return NULL;
    p->event = RECORD_PROBE + event;
    if (p->filter.has_pid)
        snprintf(condition, sizeof condition, " pid=%u", p->filter.pid);
    if (p->filter.count > 1)
        snprintf(condition + strlen(condition), sizeof condition - strlen(condition),
                 " count=%" PRIu64, p->filter.count);
    snprintf(p->what, sizeof p->what, "%s%s", record_type_name(p->event), condition);
    return point_value(p);
}

json_t *run_break_swap_out(struct call *call)
{
    return break_at_event(call, PROBE_EV_SWAP_OUT, call_text(call, "filter"));
}

void show_break_swap_out(const json_t *value, struct buffer *out)
{
    show_point(value, out);
}

json_t *run_break_event(struct call *call)
{
    const char *name = call_text(call, "name");
    struct nearest nearest = nearest_begin(name);

    for (unsigned event = 1; event < PROBE_EVENT_COUNT; event++) {
        const char *known = record_type_name(RECORD_PROBE + event);
        if (event == PROBE_EV_FAULT_END || !known)
            continue;
        nearest_offer(&nearest, known);
        if (!strcmp(known, name))
            return break_at_event(call, event, call_text(call, "filter"));
    }
    if (nearest.best)
        return call_fail(call, "there is no event '%s'; did you mean '%s'?", name, nearest.best);
    return call_fail(call,
                     "there is no event '%s': fork, exec, exit, map, unmap, protect, evict, "
                     "swap-out, swap-in, swap-free, writeback, reclaim, oom-kill, mark, break",
                     name);
}

void show_break_event(const json_t *value, struct buffer *out)
{
    show_point(value, out);
}

/* ---- watches ---- */

json_t *run_watch_pte(struct call *call)
{
    struct address a;
    struct peek peek;
    char words[80];

    if (!address_parse(call, call_text(call, "address"), &a))
        return NULL;
    if (a.space != ADDRESS_VIRTUAL || !pte_levels(a.satp))
        return call_fail(call, "watch pte takes the address of a process: PID:ADDRESS");
    struct point *p = points_add(call, POINT_PTE, call_text(call, "filter"));
    if (!p)
        return NULL;
    observer_walk(call->observer, a.satp, a.value, &peek);
    p->pid = a.pid;
    p->satp = a.satp;
    p->va = a.value;
    p->pte = peek.steps ? peek.step[peek.steps - 1].pte : 0;
    p->level = peek.steps ? (u8)peek.step[peek.steps - 1].level : 0;
    trace_pte_words(words, sizeof words, p->pte);
    snprintf(p->what, sizeof p->what, "entry of %u:0x%" PRIx64, p->pid, p->va);
    points_arm(call->monitor);
    json_t *value = point_value(p);
    value_set_hex(value, "pte", p->pte);
    value_set_text(value, "words", "%s", words);
    return value;
}

void show_watch_pte(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "watch %" PRIu64 ": %s, now %s\n", value_u64(value, "number"),
                  value_string(value, "filter"), value_string(value, "words"));
}

/* "A,8" and "A,+8": the length behind the comma; 8 when there is none. */
static bool memory_range(struct call *call, const char *text, struct address *a, u64 *length)
{
    char copy[128];
    const char *comma = strrchr(text, ',');

    if (comma && comma[1] != '+') {
        snprintf(copy, sizeof copy, "%.*s,+%s", (int)(comma - text), text, comma + 1);
        text = copy;
    }
    if (!address_parse(call, text, a))
        return false;
    *length = a->end > a->value ? a->end - a->value : 8;
    if (a->space == ADDRESS_SLOT)
        return error_set(&call->error, EINVAL, "swap is not in memory");
    if (*length > MAX_WATCHED)
        return error_set(&call->error, EINVAL, "at most %d bytes can be watched", MAX_WATCHED);
    return true;
}

json_t *run_watch_mem(struct call *call)
{
    struct address a;
    u64 length, pa, last;

    if (!memory_range(call, call_text(call, "address"), &a, &length))
        return NULL;
    if (!address_physical(call, &a, 0, &pa) || !address_physical(call, &a, length - 1, &last))
        return call_fail(call, "nothing is mapped at 0x%llx (walk tells more)",
                         (unsigned long long)a.value);
    if (last - pa != length - 1)
        return call_fail(call, "the bytes lie in two frames that are not neighbours");
    struct point *p = points_add(call, POINT_MEMORY, call_text(call, "filter"));
    if (!p)
        return NULL;
    p->pa = pa;
    p->length = (unsigned)length;
    observer_read(call->observer, pa, p->old, p->length);
    snprintf(p->what, sizeof p->what, "%u bytes at pa 0x%" PRIx64, p->length, pa);
    points_arm(call->monitor);
    return point_value(p);
}

void show_watch_mem(const json_t *value, struct buffer *out)
{
    show_point(value, out);
}

/* ---- the list ---- */

json_t *run_breaks(struct call *call)
{
    json_t *value = json_object(), *list = json_array();

    for (size_t i = 0; i < MAX_POINTS; i++)
        if (call->monitor->point[i].number)
            json_array_append_new(list, point_value(&call->monitor->point[i]));
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
        buffer_printf(out, "%3" PRIu64 "  %-10s hits %-8" PRIu64 " %s", value_u64(entry, "number"),
                      value_string(entry, "noun"), value_u64(entry, "hits"),
                      value_string(entry, "filter"));
        if (json_object_get(entry, "ignore"))
            buffer_printf(out, ", passes %" PRIu64 " more", value_u64(entry, "ignore"));
        if (json_object_get(entry, "commands"))
            buffer_printf(out, ", do %s", value_string(entry, "commands"));
        buffer_text(out, value_flag(entry, "gone") ? ", its address space is gone\n" : "\n");
    }
}

static struct point *numbered(struct call *call, u64 number)
{
    for (size_t i = 0; number && i < MAX_POINTS; i++)
        if (call->monitor->point[i].number == number)
            return &call->monitor->point[i];
    call_fail(call, "there is no breakpoint %llu (info break lists them)",
              (unsigned long long)number);
    return NULL;
}

json_t *run_delete(struct call *call)
{
    u64 number = 0;
    struct point *p;

    if (!strcmp(call_text(call, "number"), "all")) {
        for (size_t i = 0; i < MAX_POINTS; i++)
            if (call->monitor->point[i].number)
                points_remove(call->monitor, &call->monitor->point[i]);
        return json_object();
    }
    if (!call_number(call, "number", &number) || !(p = numbered(call, number)))
        return NULL;
    points_remove(call->monitor, p);
    return json_object();
}

void show_delete(const json_t *value, struct buffer *out)
{
    (void)value;
    (void)out;
}

json_t *run_ignore(struct call *call)
{
    u64 number = 0, count = 0;
    struct point *p;

    if (!call_number(call, "number", &number) || !call_number(call, "count", &count) ||
        !(p = numbered(call, number)))
        return NULL;
    p->ignore = count;
    return point_value(p);
}

void show_ignore(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "breakpoint %" PRIu64 " lets %" PRIu64 " hits pass\n",
                  value_u64(value, "number"), value_u64(value, "ignore"));
}
