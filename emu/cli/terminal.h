/* SPDX-License-Identifier: MIT */
/*
 * terminal.h - the host's terminal: raw while the guest has it, as it was on every way out.
 *
 * The terminal belongs to the process, so this file alone in the emulator keeps state of its own:
 * signal handlers and exit handlers have to find it.
 */
#ifndef FAULTLINE_CLI_TERMINAL_H
#define FAULTLINE_CLI_TERMINAL_H

#include <stdbool.h>

struct machine;

/*
 * Takes standard input if it is a terminal.  raw: every key goes to the guest.  Otherwise lines are
 * edited by the host and Ctrl-C interrupts; Ctrl-A still comes through at once.
 */
void terminal_enter(bool raw);
/* Switches between the two while entered (struct machine_config, terminal_raw). */
void terminal_set_raw(bool raw);
/* As it was before. */
void terminal_leave(void);
/* Signals that end or stop the process go through the machine; NULL: no machine any more. */
void terminal_catch_signals(struct machine *m);

#endif
