/* SPDX-License-Identifier: MIT */
/*
 * expect.h - what a grader demands of the counts: "cow-copy=40,swap-read>0,faults<=500".
 *
 * Terms are joined by commas: NAME OP NUMBER with OP one of = == != < <= > >=, or NAME=A..B.
 * NAME: a fault kind, a probe event (evict, swap-out, ...), a result (sigsegv, ...), or one of
 * faults, major, minor, label-mismatch, unmatched.
 */
#ifndef FAULTLINE_TRACE_EXPECT_H
#define FAULTLINE_TRACE_EXPECT_H

#include <stdbool.h>
#include <stdio.h>

#include "emu/base/error.h"
#include "emu/trace/scope.h"

struct expect;

/* NULL with *err set: the text names the term that is wrong and the nearest known name. */
struct expect *expect_parse(const char *text, struct error *err);
void expect_free(struct expect *expect);
/* One line to `out` for every term that does not hold; true when all hold. */
bool expect_holds(const struct expect *expect, const struct trace_counts *counts, FILE *out);

#endif
