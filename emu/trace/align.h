/* SPDX-License-Identifier: MIT */
/*
 * align.h - what must be taken out of one sequence and put in to get the other.
 *
 * Longest common subsequence in a sliding window, so that time and memory stay linear: one extra
 * event is one insertion, not everything behind it.
 */
#ifndef FAULTLINE_TRACE_ALIGN_H
#define FAULTLINE_TRACE_ALIGN_H

#include "emu/trace/stream.h"

#define ALIGN_WINDOW 256

/* a[at_a .. at_a+a_count) was replaced by b[at_b .. at_b+b_count). */
typedef void align_fn(void *ctx, size_t at_a, size_t a_count, size_t at_b, size_t b_count);

/* Calls fn for every difference in order; false when there is no memory. */
bool align(const struct stream_event *a, size_t n, const struct stream_event *b, size_t m,
           align_fn *fn, void *ctx);

#endif
