/* SPDX-License-Identifier: MIT */
/* fail.h - what the monitor keeps for the command `fail`; for this room only. */
#ifndef FAULTLINE_MONITOR_FAIL_H
#define FAULTLINE_MONITOR_FAIL_H

struct monitor;

/* The monitor goes. */
void fail_detach(struct monitor *m);

#endif
