/* SPDX-License-Identifier: MIT */
/*
 * state-test - machines that are saved at random moments, loaded into a second one, and must go on
 * alike; and the first must not have noticed.
 *
 * usage: state-test FOLDER-OF-BARE-PROGRAMS [KERNEL ROOT-IMAGE]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"

static const char *folder, *kernel_path, *root_path;

struct program {
    u8 *data;
    size_t size;
};

static struct program read_path(const char *path)
{
    struct program p = {0};
    FILE *f = fopen(path, "rb");
    if (!f) {
        fail_msg("cannot open %s", path);
    }
    fseek(f, 0, SEEK_END);
    p.size = (size_t)ftell(f);
    rewind(f);
    p.data = malloc(p.size);
    assert_int_equal(fread(p.data, 1, p.size, f), p.size);
    fclose(f);
    return p;
}

static struct program read_program(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_path(path);
}

/* A machine with a disk and all channels, so that every device is there. */
static struct machine *make(const struct program *p, unsigned harts, struct chardev **serial)
{
    struct machine_config config;
    struct error err = {0};
    machine_config_default(&config);
    config.harts = harts;
    config.ram_size = 8 << 20;
    config.seed = 77;
    config.firmware_kind = FIRMWARE_NONE;
    config.kernel = (struct machine_bytes){p->data, p->size, "program"};
    config.disk[config.disk_count++] = disk_swap(1 << 20, 1, &err);
    config.serial = chardev_buffer();
    config.port_stdio = chardev_buffer();
    chardev_feed(config.serial, "abc\nde.", 7, true);
    *serial = config.serial;
    struct machine *m = machine_create(&config, &err);
    if (!m) {
        fail_msg("%s", err.text);
    }
    return m;
}

static void copy_state(struct machine *from, struct machine *to)
{
    struct serial_writer writer = {0}, again = {0};
    struct serial_reader reader;
    struct error err = {0};
    machine_save(from, &writer);
    serial_reader_init(&reader, writer.out.data, writer.out.size);
    if (!machine_load(to, &reader, &err)) {
        fail_msg("load: %s", err.text);
    }
    assert_true(serial_at_end(&reader));
    machine_save(to, &again);
    assert_int_equal(writer.out.size, again.out.size);
    assert_memory_equal(writer.out.data, again.out.data, again.out.size);
    serial_writer_free(&writer);
    serial_writer_free(&again);
}

static void compare_end(struct machine *a, struct machine *b, const char *name)
{
    struct serial_writer first = {0}, second = {0};
    if (machine_time(a) != machine_time(b)) {
        fail_msg("%s: guest time %llu and %llu", name, (unsigned long long)machine_time(a),
                 (unsigned long long)machine_time(b));
    }
    assert_int_equal(machine_instructions(a), machine_instructions(b));
    machine_save(a, &first);
    machine_save(b, &second);
    assert_int_equal(first.out.size, second.out.size);
    assert_memory_equal(first.out.data, second.out.data, first.out.size);
    serial_writer_free(&first);
    serial_writer_free(&second);
}

static void check_program(const char *name, unsigned harts, u64 length)
{
    struct program p = read_program(name);
    struct machine_exit end_a, end_b;
    u32 seed = 4711;
    for (unsigned round = 0; round < 12; round++) {
        struct chardev *serial_a, *serial_b;
        struct machine *a = make(&p, harts, &serial_a);
        struct machine *b = make(&p, harts, &serial_b);
        seed = seed * 1664525u + 1013904223u;
        u64 moment = (seed >> 8) % length;
        if (machine_run_for(a, moment, &end_a)) {
            copy_state(a, b);
            /* What the host's side has read already is not the guest's state. */
            u8 skip[64];
            u8 left[64];
            long taken = chardev_read(serial_a, left, sizeof left);
            while (chardev_read(serial_b, skip, sizeof skip) > 0) {
            }
            if (taken > 0) {
                chardev_feed(serial_a, left, (size_t)taken, true);
                chardev_feed(serial_b, left, (size_t)taken, true);
            }
            assert_int_equal(machine_run_for(a, 1u << 22, &end_a),
                             machine_run_for(b, 1u << 22, &end_b));
            assert_int_equal(end_a.status, end_b.status);
            assert_int_equal(end_a.result, end_b.result);
            compare_end(a, b, name);
        }
        machine_destroy(a);
        machine_destroy(b);
    }
    free(p.data);
}

static void test_clint(void **state)
{
    (void)state;
    check_program("clint", 1, 100);
}

static void test_two_harts(void **state)
{
    (void)state;
    check_program("two-harts", 2, 150000);
}

static void test_echo(void **state)
{
    (void)state;
    check_program("echo", 1, 220);
}

static void test_htif(void **state)
{
    (void)state;
    check_program("htif", 1, 60);
}

