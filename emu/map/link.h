/* SPDX-License-Identifier: MIT */
/*
 * link.h - between the thread that runs the machine and the thread that shows the map.
 *
 * The viewer asks; the machine's thread answers at a moment when everything is consistent (between
 * slices, or while the machine waits or is stopped), with a model of its own.  The viewer never
 * reads guest memory, and the machine does not wait for the viewer.  Records travel through a ring
 * to the viewer, who keeps the past (past.h); questions about the past never reach the machine.
 *
 * Cost: the machine's thread copies each record, and makes a model only when one was asked for and
 * the last one's making is long enough ago that not more than one per cent of the time goes there.
 *
 * Locks: `lock` guards what is asked and which of the models is whose; it is held for moments only,
 * never while a model is filled or drawn.  `past` guards the history: the viewer's, except when the
 * ring is full, when the machine's thread empties it itself.
 */
#ifndef FAULTLINE_MAP_LINK_H
#define FAULTLINE_MAP_LINK_H

#include "emu/map/feed.h"

struct map_link;
struct machine;
struct observer;

/* On the machine's thread, before the machine runs.  NULL with a reason in `why`. */
struct map_link *map_link_create(struct machine *machine, struct observer *observer, char *why,
                                 size_t size);
/* After the machine has run. */
void map_link_destroy(struct map_link *link);

/* For the viewer. */
struct feed map_link_feed(struct map_link *link);
/* Viewer: nobody looks any more; nothing is recorded or filled from then on. */
void map_link_close(struct map_link *link);

#endif
