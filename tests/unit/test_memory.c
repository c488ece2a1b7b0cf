/* SPDX-License-Identifier: MIT */
/*
 * test_memory.c - guest RAM, the bus, the clock, and code that changes under the interpreter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_code.h"

static void test_ram_bounds(void **state)
{
    (void)state;
    struct ram ram;
    struct error err = {0};
    assert_false(ram_init(&ram, 0x80000000, 0, &err));
    assert_false(ram_init(&ram, 0x80000000, 4097, NULL));
    assert_false(ram_init(&ram, (u64)-4096, 8192, NULL));
    error_clear(&err);
    assert_true(ram_init(&ram, 0x80000000, 0x3000, &err));
    assert_non_null(ram_pointer(&ram, 0x80000000, 0x3000));
    assert_null(ram_pointer(&ram, 0x80000000, 0x3001));
    assert_null(ram_pointer(&ram, 0x7fffffff, 1));
    assert_null(ram_pointer(&ram, 0x80002fff, 2));
    assert_null(ram_pointer(&ram, 0x80001000, UINT64_MAX));
    assert_null(ram_pointer(&ram, UINT64_MAX, 2));
    u64 value = 5;
    assert_true(dma_write(&ram, 0x80002ff8, &value, 8));
    assert_false(dma_write(&ram, 0x80002ff9, &value, 8));
    value = 0;
    assert_true(dma_read(&ram, 0x80002ff8, &value, 8));
    assert_int_equal(value, 5);
    assert_false(dma_read(&ram, 0x0, &value, 8));
    ram_written(&ram, 0, UINT64_MAX); /* any range may be given */
    ram_clear(&ram);
    assert_true(dma_read(&ram, 0x80002ff8, &value, 8));
    assert_int_equal(value, 0);
    ram_destroy(&ram);
}

static void test_ram_save_load(void **state)
{
    (void)state;
    struct ram a, b;
    struct error err = {0};
    struct serial_writer w = {0};
    struct serial_reader r;
    assert_true(ram_init(&a, 0x80000000, 1 << 20, &err));
    assert_true(ram_init(&b, 0x80000000, 1 << 20, &err));
    for (u64 i = 0; i < 40; i++) {
        u64 value = i * 0x9e3779b9;
        dma_write(&a, 0x80000000 + i * 13 * 1024, &value, 8);
        dma_write(&b, 0x80000000 + i * 7 * 1024, &value, 8);
    }
    ram_save(&a, &w);
    assert_true(w.out.size < 45 * 4200);
    serial_reader_init(&r, w.out.data, w.out.size);
    assert_true(ram_load(&b, &r, &err));
    assert_memory_equal(a.host, b.host, 1 << 20);
    serial_reader_init(&r, w.out.data, w.out.size - 9);
    assert_false(ram_load(&b, &r, &err));
    serial_writer_free(&w);
    ram_destroy(&a);
    ram_destroy(&b);
}

struct toy {
    u64 last, value;
    unsigned size;
    bool refuse;
};

static u64 toy_read(void *device, u64 offset, unsigned size, bool *fault)
{
    struct toy *toy = device;
    toy->last = offset;
    toy->size = size;
    *fault = toy->refuse;
    return toy->value;
}

static void toy_write(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    struct toy *toy = device;
    toy->last = offset;
    toy->size = size;
    toy->value = value;
    *fault = toy->refuse;
}

static const struct bus_ops toy_ops = {toy_read, toy_write, 1 | 4};

