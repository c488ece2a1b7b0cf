/* SPDX-License-Identifier: MIT */
/* counts.c - faults counted by kind, process and cost, and the ring of the last ones. */
#include <stdlib.h>
#include <string.h>

#include "emu/observe/observer.h"

/* Quarters of powers of two: exact below 8, then the top three bits decide. */
static unsigned bucket_of(u64 cost)
{
    if (cost < 8)
        return (unsigned)cost;
    unsigned top = 63 - (unsigned)__builtin_clzll(cost);
    unsigned index = 8 + (top - 3) * 4 + ((unsigned)(cost >> (top - 2)) & 3);
    return index < OBSERVER_COST_BUCKETS ? index : OBSERVER_COST_BUCKETS - 1;
}

static u64 bucket_end(unsigned index)
{
    if (index < 8)
        return index;
    unsigned top = (index - 8) / 4 + 3, quarter = (index - 8) % 4;
    return (UINT64_C(4) + quarter + 1) << (top - 2);
}

u64 observer_cost_percentile(const struct fault_count *count, unsigned percent)
{
    u64 wanted = (count->count * percent + 99) / 100, seen = 0;

    for (unsigned i = 0; i < OBSERVER_COST_BUCKETS; i++) {
        seen += count->bucket[i];
        if (seen >= wanted && seen)
            return bucket_end(i) < count->max_cost ? bucket_end(i) : count->max_cost;
    }
    return 0;
}

static struct pid_count *count_of(struct observer *o, u32 pid)
{
    for (size_t i = o->pids; i > 0; i--)
        if (o->pid[i - 1].pid == pid)
            return &o->pid[i - 1];
    if (o->pids == MAX_PIDS)
        return NULL;
    if (o->pids == o->pid_room) {
        size_t room = o->pid_room ? 2 * o->pid_room : 32;
        struct pid_count *list = realloc(o->pid, room * sizeof *list);
        if (!list)
            return NULL;
        o->pid = list;
        o->pid_room = room;
    }
    struct pid_count *c = &o->pid[o->pids++];
    memset(c, 0, sizeof *c);
    c->pid = pid;
    return c;
}

void observer_count(struct observer *o, const struct trace_record *r)
{
    trace_count(&o->counts, r);
    if (r->type != RECORD_FAULT)
        return;
    const struct trace_fault *f = &r->fault;
    unsigned kind = f->kind < FAULT_KIND_COUNT ? f->kind : 0;
    struct fault_count *c = &o->kind[kind];
    c->count++;
    c->cost += f->cost;
    c->io += fault_kind_is_major(kind);
    if (f->pfn_new && f->pfn_new != f->pfn_old && f->result == RESULT_OK)
        c->frames++;
    c->frames += f->around;
    if (f->cost > c->max_cost)
        c->max_cost = f->cost;
    c->bucket[bucket_of(f->cost)]++;
    struct pid_count *by_pid = count_of(o, r->pid);
    if (by_pid)
        by_pid->kind[kind]++;
    o->ring[o->ring_count++ % OBSERVER_RING] = *r;
}

const struct trace_counts *observer_counts(const struct observer *o)
{
    return &o->counts;
}

const struct fault_count *observer_kind_count(const struct observer *o, unsigned kind)
{
    return &o->kind[kind < FAULT_KIND_COUNT ? kind : 0];
}

size_t observer_counted_pids(const struct observer *o)
{
    return o->pids;
}

u32 observer_counted_pid(const struct observer *o, size_t index)
{
    return index < o->pids ? o->pid[index].pid : 0;
}

u64 observer_pid_kind(const struct observer *o, size_t index, unsigned kind)
{
    return index < o->pids && kind < FAULT_KIND_COUNT ? o->pid[index].kind[kind] : 0;
}

u64 observer_label_mismatches(const struct observer *o)
{
    return o->counts.mismatch;
}

void observer_reset_counts(struct observer *o)
{
    memset(&o->counts, 0, sizeof o->counts);
    memset(o->kind, 0, sizeof o->kind);
    o->pids = 0;
}

bool observer_last_fault(const struct observer *o, size_t back, struct trace_record *out)
{
    if (back >= o->ring_count || back >= OBSERVER_RING)
        return false;
    *out = o->ring[(o->ring_count - 1 - back) % OBSERVER_RING];
    return true;
}

bool observer_fault(const struct observer *o, u64 seq, struct trace_record *out)
{
    /* The ring is in order of seq. */
    u64 low = o->ring_count > OBSERVER_RING ? o->ring_count - OBSERVER_RING : 0;
    u64 high = o->ring_count;

    while (low < high) {
        u64 middle = low + (high - low) / 2;
        u64 at = o->ring[middle % OBSERVER_RING].seq;
        if (at == seq) {
            *out = o->ring[middle % OBSERVER_RING];
            return true;
        }
        if (at < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
