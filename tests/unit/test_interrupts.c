/* SPDX-License-Identifier: MIT */
/* test_interrupts.c - PLIC, CLINT, RTC and finisher, register by register. */
#include "device_rig.h"

#include "devices/clint.h"
#include "devices/finisher.h"
#include "devices/plic.h"
#include "devices/rtc.h"

/* ---- PLIC ---- */

static struct plic *make_plic(struct rig *rig)
{
    struct irq_line lines[4];
    for (u32 i = 0; i < 4; i++) {
        lines[i] = rig_line(rig, i);
    }
    return plic_create(4, lines);
}

static u32 plic_in(struct plic *p, u64 offset)
{
    return (u32)reg_read(&plic_bus_ops, p, offset, 4);
}

static void plic_out(struct plic *p, u64 offset, u32 value)
{
    reg_write(&plic_bus_ops, p, offset, 4, value);
}

#define ENABLE(context) (0x2000u + 0x80u * (context))
#define THRESHOLD(context) (0x200000u + 0x1000u * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)

static void test_plic_claim(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct plic *p = make_plic(&rig);
    struct irq_line ten = plic_input(p, 10), seven = plic_input(p, 7);
    plic_out(p, 4 * 10, 3);
    plic_out(p, 4 * 7, 3);
    plic_out(p, ENABLE(1), 1u << 10 | 1u << 7);
    irq_set(&ten, true);
    assert_true(rig.line[1]);
    assert_false(rig.line[0]);
    assert_int_equal(plic_in(p, 0x1000), 1u << 10);
    irq_set(&seven, true);
    assert_int_equal(plic_in(p, CLAIM(1)), 7); /* same priority: the lower number */
    assert_int_equal(plic_in(p, CLAIM(1)), 10);
    assert_false(rig.line[1]);
    assert_int_equal(plic_in(p, CLAIM(1)), 0);
    plic_out(p, CLAIM(1), 10); /* completed with the line still high: pending again */
    assert_true(rig.line[1]);
    irq_set(&ten, false);
    assert_false(rig.line[1]);
    irq_set(&seven, false);
    plic_out(p, CLAIM(1), 7);
    assert_false(rig.line[1]);
    plic_device_ops.destroy(p);
    rig_stop(&rig);
}

static void test_plic_priority_and_threshold(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct plic *p = make_plic(&rig);
    struct irq_line one = plic_input(p, 1), last = plic_input(p, PLIC_SOURCES - 1);
    plic_out(p, ENABLE(0), ~0u);
    plic_out(p, ENABLE(0) + 4, ~0u);
    plic_out(p, ENABLE(0) + 8, ~0u);
    plic_out(p, 4, 0xffffffff);
    assert_int_equal(plic_in(p, 4), PLIC_MAX_PRIORITY);
    plic_out(p, 4, 2);
    plic_out(p, 4 * (PLIC_SOURCES - 1), 5);
    irq_set(&one, true);
    irq_set(&last, true);
    plic_out(p, THRESHOLD(0), 2);
    assert_int_equal(plic_in(p, CLAIM(0)), PLIC_SOURCES - 1);
    assert_int_equal(plic_in(p, CLAIM(0)), 0); /* 2 is not above 2 */
    assert_false(rig.line[0]);
    plic_out(p, THRESHOLD(0), 1);
    assert_true(rig.line[0]);
    plic_out(p, 4, 0); /* priority 0: never */
    assert_false(rig.line[0]);
    plic_out(p, CLAIM(2), PLIC_SOURCES - 1); /* not enabled there: ignored */
    plic_out(p, THRESHOLD(0), 0);
    assert_int_equal(plic_in(p, CLAIM(0)), 0);
    plic_device_ops.destroy(p);
    rig_stop(&rig);
}

static void test_plic_latched(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct plic *p = make_plic(&rig);
    struct irq_line edge = plic_latched_input(p, 10);
    plic_out(p, 40, 1);
    plic_out(p, ENABLE(1), 1u << 10);
    irq_set(&edge, true);
    assert_int_equal(plic_in(p, CLAIM(1)), 10);
    plic_out(p, CLAIM(1), 10); /* the line is still high: once is enough */
    assert_false(rig.line[1]);
    irq_set(&edge, false);
    irq_set(&edge, true);
    assert_true(rig.line[1]);
    irq_set(&edge, false); /* taken back before anybody claimed it */
    assert_false(rig.line[1]);
    irq_set(&edge, true);
    assert_int_equal(plic_in(p, CLAIM(1)), 10);
    irq_set(&edge, false);
    irq_set(&edge, true); /* again while it is served: comes after completion */
    assert_false(rig.line[1]);
    plic_out(p, CLAIM(1), 10);
    assert_true(rig.line[1]);
    plic_device_ops.destroy(p);
    rig_stop(&rig);
}

