/* SPDX-License-Identifier: MIT */
/* counters.c - see counters.h. */
#include "emu/hart/counters.h"

#include <string.h>

#include "emu/base/bits.h"

static const struct counter_info infos[] = {
#define COUNTER(id, name, help) {name, help},
#include "emu/hart/counter.def"
#undef COUNTER
};

_Static_assert(sizeof(struct counters) == sizeof(u64) * ARRAY_LENGTH(infos),
               "the struct is an array of its rows");

const struct counter_info *counter_info(unsigned index)
{
    return index < ARRAY_LENGTH(infos) ? &infos[index] : NULL;
}

u64 counter_value(const struct counters *counters, unsigned index)
{
    u64 value;
    memcpy(&value, (const u8 *)counters + index * sizeof value, sizeof value);
    return value;
}

void counters_add(struct counters *sum, const struct counters *more)
{
#define COUNTER(id, name, help) sum->id += more->id;
#include "emu/hart/counter.def"
#undef COUNTER
}
