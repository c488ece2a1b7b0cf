/* SPDX-License-Identifier: MIT */
/*
 * counters.h - what a hart and its engine count to explain speed.
 *
 * No part of machine state: nothing of it is saved, and the guest cannot see it.  Counted where
 * nothing is lost by it, never on the way of a load, a store or a jump that hits; so there are
 * misses and no hits.  Events of an engine that belong to no hart are counted by hart 0.
 */
#ifndef FAULTLINE_COUNTERS_H
#define FAULTLINE_COUNTERS_H

#include "emu/base/types.h"

struct counters {
#define COUNTER(id, name, help) u64 id;
#include "emu/hart/counter.def"
#undef COUNTER
};

struct counter_info {
    const char *name, *help;
};

/* The rows of counter.def in order; NULL behind the last. */
const struct counter_info *counter_info(unsigned index);
u64 counter_value(const struct counters *counters, unsigned index);
/* sum += more, counter by counter. */
void counters_add(struct counters *sum, const struct counters *more);

#endif
