/* SPDX-License-Identifier: MIT */
/*
 * monitor.h - commands to look at and hold a running machine.
 *
 * One command table serves the REPL on the terminal (Ctrl-A c), the REPL and JSON on sockets, and
 * `help`.  Nothing here changes what the guest sees, except commands marked so in the table, and
 * those are recorded as inputs.  All on the machine's thread.
 */
#ifndef FAULTLINE_MONITOR_H
#define FAULTLINE_MONITOR_H

#include <stdbool.h>
#include <stdio.h>

#include "emu/base/error.h"

struct machine;
struct observer;
struct monitor;

struct monitor *monitor_create(struct machine *m, struct observer *o, struct error *err);
void monitor_destroy(struct monitor *monitor);
/* Where names come from; it has those of the kernel image already, more may be added. */
struct symbols *monitor_symbols(struct monitor *monitor);

/*
 * A REPL for everybody who connects to a Unix socket (mode 0600, made anew; removed at the end).
 * json: QMP-shaped JSON instead of text.
 */
bool monitor_listen(struct monitor *monitor, const char *path, bool json, struct error *err);
/* The REPL on the machine's terminal: Ctrl-A c gives it the keyboard. */
void monitor_attach_terminal(struct monitor *monitor);
/* Executes one line, text to `out`.  False when the command failed (the text says why). */
bool monitor_execute(struct monitor *monitor, const char *line, FILE *out);
/* The lines of a file, before the machine runs (-x).  False at the first that fails. */
bool monitor_script(struct monitor *monitor, const char *path, FILE *out, struct error *err);

/*
 * After a panic of the guest's kernel: callers by name, and area and life of the page it stumbled
 * over, as far as the observer was there to see it.
 */
void monitor_panic(struct monitor *m, FILE *out);

/*
 * The audit of the kernel's books after the guest has switched itself off.  True: they are right.
 * Else what is wrong is written to `out`.
 */
bool monitor_audit(struct machine *m, struct observer *o, FILE *out);

/*
 * `faultline ctl SOCKET COMMAND...`: argv[0] = socket path, the rest one command.  Works with both
 * kinds of socket.  Returns the exit status: 0, 1 the command failed, 2 usage or no connection.
 */
int ctl_main(int argc, char **argv);

#endif
