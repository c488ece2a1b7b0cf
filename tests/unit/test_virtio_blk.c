/* SPDX-License-Identifier: MIT */
/* test_virtio_blk.c - the block device: requests, time, several in flight, hostile drivers. */
#include "virtio_rig.h"

#include <stdlib.h>

#include "devices/virtio/blk.h"

#define SECTORS 64u
#define HEADER (RIG_RAM + 0x40000)
#define DATA (RIG_RAM + 0x50000)
#define STATUS (RIG_RAM + 0x60000)

struct bench {
    struct rig rig;
    struct virtio *blk;
    u8 content[SECTORS * 512];
    unsigned observed;
    u64 last_sector;
};

static int set_up(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    rig_start(&b.rig);
    for (unsigned i = 0; i < sizeof b.content; i++) {
        b.content[i] = (u8)(i * 7 + i / 512);
    }
    struct disk *d = disk_memory("test", b.content, sizeof b.content, sizeof b.content, false);
    b.blk = blk_create(&b.rig.clock, &b.rig.ram, rig_line(&b.rig, 0), d, 0);
    start_driver(b.blk, 1u << 9, 1);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    virtio_device_ops.destroy(b->blk);
    rig_stop(&b->rig);
    return 0;
}

/* Three descriptors from `first` on: header, data, status. */
static void request(struct bench *b, unsigned first, u32 type, u64 sector, u32 bytes)
{
    u64 header = HEADER + 16ull * first;
    poke(&b->rig, header, type, 4);
    poke(&b->rig, header + 8, sector, 8);
    poke(&b->rig, STATUS + first, 0xee, 1);
    u16 data_flags = (u16)(DESCRIPTOR_NEXT | (type == 1 ? 0 : DESCRIPTOR_WRITE));
    set_descriptor(&b->rig, 0, first, header, 16, DESCRIPTOR_NEXT, (u16)(first + 1));
    if (bytes) {
        set_descriptor(&b->rig, 0, first + 1, DATA + 0x1000ull * first, bytes, data_flags,
                       (u16)(first + 2));
    } else {
        set_descriptor(&b->rig, 0, first, header, 16, DESCRIPTOR_NEXT, (u16)(first + 2));
    }
    set_descriptor(&b->rig, 0, first + 2, STATUS + first, 1, DESCRIPTOR_WRITE, 0);
    offer(&b->rig, 0, (u16)first);
}

static u8 status_of(struct bench *b, unsigned first)
{
    return (u8)peek_ram(&b->rig, STATUS + first, 1);
}

static void test_identity(void **state)
{
    struct bench *b = *state;
    assert_int_equal(vin(b->blk, 0), 0x74726976);
    assert_int_equal(vin(b->blk, 4), 2);
    assert_int_equal(vin(b->blk, 8), 2);
    assert_int_equal(reg_read(&virtio_bus_ops, b->blk, 0x100, 8), SECTORS);
    assert_int_equal(reg_read(&virtio_bus_ops, b->blk, 0x100, 1), SECTORS);
    vout(b->blk, 0x014, 0);
    assert_int_equal(vin(b->blk, 0x010) >> 9 & 1, 1);
    vout(b->blk, 0x014, 1);
    assert_int_equal(vin(b->blk, 0x010), 1);
    vout(b->blk, 0x014, 7);
    assert_int_equal(vin(b->blk, 0x010), 0);
}

static void test_read_takes_its_time(void **state)
{
    struct bench *b = *state;
    request(b, 0, 0, 3, 1024);
    bell(b->blk, 0);
    assert_int_equal(used_count(&b->rig, 0), 0);
    rig_pass(&b->rig, BLK_BASE_NS + 2 * BLK_SECTOR_NS - 1);
    assert_int_equal(used_count(&b->rig, 0), 0);
    assert_int_equal(peek_ram(&b->rig, DATA, 1), 0); /* nothing moves before the completion */
    rig_pass(&b->rig, 1);
    assert_int_equal(used_count(&b->rig, 0), 1);
    assert_int_equal(used_length(&b->rig, 0, 0), 1025);
    assert_int_equal(status_of(b, 0), 0);
    assert_memory_equal(ram_pointer(&b->rig.ram, DATA, 1024), b->content + 3 * 512, 1024);
    assert_true(b->rig.line[0]);
    assert_int_equal(vin(b->blk, 0x060), 1);
    vout(b->blk, 0x064, 1);
    assert_false(b->rig.line[0]);
}

