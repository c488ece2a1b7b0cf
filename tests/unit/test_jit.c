/* SPDX-License-Identifier: MIT */
/*
 * The translator against the interpreter: random programs, cut at random instruction counts, and
 * all machine state (TLB included) compared byte for byte at every cut.
 */
#include "tests/unit/loop_code.h"

#include "emu/isa/disasm.h"
#include "emu/jit/jit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void show_state(const struct rig *a, const struct rig *b)
{
    for (unsigned i = 0; i < 32; i++) {
        if (a->hart[0].x[i] != b->hart[0].x[i]) {
            print_message("x%u: interp %016llx jit %016llx\n", i,
                          (unsigned long long)a->hart[0].x[i], (unsigned long long)b->hart[0].x[i]);
        }
        if (a->hart[0].f[i] != b->hart[0].f[i]) {
            print_message("f%u: interp %016llx jit %016llx\n", i,
                          (unsigned long long)a->hart[0].f[i], (unsigned long long)b->hart[0].f[i]);
        }
    }
    print_message("pc: interp %llx jit %llx; executed %llu %llu; fflags %x %x; fetch page %llx "
                  "%llx; mstatus %llx %llx\n",
                  (unsigned long long)a->hart[0].pc, (unsigned long long)b->hart[0].pc,
                  (unsigned long long)hart_executed(&a->hart[0]),
                  (unsigned long long)hart_executed(&b->hart[0]), a->hart[0].fflags,
                  b->hart[0].fflags, (unsigned long long)a->hart[0].fetch_page,
                  (unsigned long long)b->hart[0].fetch_page, (unsigned long long)a->hart[0].mstatus,
                  (unsigned long long)b->hart[0].mstatus);
}

static void compare(const struct rig *a, const struct rig *b, u64 program, u64 last_pc)
{
    struct serial_writer wa = {0}, wb = {0};
    rig_save(a, &wa);
    rig_save(b, &wb);
    if (wa.out.size != wb.out.size || memcmp(wa.out.data, wb.out.data, wa.out.size) != 0) {
        show_state(a, b);
        for (size_t at = 0; at < wa.out.size && at < wb.out.size; at++) {
            if (wa.out.data[at] != wb.out.data[at]) {
                print_message("saved states differ from byte %zu of %zu and %zu: %02x %02x\n", at,
                              wa.out.size, wb.out.size, wa.out.data[at], wb.out.data[at]);
                for (size_t k = at < 200 ? 0 : at - 200; k < at + 40; k++) {
                    unsigned char c = wa.out.data[k];
                    print_message(c >= 32 && c < 127 ? "%c" : "\\%02x", c);
                }
                print_message("\n");
                break;
            }
        }
        for (u64 pc = last_pc; pc < last_pc + 64; pc += 4) {
            char text[128];
            u32 word = (u32)rig_peek((struct rig *)(uintptr_t)a, pc);
            insn_print(text, sizeof text, pc, word, 0);
            print_message("  %llx: %08x %s\n", (unsigned long long)pc, word, text);
        }
        fail_msg("program %llu: states differ", (unsigned long long)program);
    }
    serial_writer_free(&wa);
    serial_writer_free(&wb);
}

/* In all programs: they must not be about the interpreter. */
static u64 executed, interpreted;

/* Compares often enough to find the place and rarely enough to be quick. */
static void run_program(u64 program, unsigned with, u64 instructions, bool fine)
{
    world = with;
    static u32 words[CODE_WORDS];
    struct rig *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    seed = program * 0x9e3779b97f4a7c15ull + 1;
    random_program(words);
    unsigned harts = with & WITH_TWO_HARTS ? 2 : 1;
    rig_init_with(a, 1 << 20, harts, ISA_DEFAULT, interp_create);
    rig_init_with(b, 1 << 20, harts, ISA_DEFAULT, jit_create);
    if (program % 4 != 0) { /* the others change between interpreting and translated code */
        jit_translate_at_once(b->engine);
    }
    if (program % 5 == 0) {
        jit_pretend_old_host(b->engine);
    }
    if (program % 2 == 0) { /* pages remembered as for programs in U-mode */
        jit_guess_pages(b->engine);
    }
    make_program(a, words);
    make_program(b, words);
    unsigned first_privilege = a->hart[0].priv;
    u64 done = 0;
    while (done < instructions) {
        u64 pc = a->hart[0].pc;
        u64 step = fine ? 1 + below(3) : 1 + below(400);
        if ((with & WITH_INTERRUPTS) && below(4) == 0) {
            bool level = below(2);
            u64 enabled = below(2) ? BIT(IRQ_SEI) | BIT(IRQ_SSI) : 0;
            unsigned line = below(2) ? IRQ_SEI : IRQ_SSI;
            a->hart[0].mie = b->hart[0].mie = enabled;
            hart_set_line(&a->hart[0], line, level);
            hart_set_line(&b->hart[0], line, level);
        }
        if (below(3) == 0 && a->hart[0].priv == first_privilege) {
            /* Out of the loop that it is in. */
            u64 base = with & WITH_PAGING ? any_window() : RIG_BASE;
            a->hart[0].pc = b->hart[0].pc = base + CODE + 4 * (u64)below(CODE_WORDS);
            for (unsigned i = 0; i < 32; i += 1 + below(4)) {
                a->hart[0].f[i] = b->hart[0].f[i] = any_float();
            }
        }
        for (unsigned i = 0; i < harts; i++) {
            rig_run_hart(a, i, step);
            rig_run_hart(b, i, step);
            if (harts > 1) { /* as the run loop does */
                hart_end_reservation(&a->hart[i]);
                hart_end_reservation(&b->hart[i]);
            }
        }
        done += step;
        compare(a, b, program, pc);
    }
    for (unsigned i = 0; i < harts; i++) {
        executed += hart_executed(&b->hart[i]);
        interpreted += b->hart[i].counters.interpreted_instructions;
    }
    rig_destroy(a);
    rig_destroy(b);
    free(a);
    free(b);
}

