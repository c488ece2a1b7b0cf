/* SPDX-License-Identifier: MIT */
/*
 * test_board.c - the whole board: addresses as on QEMU's virt, and any access at all to any device,
 * with rings full of nonsense, while time passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"
#include "emu/hart/hart.h"
#include "emu/machine/board.h"
#include "emu/machine/machine.h"
#include "emu/mem/bus.h"
#include "emu/mem/ram.h"

static const u8 spin[4] = {0x6f, 0, 0, 0}; /* j . */

static struct machine *make(unsigned harts)
{
    struct machine_config config;
    struct error err = {0};
    machine_config_default(&config);
    config.harts = harts;
    config.ram_size = 4 << 20;
    config.firmware_kind = FIRMWARE_NONE;
    config.kernel = (struct machine_bytes){spin, sizeof spin, "spin"};
    config.disk[config.disk_count++] = disk_swap(1 << 20, 1, &err);
    config.disk[config.disk_count++] = disk_memory("rom", spin, sizeof spin, 1 << 20, true);
    config.serial = chardev_buffer();
    config.port_stdio = chardev_buffer();
    config.port_stderr = chardev_buffer();
    chardev_feed(config.serial, "some\ninput\n", 11, true);
    chardev_feed(config.port_stdio, "more\n", 5, false);
    config.no_reboot = true;
    struct machine *m = machine_create(&config, &err);
    if (!m) {
        fail_msg("%s", err.text);
    }
    return m;
}

static u64 read_word(struct machine *m, u64 address)
{
    u64 value = 0;
    assert_true(bus_read(machine_bus(m), address, 4, &value));
    return value;
}

static void test_addresses(void **state)
{
    struct machine *m = make(1);
    u64 value;
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(read_word(m, 0x10001000 + 0x1000ull * i), 0x74726976);
    }
    assert_int_equal(read_word(m, 0x10001008), 2);
    assert_int_equal(read_word(m, 0x10002008), 2);
    assert_int_equal(read_word(m, 0x10003008), 0); /* an empty slot */
    assert_int_equal(read_word(m, 0x10007008), 3);
    assert_int_equal(read_word(m, 0x10008008), 4);
    assert_true(bus_read(machine_bus(m), 0x10000005, 1, &value));
    assert_int_equal(value & 0x60, 0x60);
    assert_true(bus_read(machine_bus(m), 0x0200bff8, 8, &value));
    assert_true(bus_read(machine_bus(m), 0x0c000004, 4, &value));
    assert_true(bus_read(machine_bus(m), 0x00101000, 4, &value));
    assert_true(bus_read(machine_bus(m), 0x00100000, 4, &value));
    static const u64 nothing[] = {0,          0x1000,     0xfffff,    0x102000, 0x10000100,
                                  0x10009000, 0x7ffffffc, 0x80000000, ~0ull - 7};
    for (unsigned i = 0; i < ARRAY_LENGTH(nothing); i++) {
        assert_false(bus_read(machine_bus(m), nothing[i] & ~3ull, 4, &value));
    }
    machine_destroy(m);
}

static u32 next_random(u64 *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (u32)(*seed >> 16);
}

/* A number that is likely to hurt: an address in RAM or in a device, a border, anything. */
static u64 nasty(u64 *seed)
{
    switch (next_random(seed) % 6) {
    case 0:
        return BOARD_RAM + (next_random(seed) & 0x3ffff0);
    case 1:
        return 0x10001000 + (next_random(seed) & 0x7ffc);
    case 2:
        return next_random(seed) % 16;
    case 3:
        return ~(u64)(next_random(seed) % 4096);
    case 4:
        return 1ull << next_random(seed) % 64;
    default:
        return (u64)next_random(seed) << next_random(seed) % 33;
    }
}