static void test_write_and_read_back(void **state)
{
    struct bench *b = *state;
    memset(ram_pointer(&b->rig.ram, DATA, 512), 0xa5, 512);
    request(b, 0, 1, 9, 512);
    request(b, 3, 0, 9, 512);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(used_count(&b->rig, 0), 2);
    assert_int_equal(status_of(b, 0), 0);
    assert_int_equal(used_length(&b->rig, 0, 0), 1);
    assert_int_equal(peek_ram(&b->rig, DATA + 0x3000 + 511, 1), 0xa5);
    assert_int_equal(b->content[9 * 512], (u8)(9 * 512 * 7 + 9)); /* the base is untouched */
}

static void test_several_in_flight(void **state)
{
    struct bench *b = *state;
    request(b, 0, 0, 0, 512);
    request(b, 3, 0, 1, 512);
    bell(b->blk, 0);
    rig_pass(&b->rig, BLK_BASE_NS + BLK_SECTOR_NS);
    assert_int_equal(used_count(&b->rig, 0), 1);
    rig_pass(&b->rig, BLK_SECTOR_NS); /* the second has only to wait for the first's transfer */
    assert_int_equal(used_count(&b->rig, 0), 2);
    assert_int_equal(used_head(&b->rig, 0, 0), 0);
    assert_int_equal(used_head(&b->rig, 0, 1), 3);
}

static void test_flush_and_id(void **state)
{
    struct bench *b = *state;
    request(b, 0, 4, 0, 0);
    request(b, 3, 8, 0, 20);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(status_of(b, 0), 0);
    assert_int_equal(status_of(b, 3), 0);
    assert_string_equal(ram_pointer(&b->rig.ram, DATA + 0x3000, 20), "faultline-disk0");
    request(b, 0, 11, 0, 0); /* discard is not offered */
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(status_of(b, 0), 2);
}

static void test_beyond_the_end(void **state)
{
    struct bench *b = *state;
    const u64 sectors[] = {SECTORS, SECTORS - 1, ~0ull, ~0ull - 1, 1ull << 55};
    for (unsigned i = 0; i < ARRAY_LENGTH(sectors); i++) {
        request(b, 0, i & 1, sectors[i], 1024);
        bell(b->blk, 0);
        rig_pass(&b->rig, 1000000);
        assert_int_equal(status_of(b, 0), 1);
        assert_int_equal(used_length(&b->rig, 0, i), 1);
    }
    assert_false(broken(b->blk));
}

/* Statuses of `count` reads of a sector, one after the other, as bits. */
static unsigned reads_that_fail(struct bench *b, unsigned count)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < count; i++) {
        poke(&b->rig, DATA, 0, 8);
        request(b, 0, 0, 3, 512);
        bell(b->blk, 0);
        rig_pass(&b->rig, 1000000);
        failed |= (unsigned)(status_of(b, 0) == 1) << i;
        bool moved = peek_ram(&b->rig, DATA + 4, 1) == b->content[3 * 512 + 4];
        assert_true(moved == (status_of(b, 0) == 0)); /* what fails moves nothing */
    }
    return failed;
}

static void test_failures_on_purpose(void **state)
{
    struct bench *b = *state;
    struct failure *f = blk_failure(b->blk, BLK_READ);
    assert_int_equal(reads_that_fail(b, 3), 0);
    assert_int_equal(f->seen, 3);
    failure_arm(f, 3, UINT64_MAX, 2); /* each third, twice */
    assert_int_equal(reads_that_fail(b, 10), 1u << 2 | 1u << 5);
    failure_arm(f, 0, 1, 2); /* the two behind the first */
    assert_int_equal(reads_that_fail(b, 5), 1u << 1 | 1u << 2);
    assert_int_equal(f->failed, 4);
    assert_int_equal(f->seen, 18);
    failure_arm(blk_failure(b->blk, BLK_FLUSH), 1, UINT64_MAX, 1);
    request(b, 0, 4, 0, 0);
    request(b, 3, 4, 0, 0);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(status_of(b, 0), 1);
    assert_int_equal(status_of(b, 3), 0);
    assert_int_equal(reads_that_fail(b, 2), 0);
}

