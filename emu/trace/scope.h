/* SPDX-License-Identifier: MIT */
/*
 * scope.h - which records belong to the program under test, with pids made comparable.
 *
 * The scope begins with the first process that executes the named program (or at once when there
 * is no name) and takes in all its descendants; processes are numbered 1, 2, ... in the order they
 * appear.  A region can be bounded by marks.  Feed every record in order.
 */
#ifndef FAULTLINE_TRACE_SCOPE_H
#define FAULTLINE_TRACE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"
#include "emu/trace/record.h"

struct scope;

/* program, from, to may be NULL.  from and to are names of marks (16 bytes at most). */
struct scope *scope_create(const char *program, const char *from, const char *to);
void scope_free(struct scope *scope);
/* The process number (1...) of this record, or 0 when it is outside. */
unsigned scope_feed(struct scope *scope, const struct trace_record *record);
/* Number of a pid alive now, 0 when outside. */
unsigned scope_number(const struct scope *scope, u32 pid);
unsigned scope_processes(const struct scope *scope);
/* Name the process last executed ("" when none), and number of its parent (0 outside). */
const char *scope_name(const struct scope *scope, unsigned number);
unsigned scope_parent(const struct scope *scope, unsigned number);
/* The program was seen at all. */
bool scope_found(const struct scope *scope);

/* Totals over records. */
struct trace_counts {
    u64 kind[FAULT_KIND_COUNT]; /* faults by kind; [0] = without a kind */
    u64 coarse[COARSE_COUNT];
    u64 result[FAULT_RESULT_COUNT];
    u64 event[PROBE_EVENT_COUNT]; /* probe events */
    u64 faults, major, mismatch, unmatched, input;
    u64 cost; /* instructions spent in faults */
};
void trace_count(struct trace_counts *counts, const struct trace_record *record);

#endif
