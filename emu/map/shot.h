/* SPDX-License-Identifier: MIT */
/*
 * shot.h - one picture of the memory map, without a window: --shot FILE.png[@icount=N].
 */
#ifndef FAULTLINE_MAP_SHOT_H
#define FAULTLINE_MAP_SHOT_H

#include <stdbool.h>
#include <stddef.h>

struct machine;
struct observer;
struct shot;

/*
 * Understands FILE.png[@icount=N].  The picture shows the end of the run, or the first slice end at
 * which N instructions or more have been executed.  NULL with a reason in `why`.
 */
struct shot *shot_parse(const char *text, char *why, size_t size);
/* Before the machine runs. */
bool shot_connect(struct shot *shot, struct machine *machine, struct observer *observer);
/* After it has run: takes the picture if it has not been taken.  False with a reason in `why`. */
bool shot_finish(struct shot *shot, char *why, size_t size);
void shot_free(struct shot *shot);

#endif
