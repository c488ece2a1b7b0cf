/* SPDX-License-Identifier: MIT */
/* clint.c - see clint.h. */
#include "devices/clint.h"

#include <stdlib.h>

#define MTIMECMP_BASE 0x4000u
#define MTIME 0xbff8u

/* Sets the line of one hart's timer and the event of its next edge. */
static void update_timer(struct clint *c, unsigned hart)
{
    struct clint_hart *h = &c->hart[hart];
    bool due = clock_ticks(c->clock) >= h->mtimecmp;
    clock_schedule(c->clock, c->event[hart], due ? CLOCK_NEVER : clock_tick_deadline(h->mtimecmp));
    irq_set(&h->timer, due);
}

static void timer_due(void *ctx, u64 now)
{
    struct clint *c = ctx;
    (void)now;
    for (unsigned i = 0; i < c->harts; i++) {
        update_timer(c, i);
    }
}

void clint_set_timer(struct clint *c, unsigned hart, u64 mtimecmp)
{
    if (hart < c->harts) {
        c->hart[hart].mtimecmp = mtimecmp;
        update_timer(c, hart);
    }
}

/* The part of a 64-bit register that an access of `size` bytes at `offset` in it sees. */
static u64 extract(u64 value, u64 offset, unsigned size)
{
    value >>= 8 * (offset & 7);
    return size == 8 ? value : value & ((1ull << (8 * size)) - 1);
}

static u64 insert(u64 old, u64 value, u64 offset, unsigned size)
{
    if (size == 8) {
        return value;
    }
    unsigned shift = (unsigned)(8 * (offset & 7));
    u64 mask = ((1ull << (8 * size)) - 1) << shift;
    return (old & ~mask) | ((value << shift) & mask);
}

static u64 bus_read_clint(void *device, u64 offset, unsigned size, bool *fault)
{
    const struct clint *c = device;
    (void)fault;
    if (offset < MTIMECMP_BASE) {
        u64 hart = offset / 4;
        return hart < c->harts ? c->hart[hart].msip : 0;
    }
    if ((offset & ~7ull) == MTIME) {
        return extract(clock_ticks(c->clock), offset, size);
    }
    u64 hart = (offset - MTIMECMP_BASE) / 8;
    return hart < c->harts ? extract(c->hart[hart].mtimecmp, offset, size) : 0;
}

static void bus_write_clint(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    struct clint *c = device;
    (void)fault;
    if (offset < MTIMECMP_BASE) {
        u64 hart = offset / 4;
        if (hart < c->harts) {
            c->hart[hart].msip = value & 1;
            irq_set(&c->hart[hart].software, value & 1);
        }
        return;
    }
    u64 hart = (offset - MTIMECMP_BASE) / 8;
    if (hart < c->harts) {
        clint_set_timer(c, (unsigned)hart, insert(c->hart[hart].mtimecmp, value, offset, size));
    }
}

const struct bus_ops clint_bus_ops = {
    .read = bus_read_clint,
    .write = bus_write_clint,
    .size_mask = 4 | 8,
};

static void reset(void *state)
{
    struct clint *c = state;
    for (unsigned i = 0; i < c->harts; i++) {
        c->hart[i].msip = false;
        irq_set(&c->hart[i].software, false);
        clint_set_timer(c, i, ~0ull);
    }
}

static void save(const void *state, struct serial_writer *writer)
{
    const struct clint *c = state;
    serial_put_u64(writer, "harts", c->harts);
    for (unsigned i = 0; i < c->harts; i++) {
        serial_put_u64(writer, "msip", c->hart[i].msip);
        serial_put_u64(writer, "mtimecmp", c->hart[i].mtimecmp);
    }
}

/* The events are in the clock's own section, the lines in the harts'. */
static bool load(void *state, struct serial_reader *reader, struct error *err)
{
    struct clint *c = state;
    if (serial_get_u64(reader, "harts") != c->harts) {
        return error_set(err, EINVAL, "clint: saved with another number of harts");
    }
    for (unsigned i = 0; i < c->harts; i++) {
        c->hart[i].msip = serial_get_u64(reader, "msip") & 1;
        c->hart[i].mtimecmp = serial_get_u64(reader, "mtimecmp");
    }
    return serial_ok(reader, err);
}

static void destroy(void *state)
{
    free(state);
}

const struct device_ops clint_device_ops = {
    .reset = reset, .save = save, .load = load, .destroy = destroy};

struct clint *clint_create(struct clock *clock, unsigned harts, const struct irq_line *software,
                           const struct irq_line *timer)
{
    static const char *const names[CLINT_HARTS] = {"mtimecmp0", "mtimecmp1", "mtimecmp2",
                                                   "mtimecmp3", "mtimecmp4", "mtimecmp5",
                                                   "mtimecmp6", "mtimecmp7"};
    struct clint *c = harts <= CLINT_HARTS ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        return NULL;
    }
    c->clock = clock;
    c->harts = harts;
    for (unsigned i = 0; i < harts; i++) {
        c->hart[i] =
            (struct clint_hart){.mtimecmp = ~0ull, .software = software[i], .timer = timer[i]};
        c->event[i] = clock_register(clock, names[i], timer_due, c);
    }
    return c;
}
