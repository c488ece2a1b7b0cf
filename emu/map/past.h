/* SPDX-License-Identifier: MIT */
/*
 * past.h - the past: every record kept, and memory as it was after any of them.
 *
 * Two sources: records appended one by one as they happen (kept encoded, about 15 bytes each; the
 * oldest are forgotten when there are too many), or a trace file.  Every few thousand records a
 * replica is put aside; a moment is made from the one before it and the records in between.
 *
 * Records are numbered from 0.  A moment is the number of records that have happened.
 *
 * Threads: none of its own; calls on one history must not overlap.
 */
#ifndef FAULTLINE_MAP_PAST_H
#define FAULTLINE_MAP_PAST_H

#include "emu/base/error.h"
#include "emu/map/model.h"
#include "emu/map/view.h"

struct past;

/* For a running guest; NULL when there is no memory. */
struct past *past_create(u64 first_pfn, u64 frame_count, u64 slot_count);
/* False when there is no memory; what was kept stays. */
bool past_append(struct past *history, const struct trace_record *record);

/* A trace file; it is read by past_build.  NULL with *err set. */
struct past *past_open(const char *path, struct error *err);
/*
 * Reads up to `records` more records of the file.  False when there is nothing more to read;
 * past_error tells whether the file is damaged.
 */
bool past_build(struct past *history, u64 records);
const char *past_error(const struct past *history); /* NULL = none */
u64 past_ram_size(const struct past *history);

void past_destroy(struct past *history);

u64 past_first(const struct past *history); /* oldest moment that can be shown */
u64 past_count(const struct past *history); /* newest */
u64 past_icount(const struct past *history);
/* The last moment at or before an instruction count. */
u64 past_moment(struct past *history, u64 icount);

/* Fills `model` with the moment view->moment as `view` wants to see it.  False: no memory, or the
 * file is damaged there. */
bool past_fill(struct past *history, const struct map_view *view, struct map_model *model);
/* Only what is about the history itself (past_first, past_count, built), for a live model. */
void past_describe(const struct past *history, struct map_model *model);

#endif
