/* SPDX-License-Identifier: MIT */
/* csv.h - an answer as comma-separated values (RFC 4180). */
#ifndef FAULTLINE_MONITOR_CSV_H
#define FAULTLINE_MONITOR_CSV_H

#include <jansson.h>

#include "emu/base/buffer.h"

/*
 * The longest list of objects in the answer as a table with a header; if there is none the members
 * themselves as "name,value".  What is no plain value is written as JSON.
 */
void csv_write(const json_t *value, struct buffer *out);

#endif
