/* SPDX-License-Identifier: MIT */
/*
 * biography.h - the life of one page of one process, from records: which fault gave birth to it,
 * which fork shared it, who copied it, when it left for swap and came back, how it ended.
 *
 * Works on a running guest's history and on a trace file alike: it reads the records twice, once
 * for the ancestry of the process, once for the page.
 */
#ifndef FAULTLINE_OBSERVE_BIOGRAPHY_H
#define FAULTLINE_OBSERVE_BIOGRAPHY_H

#include "emu/base/buffer.h"
#include "emu/observe/explain.h"
#include "emu/trace/record.h"

struct biography_source {
    /* Back to the first record; false when it cannot. */
    bool (*rewind)(void *ctx);
    /* The next record; false: no more. */
    bool (*next)(void *ctx, struct trace_record *out);
    void *ctx;
};

/* Who can say more; each may be NULL. */
struct biography_names {
    /* The program a process ran at a record.  out: 17 bytes. */
    bool (*program)(void *ctx, u32 pid, u64 seq, char *out);
    /* "fill+0x10 (cow.c:21)" for the instruction of a fault. */
    bool (*where)(void *ctx, const struct trace_record *fault, char *out, size_t size);
    void *ctx;
};

struct biography_event {
    const char *what;                  /* "born", "shared", ...: one word for programs */
    const struct trace_record *record; /* what happened */
    const char *text;                  /* a sentence, UTF-8 */
};

struct biography_summary {
    size_t events;
    bool born;     /* the first fault of the page was seen */
    bool began;    /* ... or at least the beginning of its address space */
    u64 first_seq; /* oldest record there was */
    u64 pfn;       /* frame it was last known to be in, 0: none or unknown */
    bool has_slot; /* it was last known to be in swap */
    u64 slot;
};

/*
 * Tells the events of the page that holds va in process pid, oldest first.  False when the records
 * could not be read.
 */
bool biography_tell(const struct biography_source *source, const struct biography_names *names,
                    u32 pid, u64 va, enum explain_language language,
                    void (*event)(void *ctx, const struct biography_event *event), void *ctx,
                    struct biography_summary *summary);

#endif