static void test_plic_outside(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct plic *p = make_plic(&rig);
    for (u64 offset = 0; offset < PLIC_SIZE; offset += 4) {
        if ((offset & 0xfff) == 0 || offset < 0x4000) {
            plic_out(p, offset, 0xffffffff);
            plic_in(p, offset);
        }
    }
    plic_out(p, PLIC_SIZE - 4, 1);
    assert_int_equal(plic_in(p, 0), 0); /* source 0 has no priority */
    assert_int_equal(plic_in(p, ENABLE(0)) & 1, 0);
    for (unsigned i = 0; i < 4; i++) {
        plic_out(p, CLAIM(i), 0xffffffff);
        plic_out(p, CLAIM(i), PLIC_SOURCES);
    }
    plic_device_ops.destroy(p);
    rig_stop(&rig);
}

static void test_plic_state(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct plic *p = make_plic(&rig), *other = make_plic(&rig);
    struct irq_line three = plic_input(p, 3), four = plic_input(p, 4);
    plic_out(p, 12, 4);
    plic_out(p, 16, 5);
    plic_out(p, ENABLE(3), 0x18);
    irq_set(&three, true);
    irq_set(&four, true);
    assert_int_equal(plic_in(p, CLAIM(3)), 4);
    rig_check_state(&plic_device_ops, p, other);
    assert_int_equal(plic_in(other, CLAIM(3)), 3);
    assert_int_equal(plic_in(other, CLAIM(3)), 0);
    rig_check_truncated(&plic_device_ops, p, other);
    plic_device_ops.destroy(p);
    plic_device_ops.destroy(other);
    rig_stop(&rig);
}

/* ---- CLINT ---- */

static struct clint *make_clint(struct rig *rig)
{
    struct irq_line software[2] = {rig_line(rig, 0), rig_line(rig, 1)};
    struct irq_line timer[2] = {rig_line(rig, 2), rig_line(rig, 3)};
    return clint_create(&rig->clock, 2, software, timer);
}

static void test_clint_timer(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct clint *c = make_clint(&rig);
    rig_pass(&rig, 12345);
    assert_int_equal(reg_read(&clint_bus_ops, c, 0xbff8, 8), 123);
    assert_int_equal(reg_read(&clint_bus_ops, c, 0xbff8, 4), 123);
    assert_int_equal(reg_read(&clint_bus_ops, c, 0xbffc, 4), 0);
    reg_write(&clint_bus_ops, c, 0x4008, 8, 200);
    assert_false(rig.line[3]);
    rig_pass(&rig, 20000 - 12345 - 1);
    assert_false(rig.line[3]);
    rig_pass(&rig, 1);
    assert_true(rig.line[3]);
    assert_false(rig.line[2]);
    reg_write(&clint_bus_ops, c, 0x400c, 4, 1); /* upper half: far away */
    assert_false(rig.line[3]);
    assert_int_equal(reg_read(&clint_bus_ops, c, 0x4008, 8), 1ull << 32 | 200);
    reg_write(&clint_bus_ops, c, 0x4008, 8, 0); /* in the past: at once */
    assert_true(rig.line[3]);
    reg_write(&clint_bus_ops, c, 0x4008, 8, ~0ull);
    assert_false(rig.line[3]);
    assert_int_equal(clock_next_deadline(&rig.clock), CLOCK_NEVER);
    clint_device_ops.destroy(c);
    rig_stop(&rig);
}

static void test_clint_software(void **state)
{
    struct rig rig;
    (void)state;
    rig_start(&rig);
    struct clint *c = make_clint(&rig);
    reg_write(&clint_bus_ops, c, 4, 4, 0xffffffff);
    assert_true(rig.line[1]);
    assert_int_equal(reg_read(&clint_bus_ops, c, 4, 4), 1);
    reg_write(&clint_bus_ops, c, 4, 4, 2); /* only bit 0 is there */
    assert_false(rig.line[1]);
    reg_write(&clint_bus_ops, c, 8, 4, 1); /* no such hart */
    assert_int_equal(reg_read(&clint_bus_ops, c, 8, 4), 0);
    clint_device_ops.destroy(c);
    rig_stop(&rig);
}

