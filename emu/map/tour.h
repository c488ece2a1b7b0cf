/* SPDX-License-Identifier: MIT */
/*
 * tour.h - a guided tour through a recorded run: moments, what to look at, and what to say.
 *
 * A text file, steps separated by empty lines, lines of a step in any order:
 *     at #1042              the moment: so many records (or "at 12000000": instructions)
 *     look explain,pid=4    as for pictures (shot.h)
 *     page 4:0x3fbfffc000   inspect this page
 *     frame 0x800c4         inspect this frame
 *     select #1041          explain this record
 *     say WORDS             what the step tells, in English; several lines are joined
 *     zh WORDS              the same in Chinese
 */
#ifndef FAULTLINE_MAP_TOUR_H
#define FAULTLINE_MAP_TOUR_H

#include "emu/base/error.h"
#include "emu/map/view.h"

struct tour;

/* NULL with *err set. */
struct tour *tour_load(const char *path, struct error *err);
void tour_free(struct tour *tour);
size_t tour_steps(const struct tour *tour);
/* Puts step `index` (from 0) into the view; width and height change when the step says so. */
void tour_show(const struct tour *tour, size_t index, struct map_view *view, int *width,
               int *height);

#endif
