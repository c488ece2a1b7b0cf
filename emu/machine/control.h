/* SPDX-License-Identifier: MIT */
/*
 * control.h - how a monitor holds a machine: stop, go on, step, quit, and be called when there is
 * time to look.
 *
 * All calls are made on the machine's thread: from a slice listener, a descriptor callback, a hook
 * or the terminal monitor; except machine_interrupt, which a signal handler may call.
 */
#ifndef FAULTLINE_MACHINE_CONTROL_H
#define FAULTLINE_MACHINE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"

struct machine;

/* Stops before the next instruction; machine_run goes on serving descriptors and the monitor. */
void machine_stop(struct machine *m);
void machine_continue(struct machine *m);
/*
 * Executes `count` instructions of one hart and stops again; done when the machine is stopped the
 * next time (machine_on_stop).
 */
void machine_step(struct machine *m, unsigned hart, u64 count);
bool machine_is_stopped(const struct machine *m);
/*
 * on: from now on slice listeners are called after every single instruction (slow; guests see no
 * difference), until as often off.  machine_turn: the hart whose turn it is: in a slice listener
 * the one that has just executed.
 */
void machine_single_step(struct machine *m, bool on);
/* Stops when all harts together have executed so many instructions; 0: not (any more). */
void machine_stop_at(struct machine *m, u64 instructions);
unsigned machine_turn(const struct machine *m);
/* Ends machine_run with MACHINE_QUIT and this exit status. */
void machine_quit(struct machine *m, int status);
/* Ends the run with status 128+signal at the next slice end.  Async-signal-safe. */
void machine_interrupt(struct machine *m, int signal);

/*
 * Listeners; each returns an id for machine_unlisten.  slice: after every slice, between
 * instructions, everything is consistent.  stop: the machine has just stopped (or finished a
 * step).  They must not change what the guest sees, except through calls that record it.
 */
unsigned machine_on_slice(struct machine *m, void (*fn)(void *ctx), void *ctx);
unsigned machine_on_stop(struct machine *m, void (*fn)(void *ctx), void *ctx);
void machine_unlisten(struct machine *m, unsigned id);

/*
 * Calls fn when fd can be read (or has failed): between slices, at least every 10 ms of host time,
 * and while the machine waits or is stopped.  Polling costs the guest nothing.
 */
void machine_watch_fd(struct machine *m, int fd, void (*fn)(void *ctx, int fd), void *ctx);
void machine_unwatch_fd(struct machine *m, int fd);

/*
 * The monitor on the terminal (Ctrl-A c).  `input` gets raw bytes while it has the focus; `focus`
 * tells that it gained or lost it (a prompt is due).  Output goes out by machine_monitor_print.
 */
struct terminal_monitor {
    void (*input)(void *ctx, const u8 *data, size_t size);
    void (*focus)(void *ctx, bool gained);
    void *ctx;
};
void machine_attach_monitor(struct machine *m, const struct terminal_monitor *monitor);
/* Newlines become CR LF as the raw terminal needs. */
void machine_monitor_print(struct machine *m, const char *text, size_t size);
/* Gives the terminal back to the guest ("c" then "return", or the quit of the REPL). */
void machine_monitor_leave(struct machine *m);
/* True when a terminal is there that a monitor can talk on. */
bool machine_has_terminal(const struct machine *m);
/* -monitor stdio: the monitor has the terminal from the start and alone. */
void machine_monitor_enter(struct machine *m);

#endif
