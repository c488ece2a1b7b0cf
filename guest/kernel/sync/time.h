/* SPDX-License-Identifier: MIT */
/*
 * time.h - the clock, in nanoseconds.
 */
#ifndef SYNC_TIME_H
#define SYNC_TIME_H

#include "lib/types.h"

struct timespec64 {
    i64 sec, nsec;
};

void time_init(u64 ticks_per_second);
u64 time_now_ns(void); /* since boot, never goes back */
u64 time_ticks_from_ns(u64 ns);
u64 time_ns_of(u64 ticks); /* a span of ticks of the time CSR in ns */
u64 time_frequency(void);
u64 time_realtime_ns(void);        /* since 1970 */
void time_set_realtime_ns(u64 ns); /* the RTC driver, clock_settime */

static inline struct timespec64 time_spec(u64 ns)
{
    return (struct timespec64){(i64)(ns / 1000000000), (i64)(ns % 1000000000)};
}

static inline struct timespec64 time_realtime(void)
{
    return time_spec(time_realtime_ns());
}

#endif
