/* SPDX-License-Identifier: MIT */
/*
 * device_rig.h - a device alone on a bench: RAM, clock, an interrupt line that is remembered, and
 * accesses to its registers.
 */
#ifndef FAULTLINE_TEST_DEVICE_RIG_H
#define FAULTLINE_TEST_DEVICE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "devices/device.h"
#include "emu/base/bits.h"
#include "emu/mem/bus.h"
#include "emu/mem/ram.h"
#include "emu/time/clock.h"

#define RIG_RAM 0x80000000ull
#define RIG_RAM_SIZE (1ull << 20)

struct rig {
    struct ram ram;
    struct clock clock;
    bool line[8];   /* interrupt lines by number */
    unsigned edges; /* how often any line rose */
};

static void rig_set_line(void *ctx, u32 number, bool level)
{
    struct rig *rig = ctx;
    rig->edges += level && !rig->line[number];
    rig->line[number] = level;
}

static inline struct irq_line rig_line(struct rig *rig, u32 number)
{
    return (struct irq_line){.set = rig_set_line, .ctx = rig, .number = number};
}

static inline void rig_start(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    clock_init(&rig->clock);
    assert_true(ram_init(&rig->ram, RIG_RAM, RIG_RAM_SIZE, NULL));
}

static inline void rig_stop(struct rig *rig)
{
    ram_destroy(&rig->ram);
}

/* Guest time passes. */
static inline void rig_pass(struct rig *rig, u64 ns)
{
    u64 until = clock_now(&rig->clock) + ns;
    while (clock_next_deadline(&rig->clock) <= until) {
        clock_jump(&rig->clock, clock_next_deadline(&rig->clock));
        clock_run_due(&rig->clock);
    }
    clock_jump(&rig->clock, until);
}

static inline u64 reg_read(const struct bus_ops *ops, void *device, u64 offset, unsigned size)
{
    bool fault = false;
    u64 value = ops->read(device, offset, size, &fault);
    assert_false(fault);
    return value;
}

static inline void reg_write(const struct bus_ops *ops, void *device, u64 offset, unsigned size,
                             u64 value)
{
    bool fault = false;
    ops->write(device, offset, value, size, &fault);
    assert_false(fault);
}

/* Saves `from`, loads into `to`, saves that and compares: everything must have come across. */
static inline void rig_check_state(const struct device_ops *ops, const void *from, void *to)
{
    struct serial_writer first = {0}, second = {0};
    struct serial_reader reader;
    struct error err = {0};
    serial_begin(&first, "device", 1);
    ops->save(from, &first);
    serial_end(&first);
    serial_reader_init(&reader, first.out.data, first.out.size);
    assert_int_equal(serial_enter(&reader, "device", 1), 1);
    if (!ops->load(to, &reader, &err)) {
        fail_msg("load: %s", err.text);
    }
    serial_leave(&reader);
    assert_true(serial_at_end(&reader));
    serial_begin(&second, "device", 1);
    ops->save(to, &second);
    serial_end(&second);
    assert_int_equal(first.out.size, second.out.size);
    assert_memory_equal(first.out.data, second.out.data, first.out.size);
    serial_writer_free(&first);
    serial_writer_free(&second);
}

/* Every truncation of a saved state is refused and nothing breaks. */
static inline void rig_check_truncated(const struct device_ops *ops, const void *from, void *to)
{
    struct serial_writer writer = {0};
    ops->save(from, &writer);
    size_t step = writer.out.size / 64 + 1;
    for (size_t size = 0; size < writer.out.size; size += step) {
        struct serial_reader reader;
        struct error err = {0};
        u8 *copy = test_malloc(size + 1);
        memcpy(copy, writer.out.data, size);
        serial_reader_init(&reader, copy, size);
        assert_false(ops->load(to, &reader, &err));
        assert_true(err.text[0]);
        test_free(copy);
        ops->reset(to);
    }
    serial_writer_free(&writer);
}

#endif
