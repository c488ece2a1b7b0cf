/* SPDX-License-Identifier: MIT */
/* test_virtio_console.c - the console with its ports, and the entropy device. */
#include "virtio_rig.h"

#include "devices/virtio/console.h"
#include "devices/virtio/rng.h"

#define BUFFER(n) (RIG_RAM + 0x60000 + 0x1000ull * (n))

struct bench {
    struct rig rig;
    struct virtio *console;
    char sent[3][64];
    size_t sent_size[3];
    unsigned wanted[3];
};

struct owner {
    struct bench *bench;
    unsigned port;
};

static void take_sent(void *ctx, const u8 *data, size_t n)
{
    struct owner *o = ctx;
    memcpy(o->bench->sent[o->port] + o->bench->sent_size[o->port], data, n);
    o->bench->sent_size[o->port] += n;
}

static void count_wanted(void *ctx)
{
    struct owner *o = ctx;
    o->bench->wanted[o->port]++;
}

static const char *const names[] = {"console", "stdio", "stderr"};

static int set_up(void **state)
{
    static struct bench b;
    static struct owner owner[3];
    memset(&b, 0, sizeof b);
    rig_start(&b.rig);
    b.console = console_create(&b.rig.ram, rig_line(&b.rig, 0), 3, names);
    for (unsigned i = 0; i < 3; i++) {
        struct charport *p = console_port(b.console, i);
        owner[i] = (struct owner){&b, i};
        p->owner = &owner[i];
        p->transmit = take_sent;
        p->wanted = count_wanted;
    }
    start_driver(b.console, 2, 8);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    virtio_device_ops.destroy(b->console);
    rig_stop(&b->rig);
    return 0;
}

static void give_buffer(struct bench *b, unsigned queue, unsigned index, u32 size)
{
    set_descriptor(&b->rig, queue, index, BUFFER(queue) + 0x100ull * index, size, DESCRIPTOR_WRITE,
                   0);
    offer(&b->rig, queue, (u16)index);
    bell(b->console, queue);
}

static void control(struct bench *b, u32 port, u16 event, u16 value)
{
    poke(&b->rig, BUFFER(3), port, 4);
    poke(&b->rig, BUFFER(3) + 4, event, 2);
    poke(&b->rig, BUFFER(3) + 6, value, 2);
    set_descriptor(&b->rig, 3, 0, BUFFER(3), 8, 0, 0);
    offer(&b->rig, 3, 0);
    bell(b->console, 3);
}

/* The i-th control message that the device has sent. */
static void expect_control(struct bench *b, unsigned i, u32 port, u16 event, u16 value)
{
    assert_true(used_count(&b->rig, 2) > i);
    u64 at = BUFFER(2) + 0x100ull * used_head(&b->rig, 2, i);
    assert_int_equal(peek_ram(&b->rig, at, 4), port);
    assert_int_equal(peek_ram(&b->rig, at + 4, 2), event);
    assert_int_equal(peek_ram(&b->rig, at + 6, 2), value);
}

static void test_handshake(void **state)
{
    struct bench *b = *state;
    assert_int_equal(reg_read(&virtio_bus_ops, b->console, 0x104, 4), 3);
    control(b, 0, 0, 1); /* DEVICE_READY: answers wait for buffers */
    for (unsigned i = 0; i < 8; i++) {
        give_buffer(b, 2, i, 64);
    }
    assert_int_equal(used_count(&b->rig, 2), 3);
    for (unsigned i = 0; i < 3; i++) {
        expect_control(b, i, i, 1, 1);
    }
    control(b, 1, 3, 1); /* PORT_READY */
    expect_control(b, 3, 1, 7, 1);
    u64 name = BUFFER(2) + 0x100ull * used_head(&b->rig, 2, 3) + 8;
    assert_memory_equal(ram_pointer(&b->rig.ram, name, 5), "stdio", 5);
    assert_int_equal(used_length(&b->rig, 2, 3), 8 + 5);
    expect_control(b, 4, 1, 6, 1);
    control(b, 0, 3, 1);
    expect_control(b, 5, 0, 7, 1);
    expect_control(b, 6, 0, 4, 1); /* this one is the console */
    expect_control(b, 7, 0, 6, 1);
    control(b, 9, 3, 1); /* no such port */
    control(b, 0xffffffff, 6, 1);
    assert_false(broken(b->console));
}

static void test_output(void **state)
{
    struct bench *b = *state;
    memcpy(ram_pointer(&b->rig.ram, BUFFER(5), 6), "out\0\xff\n", 6);
    set_descriptor(&b->rig, 5, 0, BUFFER(5), 6, 0, 0);
    offer(&b->rig, 5, 0);
    bell(b->console, 5);
    assert_int_equal(b->sent_size[1], 6);
    assert_memory_equal(b->sent[1], "out\0\xff\n", 6); /* 8-bit clean */
    assert_int_equal(used_count(&b->rig, 5), 1);
    set_descriptor(&b->rig, 7, 0, BUFFER(5), 3, 0, 0);
    offer(&b->rig, 7, 0);
    bell(b->console, 7);
    assert_int_equal(b->sent_size[2], 3);
    assert_int_equal(b->sent_size[0], 0);
}

