/* SPDX-License-Identifier: MIT */
/*
 * shot.h - one picture of the memory map, without a window: --shot FILE.png[@icount=N].
 */
#ifndef FAULTLINE_MAP_SHOT_H
#define FAULTLINE_MAP_SHOT_H

#include "emu/base/error.h"
#include "emu/map/view.h"

struct machine;
struct observer;
struct shot;

/*
 * Understands FILE.png[@icount=N].  The picture shows the end of the run, or the first slice end at
 * which N instructions or more have been executed.  look: see shot_look(); it stays the caller's.
 * NULL with a reason in `why`.
 */
struct shot *shot_parse(const char *text, const char *look, char *why, size_t size);
/* Before the machine runs. */
bool shot_connect(struct shot *shot, struct machine *machine, struct observer *observer);
/* After it has run: takes the picture if it has not been taken.  False with a reason in `why`. */
bool shot_finish(struct shot *shot, char *why, size_t size);
void shot_free(struct shot *shot);

/* A view for a picture: the person's language and colours, nothing moving. */
void shot_view(struct map_view *view);
/*
 * How the picture looks: words between commas, such as "heat,explain,event,scale=2".  NULL: as it
 * is.  False with *err set when a word is not known.
 */
bool shot_look(struct map_view *view, const char *look, int *width, int *height,
               struct error *err);
/* "event": inspect the newest event.  True when the view changed and a model is wanted anew. */
bool shot_follow(struct map_view *view, const struct map_model *model, const char *look);

#endif
