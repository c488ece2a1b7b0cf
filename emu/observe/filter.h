/* SPDX-License-Identifier: MIT */
/*
 * filter.h - which faults are meant: "kind=cow-copy pid=3 va=0x4000..0x5000 area=heap".
 * kind=cow means every kind that begins with "cow"; terms not given match everything.
 */
#ifndef FAULTLINE_OBSERVE_FILTER_H
#define FAULTLINE_OBSERVE_FILTER_H

#include "emu/base/error.h"
#include "emu/trace/record.h"

struct filter {
    u32 kinds; /* bit n: kind n is wanted; 0: all */
    bool has_pid, has_va, has_area, has_result;
    u32 pid;
    u64 va_from, va_to; /* va_to excluded */
    u8 area, result;
    u64 count; /* matches before it holds; 1 at least */
};

/* text may be NULL or empty: everything.  False with *err set. */
bool filter_parse(const char *text, struct filter *out, struct error *err);
bool filter_match(const struct filter *filter, const struct trace_record *record);
/* Short text of it; "every fault" when nothing is demanded. */
void filter_text(const struct filter *filter, char *out, size_t size);

#endif
