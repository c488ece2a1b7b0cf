/* SPDX-License-Identifier: MIT */
/*
 * rtc.h - the Goldfish real-time clock: nanoseconds since 1970 and one alarm.
 *
 * It starts at a fixed date and runs with guest time, so that every run sees the same dates.
 * Source: Android "goldfish" virtual hardware, RTC registers.
 */
#ifndef FAULTLINE_RTC_H
#define FAULTLINE_RTC_H

#include "devices/device.h"
#include "emu/mem/bus.h"
#include "emu/time/clock.h"

#define RTC_SIZE 0x1000u

struct rtc {
    struct clock *clock;
    struct irq_line irq;
    u32 event;
    u64 epoch_ns;  /* date at guest time 0 */
    u64 offset_ns; /* added by the guest setting the date; wraps */
    u64 alarm;     /* absolute, nanoseconds since 1970 */
    u32 alarm_high_latch, time_high_latch;
    bool alarm_running, irq_pending, irq_enabled;
};

extern const struct bus_ops rtc_bus_ops;
extern const struct device_ops rtc_device_ops;

struct rtc *rtc_create(struct clock *clock, struct irq_line irq, u64 epoch_seconds);

#endif
