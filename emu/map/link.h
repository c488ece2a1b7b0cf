/* SPDX-License-Identifier: MIT */
/*
 * link.h - between the thread that runs the machine and the thread that shows the map.
 *
 * The viewer asks; the machine's thread answers at a moment when everything is consistent (between
 * slices, or while the machine waits or is stopped), with a model of its own.  The viewer never
 * reads guest memory, and the machine never waits for the viewer.
 *
 * Locks: one mutex guards what is asked and which of the two models is whose.  It is held for
 * moments only, never while a model is filled or drawn.
 */
#ifndef FAULTLINE_MAP_LINK_H
#define FAULTLINE_MAP_LINK_H

#include "emu/map/model.h"
#include "emu/map/view.h"

struct map_link;
struct machine;
struct observer;

/* On the machine's thread, before the machine runs.  NULL with a reason in `why`. */
struct map_link *map_link_create(struct machine *machine, struct observer *observer, char *why,
                                 size_t size);
/* After the machine has run. */
void map_link_destroy(struct map_link *link);

/* Viewer: asks for a model as `view` wants it, and for `request`. */
void map_link_ask(struct map_link *link, const struct map_view *view, enum map_request request);
/* Viewer: the newest model, or NULL when there has been none since the last call.  Stays the
 * viewer's until the next call. */
struct map_model *map_link_take(struct map_link *link);

#endif
