/* SPDX-License-Identifier: MIT */
/* look.h - what several commands that look have in common; for this room only. */
#ifndef FAULTLINE_MONITOR_LOOK_H
#define FAULTLINE_MONITOR_LOOK_H

#include "emu/monitor/command.h"
#include "emu/observe/explain.h"
#include "emu/observe/filter.h"

/* A record's fields, and "text": its line, with the name of the instruction's place. */
json_t *look_record(struct call *call, const struct trace_record *record);
/* Like filter_parse; addresses may be written as everywhere in the monitor. */
bool look_filter(struct call *call, const char *text, struct filter *out);
/* The argument "language", else the locale's.  False with call->error set. */
bool look_language(struct call *call, enum explain_language *out);

#endif
