/* SPDX-License-Identifier: MIT */
/* explain.h - why a fault happened and what the kernel did, for somebody who is learning it. */
#ifndef FAULTLINE_MONITOR_EXPLAIN_H
#define FAULTLINE_MONITOR_EXPLAIN_H

#include "emu/base/buffer.h"
#include "emu/trace/record.h"

/* Several short sentences, one to a line. */
void explain_fault(const struct trace_record *record, struct buffer *out);

#endif