static void test_bus(void **state)
{
    (void)state;
    struct bus bus;
    struct toy toy = {.value = 0x1122334455667788};
    struct error err = {0};
    u64 value;
    bus_init(&bus);
    const struct bus_region high = {0x20000, 0x100, &toy_ops, &toy, "high"};
    const struct bus_region low = {0x10000, 0x102, &toy_ops, &toy, "low"};
    const struct bus_region across = {0x100ff, 0x10, &toy_ops, &toy, "across"};
    const struct bus_region wraps = {UINT64_MAX - 3, 8, &toy_ops, &toy, "wraps"};
    assert_true(bus_add(&bus, &high, &err));
    assert_true(bus_add(&bus, &low, &err));
    assert_false(bus_add(&bus, &across, NULL));
    assert_false(bus_add(&bus, &wraps, NULL));
    assert_ptr_equal(bus_find(&bus, 0x10101)->device, &toy);
    assert_null(bus_find(&bus, 0x10102));
    assert_true(bus_read(&bus, 0x10004, 4, &value));
    assert_int_equal(value, 0x55667788);
    assert_true(bus_read(&bus, 0x20003, 1, &value));
    assert_int_equal(toy.last, 3);
    assert_false(bus_read(&bus, 0x10004, 8, &value)); /* size not taken */
    assert_false(bus_read(&bus, 0x10002, 4, &value)); /* misaligned */
    assert_false(bus_read(&bus, 0x10100, 4, &value)); /* beyond the end */
    assert_true(bus_write(&bus, 0x10004, 1, 0x1ff));
    assert_int_equal(toy.value, 0xff);
    toy.refuse = true;
    assert_false(bus_write(&bus, 0x10004, 4, 0));
    assert_false(bus_read(&bus, 0x10004, 4, &value));
}

/* ---- clock ---- */

static u32 fired[8];
static unsigned fired_count;

static void fire(void *ctx, u64 now)
{
    (void)now;
    if (fired_count < 8) {
        fired[fired_count++] = *(const u32 *)ctx;
    }
}

static u64 earliest_told;

static void told_earlier(void *ctx, u64 deadline)
{
    (void)ctx;
    earliest_told = deadline;
}

static void test_clock_order(void **state)
{
    (void)state;
    static const u32 number[] = {0, 1, 2, 3};
    static const char *const name[] = {"a", "b", "c", "d"};
    struct clock clock, other;
    clock_init(&clock);
    clock_init(&other);
    for (u32 i = 0; i < 4; i++) {
        assert_int_equal(clock_register(&clock, name[i], fire, (void *)&number[i]), i);
        clock_register(&other, name[i], fire, (void *)&number[i]);
    }
    assert_int_equal(clock_next_deadline(&clock), CLOCK_NEVER);
    clock_schedule(&clock, 3, 50);
    clock_schedule(&clock, 2, 100);
    clock_schedule(&clock, 1, 100);
    clock_schedule(&clock, 0, 200);
    assert_int_equal(clock_next_deadline(&clock), 50);
    clock_schedule(&clock, 3, 150);
    assert_int_equal(clock_next_deadline(&clock), 100);

    struct serial_writer w = {0};
    struct serial_reader r;
    struct error err = {0};
    clock_save(&clock, &w);
    serial_reader_init(&r, w.out.data, w.out.size);
    assert_true(clock_load(&other, &r, &err));
    serial_writer_free(&w);

    struct clock *both[] = {&clock, &other};
    for (unsigned i = 0; i < 2; i++) {
        fired_count = 0;
        clock_jump(both[i], 99);
        clock_run_due(both[i]);
        assert_int_equal(fired_count, 0);
        clock_jump(both[i], 160);
        clock_run_due(both[i]);
        assert_int_equal(fired_count, 3);
        assert_true(fired[0] == 1 && fired[1] == 2 && fired[2] == 3);
        clock_jump(both[i], 100); /* never backwards */
        assert_int_equal(clock_now(both[i]), 160);
        clock_cancel(both[i], 0);
        assert_int_equal(clock_next_deadline(both[i]), CLOCK_NEVER);
    }
    clock.earlier = told_earlier;
    clock.horizon = 1000;
    clock_schedule(&clock, 0, 2000);
    assert_int_equal(earliest_told, 0);
    clock_schedule(&clock, 0, 500);
    assert_int_equal(earliest_told, 500);
    assert_int_equal(clock_tick_deadline(UINT64_MAX), CLOCK_NEVER);
    assert_int_equal(clock_tick_deadline(3), 300);
}