static void test_no_interrupt_when_not_wanted(void **state)
{
    struct bench *b = *state;
    poke(&b->rig, queue_base(0) + 0x1000, 1, 2); /* VIRTQ_AVAIL_F_NO_INTERRUPT */
    request(b, 0, 0, 0, 512);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(used_count(&b->rig, 0), 1);
    assert_false(b->rig.line[0]);
}

static void observe(void *ctx, unsigned device, u64 sector, u32 sectors, bool write, int result)
{
    struct bench *b = ctx;
    assert_int_equal(device, 0);
    assert_int_equal(result, 0);
    assert_true(write);
    b->observed += sectors;
    b->last_sector = sector;
}

static void test_observer(void **state)
{
    struct bench *b = *state;
    const struct blk_observer o = {observe, b};
    blk_set_observer(b->blk, &o);
    request(b, 0, 1, 5, 2048);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(b->observed, 4);
    assert_int_equal(b->last_sector, 5);
}

static void test_reset_forgets_requests(void **state)
{
    struct bench *b = *state;
    request(b, 0, 0, 0, 512);
    bell(b->blk, 0);
    vout(b->blk, 0x070, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(used_count(&b->rig, 0), 0);
    assert_int_equal(status_of(b, 0), 0xee);
    assert_int_equal(clock_next_deadline(&b->rig.clock), CLOCK_NEVER);
}

static void test_state_in_flight(void **state)
{
    struct bench *b = *state;
    struct rig second;
    rig_start(&second);
    struct disk *d = disk_memory("test", b->content, sizeof b->content, sizeof b->content, false);
    struct virtio *other = blk_create(&second.clock, &second.ram, rig_line(&second, 0), d, 0);
    request(b, 0, 1, 2, 512);
    bell(b->blk, 0);
    rig_pass(&b->rig, 100000);
    request(b, 3, 0, 2, 512);
    bell(b->blk, 0);
    rig_check_state(&virtio_device_ops, b->blk, other);
    /* Clock and RAM come across too; then the request completes over there. */
    memcpy(second.ram.host, b->rig.ram.host, RIG_RAM_SIZE);
    clock_jump(&second.clock, clock_now(&b->rig.clock));
    clock_schedule(&second.clock, 0, clock_deadline(&b->rig.clock, 0));
    rig_pass(&second, 100000);
    rig_pass(&b->rig, 100000);
    assert_int_equal(used_count(&second, 0), 2);
    assert_memory_equal(second.ram.host, b->rig.ram.host, RIG_RAM_SIZE);
    rig_check_truncated(&virtio_device_ops, b->blk, other);
    virtio_device_ops.destroy(other);
    rig_stop(&second);
}

/* ---- drivers that mean no good ---- */

static void expect_broken(struct bench *b)
{
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_true(broken(b->blk));
    assert_int_equal(used_count(&b->rig, 0), 0);
    bell(b->blk, 0); /* it stays so until the reset */
    assert_true(broken(b->blk));
    start_driver(b->blk, 0, 1);
    request(b, 0, 0, 0, 512);
    bell(b->blk, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(status_of(b, 0), 0);
}

static void test_chain_loops(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, HEADER, 16, DESCRIPTOR_NEXT, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
}

static void test_chain_of_two_loops(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, HEADER, 16, DESCRIPTOR_NEXT, 1);
    set_descriptor(&b->rig, 0, 1, DATA, 512, DESCRIPTOR_NEXT, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
}

static void test_index_out_of_table(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, HEADER, 16, DESCRIPTOR_NEXT, QUEUE_SIZE);
    offer(&b->rig, 0, 0);
    expect_broken(b);
    start_driver(b->blk, 0, 1);
    offer(&b->rig, 0, 0xffff);
    expect_broken(b);
}

static void test_addresses_that_are_not_ram(void **state)
{
    struct bench *b = *state;
    const u64 bad[] = {0,
                       0x10000000,
                       0x0c000000,
                       0x2000000,
                       RIG_RAM - 1,
                       RIG_RAM + RIG_RAM_SIZE,
                       RIG_RAM + RIG_RAM_SIZE - 511,
                       ~0ull,
                       ~0ull - 511,
                       1ull << 63};
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
        start_driver(b->blk, 0, 1);
        request(b, 0, i & 1, 0, 512);
        set_descriptor(&b->rig, 0, 1, bad[i], 512,
                       (u16)(DESCRIPTOR_NEXT | (i & 1 ? 0 : DESCRIPTOR_WRITE)), 2);
        expect_broken(b);
    }
}

