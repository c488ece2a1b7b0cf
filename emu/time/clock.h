/* SPDX-License-Identifier: MIT */
/*
 * clock.h - guest time, and what is to happen at which moment of it.
 *
 * `now` counts nanoseconds: one for each instruction that any hart executes (trapping ones
 * included), plus the jumps that the run loop makes while every hart waits.  mtime = now / 100.
 *
 * Events are registered when the machine is built, in a fixed order, so that the pair
 * (deadline, id) means the same thing in every run and can be saved.  Due events run in the order
 * of deadlines, ties by the lower id.
 *
 * While a hart runs, `now` stands still and is brought up to date by the hart (hart_sync) before
 * every register access of a device and every read of a counter; so clock_now is exact wherever
 * device code can run.
 */
#ifndef FAULTLINE_CLOCK_H
#define FAULTLINE_CLOCK_H

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/serial.h"

#define CLOCK_NEVER UINT64_MAX
#define CLOCK_MAX_EVENTS 64
#define CLOCK_NS_PER_TICK 100 /* of mtime: 10 MHz */

struct clock_event {
    const char *name; /* unique; must outlive the clock */
    void (*fn)(void *ctx, u64 now);
    void *ctx;
    u64 deadline; /* CLOCK_NEVER: not scheduled */
};

struct clock {
    u64 now;
    u64 next; /* the earliest deadline of all */
    /* Instructions are granted up to here (run loop); an earlier deadline calls `earlier`. */
    u64 horizon;
    void (*earlier)(void *ctx, u64 deadline);
    void *earlier_ctx;
    struct clock_event event[CLOCK_MAX_EVENTS];
    u32 count;
};

void clock_init(struct clock *clock);
/* Time 0, nothing scheduled; registrations stay. */
void clock_reset(struct clock *clock);
/* Returns the id.  At most CLOCK_MAX_EVENTS, else UINT32_MAX. */
u32 clock_register(struct clock *clock, const char *name, void (*fn)(void *ctx, u64 now),
                   void *ctx);
/* Replaces an earlier deadline of this id.  A deadline in the past is due at once. */
void clock_schedule(struct clock *clock, u32 id, u64 deadline);
void clock_cancel(struct clock *clock, u32 id);
/* CLOCK_NEVER when not scheduled. */
u64 clock_deadline(const struct clock *clock, u32 id);

static inline u64 clock_now(const struct clock *clock)
{
    return clock->now;
}

static inline u64 clock_next_deadline(const struct clock *clock)
{
    return clock->next;
}

/* mtime */
static inline u64 clock_ticks(const struct clock *clock)
{
    return clock->now / CLOCK_NS_PER_TICK;
}

/* The moment at which mtime becomes `ticks`; CLOCK_NEVER when that is beyond all time. */
static inline u64 clock_tick_deadline(u64 ticks)
{
    return ticks > (CLOCK_NEVER - 1) / CLOCK_NS_PER_TICK ? CLOCK_NEVER : ticks * CLOCK_NS_PER_TICK;
}

/* Runs everything that is due at clock->now, including what that schedules for now. */
void clock_run_due(struct clock *clock);
/* Nobody executes: time passes to `now` (never backwards).  Runs no event. */
void clock_jump(struct clock *clock, u64 now);

void clock_save(const struct clock *clock, struct serial_writer *writer);
bool clock_load(struct clock *clock, struct serial_reader *reader, struct error *err);

#endif
