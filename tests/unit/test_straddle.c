/* SPDX-License-Identifier: MIT */
/*
 * test_straddle.c - a long instruction whose second half is on the next page.
 *
 * Translated code belongs to the first page; the second half is wherever the next page is mapped at
 * that moment.  Both engines run the same loop while that page is remapped, overwritten, fenced:
 * they have to its entries are pushed out of the fetch TLB; they have to agree in everything, TLB
 * included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "emu/jit/jit.h"
#include "rig.h"

#include "fuzz_code.h"

enum {
    ROOT = 0x10000, /* two spaces, three tables each */
    SPACE_BYTES = 0x3000,
    FIRST = 0x20000,  /* the page that ends in the first half */
    SECOND = 0x21000, /* four frames for the next one */
    SECONDS = 4,

    DATA = 0x31000,
    VIRTUAL = 0x40000000,

    A0 = 10,
    T0 = 5,
    T1 = 6,
    T2 = 7,
};

/* What the instruction may be; all have the same first half but for the register fields. */
static u32 instruction(u64 *random)
{
    switch (fuzz_random(random) % 4) {
    case 0:
        return 0x003 | 3 << 12 | A0 << 7 | T2 << 15 |
               (u32)(fuzz_random(random) % 64 * 8) << 20; /* ld */
    case 1:
        return 0x023 | 3 << 12 | A0 << 20 | T2 << 15 |
               (u32)(fuzz_random(random) % 4) << 10; /* sd */
    case 2:
        return 0x063 | T0 << 15 | (u32)(fuzz_random(random) % 2 ? 0 : A0) << 20 |
               4 << 8; /* beq +4 */
    default:
        return 0x013 | A0 << 7 | A0 << 15 | (u32)(fuzz_random(random) % 100) << 20; /* addi */
    }
}

static void write_half(struct rig *rig, u64 address, u32 half)
{
    u8 bytes[2] = {(u8)half, (u8)(half >> 8)};
    assert_true(dma_write(&rig->ram, RIG_BASE + address, bytes, 2));
}

static void map(struct rig *rig, unsigned space, u64 va, u64 frame)
{
    u64 root = RIG_BASE + ROOT + space * SPACE_BYTES, middle = root + 0x1000, last = root + 0x2000;
    rig_u64(rig, root + 8 * (va >> 30 & 511), middle >> 2 | PTE_V);
    rig_u64(rig, middle + 8 * (va >> 21 & 511), last >> 2 | PTE_V);
    rig_u64(rig, last + 8 * (va >> 12 & 511),
            (RIG_BASE + frame) >> 2 | PTE_V | PTE_R | PTE_W | PTE_X);
}

static void use_space(struct rig *rig, unsigned space)
{
    csr_poke(&rig->hart[0], CSR_SATP,
             (u64)SATP_SV39 << SATP_MODE_SHIFT | (u64)(space + 1) << SATP_ASID_SHIFT |
                 (RIG_BASE + ROOT + space * SPACE_BYTES) >> 12);
}

/* first page, at 0: jump to its last halfword; next page, behind the half: jump to `far`, which
 * jumps back to the start. */
static void set_up(struct rig *rig, rig_engine create)
{
    rig_init_with(rig, 1 << 20, 1, ISA_DEFAULT, create);
    struct hart *h = &rig->hart[0];
    for (unsigned space = 0; space < 2; space++) {
        map(rig, space, VIRTUAL, FIRST);
        map(rig, space, VIRTUAL + 0x1000, SECOND + space * 0x1000);
        map(rig, space, VIRTUAL + 0x2000, DATA);
    }
    rig_word(rig, RIG_BASE + FIRST, asm_jal(0, 0xffe));
    for (unsigned i = 0; i < SECONDS; i++) {
        for (u64 at = 2; at < 10; at += 2) { /* wherever the branch goes */
            write_half(rig, SECOND + i * 0x1000 + at, 0x0001);
        }
        u64 at = SECOND + i * 0x1000 + 10;
        u32 back = asm_jal(0, -(0x1000 + 10));
        write_half(rig, at, back);
        write_half(rig, at + 2, back >> 16);
    }
    h->stvec = VIRTUAL;
    h->medeleg = 0xb3ff;
    h->x[T2] = VIRTUAL + 0x2000;
    hart_start_supervisor(h, VIRTUAL, 0);
    h->stvec = VIRTUAL;
    use_space(rig, 0);
}

