/* SPDX-License-Identifier: MIT */
/* why.h - `faultline trace why FILE.pft PID:ADDRESS`: the life of a page, from a trace. */
#ifndef FAULTLINE_CLI_WHY_H
#define FAULTLINE_CLI_WHY_H

/* argv: what stands behind "why".  Returns the exit status: 0, 1 nothing known, 2 trouble. */
int why_main(int argc, char **argv);

#endif
