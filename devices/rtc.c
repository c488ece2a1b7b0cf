/* SPDX-License-Identifier: MIT */
/* rtc.c - see rtc.h. */
#include "devices/rtc.h"

#include <stdlib.h>

enum {
    RTC_TIME_LOW = 0x00,
    RTC_TIME_HIGH = 0x04,
    RTC_ALARM_LOW = 0x08,
    RTC_ALARM_HIGH = 0x0c,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_ALARM = 0x14,
    RTC_ALARM_STATUS = 0x18,
    RTC_CLEAR_INTERRUPT = 0x1c,
};

static u64 date(const struct rtc *r)
{
    return r->epoch_ns + r->offset_ns + clock_now(r->clock);
}

static void update(struct rtc *r)
{
    irq_set(&r->irq, r->irq_pending && r->irq_enabled);
}

static void alarm_due(void *ctx, u64 now)
{
    struct rtc *r = ctx;
    (void)now;
    r->alarm_running = false;
    r->irq_pending = true;
    update(r);
}

/* An alarm in the past rings at once. */
static void set_alarm(struct rtc *r, u64 when)
{
    u64 now = date(r);
    r->alarm = when;
    r->alarm_running = true;
    if (when <= now) {
        clock_cancel(r->clock, r->event);
        alarm_due(r, now);
    } else {
        u64 deadline = clock_now(r->clock);
        if (__builtin_add_overflow(deadline, when - now, &deadline)) {
            clock_cancel(r->clock, r->event);
        } else {
            clock_schedule(r->clock, r->event, deadline);
        }
    }
}

static u64 bus_read_rtc(void *device, u64 offset, unsigned size, bool *fault)
{
    struct rtc *r = device;
    (void)size;
    (void)fault;
    switch (offset) {
    case RTC_TIME_LOW: /* latches the upper half, so that both belong together */
        r->time_high_latch = (u32)(date(r) >> 32);
        return (u32)date(r);
    case RTC_TIME_HIGH:
        return r->time_high_latch;
    case RTC_ALARM_LOW:
        return (u32)r->alarm;
    case RTC_ALARM_HIGH:
        return r->alarm >> 32;
    case RTC_IRQ_ENABLED:
        return r->irq_enabled;
    case RTC_ALARM_STATUS:
        return r->alarm_running;
    default:
        return 0;
    }
}

static void bus_write_rtc(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    struct rtc *r = device;
    u64 word = value & 0xffffffffu;
    (void)size;
    (void)fault;
    switch (offset) {
    case RTC_TIME_LOW:
        r->offset_ns += ((date(r) & ~0xffffffffull) | word) - date(r);
        break;
    case RTC_TIME_HIGH:
        r->offset_ns += ((date(r) & 0xffffffffu) | word << 32) - date(r);
        break;
    case RTC_ALARM_LOW:
        set_alarm(r, (u64)r->alarm_high_latch << 32 | word);
        break;
    case RTC_ALARM_HIGH: /* written first; the low half arms the alarm */
        r->alarm_high_latch = (u32)word;
        break;
    case RTC_IRQ_ENABLED:
        r->irq_enabled = word & 1;
        update(r);
        break;
    case RTC_CLEAR_ALARM:
        clock_cancel(r->clock, r->event);
        r->alarm_running = false;
        break;
    case RTC_CLEAR_INTERRUPT:
        r->irq_pending = false;
        update(r);
        break;
    default:
        break;
    }
}

const struct bus_ops rtc_bus_ops = {
    .read = bus_read_rtc,
    .write = bus_write_rtc,
    .size_mask = 4,
};

static void reset(void *state)
{
    struct rtc *r = state;
    clock_cancel(r->clock, r->event);
    r->alarm = 0;
    r->alarm_high_latch = r->time_high_latch = 0;
    r->alarm_running = r->irq_pending = r->irq_enabled = false;
    update(r);
}

#define RTC_FIELDS(F) \
    F(offset_ns)      \
    F(alarm) F(alarm_high_latch) F(time_high_latch) F(alarm_running) F(irq_pending) F(irq_enabled)

static void save(const void *state, struct serial_writer *writer)
{
    const struct rtc *r = state;
#define F(field) serial_put_u64(writer, #field, r->field);
    RTC_FIELDS(F)
#undef F
}

static bool load(void *state, struct serial_reader *reader, struct error *err)
{
    struct rtc *r = state;
#define F(field) r->field = (__typeof__(r->field))serial_get_u64(reader, #field);
    RTC_FIELDS(F)
#undef F
    return serial_ok(reader, err);
}

static void destroy(void *state)
{
    free(state);
}

const struct device_ops rtc_device_ops = {
    .reset = reset, .save = save, .load = load, .destroy = destroy};

struct rtc *rtc_create(struct clock *clock, struct irq_line irq, u64 epoch_seconds)
{
    struct rtc *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    r->clock = clock;
    r->irq = irq;
    r->epoch_ns = epoch_seconds * 1000000000ull;
    r->event = clock_register(clock, "rtc-alarm", alarm_due, r);
    return r;
}
