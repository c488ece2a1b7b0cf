/* SPDX-License-Identifier: MIT */
/*
 * test_serial.c - saved streams: what goes in comes out, anything else is refused; and buffers,
 * errors and bits that it stands on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>

#include <cmocka.h>

#include "emu/base/bits.h"
#include "emu/base/buffer.h"
#include "emu/mem/serial.h"

static void write_all(struct serial_writer *w)
{
    serial_begin(w, "outer", 3);
    serial_put_u64(w, "number", 0x1122334455667788);
    serial_put_bool(w, "flag", true);
    serial_begin(w, "inner", 1);
    serial_put_bytes(w, "bytes", "abc", 3);
    serial_put_bytes(w, "empty", NULL, 0);
    serial_end(w);
    serial_put_u64(w, "last", 7);
    serial_end(w);
}

static bool read_all(struct serial_reader *r, struct error *err)
{
    char text[3] = "";
    size_t size = 9;
    u32 version = serial_enter(r, "outer", 3);
    u64 number = serial_get_u64(r, "number");
    bool flag = serial_get_bool(r, "flag");
    serial_enter(r, "inner", 2);
    serial_get_bytes(r, "bytes", text, 3);
    serial_get_blob(r, "empty", 10, &size);
    serial_leave(r);
    u8 last = serial_get_u8(r, "last");
    serial_leave(r);
    if (!serial_ok(r, err)) {
        return false;
    }
    assert_int_equal(version, 3);
    assert_true(number == 0x1122334455667788 && flag && last == 7 && size == 0);
    assert_memory_equal(text, "abc", 3);
    return true;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct serial_writer w = {0};
    struct serial_reader r;
    struct error err = {0};
    write_all(&w);
    serial_reader_init(&r, w.out.data, w.out.size);
    assert_true(read_all(&r, &err));
    assert_true(serial_at_end(&r));
    serial_writer_free(&w);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct serial_writer w = {0};
    write_all(&w);
    for (size_t size = 0; size < w.out.size; size++) {
        struct serial_reader r;
        struct error err = {0};
        serial_reader_init(&r, w.out.data, size);
        assert_false(read_all(&r, &err) && serial_at_end(&r));
        assert_int_equal(err.code, EINVAL);
        assert_true(err.text[0]);
    }
    serial_writer_free(&w);
}

/* Kinds, names and lengths are checked: no flipped bit there passes, none anywhere crashes. */
static void test_every_flipped_bit(void **state)
{
    (void)state;
    struct serial_writer w = {0};
    write_all(&w);
    for (size_t bit = 0; bit < w.out.size * 8; bit++) {
        struct serial_reader r;
        w.out.data[bit / 8] ^= (u8)(1u << (bit % 8));
        serial_reader_init(&r, w.out.data, w.out.size);
        serial_enter(&r, "outer", 3);
        serial_get_u64(&r, "number");
        serial_get_bool(&r, "flag");
        serial_enter(&r, "inner", 2);
        size_t size;
        serial_get_blob(&r, "bytes", 64, &size);
        assert_true(size <= 64);
        w.out.data[bit / 8] ^= (u8)(1u << (bit % 8));
    }
    serial_writer_free(&w);
}

static void test_mismatches(void **state)
{
    (void)state;
    struct serial_writer w = {0};
    struct serial_reader r;
    serial_put_u64(&w, "a", 300);
    serial_put_bytes(&w, "b", "xy", 2);
    serial_reader_init(&r, w.out.data, w.out.size);
    assert_int_equal(serial_get_u8(&r, "a"), 0);  /* does not fit */
    assert_int_equal(serial_get_u64(&r, "a"), 0); /* the error sticks */
    assert_false(serial_ok(&r, NULL));
    serial_reader_init(&r, w.out.data, w.out.size);
    serial_get_u64(&r, "other");
    assert_false(serial_ok(&r, NULL));
    serial_reader_init(&r, w.out.data, w.out.size);
    assert_int_equal(serial_get_u64(&r, "a"), 300);
    char three[3] = "..";
    serial_get_bytes(&r, "b", three, 3);
    assert_false(serial_ok(&r, NULL));
    assert_string_equal(three, "..");
    serial_reader_init(&r, w.out.data, w.out.size);
    serial_leave(&r);
    assert_false(serial_ok(&r, NULL));
    struct serial_writer newer = {0};
    serial_begin(&newer, "s", 2);
    serial_reader_init(&r, newer.out.data, newer.out.size);
    assert_int_equal(serial_enter(&r, "s", 1), 0);
    assert_false(serial_ok(&r, NULL));
    serial_writer_free(&newer);
    serial_writer_free(&w);
}

/* A length near 2^64 must not wrap. */
static void test_huge_length(void **state)
{
    (void)state;
    u8 stream[2 + 1 + 8] = {4, 1, 'b', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct serial_reader r;
    size_t size;
    serial_reader_init(&r, stream, sizeof(stream));
    assert_null(serial_get_blob(&r, "b", SIZE_MAX, &size));
    assert_int_equal(size, 0);
}

static void test_error_keeps_the_first(void **state)
{
    (void)state;
    struct error err = {0};
    assert_false(error_set(&err, ENOENT, "first %d", 1));
    assert_false(error_set(&err, EIO, "second"));
    assert_int_equal(err.code, ENOENT);
    assert_string_equal(err.text, "first 1");
    error_clear(&err);
    error_set(&err, 0, "x");
    assert_int_equal(err.code, EINVAL);
    error_set(NULL, EIO, "nobody listens");
}

static void test_buffer(void **state)
{
    (void)state;
    struct buffer b = {0};
    for (int i = 0; i < 1000; i++) {
        assert_true(buffer_printf(&b, "%d,", i));
    }
    assert_int_equal(b.size, 3890);
    buffer_consume(&b, 3886);
    assert_memory_equal(b.data, "999,", 4);
    buffer_consume(&b, 100);
    assert_int_equal(b.size, 0);
    assert_false(buffer_reserve(&b, SIZE_MAX - 10));
    assert_true(b.failed);
    assert_false(buffer_byte(&b, 1));
    buffer_clear(&b);
    assert_true(buffer_text(&b, "again"));
    buffer_free(&b);
}

static void test_bits(void **state)
{
    (void)state;
    u64 out;
    assert_int_equal(bits_get(0xabcd, 4, 8), 0xbc);
    assert_int_equal(bits_set(0xabcd, 4, 8, 0x11), 0xa11d);
    assert_int_equal(sign_extend(0x80, 8), (u64)-128);
    assert_int_equal(sign_extend(0x7f, 8), 127);
    assert_false(checked_add(UINT64_MAX, 1, &out));
    assert_false(checked_mul(BIT(33), BIT(33), &out));
    assert_true(range_within(10, 5, 10, 5));
    assert_false(range_within(10, 6, 10, 5));
    assert_false(range_within(UINT64_MAX, 2, 10, 5));
    assert_false(range_within(12, UINT64_MAX, 10, 5));
    assert_true(range_within(15, 0, 10, 5));
    assert_true(is_power_of_two(64) && !is_power_of_two(0) && !is_power_of_two(12));
    u8 bytes[9] = {0};
    store_u64(bytes + 1, 0x0807060504030201);
    assert_int_equal(bytes[1], 1);
    assert_int_equal(load_u32(bytes + 3), 0x06050403);
    assert_int_equal(load_sized(bytes + 1, 2), 0x0201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_flipped_bit),
        cmocka_unit_test(test_mismatches),
        cmocka_unit_test(test_huge_length),
        cmocka_unit_test(test_error_keeps_the_first),
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
