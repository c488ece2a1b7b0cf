/* SPDX-License-Identifier: MIT */
/*
 * text.h - records as text for people, for goldens and for other programs.
 */
#ifndef FAULTLINE_TRACE_TEXT_H
#define FAULTLINE_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "emu/base/types.h"
#include "emu/trace/record.h"

#define TRACE_LINE 1024 /* enough for every line made here */

/*
 * One line for people, no newline: "#1042 i=12003441 p3 cow-copy store page fault (15)
 * stval=0x... sepc=0x... heap+0x1000 pfn 0x8041c->0x80500 refs 2 cost 5010 ok".
 * Returns the length as snprintf does.
 */
int trace_line(char *out, size_t size, const struct trace_record *record);
/* The same; a fault with "[memset+0x1c] => " in front of its place when where is not NULL. */
int trace_line_at(char *out, size_t size, const struct trace_record *record, const char *where);
/* Every field by name: what `exact` compares. */
int trace_line_exact(char *out, size_t size, const struct trace_record *record);
/*
 * What stays the same when the kernel is compiled again: "cow-copy W heap+0x1000 ok refs=2".
 * Processes inside the text (a fork's child) are given by `process` (normalised); false when the
 * record has no place at this level (kernel-wide and timing-dependent ones).
 */
bool trace_line_semantic(char *out, size_t size, const struct trace_record *record,
                         unsigned other_process);
/*
 * References as far as they are part of the meaning: of frames that are shared copy-on-write. Those
 * of page-cache pages depend on who else happens to use the file.
 */
u32 trace_semantic_refs(const struct trace_fault *fault);
/* A flat JSON object, no newline.  64-bit values beyond 2^53 and addresses are hex strings. */
int trace_line_json(char *out, size_t size, const struct trace_record *record);
/* Comma-separated: one column for each common field and fault field; empty where not a fault. */
int trace_line_csv(char *out, size_t size, const struct trace_record *record);
int trace_csv_header(char *out, size_t size);
/* "V R W - U - A D COW" or, when invalid, "swap slot 44", "guard", "0". */
int trace_pte_words(char *out, size_t size, u64 pte);
/* A name of 16 bytes as probes tell it; what cannot be printed becomes '?'. */
void trace_name(u64 low, u64 high, char out[17]);
/* 12003441 as "12,003,441". */
int trace_number(char *out, size_t size, u64 value);

#endif
