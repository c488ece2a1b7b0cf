/* SPDX-License-Identifier: MIT */
/*
 * explain.h - why a fault happened and what the kernel did about it, in plain words.
 */
#ifndef FAULTLINE_MAP_EXPLAIN_H
#define FAULTLINE_MAP_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/trace/record.h"

/* Writes a few sentences (UTF-8) about a record into `out`. */
void explain_record(const struct trace_record *record, bool chinese, char *out, size_t size);

#endif