static void test_input(void **state)
{
    struct bench *b = *state;
    struct charport *p = console_port(b->console, 1);
    assert_int_equal(p->room(p->device), 0);
    give_buffer(b, 4, 0, 4);
    assert_int_equal(b->wanted[1], 1);
    assert_int_equal(p->room(p->device), 4);
    give_buffer(b, 4, 1, 16);
    p->receive(p->device, (const u8 *)"abcdef", 6);
    assert_int_equal(used_count(&b->rig, 4), 2);
    assert_int_equal(used_length(&b->rig, 4, 0), 4);
    assert_int_equal(used_length(&b->rig, 4, 1), 2);
    assert_memory_equal(ram_pointer(&b->rig.ram, BUFFER(4), 4), "abcd", 4);
    assert_memory_equal(ram_pointer(&b->rig.ram, BUFFER(4) + 0x100, 2), "ef", 2);
    assert_int_equal(p->room(p->device), 0);
}

static void test_hangup(void **state)
{
    struct bench *b = *state;
    struct charport *p = console_port(b->console, 1);
    give_buffer(b, 2, 0, 64);
    give_buffer(b, 4, 0, 64);
    p->hangup(p->device);
    expect_control(b, 0, 1, 6, 0);
    assert_int_equal(p->room(p->device), 0);
    p->hangup(p->device);
    assert_int_equal(used_count(&b->rig, 2), 1);
}

static void test_flood_of_control(void **state)
{
    struct bench *b = *state;
    for (unsigned i = 0; i < 200; i++) {
        control(b, 1, 3, 1); /* two answers each, and nobody takes them */
    }
    for (unsigned i = 0; i < QUEUE_SIZE; i++) {
        give_buffer(b, 2, i, 4); /* too small for a message: cut, not written beyond */
    }
    assert_int_equal(used_count(&b->rig, 2), QUEUE_SIZE);
    assert_int_equal(used_length(&b->rig, 2, 0), 4);
    assert_false(broken(b->console));
}

static void test_hostile_buffers(void **state)
{
    struct bench *b = *state;
    struct charport *p = console_port(b->console, 1);
    set_descriptor(&b->rig, 4, 0, 0x10000000, 64, DESCRIPTOR_WRITE, 0);
    offer(&b->rig, 4, 0);
    bell(b->console, 4);
    assert_int_equal(p->room(p->device), 0);
    p->receive(p->device, (const u8 *)"x", 1);
    assert_true(broken(b->console));
    start_driver(b->console, 2, 8);
    /* A read-only buffer for input takes nothing and ends. */
    set_descriptor(&b->rig, 4, 0, BUFFER(4), 64, 0, 0);
    offer(&b->rig, 4, 0);
    bell(b->console, 4);
    p->receive(p->device, (const u8 *)"x", 1);
    assert_int_equal(used_count(&b->rig, 4), 1);
    /* Output far larger than memory, by naming the same page again and again. */
    for (u16 i = 0; i < QUEUE_SIZE; i++) {
        set_descriptor(&b->rig, 5, i, RIG_RAM, RIG_RAM_SIZE,
                       i + 1u < QUEUE_SIZE ? DESCRIPTOR_NEXT : 0, (u16)(i + 1));
    }
    offer(&b->rig, 5, 0);
    bell(b->console, 5);
    assert_true(broken(b->console));
    assert_int_equal(b->sent_size[1], 0);
}

static void test_state(void **state)
{
    struct bench *b = *state;
    struct virtio *other = console_create(&b->rig.ram, rig_line(&b->rig, 1), 3, names);
    control(b, 0, 0, 1);
    control(b, 1, 6, 1);
    rig_check_state(&virtio_device_ops, b->console, other);
    rig_check_truncated(&virtio_device_ops, b->console, other);
    virtio_device_ops.destroy(other);
}

static void test_rng(void **state)
{
    struct bench *b = *state;
    struct virtio *a = rng_create(&b->rig.ram, rig_line(&b->rig, 1), 42);
    struct virtio *same = rng_create(&b->rig.ram, rig_line(&b->rig, 2), 42);
    u8 first[24], again[24];
    for (unsigned i = 0; i < 2; i++) {
        struct virtio *v = i ? same : a;
        start_driver(v, 0, 1);
        set_descriptor(&b->rig, 0, 0, BUFFER(0), 13, DESCRIPTOR_WRITE | DESCRIPTOR_NEXT, 1);
        set_descriptor(&b->rig, 0, 1, BUFFER(0) + 13, 11, DESCRIPTOR_WRITE, 0);
        offer(&b->rig, 0, 0);
        bell(v, 0);
        assert_int_equal(used_length(&b->rig, 0, 0), 24);
        memcpy(i ? again : first, ram_pointer(&b->rig.ram, BUFFER(0), 24), 24);
    }
    assert_memory_equal(first, again, 24);
    offer(&b->rig, 0, 0);
    bell(same, 0);
    assert_memory_not_equal(first, ram_pointer(&b->rig.ram, BUFFER(0), 24), 24);
    rig_check_state(&virtio_device_ops, same, a);
    virtio_device_ops.destroy(a);
    virtio_device_ops.destroy(same);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_handshake),
        TEST(test_output),
        TEST(test_input),
        TEST(test_hangup),
        TEST(test_flood_of_control),
        TEST(test_hostile_buffers),
        TEST(test_state),
        TEST(test_rng),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
