/* SPDX-License-Identifier: MIT */
/* traceview.h - `faultline trace shot` and `faultline trace map`: a recorded run to look at. */
#ifndef FAULTLINE_CLI_TRACEVIEW_H
#define FAULTLINE_CLI_TRACEVIEW_H

#include <stdbool.h>

/* Whether argv[0] names one of these. */
bool traceview_is(int argc, char *const *argv);
/* argv[0] is "shot" or "map".  Returns the exit status. */
int traceview_main(int argc, char **argv);

#endif