static void change(struct rig *rig, u64 *random)
{
    struct hart *h = &rig->hart[0];
    u32 word = instruction(random);
    u64 second = SECOND + fuzz_random(random) % SECONDS * 0x1000;
    switch (fuzz_random(random) % 7) {
    case 0:
        write_half(rig, FIRST + 0xffe, word);
        break;
    case 1:
    case 2:
        write_half(rig, second, word >> 16);
        break;
    case 3: /* remapped, fenced or not */
        map(rig, (unsigned)(fuzz_random(random) % 2), VIRTUAL + 0x1000, second);
        if (fuzz_chance(random, 70)) {
            hart_fence(h, fuzz_chance(random, 50), VIRTUAL + 0x1000, false, 0);
        }
        break;
    case 4:
        use_space(rig, (unsigned)(fuzz_random(random) % 2));
        break;
    case 5: /* gone: the half faults */
        rig_u64(rig, RIG_BASE + ROOT + SPACE_BYTES * (fuzz_random(random) % 2) + 0x2008, 0);
        hart_fence(h, false, 0, false, 0);
        break;
    default: /* only one of the two pages is forgotten */
        hart_fence(h, true, VIRTUAL + (fuzz_chance(random, 50) ? 0x1000 : 0), false, 0);
        break;
    }
}

static void assert_same(const struct rig *a, const struct rig *b, u64 seed)
{
    struct serial_writer x = {0}, y = {0};
    hart_save(&a->hart[0], &x);
    hart_save(&b->hart[0], &y);
    if (x.out.size != y.out.size || memcmp(x.out.data, y.out.data, x.out.size) != 0) {
        fail_msg("seed %lu: pc %lx %lx a0 %lx %lx executed %lu %lu", seed, a->hart[0].pc,
                 b->hart[0].pc, a->hart[0].x[A0], b->hart[0].x[A0], hart_executed(&a->hart[0]),
                 hart_executed(&b->hart[0]));
    }
    assert_memory_equal(a->ram.host + ROOT, b->ram.host + ROOT, DATA + 0x1000 - ROOT);
    serial_writer_free(&x);
    serial_writer_free(&y);
}

static void both_engines_agree(void **state)
{
    (void)state;
    static struct rig a, b;
    u64 regions = 0, interpreted = 0, executed = 0;
    for (u64 seed = 1; seed <= 60; seed++) {
        u64 of_a = seed, of_b = seed, cuts = seed * 77;
        set_up(&a, interp_create);
        set_up(&b, jit_create);
        if (seed % 3) {
            jit_translate_at_once(b.engine);
        }
        for (unsigned i = 0; i < 120; i++) {
            change(&a, &of_a);
            change(&b, &of_b);
            u64 part = 1 + fuzz_random(&cuts) % (seed % 2 ? 12 : 300);
            rig_run(&a, part);
            rig_run(&b, part);
            assert_same(&a, &b, seed);
        }
        regions += b.hart[0].counters.regions_translated;
        interpreted += seed % 3 ? b.hart[0].counters.interpreted_instructions : 0;
        executed += seed % 3 ? hart_executed(&b.hart[0]) : 0;
        rig_destroy(&a);
        rig_destroy(&b);
    }
    print_message("%lu regions, %lu of %lu instructions interpreted\n", regions, interpreted,
                  executed);
    assert_true(regions > 200 && interpreted < executed / 4 * 3);
}

int main(void)
{
    if (!jit_supported()) {
        print_message("this host runs no translated code\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_engines_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