static void test_lengths(void **state)
{
    struct bench *b = *state;
    const u32 bad[] = {1, 511, 513, 0x80000000u, 0xffffffffu, 0xfffffe00u};
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
        start_driver(b->blk, 0, 1);
        request(b, 0, i & 1, 0, bad[i]);
        expect_broken(b);
    }
}

static void test_sum_of_lengths(void **state)
{
    struct bench *b = *state;
    poke(&b->rig, HEADER, 0, 4);
    set_descriptor(&b->rig, 0, 0, HEADER, 16, DESCRIPTOR_NEXT, 1);
    for (u16 i = 1; i < QUEUE_SIZE; i++) {
        set_descriptor(&b->rig, 0, i, RIG_RAM, RIG_RAM_SIZE,
                       (u16)(DESCRIPTOR_WRITE | (i + 1u < QUEUE_SIZE ? DESCRIPTOR_NEXT : 0)),
                       (u16)(i + 1));
    }
    offer(&b->rig, 0, 0);
    expect_broken(b); /* 7 MiB less the status byte is no whole number of sectors */
}

static void test_order_of_directions(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, STATUS, 1, DESCRIPTOR_WRITE | DESCRIPTOR_NEXT, 1);
    set_descriptor(&b->rig, 0, 1, HEADER, 16, 0, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
}

static void test_no_room_for_a_status(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, HEADER, 16, 0, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
    start_driver(b->blk, 0, 1);
    set_descriptor(&b->rig, 0, 0, HEADER, 8, DESCRIPTOR_NEXT, 1); /* half a header */
    set_descriptor(&b->rig, 0, 1, STATUS, 1, DESCRIPTOR_WRITE, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
}

static void test_indirect_is_refused(void **state)
{
    struct bench *b = *state;
    set_descriptor(&b->rig, 0, 0, DATA, 17, 4, 0);
    offer(&b->rig, 0, 0);
    expect_broken(b);
}

static void test_available_index_runs_away(void **state)
{
    struct bench *b = *state;
    poke(&b->rig, queue_base(0) + 0x1002, 0x7fff, 2);
    expect_broken(b);
}

static void test_bells_and_selectors(void **state)
{
    struct bench *b = *state;
    const u32 values[] = {1, 7, 8, 0xff, 0xffff, 0x7fffffff, 0x80000000u, 0xffffffffu};
    for (unsigned i = 0; i < ARRAY_LENGTH(values); i++) {
        bell(b->blk, values[i]);
        vout(b->blk, 0x030, values[i]);
        assert_int_equal(vin(b->blk, 0x034), 0);
        vout(b->blk, 0x038, values[i]);
        vout(b->blk, 0x080, values[i]);
        vout(b->blk, 0x044, 1);
        assert_int_equal(vin(b->blk, 0x044), 0);
    }
    assert_false(broken(b->blk));
}

/* What a ready queue was set up with cannot be changed, with a request in flight or without. */
static void test_registers_are_locked(void **state)
{
    struct bench *b = *state;
    request(b, 0, 0, 0, 512);
    bell(b->blk, 0);
    vout(b->blk, 0x030, 0);
    vout(b->blk, 0x038, 0);
    vout(b->blk, 0x038, 3);
    vout(b->blk, 0x080, 0xfffffff0u);
    vout(b->blk, 0x090, 1);
    vout(b->blk, 0x0a0, 0x10000000);
    vout(b->blk, 0x020, 0);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(status_of(b, 0), 0);
    assert_int_equal(used_count(&b->rig, 0), 1);
}

static void test_queue_gone_in_flight(void **state)
{
    struct bench *b = *state;
    request(b, 0, 0, 0, 512);
    bell(b->blk, 0);
    vout(b->blk, 0x044, 0);
    vout(b->blk, 0x038, 0);
    vout(b->blk, 0x0a0, 0xfffffffc);
    rig_pass(&b->rig, 1000000);
    assert_int_equal(used_count(&b->rig, 0), 0);
}

static void test_bad_queue_setups(void **state)
{
    struct bench *b = *state;
    const struct {
        u32 reg, value;
    } bad[] = {{0x038, 0}, {0x038, 3},          {0x038, 129},        {0x038, 0xffffffff},
               {0x080, 8}, {0x084, 0xffffffff}, {0x090, 0x80000001}, {0x0a0, 0x80000002},
               {0x094, 7}, {0x0a0, 0x10000000}, {0x080, 0x800ffff0}};
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
        vout(b->blk, 0x070, 0);
        vout(b->blk, 0x070, 3);
        vout(b->blk, 0x024, 1);
        vout(b->blk, 0x020, 1);
        vout(b->blk, 0x070, 11);
        start_queue(b->blk, 0);
        vout(b->blk, 0x044, 0);
        vout(b->blk, bad[i].reg, bad[i].value);
        vout(b->blk, 0x044, 1);
        assert_int_equal(vin(b->blk, 0x044), 0);
        assert_true(broken(b->blk));
        vout(b->blk, 0x070, 15);
        bell(b->blk, 0);
    }
}

