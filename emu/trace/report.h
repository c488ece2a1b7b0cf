/* SPDX-License-Identifier: MIT */
/* report.h - what came out of a comparison, and saying it; for diff.c. */
#ifndef FAULTLINE_TRACE_REPORT_H
#define FAULTLINE_TRACE_REPORT_H

#include <stdarg.h>

#include "emu/trace/stream.h"

#define MAX_HUNKS 256

struct hunk {
    size_t process; /* index, number - 1 */
    size_t a, a_count, b, b_count;
    u64 order; /* in the fresh trace */
};

struct comparison {
    const char *golden, *fresh;
    const struct diff_options *options;
    struct stream a, b;
    enum diff_level level;
    enum diff_verdict verdict;
    char doubt[256];   /* why it is inconclusive */
    size_t process;    /* being compared */
    u64 differing;     /* events (kinds, at level counts) */
    u64 hunks;         /* places */
    bool only_cut_off; /* the fresh one lacks the end, nothing else */
    size_t kept;
    struct hunk hunk[MAX_HUNKS]; /* the first ones in order */
};

bool count_differs(const struct comparison *c, unsigned kind);
const char *verdict_name(enum diff_verdict verdict);
const char *level_name(enum diff_level level);
/* Which parts of two semantic lines differ: "kind, refs". */
void describe_change(const char *a, const char *b, char *out, size_t size);
/* A guess at the reason of the first divergence; empty when there is none. */
void guess_reason(const char *a, const char *b, char *out, size_t size);

void report_text(struct comparison *c, FILE *out);
void report_json(struct comparison *c, FILE *out);
bool report_junit(struct comparison *c, const char *path, struct error *err);

#endif