static void test_clint_state(void **state)
{
    struct rig rig, second;
    (void)state;
    rig_start(&rig);
    rig_start(&second);
    struct clint *c = make_clint(&rig), *other = make_clint(&second);
    reg_write(&clint_bus_ops, c, 0x4000, 8, 777);
    reg_write(&clint_bus_ops, c, 4, 4, 1);
    rig_check_state(&clint_device_ops, c, other);
    rig_check_truncated(&clint_device_ops, c, other);
    clint_device_ops.destroy(c);
    clint_device_ops.destroy(other);
    rig_stop(&rig);
    rig_stop(&second);
}

/* ---- RTC ---- */

static u64 rtc_date(struct rtc *r)
{
    u64 low = reg_read(&rtc_bus_ops, r, 0, 4);
    return reg_read(&rtc_bus_ops, r, 4, 4) << 32 | low;
}

static void set_alarm(struct rtc *r, u64 when)
{
    reg_write(&rtc_bus_ops, r, 0x0c, 4, when >> 32);
    reg_write(&rtc_bus_ops, r, 0x08, 4, (u32)when);
}

static void test_rtc(void **state)
{
    struct rig rig;
    const u64 epoch = 1767225600;
    (void)state;
    rig_start(&rig);
    struct rtc *r = rtc_create(&rig.clock, rig_line(&rig, 0), epoch);
    assert_int_equal(rtc_date(r), epoch * 1000000000ull);
    rig_pass(&rig, 5000000000ull);
    assert_int_equal(rtc_date(r), (epoch + 5) * 1000000000ull);
    reg_write(&rtc_bus_ops, r, 0x10, 4, 1);
    set_alarm(r, (epoch + 6) * 1000000000ull);
    assert_int_equal(reg_read(&rtc_bus_ops, r, 0x18, 4), 1);
    rig_pass(&rig, 999999999);
    assert_false(rig.line[0]);
    rig_pass(&rig, 1);
    assert_true(rig.line[0]);
    assert_int_equal(reg_read(&rtc_bus_ops, r, 0x18, 4), 0);
    reg_write(&rtc_bus_ops, r, 0x1c, 4, 1);
    assert_false(rig.line[0]);
    set_alarm(r, 1); /* long ago: rings at once */
    assert_true(rig.line[0]);
    reg_write(&rtc_bus_ops, r, 0x1c, 4, 1);
    set_alarm(r, (epoch + 100) * 1000000000ull);
    reg_write(&rtc_bus_ops, r, 0x14, 4, 1);
    rig_pass(&rig, 200000000000ull);
    assert_false(rig.line[0]);
    /* The date can be set. */
    reg_write(&rtc_bus_ops, r, 4, 4, 0x01020304);
    reg_write(&rtc_bus_ops, r, 0, 4, 0x05060708);
    assert_int_equal(rtc_date(r), 0x0102030405060708ull);
    struct rig second;
    rig_start(&second);
    struct rtc *other = rtc_create(&second.clock, rig_line(&second, 0), epoch);
    rig_check_state(&rtc_device_ops, r, other);
    rig_check_truncated(&rtc_device_ops, r, other);
    rtc_device_ops.destroy(r);
    rtc_device_ops.destroy(other);
    rig_stop(&rig);
    rig_stop(&second);
}

/* ---- finisher ---- */

struct ending {
    int status;
    unsigned offs, resets;
};

static void note_off(void *ctx, int status)
{
    struct ending *e = ctx;
    e->status = status;
    e->offs++;
}

static void note_reset(void *ctx)
{
    ((struct ending *)ctx)->resets++;
}

static void test_finisher(void **state)
{
    struct ending e = {.status = -1};
    struct finisher f = {note_off, note_reset, &e};
    (void)state;
    reg_write(&finisher_bus_ops, &f, 0, 4, 0x1234);
    reg_write(&finisher_bus_ops, &f, 4, 4, 0x5555);
    assert_int_equal(e.offs, 0);
    reg_write(&finisher_bus_ops, &f, 0, 4, 0x5555);
    assert_int_equal(e.status, 0);
    reg_write(&finisher_bus_ops, &f, 0, 4, 42u << 16 | 0x3333);
    assert_int_equal(e.status, 42);
    reg_write(&finisher_bus_ops, &f, 0, 4, 0x7777);
    assert_int_equal(e.resets, 1);
    assert_int_equal(e.offs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plic_claim),
        cmocka_unit_test(test_plic_priority_and_threshold),
        cmocka_unit_test(test_plic_outside),
        cmocka_unit_test(test_plic_latched),
        cmocka_unit_test(test_plic_state),
        cmocka_unit_test(test_clint_timer),
        cmocka_unit_test(test_clint_software),
        cmocka_unit_test(test_clint_state),
        cmocka_unit_test(test_rtc),
        cmocka_unit_test(test_finisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
