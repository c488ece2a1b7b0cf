/* SPDX-License-Identifier: MIT */
/*
 * collect.h - fills a model (model.h) from a running guest.
 *
 * The collector listens to the observer's records from its creation on and reads page tables and
 * the kernel's tables when asked.  All calls on the machine's thread, between slices.  It changes
 * nothing that the guest can see.
 */
#ifndef FAULTLINE_MAP_COLLECT_H
#define FAULTLINE_MAP_COLLECT_H

#include "emu/map/model.h"
#include "emu/map/view.h"

struct collector;
struct machine;
struct observer;

/* NULL when there is no memory or the observer has no room for another listener. */
struct collector *collector_create(struct machine *machine, struct observer *observer);
void collector_destroy(struct collector *collector);

/* Fills `model` as `view` wants to see it. False when there is no memory. */
bool collector_fill(struct collector *collector, const struct map_view *view,
                    struct map_model *model);

/* Counters to zero; "changed" counts from here. */
void collector_reset(struct collector *collector);
void collector_bookmark(struct collector *collector);

#endif
