/* SPDX-License-Identifier: MIT */
/*
 * time.c - nanoseconds from the time CSR.
 */
#include "sync/time.h"
#include "lib/riscv.h"

/* Set once by time_init(). */
static u64 frequency = 10000000;
static u64 ns_per_tick = 100; /* 0: the frequency does not divide 10^9 */
static u64 boot_ticks;

static u64 realtime_offset; /* ns: real time = time_now_ns() + this */

void time_init(u64 ticks_per_second)
{
    frequency = ticks_per_second;
    ns_per_tick = 1000000000 % frequency == 0 ? 1000000000 / frequency : 0;
    boot_ticks = read_time();
}

u64 time_frequency(void)
{
    return frequency;
}

u64 time_ns_of(u64 ticks)
{
    if (likely(ns_per_tick != 0)) {
        return ticks * ns_per_tick;
    }
    return ticks / frequency * 1000000000 + ticks % frequency * 1000000000 / frequency;
}

u64 time_now_ns(void)
{
    return time_ns_of(read_time() - boot_ticks);
}

u64 time_ticks_from_ns(u64 ns)
{
    if (ns > ~0ull / 2) {
        return ~0ull;
    }
    return boot_ticks + (ns_per_tick != 0 ? (ns + ns_per_tick - 1) / ns_per_tick
                                          : ns / 1000000000 * frequency +
                                                ns % 1000000000 * frequency / 1000000000 + 1);
}

u64 time_realtime_ns(void)
{
    return time_now_ns() + realtime_offset;
}

void time_set_realtime_ns(u64 ns)
{
    realtime_offset = ns - time_now_ns();
}