static void run_programs(unsigned with)
{
    const char *more = getenv("JIT_PROGRAMS"), *first = getenv("JIT_FIRST");
    u64 programs = more ? strtoull(more, NULL, 0) : 60;
    u64 from = first ? strtoull(first, NULL, 0) : 1;
    for (u64 program = from; program < from + programs; program++) {
        run_program(program, with, 20000, getenv("JIT_FINE") != NULL);
    }
}

static void computing(void **state)
{
    (void)state;
    run_programs(0);
}

static void paging(void **state)
{
    (void)state;
    run_programs(WITH_PAGING);
}

static void code_that_changes(void **state)
{
    (void)state;
    run_programs(WITH_PAGING | WITH_CODE_STORES);
}

static void interrupts(void **state)
{
    (void)state;
    run_programs(WITH_PAGING | WITH_CODE_STORES | WITH_INTERRUPTS);
}

/* They share the code, change it under each other, and their turns end anywhere. */
static void two_harts(void **state)
{
    (void)state;
    run_programs(WITH_TWO_HARTS);
    run_programs(WITH_TWO_HARTS | WITH_PAGING | WITH_CODE_STORES);
    print_message("%llu instructions, %llu of them interpreted\n", (unsigned long long)executed,
                  (unsigned long long)interpreted);
    assert_true(interpreted < executed / 2);
}

static u64 read_once(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)size;
    (void)fault;
    return ++*(u64 *)device << 8 | offset;
}

/* The same words on both machines, compared after every round of `length` words. */
static void run_rounds(const u32 *loop, unsigned length, u64 s1_value)
{
    static u32 words[CODE_WORDS];
    static const struct bus_ops ops = {.read = read_once, .size_mask = 15};
    struct rig a, b;
    struct rig *both[] = {&a, &b};
    u64 reads[2] = {0};
    memcpy(words, loop, length * sizeof *loop);
    rig_init_with(&a, 1 << 20, 1, ISA_DEFAULT, interp_create);
    rig_init_with(&b, 1 << 20, 1, ISA_DEFAULT, jit_create);
    jit_translate_at_once(b.engine);
    jit_guess_pages(b.engine);
    for (unsigned i = 0; i < 2; i++) {
        struct bus_region device = {
            .base = 0x10000000, .size = 0x1000, .ops = &ops, .device = &reads[i], .name = "reads"};
        assert_true(bus_add(&both[i]->bus, &device, &(struct error){0}));
        make_program(both[i], words);
        both[i]->hart[0].x[s1] = s1_value;
    }
    for (unsigned round = 0; round < 40; round++) {
        rig_run(&a, length);
        rig_run(&b, length);
        compare(&a, &b, round, a.hart[0].pc);
        assert_int_equal(reads[0], reads[1]);
    }
    rig_destroy(&a);
    rig_destroy(&b);
}

/* Constants near the code whose page goes from the TLB between them, that cross into the next page,
 * or that are a device's. */
static void constants_near_the_code(void **state)
{
    (void)state;
    const u32 dropped[] = {AUIPC(t4, 0xf), LD(a4, 0, t4), LD(a5, 0, s1), LD(a3, 8, t4),
                           JAL(0, -16)};
    const u32 crossing[] = {AUIPC(t4, 0x13), ADDI(t4, t4, 2047), ADDI(t4, t4, 2047),
                            LD(a4, -22, t4), LD(a5, -2, t4),     JAL(0, -20)};
    const u32 device[] = {AUIPC(t4, 0x8ffff), LW(a4, 0, t4), LW(a5, 4, t4), JAL(0, -12)};
    world = WITH_PAGING;
    run_rounds(dropped, ARRAY_LENGTH(dropped), WINDOW + FAR + DATA);
    run_rounds(crossing, ARRAY_LENGTH(crossing), 0);
    world = 0;
    run_rounds(device, ARRAY_LENGTH(device), 0);
}

/* A run of stores writes the very code that it is part of, the same as what is there. */
static void code_that_writes_itself(void **state)
{
    (void)state;
    const u32 words[] = {SD(a0, 0, s0), SD(a1, 8, s0), ADDI(a2, a2, 1), JAL(0, -12)};
    struct rig a, b;
    rig_init_with(&a, 1 << 20, 1, ISA_DEFAULT, interp_create);
    rig_init_with(&b, 1 << 20, 1, ISA_DEFAULT, jit_create);
    jit_translate_at_once(b.engine);
    struct rig *both[] = {&a, &b};
    for (unsigned i = 0; i < 2; i++) {
        struct hart *h = &both[i]->hart[0];
        rig_words(both[i], RIG_BASE + CODE, words, ARRAY_LENGTH(words));
        h->pc = h->x[s0] = RIG_BASE + CODE;
        h->x[a0] = (u64)words[1] << 32 | words[0];
        h->x[a1] = (u64)words[3] << 32 | words[2];
    }
    for (u64 run = 0; run < 200; run++) {
        rig_run(&a, 1 + run);
        rig_run(&b, 1 + run);
        compare(&a, &b, 0, RIG_BASE + CODE);
    }
    rig_destroy(&a);
    rig_destroy(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computing),
        cmocka_unit_test(paging),
        cmocka_unit_test(code_that_changes),
        cmocka_unit_test(interrupts),
        cmocka_unit_test(two_harts),
        cmocka_unit_test(code_that_writes_itself),
        cmocka_unit_test(constants_near_the_code),
    };
    return jit_supported() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
