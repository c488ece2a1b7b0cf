/* SPDX-License-Identifier: MIT */
/*
 * The translator against the interpreter: random programs, cut at random instruction counts, and
 * all machine state (TLB included) compared byte for byte at every cut.
 */
#include "tests/unit/rig.h"

#include "emu/isa/disasm.h"
#include "emu/jit/jit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CODE = 0x1000, CODE_WORDS = 512, DATA = 0x10000, DATA_SIZE = 0x4000, HANDLER = 0x800 };

static u64 seed;

static u32 rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (u32)(seed >> 16);
}

static u32 below(u32 n)
{
    return rnd() % n;
}

/* s0 and s1 point to data, so no instruction may write them (often). */
static unsigned any_destination(void)
{
    unsigned rd = below(32);
    return rd == s0 || rd == s1 || rd == tp ? a0 : rd;
}

static u32 branch_to(u32 match, unsigned rs1, unsigned rs2, i32 distance)
{
    u32 d = (u32)distance;
    return match | rs1 << 15 | rs2 << 20 | (d >> 12 & 1) << 31 | (d >> 5 & 0x3f) << 25 |
           (d >> 1 & 0xf) << 8 | (d >> 11 & 1) << 7;
}

static u32 jump_to(unsigned rd, i32 distance)
{
    u32 d = (u32)distance;
    return 0x6f | rd << 7 | (d >> 20 & 1) << 31 | (d >> 1 & 0x3ff) << 21 | (d >> 11 & 1) << 20 |
           (d >> 12 & 0xff) << 12;
}

static i32 near_word(unsigned at)
{
    i32 to = (i32)at + (i32)below(40) - 20;
    to = to < 0 ? 0 : to >= CODE_WORDS ? CODE_WORDS - 1 : to;
    return (to - (i32)at) * 4;
}

/* A word of the instruction table with random operands that keep the program running. */
static u32 random_word(unsigned at)
{
    for (;;) {
        unsigned op = 1 + below(OP_COUNT - 1);
        const struct insn_info *info = &insn_table[op];
        u32 word = info->match | (rnd() & ~info->mask);
        unsigned rd = any_destination();
        word = (word & ~(31u << 7)) | rd << 7;
        if ((info->match ^ word) & info->mask) {
            word = (word & ~info->mask) | info->match;
        }
        if (info->flags & INSN_BRANCH) {
            return branch_to(info->match, below(32), below(32), near_word(at));
        }
        if (op == OP_JAL) {
            return jump_to(below(4) ? 0 : ra, near_word(at));
        }
        if (op == OP_JALR) {
            if (below(4)) {
                continue;
            }
            return 0x67 | (below(2) ? 0u : (unsigned)t0) << 7 | ra << 15; /* jalr via ra */
        }
        if (info->flags & (INSN_LOAD | INSN_STORE)) {
            word = (word & ~(31u << 15)) | (below(8) ? (below(2) ? s0 : s1) : below(32)) << 15;
        }
        if (op == OP_WFI || op == OP_MRET || op == OP_SRET || (info->flags & INSN_CSR)) {
            continue;
        }
        if (op == OP_SLTI && rd == 0) {
            continue;
        }
        return word;
    }
}

/* Skips the instruction that trapped, whatever its length: mepc is moved by 4 (code is all words).
 */
static const u32 handler[] = {
    0x340f1073, /* csrw mscratch, t5 */
    0x34102f73, /* csrr t5, mepc */
    0x004f0f13, /* addi t5, t5, 4 */
    0x341f1073, /* csrw mepc, t5 */
    0x34002f73, /* csrr t5, mscratch */
    0x30200073, /* mret */
};

static void make_program(struct rig *rig, const u32 *words)
{
    rig_words(rig, RIG_BASE + HANDLER, handler, ARRAY_LENGTH(handler));
    rig_words(rig, RIG_BASE + CODE, words, CODE_WORDS);
    struct hart *h = &rig->hart[0];
    h->mtvec = RIG_BASE + HANDLER;
    h->pc = RIG_BASE + CODE;
    h->mstatus |= MSTATUS_FS;
    u64 keep = seed;
    seed = 12345;
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = below(3) ? rnd() : (u64)rnd() << 32 | rnd();
        h->f[i] = below(3) ? (u64)rnd() << 32 | rnd() : 0x3ff0000000000000ull + ((u64)rnd() << 30);
    }
    h->x[s0] = RIG_BASE + DATA + 0x800;
    h->x[s1] = RIG_BASE + DATA + 0x2ff8;
    h->x[ra] = RIG_BASE + CODE + 4 * below(CODE_WORDS);
    for (u64 at = 0; at < DATA_SIZE; at += 8) {
        rig_u64(rig, RIG_BASE + DATA + at, (u64)rnd() << 32 | rnd());
    }
    seed = keep;
}

/* A jump back at the end, so that the program never falls out. */
static void random_program(u32 *words)
{
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        words[i] = random_word(i);
    }
    words[CODE_WORDS - 1] = jump_to(0, -(CODE_WORDS - 1) * 4);
}

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

/* Compares often enough to find the place and rarely enough to be quick. */
static void run_program(u64 program, u64 instructions, bool fine)
{
    static u32 words[CODE_WORDS];
    struct rig *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    seed = program * 0x9e3779b97f4a7c15ull + 1;
    random_program(words);
    rig_init_with(a, 1 << 20, 1, ISA_DEFAULT, interp_create);
    rig_init_with(b, 1 << 20, 1, ISA_DEFAULT, jit_create);
    make_program(a, words);
    make_program(b, words);
    u64 done = 0;
    while (done < instructions) {
        u64 pc = a->hart[0].pc;
        u64 step = fine ? 1 + below(3) : 1 + below(3000);
        rig_run(a, step);
        rig_run(b, step);
        done += step;
        compare(a, b, program, pc);
    }
    rig_destroy(a);
    rig_destroy(b);
    free(a);
    free(b);
}

static void random_programs_run_as_on_the_interpreter(void **state)
{
    (void)state;
    const char *more = getenv("JIT_PROGRAMS");
    u64 programs = more ? strtoull(more, NULL, 0) : 60;
    const char *first = getenv("JIT_FIRST");
    u64 from = first ? strtoull(first, NULL, 0) : 1;
    for (u64 program = from; program < from + programs; program++) {
        run_program(program, 20000, getenv("JIT_FINE") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_run_as_on_the_interpreter),
    };
    return jit_supported() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