static u64 device_address(u64 *seed)
{
    static const struct {
        u64 base, size;
    } windows[] = {{0x10001000, 0x110}, {0x10002000, 0x110},  {0x10007000, 0x110},
                   {0x10008000, 0x110}, {0x10000000, 8},      {0x0200bff0, 16},
                   {0x02004000, 32},    {0x02000000, 32},     {0x0c000000, 0x200},
                   {0x0c002000, 0x400}, {0x0c200000, 0x3008}, {0x00101000, 0x20}};
    unsigned i = next_random(seed) % ARRAY_LENGTH(windows);
    return windows[i].base + next_random(seed) % windows[i].size;
}

/* Descriptors, rings and headers made of nasty numbers, small ones preferred. */
static void scribble(struct machine *m, u64 *seed)
{
    u64 at = BOARD_RAM + 0x100000 + (next_random(seed) & 0xff0);
    u8 *to = ram_pointer(machine_ram(m), at, 64);
    for (unsigned i = 0; i < 64; i += 8) {
        store_u64(to + i, nasty(seed));
    }
}

/* Brings one virtio device up the way drivers do, so that the nonsense gets far. */
static void bring_up(struct machine *m, u64 *seed)
{
    static const u64 slots[] = {0x10001000, 0x10002000, 0x10007000, 0x10008000};
    u64 base = slots[next_random(seed) % ARRAY_LENGTH(slots)];
    const struct {
        u32 reg;
        u64 value;
    } steps[] = {{0x70, 0}, {0x70, 3}, {0x24, 0}, {0x20, 2}, {0x24, 1}, {0x20, 1}, {0x70, 11}};
    struct bus *bus = machine_bus(m);
    for (unsigned i = 0; i < ARRAY_LENGTH(steps); i++) {
        bus_write(bus, base + steps[i].reg, 4, steps[i].value);
    }
    for (unsigned q = 0; q < 8; q++) {
        bus_write(bus, base + 0x30, 4, q);
        bus_write(bus, base + 0x38, 4, 1u << next_random(seed) % 8);
        bus_write(bus, base + 0x80, 4, BOARD_RAM + 0x100000);
        bus_write(bus, base + 0x90, 4, BOARD_RAM + 0x100800);
        bus_write(bus, base + 0xa0, 4, BOARD_RAM + 0x102000);
        bus_write(bus, base + 0x44, 4, 1);
    }
    bus_write(bus, base + 0x70, 4, 15);
    for (unsigned q = 0; q < 8; q++) {
        bus_write(bus, base + 0x50, 4, q);
    }
}

static void test_any_access(void **state)
{
    struct machine_exit end;
    u64 seed = 0x9e3779b97f4a7c15ull;
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct machine *m = make(1 + round % 2);
        struct bus *bus = machine_bus(m);
        for (unsigned i = 0; i < 4000; i++) {
            unsigned size = 1u << next_random(&seed) % 4;
            u64 address = device_address(&seed), value;
            switch (next_random(&seed) % 8) {
            case 0:
                bus_read(bus, address, size, &value);
                break;
            case 1:
                scribble(m, &seed);
                break;
            case 2:
                machine_run_for(m, next_random(&seed) % 3000, &end);
                break;
            case 3:
                bring_up(m, &seed);
                break;
            default:
                bus_write(bus, address, size, nasty(&seed));
            }
        }
        struct serial_writer writer = {0};
        machine_save(m, &writer);
        assert_false(writer.out.failed);
        serial_writer_free(&writer);
        machine_destroy(m);
    }
}

/* Two machines in one process have nothing in common. */
static void test_two_machines(void **state)
{
    struct machine *a = make(2), *b = make(2);
    struct machine_exit end;
    u64 value;
    (void)state;
    assert_true(machine_run_for(a, 50000, &end));
    assert_int_equal(machine_instructions(b), 0);
    bus_write(machine_bus(a), 0x02000000, 4, 1);
    assert_true(bus_read(machine_bus(b), 0x02000000, 4, &value));
    assert_int_equal(value, 0);
    assert_true(machine_run_for(b, 50000, &end));
    assert_int_equal(machine_time(a), machine_time(b));
    machine_destroy(a);
    assert_true(machine_run_for(b, 1000, &end));
    machine_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_any_access),
        cmocka_unit_test(test_two_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
