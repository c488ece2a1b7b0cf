/* SPDX-License-Identifier: MIT */
/*
 * focus.h - what is looked at closely, and which events are listed: the same for the running guest
 * and for its past.
 */
#ifndef FAULTLINE_MAP_FOCUS_H
#define FAULTLINE_MAP_FOCUS_H

#include "emu/map/model.h"
#include "emu/map/view.h"

/* Empties model->inspect and model->hover and takes from the view what they are about. */
void focus_prepare(const struct map_view *view, struct map_model *model);
/*
 * Fills model->event by the view's filter, newest first, and the histories of the frames looked
 * at.  `ring` has `size` places, `written` were ever written, the last `kept` are there.
 */
void focus_events(const struct map_view *view, struct map_model *model,
                  const struct trace_record *ring, size_t size, u64 written, u64 kept);

#endif
