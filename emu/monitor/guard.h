/* SPDX-License-Identifier: MIT */
/*
 * guard.h - a client's terminal is as it was, however the client ends.
 *
 * For ctl's prompt and top, whose libraries change the mode of the terminal and put it back only
 * when all goes well.  (The machine's own terminal is kept by emu/cli/terminal.c.)
 */
#ifndef FAULTLINE_MONITOR_GUARD_H
#define FAULTLINE_MONITOR_GUARD_H

/* Remembers the mode of standard input, to be put back at a crash or a signal that ends us. */
void guard_begin(void);
/* What the terminal has to be sent then, too (leaving the second screen); 63 bytes are kept. */
void guard_goodbye(const char *text);
/* Puts the mode back and no longer watches. */
void guard_end(void);

#endif
