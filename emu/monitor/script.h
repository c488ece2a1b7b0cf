/* SPDX-License-Identifier: MIT */
/* script.h - the lines of -x that wait for a stop; for this room only. */
#ifndef FAULTLINE_MONITOR_SCRIPT_H
#define FAULTLINE_MONITOR_SCRIPT_H

#include "emu/monitor/state.h"

/* Lines are left. */
bool script_pending(const struct monitor *m);
/* Executes lines up to one that lets the guest run.  False with *err: one failed, the rest is
 * dropped. */
bool script_go_on(struct monitor *m, struct error *err);
/* Says which lines were never reached. */
void script_close(struct monitor *m);

#endif
