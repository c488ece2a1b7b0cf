/* SPDX-License-Identifier: MIT */
/*
 * diff.h - comparing two traces, and the `trace` command.
 */
#ifndef FAULTLINE_TRACE_DIFF_H
#define FAULTLINE_TRACE_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "emu/base/error.h"
#include "emu/base/types.h"

enum diff_level { DIFF_COUNTS, DIFF_SEMANTIC, DIFF_EXACT };

/* As exit statuses. */
enum diff_verdict { DIFF_SAME = 0, DIFF_DIVERGED = 1, DIFF_TROUBLE = 2, DIFF_INCONCLUSIVE = 3 };

struct diff_options {
    int level;             /* enum diff_level, or -1: what a golden says of itself, else semantic */
    const char *junit;     /* file to write, or NULL */
    bool json;             /* the report as JSON instead of text */
    bool all;              /* every process, not only the program's tree */
    const char *program;   /* instead of the header's */
    const char *from, *to; /* marks that bound the region */
    unsigned max_diffs;    /* places shown, default 1 */
    FILE *out;             /* the report */
};

/* golden may be a .pft or a canonical text; fresh is a .pft (or a text too). */
enum diff_verdict trace_diff(const char *golden, const char *fresh,
                             const struct diff_options *options, struct error *err);

/*
 * `faultline trace ...`: argv[0] is the subcommand's name ("print", ...).  Output on stdout,
 * messages on stderr.  Returns the exit status.
 */
int trace_main(int argc, char **argv);

#endif
