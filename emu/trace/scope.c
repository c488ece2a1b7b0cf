/* SPDX-License-Identifier: MIT */
/* scope.c - following the process tree of the program under test through a trace. */
#include "emu/trace/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/line.h"

struct member {
    u32 pid;
    unsigned parent;
    bool alive;
    char name[17];
};

struct scope {
    char program[17]; /* empty: everything */
    char from[17], to[17];
    bool everything, found, open;
    struct member *member; /* number n is member[n - 1] */
    unsigned members, room;
};

/* Kernels keep 15 bytes of a name. */
static bool same_name(const char *a, const char *b)
{
    return !strncmp(a, b, 15);
}

static void keep_name(char out[17], const char *text)
{
    snprintf(out, 17, "%.16s", text ? text : "");
}

struct scope *scope_create(const char *program, const char *from, const char *to)
{
    struct scope *scope = calloc(1, sizeof *scope);

    if (!scope)
        return NULL;
    keep_name(scope->program, program);
    keep_name(scope->from, from);
    keep_name(scope->to, to);
    scope->everything = !scope->program[0];
    scope->found = scope->everything;
    scope->open = !scope->from[0];
    return scope;
}

void scope_free(struct scope *scope)
{
    if (!scope)
        return;
    free(scope->member);
    free(scope);
}

unsigned scope_number(const struct scope *scope, u32 pid)
{
    for (unsigned i = scope->members; i > 0; i--)
        if (scope->member[i - 1].alive && scope->member[i - 1].pid == pid)
            return i;
    return 0;
}

static unsigned take_in(struct scope *scope, u32 pid, unsigned parent, const char *name)
{
    if (scope->members == scope->room) {
        unsigned room = scope->room ? 2 * scope->room : 16;
        struct member *member = realloc(scope->member, room * sizeof *member);
        if (!member)
            return 0;
        scope->member = member;
        scope->room = room;
    }
    struct member *m = &scope->member[scope->members++];
    memset(m, 0, sizeof *m);
    m->pid = pid;
    m->parent = parent;
    m->alive = true;
    keep_name(m->name, name);
    return scope->members;
}

static void record_name(char out[17], u64 low, u64 high)
{
    struct line line = line_begin(out, 17);

    line_name(&line, low, high);
}

/* A mark opens or closes the region; the marks themselves are inside. */
static bool feed_mark(struct scope *scope, const char *name)
{
    bool was_open = scope->open;

    if (scope->from[0] && !strcmp(name, scope->from))
        scope->open = true;
    if (scope->to[0] && !strcmp(name, scope->to))
        scope->open = false;
    return was_open || scope->open;
}

unsigned scope_feed(struct scope *scope, const struct trace_record *record)
{
    unsigned event = record->type > RECORD_PROBE ? record->type - RECORD_PROBE : 0;
    unsigned number = scope_number(scope, record->pid);
    char name[17];
    bool inside = scope->open;

    if (!number && scope->everything && record->pid)
        number = take_in(scope, record->pid, 0, "");
    switch (event) {
    case PROBE_EV_EXEC:
        record_name(name, record->arg[1], record->arg[2]);
        if (!number && !scope->found && same_name(name, scope->program)) {
            number = take_in(scope, record->pid, 0, name);
            scope->found = true;
        } else if (number) {
            keep_name(scope->member[number - 1].name, name);
        }
        break;
    case PROBE_EV_FORK: {
        u32 child = (u32)(record->arg[1] >> 32);
        if (number && child && child != record->pid)
            take_in(scope, child, number, scope->member[number - 1].name);
        break;
    }
    case PROBE_EV_EXIT: {
        /* Only when the whole process ends: a thread's exit carries its own tid. */
        if (number && record->tid == record->pid)
            scope->member[number - 1].alive = false;
        break;
    }
    case PROBE_EV_MARK:
        record_name(name, record->arg[0], record->arg[1]);
        inside = feed_mark(scope, name);
        break;
    default:
        break;
    }
    return inside ? number : 0;
}

unsigned scope_processes(const struct scope *scope)
{
    return scope->members;
}

const char *scope_name(const struct scope *scope, unsigned number)
{
    return number && number <= scope->members ? scope->member[number - 1].name : "";
}

unsigned scope_parent(const struct scope *scope, unsigned number)
{
    return number && number <= scope->members ? scope->member[number - 1].parent : 0;
}

bool scope_found(const struct scope *scope)
{
    return scope->found;
}

void trace_count(struct trace_counts *c, const struct trace_record *record)
{
    if (record->type == RECORD_FAULT) {
        const struct trace_fault *f = &record->fault;
        c->faults++;
        c->cost += f->cost;
        c->kind[f->kind < FAULT_KIND_COUNT ? f->kind : 0]++;
        c->coarse[f->coarse < COARSE_COUNT ? f->coarse : 0]++;
        if (f->result < FAULT_RESULT_COUNT)
            c->result[f->result]++;
        c->major += fault_kind_is_major(f->kind);
        c->mismatch += (f->notes & FAULT_NOTE_MISMATCH) != 0;
        c->unmatched += (f->notes & FAULT_NOTE_UNMATCHED) != 0;
    } else if (record->type > RECORD_PROBE && record->type - RECORD_PROBE < PROBE_EVENT_COUNT) {
        c->event[record->type - RECORD_PROBE]++;
    } else if (record->type == RECORD_INPUT) {
        c->input++;
    }
}
