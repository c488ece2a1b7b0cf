/* SPDX-License-Identifier: MIT */
/* test_uart.c - the 16550A, register by register. */
#include "device_rig.h"

#include "devices/uart.h"

struct bench {
    struct rig rig;
    struct uart *uart;
    char sent[256];
    size_t sent_size;
    unsigned wanted;
};

static void take_sent(void *owner, const u8 *data, size_t n)
{
    struct bench *b = owner;
    memcpy(b->sent + b->sent_size, data, n);
    b->sent_size += n;
}

static void count_wanted(void *owner)
{
    ((struct bench *)owner)->wanted++;
}

static u8 in(struct bench *b, unsigned reg)
{
    return (u8)reg_read(&uart_bus_ops, b->uart, reg, 1);
}

static void out(struct bench *b, unsigned reg, u8 value)
{
    reg_write(&uart_bus_ops, b->uart, reg, 1, value);
}

static int set_up(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    rig_start(&b.rig);
    b.uart = uart_create(rig_line(&b.rig, 0), rig_line(&b.rig, 1));
    b.uart->port.owner = &b;
    b.uart->port.transmit = take_sent;
    b.uart->port.wanted = count_wanted;
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    uart_device_ops.destroy(b->uart);
    rig_stop(&b->rig);
    return 0;
}

static void type(struct bench *b, const char *text)
{
    b->uart->port.receive(b->uart->port.device, (const u8 *)text, strlen(text));
}

static void test_transmit(void **state)
{
    struct bench *b = *state;
    assert_int_equal(in(b, 5) & 0x60, 0x60);
    out(b, 0, 'h');
    out(b, 0, 'i');
    assert_int_equal(b->sent_size, 2);
    assert_memory_equal(b->sent, "hi", 2);
    assert_int_equal(in(b, 5) & 0x60, 0x60);
}

static void test_divisor_latch(void **state)
{
    struct bench *b = *state;
    out(b, 3, 0x83);
    out(b, 0, 0x34);
    out(b, 1, 0x12);
    assert_int_equal(in(b, 0), 0x34);
    assert_int_equal(in(b, 1), 0x12);
    assert_int_equal(b->sent_size, 0);
    out(b, 3, 0x03);
    assert_int_equal(in(b, 1), 0);
    out(b, 7, 0x5a);
    assert_int_equal(in(b, 7), 0x5a);
}

static void test_receive_interrupts(void **state)
{
    struct bench *b = *state;
    out(b, 2, 0x41); /* FIFOs, trigger at 4 */
    out(b, 1, 0x01);
    assert_int_equal(in(b, 2) & 0x0f, 0x01);
    type(b, "ab");
    assert_true(b->rig.line[0]);
    assert_int_equal(in(b, 2) & 0x0f, 0x0c); /* time-out: below the trigger */
    type(b, "cd");
    assert_int_equal(in(b, 2) & 0x0f, 0x04);
    for (const char *p = "abcd"; *p; p++) {
        assert_int_equal(in(b, 5) & 1, 1);
        assert_int_equal(in(b, 0), *p);
    }
    assert_int_equal(in(b, 5) & 1, 0);
    assert_false(b->rig.line[0]);
    assert_int_equal(in(b, 0), 0);
}

static void test_room(void **state)
{
    struct bench *b = *state;
    struct charport *port = &b->uart->port;
    assert_int_equal(port->room(port->device), 1);
    out(b, 2, 0x01);
    assert_int_equal(port->room(port->device), 16);
    type(b, "0123456789abcdef");
    assert_int_equal(port->room(port->device), 0);
    type(b, "x"); /* more than there is room for is lost, not written beyond */
    assert_int_equal(in(b, 0), '0');
    assert_int_equal(port->room(port->device), 1);
    out(b, 2, 0x03);
    assert_int_equal(port->room(port->device), 16);
    assert_int_equal(in(b, 5) & 1, 0);
}

