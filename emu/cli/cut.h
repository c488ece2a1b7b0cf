/* SPDX-License-Identifier: MIT */
/* cut.h - `faultline cut`. */
#ifndef FAULTLINE_CLI_CUT_H
#define FAULTLINE_CLI_CUT_H

/* argv[0] is "cut".  Returns the process's exit status. */
int cut_main(int argc, char **argv);

#endif
