/* SPDX-License-Identifier: MIT */
/*
 * timer.h - call a function at a time.  Callbacks run in the timer interrupt,
 * without locks held; they must not sleep.  They may arm their timer again.
 */
#ifndef SYNC_TIMER_H
#define SYNC_TIMER_H

#include "lib/list.h"
#include "lib/types.h"

struct timer {
    struct list link;
    u64 deadline_ns;
    void (*fire)(struct timer *timer);
};

static inline void timer_setup(struct timer *timer, void (*fire)(struct timer *timer))
{
    list_init(&timer->link);
    timer->deadline_ns = 0;
    timer->fire = fire;
}

void timer_arm(struct timer *timer, u64 deadline_ns); /* also moves an armed one */
/* => true if it was armed; afterwards its callback neither runs nor will run. */
bool timer_cancel(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/* From the timer interrupt: run what is due and program the next one. */
void timer_interrupt(void);
/* Program this hart's next interrupt: the earliest timer or the end of the slice (ticks). */
void timer_program(void);
/* Instead of that: an interrupt in so many ns (or when another one comes); it does the rest. */
void timer_program_nap(u64 ns);

void timer_init(void);

#endif
