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

/* What a random program may do besides computing. */
enum { WITH_PAGING = 1, WITH_CODE_STORES = 2, WITH_INTERRUPTS = 4, WITH_TWO_HARTS = 8 };

static u64 seed;
static unsigned world; /* WITH_ of the program being made */

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
    return rd == s0 || rd == s1 || rd == tp || rd == gp || rd == s2 || rd == s3 || rd == s4 ? a0
                                                                                            : rd;
}

static i32 near_word(unsigned at)
{
    i32 to = (i32)at + (i32)below(40) - 20;
    to = to < 0 ? 0 : to >= CODE_WORDS ? CODE_WORDS - 1 : to;
    return (to - (i32)at) * 4;
}

/* Instructions that change what memory and the instructions to come mean. */
static u32 world_word(void)
{
    static const u16 readable[] = {0xc00, 0xc01, 0xc02, 0x001, 0x002, 0x003, 0x100, 0x142};
    switch (below(12)) {
    case 0:
        return CSRRW(0, 0x180, below(2) ? s2 : s3); /* satp */
    case 1:
        return SFENCE_VMA(below(2) ? s0 : zero, below(2) ? s4 : zero);
    case 2:
        return below(2) ? CSRRS(0, 0x100, s4) : CSRRC(0, 0x100, s4); /* SUM, MXR */
    case 3:
        return CSRRWI(0, 0x002, below(6)); /* frm, reserved ones too */
    case 4:
        return CSRRS(any_destination(), readable[below(ARRAY_LENGTH(readable))], 0);
    case 5:
        return SD(below(32), (i32)below(256) * 8, gp); /* a page table */
    case 6:
        return FENCE_I;
    case 7:
        return CSRRW(any_destination(), 0x001, below(32)); /* fflags */
    case 8:
        return CSRRW(any_destination(), 0x002, below(2) ? zero : below(32)); /* frm */
    default:
        return world & WITH_CODE_STORES ? SW(t6, (i32)below(512) * 4, tp) : NOP;
    }
}

/* A word of the instruction table with random operands that keep the program running. */
static u32 random_word(unsigned at)
{
    if (world && below(16) == 0) {
        return world_word();
    }
    for (;;) {
        unsigned op = 1 + below(OP_COUNT - 1);
        const struct insn_info *info = &insn_table[op];
        u32 word = info->match | (rnd() & ~info->mask);
        unsigned rd = any_destination();
        word = (word & ~(31u << 7)) | rd << 7;
        if ((info->match ^ word) & info->mask) {
            word = (word & ~info->mask) | info->match;
        }
        if ((info->flags & INSN_RM) && below(4)) {
            word |= 7u << 12; /* the dynamic rounding mode, which compilers use */
        }
        if (info->flags & INSN_BRANCH) {
            return asm_b(info->match, below(32), below(32), near_word(at));
        }
        if (op == OP_JAL) {
            return asm_jal(below(4) ? 0 : ra, near_word(at));
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

enum { TABLES = 0x40000, WINDOW = 0x40000000 };

/*
 * Two address spaces that show the first 256 KiB of memory at WINDOW, in the second one in another
 * order: the code twice, some pages read-only, for users, not accessed, or missing.
 */
static void make_tables(struct rig *rig)
{
    for (unsigned space = 0; space < 2; space++) {
        u64 root = RIG_BASE + TABLES + space * 0x3000, middle = root + 0x1000, last = root + 0x2000;
        rig_u64(rig, root + 8, (middle >> 12) << 10 | 1);
        rig_u64(rig, middle, (last >> 12) << 10 | 1);
        for (u64 page = 0; page < 128; page++) {
            u64 frame = page < 64 ? page : space ? page - 64 : 127 - page;
            u64 flags = 0xcf; /* V R W X A D */
            if (page > 20) {
                flags = below(8) == 0 ? 0 : 0x0f | (u64)below(4) << 6 | (below(3) == 0 ? 0x10 : 0);
                flags &= below(6) == 0 ? ~(u64)4 : ~(u64)0;
                flags |= below(8) == 0 ? 0x20 : 0; /* global */
            }
            rig_u64(rig, last + 8 * page, ((RIG_BASE >> 12) + frame) << 10 | flags);
        }
    }
}

static void enter_supervisor(struct rig *rig, unsigned index)
{
    struct hart *h = &rig->hart[index];
    make_tables(rig);
    hart_start_supervisor(h, WINDOW + CODE, 0);
    h->medeleg = h->mideleg = 0;
    h->mtvec = RIG_BASE + HANDLER;
    h->sscratch = WINDOW + CODE;
    h->satp = 8ull << 60 | 1ull << 44 | (RIG_BASE + TABLES) >> 12;
    h->mstatus |= MSTATUS_FS;
    hart_select_contexts(h);
    h->x[s0] = WINDOW + DATA + 0x800;
    h->x[s1] = WINDOW + DATA + 0x2ff8;
    h->x[tp] = WINDOW + CODE;
    h->x[gp] = WINDOW + TABLES + 0x2000;
    h->x[s2] = h->satp;
    h->x[s3] = 8ull << 60 | 2ull << 44 | (RIG_BASE + TABLES + 0x3000) >> 12;
    h->x[s4] = MSTATUS_SUM | (below(2) ? MSTATUS_MXR : 0);
    h->x[ra] = WINDOW + CODE + 4 * below(CODE_WORDS);
    h->x[t6] = ADDI(a1, a1, 7);
}

static void make_hart(struct rig *rig, unsigned index)
{
    struct hart *h = &rig->hart[index];
    h->mtvec = RIG_BASE + HANDLER;
    h->pc = RIG_BASE + CODE;
    h->mstatus |= MSTATUS_FS;
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = below(3) ? rnd() : (u64)rnd() << 32 | rnd();
        h->f[i] = i % 2 ? 0xffffffff00000000u |
                              (below(2) ? 0x3f800000u + (rnd() >> 8) : rnd()) /* single */
                  : below(3) ? (u64)rnd() << 32 | rnd()
                             : 0x3ff0000000000000ull + ((u64)rnd() << 30);
    }
    h->x[s0] = RIG_BASE + DATA + 0x800;
    h->x[s1] = RIG_BASE + DATA + 0x2ff8;
    h->x[ra] = RIG_BASE + CODE + 4 * below(CODE_WORDS);
    if (world & WITH_PAGING) {
        enter_supervisor(rig, index);
    }
}

static void make_program(struct rig *rig, const u32 *words)
{
    u64 keep = seed;
    seed = 12345;
    rig_write_handler(rig, RIG_BASE + HANDLER);
    rig_words(rig, RIG_BASE + CODE, words, CODE_WORDS);
    for (u64 at = 0; at < DATA_SIZE; at += 8) {
        rig_u64(rig, RIG_BASE + DATA + at, (u64)rnd() << 32 | rnd());
    }
    for (unsigned i = 0; i < rig->count; i++) {
        make_hart(rig, i);
    }
    seed = keep;
}

/* A jump back at the end, so that the program never falls out. */
static void random_program(u32 *words)
{
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        words[i] = random_word(i);
    }
    words[CODE_WORDS - 1] = asm_jal(0, -(CODE_WORDS - 1) * 4);
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
            u64 base = with & WITH_PAGING ? WINDOW : RIG_BASE;
            a->hart[0].pc = b->hart[0].pc = base + CODE + 4 * (u64)below(CODE_WORDS);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computing),         cmocka_unit_test(paging),
        cmocka_unit_test(code_that_changes), cmocka_unit_test(interrupts),
        cmocka_unit_test(two_harts),
    };
    return jit_supported() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
