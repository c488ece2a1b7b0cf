/* SPDX-License-Identifier: MIT */
/* ancestry.c - from a process back over its forks to its last exec. */
#include "emu/observe/ancestry.h"

#include <stdlib.h>

#define MAX_BEGINNINGS 64 /* processes that may be starting programs at a time */

struct kin {
    u64 seq;
    u32 pid, parent;
    bool exec;
};

static bool is_event(const struct trace_record *r, unsigned event)
{
    return r->type == RECORD_PROBE + event;
}

/*
 * The areas of a new program are told before its exec: the address space begins with the first of
 * the maps that nothing else of the process stands between.
 */
struct beginnings {
    u32 pid[MAX_BEGINNINGS];
    u64 seq[MAX_BEGINNINGS];
    unsigned next;
};

static u64 *beginning_of(struct beginnings *b, u32 pid)
{
    for (unsigned i = 0; i < MAX_BEGINNINGS; i++)
        if (b->pid[i] == pid)
            return &b->seq[i];
    unsigned place = b->next++ % MAX_BEGINNINGS;
    b->pid[place] = pid;
    b->seq[place] = UINT64_MAX;
    return &b->seq[place];
}

static void note_beginning(struct beginnings *b, const struct trace_record *r)
{
    u64 *seq;

    if (!r->pid || is_event(r, PROBE_EV_SWITCH) || is_event(r, PROBE_EV_EXEC) ||
        !(r->type == RECORD_FAULT || r->type > RECORD_PROBE))
        return;
    seq = beginning_of(b, r->pid);
    if (!is_event(r, PROBE_EV_MAP))
        *seq = UINT64_MAX;
    else if (*seq == UINT64_MAX)
        *seq = r->seq;
}

static bool read_kin(struct ancestry *a, const struct biography_source *source, struct kin **list,
                     size_t *count)
{
    struct beginnings beginnings = {.next = 0};
    struct trace_record r;
    size_t room = 0;
    bool any = false;

    *list = NULL;
    *count = 0;
    if (!source->rewind(source->ctx))
        return false;
    while (source->next(source->ctx, &r)) {
        struct kin k = {.seq = r.seq};
        if (!any)
            a->first_seq = r.seq;
        any = true;
        note_beginning(&beginnings, &r);
        if (is_event(&r, PROBE_EV_EXEC)) {
            k.pid = (u32)(r.arg[0] >> 32);
            k.exec = true;
            u64 *begun = beginning_of(&beginnings, k.pid);
            k.seq = *begun < r.seq ? *begun : r.seq;
            *begun = UINT64_MAX;
        } else if (is_event(&r, PROBE_EV_FORK) && r.arg[0] >> 32 != r.arg[1] >> 32) {
            k.parent = (u32)(r.arg[0] >> 32);
            k.pid = (u32)(r.arg[1] >> 32);
        } else {
            continue;
        }
        if (*count == room) {
            room = room ? 2 * room : 64;
            struct kin *grown = realloc(*list, room * sizeof *grown);
            if (!grown)
                return false;
            *list = grown;
        }
        (*list)[(*count)++] = k;
    }
    return true;
}

static void follow_back(struct ancestry *a, u32 pid, const struct kin *kin, size_t count)
{
    u64 to = UINT64_MAX;

    while (a->count < ANCESTRY_MOST) {
        struct ancestor *s = &a->ancestor[a->count++];
        size_t i = count;
        *s = (struct ancestor){pid, a->first_seq, to};
        while (i > 0 && !(kin[i - 1].pid == pid && kin[i - 1].seq < to))
            i--;
        if (!i)
            return;
        s->from = kin[i - 1].seq;
        if (kin[i - 1].exec) {
            a->began = true;
            return;
        }
        pid = kin[i - 1].parent;
        to = kin[i - 1].seq;
    }
}

bool ancestry_at(const struct ancestry *a, u64 seq, u32 *pid)
{
    for (unsigned i = 0; i < a->count; i++) {
        if (seq >= a->ancestor[i].from && seq < a->ancestor[i].to) {
            *pid = a->ancestor[i].pid;
            return true;
        }
    }
    return false;
}

bool ancestry_find(struct ancestry *a, const struct biography_source *source, u32 pid)
{
    struct kin *kin;
    size_t count;

    *a = (struct ancestry){.count = 0};
    bool ok = read_kin(a, source, &kin, &count);
    if (ok)
        follow_back(a, pid, kin, count);
    free(kin);
    return ok;
}
