/* SPDX-License-Identifier: MIT */
/* nearest.h - "did you mean": the known name with the fewest edits from what was typed. */
#ifndef FAULTLINE_TRACE_NEAREST_H
#define FAULTLINE_TRACE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    const char *best; /* NULL: nothing is near enough to be meant */
    size_t distance;
};

struct nearest nearest_begin(const char *typed);
void nearest_offer(struct nearest *nearest, const char *known);
/* Insertions, deletions, replacements and swaps of neighbours; names beyond 31 bytes are cut. */
size_t edit_distance(const char *a, const char *b);

#endif
