/* SPDX-License-Identifier: MIT */
/*
 * points.c - breakpoints and watches: what they wait for, when they stop.
 *
 * Faults and events come from the observer.  Watches and `until` look after every instruction;
 * the machine is put to single steps as long as one of them is armed, and only then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/isa/pte.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/look.h"
#include "emu/monitor/names.h"
#include "emu/monitor/state.h"
#include "emu/trace/text.h"

/* ---- making and removing ---- */

/* Cuts "do CMD; CMD" off; *commands is allocated or NULL. */
static char *split_commands(const char *words, char **commands)
{
    char *copy = strdup(words ? words : "");
    char *at = copy;

    *commands = NULL;
    while (copy && (at = strstr(at, "do")) != NULL) {
        bool begins = at == copy || at[-1] == ' ';
        if (begins && at[2] == ' ') {
            *commands = strdup(at + 3);
            *at = 0;
            break;
        }
        at += 2;
    }
    return copy;
}

static bool only_counts(struct call *call, const struct filter *f, bool pid)
{
    if (!f->kinds && !f->has_va && !f->has_area && !f->has_result && (pid || !f->has_pid))
        return true;
    return error_set(&call->error, EINVAL, "here only %scount=N and do CMD are understood",
                     pid ? "pid=N, " : "");
}

struct point *points_add(struct call *call, enum point_kind kind, const char *words)
{
    struct monitor *m = call->monitor;
    struct point *p = NULL;
    char *commands, *conditions;
    struct filter filter;

    for (size_t i = 0; i < MAX_POINTS && !p; i++)
        if (!m->point[i].number)
            p = &m->point[i];
    if (!p) {
        error_set(&call->error, ENOSPC, "there are %d breakpoints already (delete N)", MAX_POINTS);
        return NULL;
    }
    conditions = split_commands(words, &commands);
    bool ok = conditions && look_filter(call, conditions, &filter) &&
              (kind == POINT_FAULT || only_counts(call, &filter, kind == POINT_EVENT));
    free(conditions);
    if (!ok) {
        free(commands);
        return NULL;
    }
    m->points++;
    *p = (struct point){
        .number = ++m->last_number, .kind = kind, .filter = filter, .commands = commands};
    return p;
}

void points_remove(struct monitor *m, struct point *p)
{
    m->points -= p->number != 0;
    free(p->commands);
    *p = (struct point){0};
    points_arm(m);
}

/* ---- hits ---- */

/* Counts; true when it is to stop. */
static bool hit(struct monitor *m, struct point *p)
{
    p->hits++;
    if (p->ignore) {
        p->ignore--;
        return false;
    }
    if (p->hits < p->filter.count)
        return false;
    if (m->pass) {
        m->pass--;
        return false;
    }
    if (p->commands)
        buffer_printf(&m->commands, "%s;", p->commands);
    return true;
}

static struct call call_for(struct monitor *m)
{
    return (struct call){.monitor = m, .machine = m->machine, .observer = m->observer};
}

static void fault_hit(struct monitor *m, struct point *p, const struct trace_record *record)
{
    struct call call = call_for(m);
    struct place place = names_of_record(record);
    char line[TRACE_LINE], where[NAME_TEXT];
    bool known = record->type == RECORD_FAULT &&
                 names_where(&call, &place, record->fault.pc, where, sizeof where);

    if (!hit(m, p))
        return;
    trace_line_at(line, sizeof line, record, known ? where : NULL);
    if (p->once)
        monitor_stop_because(m, "%s", line);
    else
        monitor_stop_because(m, "breakpoint %u: %s", p->number, line);
    if (p->once)
        points_remove(m, p);
}

static bool is_meant(const struct point *p, const struct trace_record *r)
{
    if (p->kind == POINT_FAULT)
        return filter_match(&p->filter, r);
    return p->kind == POINT_EVENT && r->type == p->event &&
           (!p->filter.has_pid || r->pid == p->filter.pid);
}

/* The space that a watch looks into has ended: what is in its tables' frames now means nothing. */
static void space_ended(struct monitor *m, struct point *p, const struct trace_record *r)
{
    bool exec = r->type == RECORD_PROBE + PROBE_EV_EXEC;

    if (p->kind != POINT_PTE || p->gone || r->pid != p->pid ||
        !(exec || (r->type == RECORD_PROBE + PROBE_EV_EXIT && r->tid == r->pid)))
        return;
    p->gone = true;
    points_arm(m);
    monitor_stop_because(m, "watch %u: process %u %s: the watched address space is gone", p->number,
                         p->pid, exec ? "executed another program" : "has ended");
}

void points_record(struct monitor *m, const struct trace_record *r)
{
    if (r->type == RECORD_DISK)
        m->before.disk = true;
    for (size_t i = 0; m->points && i < MAX_POINTS; i++) {
        struct point *p = &m->point[i];
        if (!p->number)
            continue;
        if (is_meant(p, r))
            fault_hit(m, p, r);
        else
            space_ended(m, p, r);
    }
}

/* ---- after every instruction ---- */

