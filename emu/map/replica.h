/* SPDX-License-Identifier: MIT */
/*
 * replica.h - a guest's memory made again from nothing but the records of what happened to it.
 *
 * Processes, areas, leaf page-table entries, frames and swap slots, as far as records tell them.
 * What no record tells stays unknown: the kernel's own frames and page tables, and the frames of
 * pages that were filled ahead of their own faults.
 *
 * A copy shares what has not changed since (blocks of entries with a count of holders), so a copy
 * every few thousand records costs little: that is how the past is kept (past.h).
 */
#ifndef FAULTLINE_MAP_REPLICA_H
#define FAULTLINE_MAP_REPLICA_H

#include "emu/map/model.h"
#include "emu/map/view.h"

struct replica;

/* Nothing has happened yet.  NULL when there is no memory. */
struct replica *replica_create(u64 first_pfn, u64 frame_count, u64 slot_count);
struct replica *replica_copy(const struct replica *replica);
void replica_destroy(struct replica *replica);

/* What the record did.  False when there is no memory: the replica is incomplete from then on. */
bool replica_apply(struct replica *replica, const struct trace_record *record);

/*
 * Frames, processes, the address space and swap slots that `view` wants to see, and who owns what
 * is looked at (model->inspect, model->hover: pfn, va and pid are given).
 */
bool replica_fill(const struct replica *replica, const struct map_view *view,
                  struct map_model *model);

#endif