static void test_transmit_interrupt(void **state)
{
    struct bench *b = *state;
    out(b, 1, 0x02);
    assert_true(b->rig.line[1]);
    assert_false(b->rig.line[0]);
    assert_int_equal(in(b, 2) & 0x0f, 0x02); /* reading it acknowledges */
    assert_false(b->rig.line[1]);
    assert_int_equal(in(b, 2) & 0x0f, 0x01);
    out(b, 0, 'x');
    assert_true(b->rig.line[1]);
    unsigned edges = b->rig.edges;
    out(b, 0, 'y'); /* not acknowledged, but each byte is an edge of its own */
    assert_true(b->rig.line[1]);
    assert_int_equal(b->rig.edges, edges + 1);
    out(b, 1, 0x00);
    assert_false(b->rig.line[1]);
}

static void test_loopback(void **state)
{
    struct bench *b = *state;
    out(b, 4, 0x10 | 0x0b);
    out(b, 0, 'q');
    assert_int_equal(b->sent_size, 0);
    assert_int_equal(in(b, 0), 'q');
    assert_int_equal(in(b, 6) & 0xf0, 0xb0); /* DTR, RTS, OUT2 come back */
}

static void test_break(void **state)
{
    struct bench *b = *state;
    out(b, 1, 0x04);
    uart_break(b->uart);
    assert_int_equal(in(b, 2) & 0x0f, 0x06);
    assert_int_equal(in(b, 5) & 0x10, 0x10);
    assert_int_equal(in(b, 5) & 0x10, 0);
    assert_false(b->rig.line[0]);
}

static void test_wanted(void **state)
{
    struct bench *b = *state;
    out(b, 1, 0x01);
    assert_int_equal(b->wanted, 1);
    type(b, "a");
    in(b, 0);
    assert_int_equal(b->wanted, 2);
    for (unsigned i = 0; i < 15; i++) {
        in(b, 5);
    }
    assert_int_equal(b->wanted, 2);
    in(b, 5); /* a guest that only polls is noticed */
    assert_int_equal(b->wanted, 3);
    in(b, 5);
    out(b, 0, 'x'); /* but not one that looks whether it may send */
    for (unsigned i = 0; i < 10; i++) {
        in(b, 5);
        out(b, 0, 'x');
    }
    assert_int_equal(b->wanted, 3);
}

static void test_outside(void **state)
{
    struct bench *b = *state;
    for (unsigned offset = 8; offset < UART_SIZE; offset++) {
        reg_write(&uart_bus_ops, b->uart, offset, 1, 0xff);
        assert_int_equal(reg_read(&uart_bus_ops, b->uart, offset, 1), 0);
    }
    assert_int_equal(b->sent_size, 0);
}

static void test_state(void **state)
{
    struct bench *b = *state;
    struct uart *other = uart_create((struct irq_line){0}, (struct irq_line){0});
    out(b, 2, 0x81);
    out(b, 1, 0x07);
    out(b, 3, 0x1b);
    out(b, 7, 0x99);
    type(b, "pending");
    in(b, 0);
    rig_check_state(&uart_device_ops, b->uart, other);
    assert_int_equal(reg_read(&uart_bus_ops, other, 0, 1), 'e');
    rig_check_truncated(&uart_device_ops, b->uart, other);
    uart_device_ops.destroy(other);
}

static void test_hostile_state(void **state)
{
    struct bench *b = *state;
    struct serial_writer writer = {0};
    struct serial_reader reader;
    struct error err = {0};
    b->uart->head = 200;
    b->uart->count = 255;
    uart_device_ops.save(b->uart, &writer);
    uart_device_ops.reset(b->uart);
    serial_reader_init(&reader, writer.out.data, writer.out.size);
    assert_false(uart_device_ops.load(b->uart, &reader, &err));
    assert_non_null(strstr(err.text, "FIFO"));
    uart_device_ops.reset(b->uart);
    serial_writer_free(&writer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_transmit),
        TEST(test_divisor_latch),
        TEST(test_receive_interrupts),
        TEST(test_room),
        TEST(test_transmit_interrupt),
        TEST(test_loopback),
        TEST(test_break),
        TEST(test_wanted),
        TEST(test_outside),
        TEST(test_state),
        TEST(test_hostile_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
