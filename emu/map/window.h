/* SPDX-License-Identifier: MIT */
/*
 * window.h - the memory map in an SDL2 window.
 *
 * SDL belongs to the thread that calls; a machine runs on another.
 */
#ifndef FAULTLINE_MAP_WINDOW_H
#define FAULTLINE_MAP_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

struct machine;
struct observer;

/*
 * Opens a window, runs `run(ctx)` (which runs the machine) on a thread of its own, and shows the
 * map until that returns.  Closing the window leaves the guest running.  False with a reason in
 * `why` when no window can be opened; then nothing has been run.
 */
bool map_window_run(struct machine *machine, struct observer *observer, void (*run)(void *ctx),
                    void *ctx, char *why, size_t size);

struct tour;
/*
 * Shows a trace file until the window is closed, with a guided tour through it if one is given
 * (Space: the next step).  False with a reason in `why`.
 */
bool map_window_trace(const char *path, const struct tour *tour, char *why, size_t size);

#endif