/* Cutting a run into pieces of any size changes nothing. */
static void test_pieces(void **state)
{
    struct program p = read_program("two-harts");
    struct machine_exit whole = {0}, pieces = {0};
    struct chardev *serial;
    (void)state;
    struct machine *a = make(&p, 2, &serial), *b = make(&p, 2, &serial);
    assert_false(machine_run_for(a, 1u << 24, &whole));
    u32 seed = 5;
    do {
        seed = seed * 1664525u + 1013904223u;
    } while (machine_run_for(b, 1 + (seed >> 8) % 977, &pieces));
    assert_int_equal(whole.result, MACHINE_POWEROFF);
    assert_int_equal(whole.status, pieces.status);
    compare_end(a, b, "pieces");
    machine_destroy(a);
    machine_destroy(b);
    free(p.data);
}

/* A damaged state is refused with a message and breaks nothing. */
static void test_damaged(void **state)
{
    struct program p = read_program("clint");
    struct serial_writer writer = {0};
    struct machine_exit end;
    struct chardev *serial;
    (void)state;
    struct machine *m = make(&p, 1, &serial);
    machine_run_for(m, 40, &end);
    machine_save(m, &writer);
    u32 seed = 3;
    for (unsigned round = 0; round < 200; round++) {
        struct serial_reader reader;
        struct error err = {0};
        seed = seed * 1664525u + 1013904223u;
        size_t size = round < 40 ? writer.out.size * round / 40 : writer.out.size;
        u8 *copy = malloc(size + 1);
        memcpy(copy, writer.out.data, size);
        if (size == writer.out.size) {
            copy[(seed >> 4) % size] ^= (u8)(1u << (seed >> 29));
        }
        serial_reader_init(&reader, copy, size);
        if (!machine_load(m, &reader, &err)) {
            assert_true(err.text[0]);
        }
        free(copy);
    }
    machine_destroy(m);
    serial_writer_free(&writer);
    free(p.data);
}

static void test_reset(void **state)
{
    struct program p = read_program("hello");
    struct machine_exit end;
    struct error err = {0};
    struct chardev *serial;
    size_t size;
    (void)state;
    struct machine *m = make(&p, 1, &serial);
    assert_true(machine_run_for(m, 20, &end));
    assert_true(machine_reset(m, &err));
    assert_int_equal(machine_hart(m, 0)->pc, 0x80000000);
    assert_false(machine_run_for(m, 100000, &end));
    assert_int_equal(end.status, 7);
    const u8 *text = chardev_output(serial, &size);
    assert_true(size >= 6);
    assert_memory_equal(text + size - 6, "hello\n", 6);
    machine_destroy(m);
    free(p.data);
}

/* The guest kernel, with a root disk on an overlay, swap, and a command that uses them. */
static struct machine *make_guest(const struct program *kernel, const char *engine)
{
    struct machine_config config;
    struct error err = {0};
    machine_config_default(&config);
    config.engine = engine;
    config.harts = 2;
    config.ram_size = 24 << 20;
    config.kernel = (struct machine_bytes){kernel->data, kernel->size, "kernel"};
    config.append = "quiet exec=ls -l /bin > /list; cat /list /list > /list2; sync; wc /list2";
    config.disk[config.disk_count++] = disk_open(root_path, false, true, &err);
    config.disk[config.disk_count++] = disk_swap(8 << 20, 1, &err);
    config.port_stdio = chardev_buffer();
    chardev_feed(config.port_stdio, "", 0, true);
    struct machine *m = machine_create(&config, &err);
    if (!m) {
        fail_msg("%s", err.text);
    }
    return m;
}

static void test_guest(void **state)
{
    (void)state;
    if (!kernel_path) {
        skip();
    }
    struct program kernel = read_path(kernel_path);
    struct machine_exit end_a = {0}, end_b = {0};
    struct machine *whole = make_guest(&kernel, "interp");
    assert_false(machine_run_for(whole, 1u << 30, &end_a));
    assert_int_equal(end_a.result, MACHINE_POWEROFF);
    assert_int_equal(end_a.status, 0);
    u64 length = machine_instructions(whole);
    u32 seed = 2026;
    for (unsigned round = 0; round < 8; round++) {
        struct machine *a = make_guest(&kernel, "interp");
        struct machine *b = make_guest(&kernel, round & 1 ? "jit" : "interp");
        seed = seed * 1664525u + 1013904223u;
        assert_true(machine_run_for(a, (seed >> 4) % length, &end_a));
        copy_state(a, b);
        assert_false(machine_run_for(a, 1u << 30, &end_a));
        assert_false(machine_run_for(b, 1u << 30, &end_b));
        assert_int_equal(end_b.status, 0);
        compare_end(a, b, "guest, saved and loaded");
        compare_end(whole, b, "guest, whole and in two halves");
        machine_destroy(a);
        machine_destroy(b);
    }
    machine_destroy(whole);
    free(kernel.data);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clint),  cmocka_unit_test(test_two_harts),
        cmocka_unit_test(test_echo),   cmocka_unit_test(test_htif),
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_reset),  cmocka_unit_test(test_guest),
    };
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: state-test FOLDER-OF-BARE-PROGRAMS [KERNEL ROOT-IMAGE]\n");
        return 2;
    }
    folder = argv[1];
    if (argc == 4) {
        kernel_path = argv[2];
        root_path = argv[3];
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
