/* SPDX-License-Identifier: MIT */
/*
 * history.h - the last records of a running guest, kept in memory, and who ran which program.
 *
 * A sink of the observer.  Memory is taken as records come, up to the capacity; then the oldest are
 * forgotten.  Forks and program starts are kept longer than records.
 */
#ifndef FAULTLINE_OBSERVE_HISTORY_H
#define FAULTLINE_OBSERVE_HISTORY_H

#include "emu/observe/observe.h"

#define HISTORY_RECORDS (1u << 17)

struct history;

/* capacity: records, rounded up to a whole block.  NULL when there is no memory or no free sink. */
struct history *history_create(struct observer *o, size_t capacity);
/* Without an observer: records are given by history_add. */
struct history *history_create_alone(size_t capacity);
void history_destroy(struct history *h);
void history_add(struct history *h, const struct trace_record *record);

/* seq of the oldest record kept, and the one behind the newest. */
u64 history_first(const struct history *h);
u64 history_end(const struct history *h);
/* NULL when it is not kept (any more). */
const struct trace_record *history_get(const struct history *h, u64 seq);
/*
 * The program that a process ran when record `seq` was made (UINT64_MAX: now), as far as known:
 * inherited over fork, changed by exec.  out holds 17 bytes.
 */
bool history_program(const struct history *h, u32 pid, u64 seq, char *out);
/*
 * The program whose file has this inode number, by what was mapped just before it was executed.
 * out: 17 bytes.  Only as far back as records are kept.
 */
bool history_file(const struct history *h, u64 inode, char *out);
/* The process whose child `pid` was, before record `seq`; false: not known. */
bool history_parent(const struct history *h, u32 pid, u64 seq, u32 *parent);

#endif
