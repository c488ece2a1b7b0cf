/* SPDX-License-Identifier: MIT */
/*
 * listworker.h - one process that runs a range of a list's entries in one machine.
 *
 * The guest runs a script that says on its console where each entry begins and ends; the worker
 * reads that, looks at the instruction count in that very moment, watches the limits, and reports
 * to the parent by one message an entry.
 */
#ifndef FAULTLINE_CLI_LISTWORKER_H
#define FAULTLINE_CLI_LISTWORKER_H

#include "emu/cli/list.h"

/* Written to the parent's pipe at once (it is shorter than PIPE_BUF). */
struct list_message {
    u32 index;
    u32 limit;  /* a limit ended it */
    int status; /* as a shell gives it */
    u32 unused;
    u64 instructions;
    u64 seconds_ns;
    u64 output_end; /* in the file of the outputs: where what it printed ends */
};

/*
 * Runs entries first .. first+count-1 and returns the exit status of the worker process.  `pipe`
 * takes the messages; standard output and error are the file of the outputs.
 */
int list_worker(const struct list *l, unsigned first, unsigned count, const struct options *o,
                int pipe, int argc, char *const *argv);

#endif
