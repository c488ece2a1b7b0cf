/* SPDX-License-Identifier: MIT */
/* history.c - blocks of records in a ring, and the log of forks and program starts. */
#include "emu/observe/history.h"

#include <stdlib.h>
#include <string.h>

#include "emu/trace/text.h"

#define BLOCK 4096
#define MAX_KIN 32768 /* forks and execs remembered */
#define MAX_GENERATIONS 64

struct kin {
    u64 seq;
    u32 pid, parent; /* parent: of a fork */
    bool exec;
    char name[17];
};

struct history {
    struct observer *observer;
    int sink;
    struct trace_record **block;
    size_t blocks;
    u64 first, end;
    bool begun;
    struct kin *kin;
    u64 kins; /* ever; in the ring at kins % MAX_KIN */
};

struct history *history_create_alone(size_t capacity)
{
    struct history *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->sink = -1;
    h->blocks = (capacity + BLOCK - 1) / BLOCK;
    h->block = calloc(h->blocks ? h->blocks : 1, sizeof *h->block);
    h->kin = calloc(MAX_KIN, sizeof *h->kin);
    if (!h->blocks || !h->block || !h->kin) {
        history_destroy(h);
        return NULL;
    }
    return h;
}

static void take(void *ctx, const struct trace_record *record)
{
    history_add(ctx, record);
}

struct history *history_create(struct observer *o, size_t capacity)
{
    struct history *h = history_create_alone(capacity);

    if (!h)
        return NULL;
    h->observer = o;
    h->sink = observer_add_sink(o, take, h);
    if (h->sink < 0) {
        history_destroy(h);
        return NULL;
    }
    return h;
}

void history_destroy(struct history *h)
{
    if (!h)
        return;
    if (h->sink >= 0)
        observer_remove_sink(h->observer, h->sink);
    for (size_t i = 0; h->block && i < h->blocks; i++)
        free(h->block[i]);
    free(h->block);
    free(h->kin);
    free(h);
}

static void note_kin(struct history *h, const struct trace_record *r)
{
    struct kin k = {.seq = r->seq};

    if (r->type == RECORD_PROBE + PROBE_EV_EXEC) {
        k.pid = (u32)(r->arg[0] >> 32);
        k.exec = true;
        trace_name(r->arg[1], r->arg[2], k.name);
    } else if (r->type == RECORD_PROBE + PROBE_EV_FORK) {
        k.pid = (u32)(r->arg[1] >> 32);
        k.parent = (u32)(r->arg[0] >> 32);
        if (k.pid == k.parent) /* a thread */
            return;
    } else {
        return;
    }
    h->kin[h->kins++ % MAX_KIN] = k;
}

void history_add(struct history *h, const struct trace_record *r)
{
    /* A gap (nobody makes one) would make what came before worthless. */
    if (!h->begun || r->seq != h->end) {
        h->begun = true;
        h->first = r->seq;
    }
    struct trace_record **block = &h->block[r->seq / BLOCK % h->blocks];
    if (!*block)
        *block = malloc(BLOCK * sizeof **block);
    h->end = r->seq + 1;
    if (!*block) {
        h->first = h->end;
        return;
    }
    (*block)[r->seq % BLOCK] = *r;
    u64 capacity = (u64)h->blocks * BLOCK;
    if (h->end - h->first > capacity)
        h->first = h->end - capacity;
    note_kin(h, r);
}

u64 history_first(const struct history *h)
{
    return h->first;
}

u64 history_end(const struct history *h)
{
    return h->end;
}

const struct trace_record *history_get(const struct history *h, u64 seq)
{
    if (!h->begun || seq < h->first || seq >= h->end)
        return NULL;
    return &h->block[seq / BLOCK % h->blocks][seq % BLOCK];
}

/* The last fork or exec that made `pid` what it was before `seq`. */
static const struct kin *last_kin(const struct history *h, u32 pid, u64 seq, bool fork)
{
    for (u64 i = h->kins; i > 0 && h->kins - i < MAX_KIN; i--) {
        const struct kin *k = &h->kin[(i - 1) % MAX_KIN];
        if (k->pid == pid && k->seq < seq && !(fork && k->exec))
            return k;
    }
    return NULL;
}

bool history_program(const struct history *h, u32 pid, u64 seq, char *out)
{
    for (unsigned i = 0; i < MAX_GENERATIONS; i++) {
        const struct kin *k = last_kin(h, pid, seq, false);
        if (!k)
            return false;
        if (k->exec) {
            memcpy(out, k->name, sizeof k->name);
            return true;
        }
        pid = k->parent;
        seq = k->seq;
    }
    return false;
}

bool history_file(const struct history *h, u64 inode, char *out)
{
    u32 pid = 0; /* which has mapped the file and may be about to execute it */

    for (u64 seq = h->first; h->begun && inode && seq < h->end; seq++) {
        const struct trace_record *r = history_get(h, seq);
        if (r->type == RECORD_PROBE + PROBE_EV_MAP) {
            if (r->arg[4] == inode)
                pid = r->pid;
        } else if (r->type == RECORD_PROBE + PROBE_EV_EXEC && r->pid == pid) {
            trace_name(r->arg[1], r->arg[2], out);
            return true;
        } else if (r->pid == pid && r->type != RECORD_PROBE + PROBE_EV_SWITCH) {
            pid = 0;
        }
    }
    return false;
}

bool history_parent(const struct history *h, u32 pid, u64 seq, u32 *parent)
{
    const struct kin *k = last_kin(h, pid, seq, true);

    if (k)
        *parent = k->parent;
    return k != NULL;
}
