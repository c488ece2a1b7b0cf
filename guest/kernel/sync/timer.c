/* SPDX-License-Identifier: MIT */
/*
 * timer.c - one list of timers in order of their deadlines, for all harts.
 *
 * The hart that arms the earliest timer programs its own comparator for it; any
 * hart's timer interrupt runs whatever is due.  One hart at a time runs
 * callbacks, so timer_cancel() can wait for "the" running one.
 */
#include "sync/timer.h"
#include "lib/fdt.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "sync/sched.h"
#include "sync/spin.h"
#include "sync/time.h"

static struct spinlock timer_lock = SPINLOCK("timer");
static struct list armed = {&armed, &armed};
static struct timer *running; /* whose callback is being run ... */
static u32 running_hart;      /* ... by this hart (index + 1) */
static bool has_stimecmp;     /* Sstc; set once at boot */

void timer_init(void)
{
    int cpu = fdt_find_path("/cpus/cpu");
    const char *isa = fdt_string(cpu, "riscv,isa");

    has_stimecmp = isa != NULL && strstr(isa, "_sstc") != NULL;
}

static void program(u64 deadline_ns)
{
    u64 ticks = time_ticks_from_ns(deadline_ns);

    if (has_stimecmp) {
        csr_write(0x14d, ticks); /* stimecmp */
    } else {
        sbi_set_timer(ticks);
    }
}

/* => timer_lock is held. */
static void program_next(void)
{
    u64 deadline = this_hart()->slice_end;

    if (!list_empty(&armed)) {
        deadline = min_u64(deadline, list_first(&armed, struct timer, link)->deadline_ns);
    }
    program(deadline);
}

void timer_program_nap(u64 ns)
{
    program(time_now_ns() + ns);
}

void timer_program(void)
{
    spin_lock(&timer_lock);
    program_next();
    spin_unlock(&timer_lock);
}

void timer_arm(struct timer *timer, u64 deadline_ns)
{
    struct list *before;

    spin_lock(&timer_lock);
    list_remove(&timer->link);
    timer->deadline_ns = deadline_ns;
    for (before = armed.prev; before != &armed; before = before->prev) {
        if (list_entry(before, struct timer, link)->deadline_ns <= deadline_ns) {
            break;
        }
    }
    list_push_front(before, &timer->link);
    if (armed.next == &timer->link) {
        program_next();
    }
    spin_unlock(&timer_lock);
}

bool timer_is_armed(const struct timer *timer)
{
    return !list_empty(&timer->link);
}

bool timer_cancel(struct timer *timer)
{
    bool was_armed;

    spin_lock(&timer_lock);
    while (running == timer && running_hart != this_hart()->index + 1) {
        spin_unlock(&timer_lock);
        spin_lock(&timer_lock);
    }
    was_armed = !list_empty(&timer->link);
    list_remove(&timer->link);
    spin_unlock(&timer_lock);
    return was_armed;
}

void timer_interrupt(void)
{
    u64 now = time_now_ns();

    sched_tick(now);
    spin_lock(&timer_lock);
    while (running == NULL && !list_empty(&armed)) {
        struct timer *timer = list_first(&armed, struct timer, link);

        if (timer->deadline_ns > now) {
            break;
        }
        list_remove(&timer->link);
        running = timer;
        running_hart = this_hart()->index + 1;
        spin_unlock(&timer_lock);
        timer->fire(timer);
        spin_lock(&timer_lock);
        running = NULL;
    }
    if (running == NULL) {
        program_next();
    } else { /* another hart is at it and will program its own comparator */
        program(this_hart()->slice_end);
    }
    spin_unlock(&timer_lock);
}
