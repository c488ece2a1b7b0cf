/* SPDX-License-Identifier: MIT */
/*
 * recording.h - what is kept of a run: the trace file (--trace) and the counts that a grader asks
 * for (--expect).
 */
#ifndef FAULTLINE_CLI_RECORDING_H
#define FAULTLINE_CLI_RECORDING_H

#include "emu/cli/session.h"
#include "emu/trace/expect.h"
#include "emu/trace/pft.h"
#include "emu/trace/scope.h"

struct observer;

struct recording {
    struct pft_info info;
    struct pft_writer *writer; /* NULL: no trace */
    struct expect *expect;     /* NULL: nothing is expected */
    struct scope *scope;
    struct trace_counts counts;
};

/* Opens the trace file and understands --expect; before the machine is made. */
bool recording_open(struct recording *r, const struct session *s, int argc, char *const *argv,
                    struct error *err);
/* True when somebody has to observe the machine. */
bool recording_wanted(const struct recording *r);
void recording_connect(struct recording *r, struct observer *o);
/*
 * Ends the trace and says on stderr which expectations do not hold.  Returns the exit status:
 * `status`, or 1 for expectations, or EXIT_TROUBLE when the trace could not be written.
 */
int recording_close(struct recording *r, struct observer *o, int status);

#endif