/* ---- code that changes ---- */

/* A store to the very next instruction takes effect at once, with and without fence.i. */
static void test_store_to_next_instruction(void **state)
{
    (void)state;
    static struct rig rig;
    for (unsigned fence = 0; fence < 2; fence++) {
        for (unsigned distance = 1; distance < 20; distance++) {
            rig_init(&rig, 1 << 20);
            u64 at = RIG_BASE + 0x1000;
            rig_word(&rig, at, SW(a1, 0, a0));
            rig_word(&rig, at + 4, fence ? FENCE_I : NOP);
            for (unsigned i = 2; i < 30; i++) {
                rig_word(&rig, at + 4 * i, ADDI(t0, t0, 1));
            }
            struct hart *h = &rig.hart[0];
            h->pc = at;
            rig_run(&rig, 30); /* everything is decoded now */
            h->x[t0] = 0;
            h->x[a0] = at + 4 + 4 * distance;
            h->x[a1] = ADDI(t1, zero, 77);
            h->pc = at;
            rig_run(&rig, 30);
            assert_int_equal(h->x[t1], 77);
            assert_int_equal(h->x[t0], 27);
            rig_destroy(&rig);
        }
    }
}

/* The same code through two virtual pages; written through the one, run through the other. */
static void test_aliases(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    u64 root = RIG_BASE + 0x10000, code = RIG_BASE + 0x20000;
    rig_u64(&rig, root, (root + 0x1000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x1000, (root + 0x2000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x2000 + 8, code >> 2 | 0xcf);  /* 0x1000 */
    rig_u64(&rig, root + 0x2000 + 16, code >> 2 | 0xcf); /* 0x2000 */
    const u32 program[] = {ADDI(t0, t0, 1), SW(a1, 0, a0), ADDI(t0, t0, 1), JALR(0, ra, 0)};
    rig_words(&rig, code, program, 4);
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | root >> 12);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->pc = 0x1000;
    h->x[ra] = 0x2000;
    h->x[a0] = 0x2ff0;
    rig_run(&rig, 8);
    assert_int_equal(h->pc, 0x2000);
    assert_int_equal(h->x[t0], 4);
    h->x[a0] = 0x1008; /* the other name of the instruction behind the store */
    h->x[a1] = ADDI(t0, t0, 100);
    rig_run(&rig, 4);
    assert_int_equal(h->x[t0], 105);
    rig_destroy(&rig);
}

/* Code brought by DMA while the old one is decoded. */
static void test_dma_over_code(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    for (unsigned round = 0; round < 50; round++) {
        rig_word(&rig, RIG_BASE, ADDI(t0, t0, (i32)round));
        rig_word(&rig, RIG_BASE + 4, JAL(0, -4));
        h->pc = RIG_BASE;
        h->x[t0] = 0;
        rig_run(&rig, 20);
        assert_int_equal(h->x[t0], 10 * round);
    }
    rig_destroy(&rig);
}

/* An instruction across two pages, the second of which is missing, then there. */
static void test_instruction_across_pages(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    u64 root = RIG_BASE + 0x10000, code = RIG_BASE + 0x20000;
    rig_u64(&rig, root, (root + 0x1000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x1000, (root + 0x2000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x2000 + 8, code >> 2 | 0xcf);
    u32 word = ADDI(t0, t0, 5);
    u8 bytes[4];
    store_u32(bytes, word);
    dma_write(&rig.ram, code + 0xffe, bytes, 2);
    dma_write(&rig.ram, code + 0x5000, bytes + 2, 2); /* the second page's frame */
    rig_word(&rig, code + 0x5002, JAL(0, -4));
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | root >> 12);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->pc = 0x1ffe;
    rig_run(&rig, 1);
    assert_int_equal(h->mcause, CAUSE_FETCH_PAGE);
    assert_int_equal(h->mepc, 0x1ffe);
    assert_int_equal(h->mtval, 0x2000);
    rig_u64(&rig, root + 0x2000 + 16, (code + 0x5000) >> 2 | 0xcf);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->pc = 0x1ffe;
    rig_run(&rig, 20);
    assert_int_equal(h->x[t0], 50);
    rig_destroy(&rig);
}

/* Misaligned accesses across pages: exact stval, and a store that faults writes nothing. */
static void test_data_across_pages(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, 1 << 20);
    struct hart *h = &rig.hart[0];
    u64 root = RIG_BASE + 0x10000, data = RIG_BASE + 0x20000, value;
    rig_u64(&rig, root, (root + 0x1000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x1000, (root + 0x2000) >> 2 | PTE_V);
    rig_u64(&rig, root + 0x2000 + 8, data >> 2 | 0xcf);
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    csr_poke(h, CSR_SATP, (u64)SATP_SV39 << 60 | root >> 12);
    rig_u64(&rig, data + 0xff8, 0x1111111111111111);
    for (unsigned offset = 1; offset < 8; offset++) {
        hart_set_privilege(h, PRIV_SUPERVISOR);
        assert_false(hart_store(h, 0x1ff8 + offset, 8, 0));
        assert_int_equal(h->mcause, CAUSE_STORE_PAGE);
        assert_int_equal(h->mtval, 0x2000);
        hart_set_privilege(h, PRIV_SUPERVISOR);
        assert_false(hart_load(h, 0x1ff8 + offset, 8, &value));
        assert_int_equal(h->mtval, 0x2000);
        hart_set_privilege(h, PRIV_SUPERVISOR);
        assert_false(hart_load(h, 0x1000 - offset, 8, &value));
        assert_int_equal(h->mtval, 0x1000 - offset);
    }
    assert_int_equal(rig_peek(&rig, data + 0xff8), 0x1111111111111111);
    rig_u64(&rig, root + 0x2000 + 16, (data + 0x5000) >> 2 | 0xcf);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    assert_true(hart_store(h, 0x1ffd, 8, 0x8877665544332211));
    assert_true(hart_load(h, 0x1ffd, 8, &value));
    assert_int_equal(value, 0x8877665544332211);
    assert_int_equal(rig_peek(&rig, data + 0x5000), 0x8877665544);
    rig_destroy(&rig);
}

/* Two harts share memory and code; each has its own TLB and reservation. */
static void test_two_harts(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init_with(&rig, 1 << 20, 2, ISA_DEFAULT, interp_create);
    const u32 program[] = {
        LR_D(t0, a0),     ADDI(t0, t0, 1),    SC_D(t1, t0, a0), BNE(t1, zero, -12),
        ADDI(a1, a1, -1), BNE(a1, zero, -20), JAL(0, 0),
    };
    rig_words(&rig, RIG_BASE, program, ARRAY_LENGTH(program));
    u64 random = 3;
    for (unsigned i = 0; i < 2; i++) {
        rig.hart[i].x[a0] = RIG_BASE + 0x4000;
        rig.hart[i].x[a1] = 1000;
    }
    for (unsigned i = 0; i < 4000; i++) {
        rig_run_hart(&rig, i & 1, 1 + fuzz_random(&random) % 40);
        hart_end_reservation(&rig.hart[i & 1]);
    }
    assert_int_equal(rig_peek(&rig, RIG_BASE + 0x4000), 2000);
    rig_destroy(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ram_bounds),
        cmocka_unit_test(test_ram_save_load),
        cmocka_unit_test(test_bus),
        cmocka_unit_test(test_clock_order),
        cmocka_unit_test(test_store_to_next_instruction),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_dma_over_code),
        cmocka_unit_test(test_instruction_across_pages),
        cmocka_unit_test(test_data_across_pages),
        cmocka_unit_test(test_two_harts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