static void remember(struct monitor *m)
{
    m->before.instructions = machine_instructions(m->machine);
    m->before.disk = false;
    for (unsigned i = 0; i < machine_hart_count(m->machine) && i < MONITOR_HARTS; i++) {
        const struct hart *h = machine_hart(m->machine, i);
        m->before.pc[i] = h->pc;
        m->before.priv[i] = (u8)h->priv;
    }
}

/* "hart 0, process 3 (cowtest) at fault_cow+0x20 (mm/cow.c:40)" */
static void who(struct monitor *m, char *out, size_t size)
{
    struct call call = call_for(m);
    unsigned hart = machine_turn(m->machine) % MONITOR_HARTS;
    char where[NAME_TEXT] = "", name[17] = "";
    struct place place = {.kernel = m->before.priv[hart] != PRIV_USER, .seq = UINT64_MAX};

    if (machine_instructions(m->machine) == m->before.instructions) {
        snprintf(out, size, "a device");
        return;
    }
    place.pid = address_pid(&call, machine_hart(m->machine, hart));
    names_program(&call, place.pid, UINT64_MAX, name);
    if (!names_where(&call, &place, m->before.pc[hart], where, sizeof where))
        snprintf(where, sizeof where, "pc 0x%" PRIx64, m->before.pc[hart]);
    snprintf(out, size, "hart %u, process %u%s%s%s, at %s%s", hart, place.pid, name[0] ? " (" : "",
             name, name[0] ? ")" : "", where,
             m->before.disk ? " (or the disk, which was done just before)" : "");
}

static void check_pte(struct monitor *m, struct point *p)
{
    struct peek peek;
    char before[80], after[80], by[420];

    observer_walk(m->observer, p->satp, p->va, &peek);
    u64 pte = peek.steps ? peek.step[peek.steps - 1].pte : 0;
    u8 level = peek.steps ? (u8)peek.step[peek.steps - 1].level : 0;
    if (pte == p->pte && level == p->level)
        return;
    u64 old = p->pte, changed = pte ^ old;
    bool marks = level == p->level && !(changed & ~(u64)(PTE_A | PTE_D)) && !(changed & old);
    p->pte = pte;
    p->level = level;
    if (!hit(m, p))
        return;
    trace_pte_words(before, sizeof before, old);
    trace_pte_words(after, sizeof after, pte);
    who(m, by, sizeof by);
    bool user = m->before.priv[machine_turn(m->machine) % MONITOR_HARTS] == PRIV_USER;
    monitor_stop_because(m,
                         "watch %u: entry of %u:0x%" PRIx64 " changed: %s -> %s (0x%" PRIx64
                         " -> 0x%" PRIx64 ")\n  %s %s",
                         p->number, p->pid, p->va, before, after, old, pte,
                         marks && user ? "set by the processor for the access of" : "by", by);
}

static void check_memory(struct monitor *m, struct point *p)
{
    u8 now[MAX_WATCHED];
    struct buffer text = {0};
    char by[420];

    if (!observer_read(m->observer, p->pa, now, p->length) || !memcmp(now, p->old, p->length))
        return;
    if (hit(m, p)) {
        buffer_printf(&text, "watch %u: %s changed:", p->number, p->what);
        for (unsigned i = 0; i < p->length; i++)
            buffer_printf(&text, " %02x", p->old[i]);
        buffer_text(&text, " ->");
        for (unsigned i = 0; i < p->length; i++)
            buffer_printf(&text, " %02x", now[i]);
        who(m, by, sizeof by);
        monitor_stop_because(m, "%.*s\n  by %s", (int)text.size, (const char *)text.data, by);
        buffer_free(&text);
    }
    memcpy(p->old, now, p->length);
}

static void after_instruction(void *ctx)
{
    struct monitor *m = ctx;

    for (size_t i = 0; i < MAX_POINTS; i++) {
        struct point *p = &m->point[i];
        if (!p->number || p->gone)
            continue;
        if (p->kind == POINT_PTE)
            check_pte(m, p);
        else if (p->kind == POINT_MEMORY)
            check_memory(m, p);
    }
    if (m->has_until && machine_instructions(m->machine) != m->before.instructions) {
        const struct hart *h = machine_hart(m->machine, machine_turn(m->machine));
        if (condition_holds(m->observer, h, &m->until)) {
            m->has_until = false;
            monitor_stop_because(m, "the condition holds on hart %u", h->id);
            points_arm(m);
        }
    }
    remember(m);
}

void points_arm(struct monitor *m)
{
    bool wanted = m->has_until;

    for (size_t i = 0; i < MAX_POINTS; i++)
        wanted =
            wanted || (m->point[i].number && !m->point[i].gone && m->point[i].kind >= POINT_PTE);
    if (wanted == m->exact)
        return;
    m->exact = wanted;
    machine_single_step(m->machine, wanted);
    if (wanted) {
        remember(m);
        m->slice_listener = machine_on_slice(m->machine, after_instruction, m);
    } else {
        machine_unlisten(m->machine, m->slice_listener);
    }
}
