/* SPDX-License-Identifier: MIT */
/*
 * feed.h - where the models that a window shows come from: a running guest with its past (link.h),
 * or a trace file alone (feed_open_trace).
 *
 * All calls on the viewer's thread.
 */
#ifndef FAULTLINE_MAP_FEED_H
#define FAULTLINE_MAP_FEED_H

#include "emu/base/error.h"
#include "emu/map/model.h"
#include "emu/map/view.h"

struct feed {
    void *ctx;
    /* Asks for a model as `view` wants it, and for `request`.  Settles what is open in the view:
     * a moment that was given as an instruction count. */
    void (*ask)(void *ctx, struct map_view *view, enum map_request request);
    /* The newest model, or NULL when there has been none since the last call.  Stays the viewer's
     * until the next call. */
    struct map_model *(*take)(void *ctx);
    /* There is work to be done while nobody asks (a trace is being read). */
    bool (*busy)(void *ctx);
};

struct trace_feed;
/* NULL with *err set. */
struct trace_feed *trace_feed_open(const char *path, struct error *err);
void trace_feed_close(struct trace_feed *feed);
struct feed trace_feed_interface(struct trace_feed *feed);

/* The model that `view` (its moment, or the instruction count it seeks) shows.  NULL with *err
 * set; the caller's. */
struct map_model *trace_model(const char *path, struct map_view *view, struct error *err);
/* One model of the trace at a moment ("N" instructions, or "#N" records; NULL: the end).  NULL
 * with *err set; the caller's. */
struct map_model *trace_model_at(const char *path, const char *at, struct map_view *view,
                                 struct error *err);

#endif