static void test_features_are_checked(void **state)
{
    struct bench *b = *state;
    vout(b->blk, 0x070, 0);
    vout(b->blk, 0x070, 3);
    vout(b->blk, 0x070, 11); /* without VERSION_1: xv6 does that */
    assert_int_equal(vin(b->blk, 0x070) & 8, 8);
    vout(b->blk, 0x070, 0);
    vout(b->blk, 0x070, 3);
    vout(b->blk, 0x024, 1);
    vout(b->blk, 0x020, 0xffffffff); /* more than was offered */
    vout(b->blk, 0x070, 11);
    assert_int_equal(vin(b->blk, 0x070) & 8, 0);
    vout(b->blk, 0x070, 15);
    assert_int_equal(vin(b->blk, 0x070) & 4, 0);
}

static u32 next_random(u32 *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Anything at all in the rings and registers: no crash, no hang (the sanitizers watch). */
static void test_random_rings(void **state)
{
    struct bench *b = *state;
    u32 seed = 12345;
    for (unsigned round = 0; round < 3000; round++) {
        start_driver(b->blk, 0, 1);
        for (u16 i = 0; i < QUEUE_SIZE; i++) {
            u64 address = next_random(&seed) & 1
                              ? RIG_RAM + next_random(&seed) % RIG_RAM_SIZE
                              : (u64)next_random(&seed) << next_random(&seed) % 41;
            u32 length = next_random(&seed) % 3 ? next_random(&seed) % 3 * 512 + 16
                                                : next_random(&seed) << next_random(&seed) % 9;
            set_descriptor(&b->rig, 0, i, address, length, (u16)(next_random(&seed) & 3),
                           (u16)(next_random(&seed) % (QUEUE_SIZE + 1)));
        }
        poke(&b->rig, queue_base(0) + 0x1002, next_random(&seed) % (QUEUE_SIZE + 2), 2);
        for (u16 i = 0; i < QUEUE_SIZE; i++) {
            poke(&b->rig, queue_base(0) + 0x1004 + 2ull * i, next_random(&seed) % QUEUE_SIZE, 2);
        }
        bell(b->blk, 0);
        rig_pass(&b->rig, 30000);
        reg_write(&virtio_bus_ops, b->blk, next_random(&seed) % 0x110 & ~3u, 4,
                  next_random(&seed) << next_random(&seed) % 9);
        rig_pass(&b->rig, 100000);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        TEST(test_read_takes_its_time),
        TEST(test_write_and_read_back),
        TEST(test_several_in_flight),
        TEST(test_flush_and_id),
        TEST(test_beyond_the_end),
        TEST(test_failures_on_purpose),
        TEST(test_no_interrupt_when_not_wanted),
        TEST(test_observer),
        TEST(test_reset_forgets_requests),
        TEST(test_state_in_flight),
        TEST(test_chain_loops),
        TEST(test_chain_of_two_loops),
        TEST(test_index_out_of_table),
        TEST(test_addresses_that_are_not_ram),
        TEST(test_lengths),
        TEST(test_sum_of_lengths),
        TEST(test_order_of_directions),
        TEST(test_no_room_for_a_status),
        TEST(test_indirect_is_refused),
        TEST(test_available_index_runs_away),
        TEST(test_bells_and_selectors),
        TEST(test_registers_are_locked),
        TEST(test_queue_gone_in_flight),
        TEST(test_bad_queue_setups),
        TEST(test_features_are_checked),
        TEST(test_random_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
