/* SPDX-License-Identifier: MIT */
/*
 * Links between translated regions (emu/jit/link.c), against the interpreter: random programs of
 * many short functions on eight pages that call each other, return, jump and branch from page to
 * page, while pages of code are shown at other addresses, written to, and dropped by flushes; and
 * runs of accesses (translate_run.c), the next page being there or not.  All machine state, the
 * fetch TLB included, is compared at random cuts.
 *
 * JIT_PROGRAMS=n and JIT_FIRST=n in the environment make it longer or look at one program.
 */
#include "tests/unit/rig.h"

#include "emu/jit/jit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    HANDLER = 0x800,
    CODE = 0x8000,
    SLOT_WORDS = 64, /* of a function, with room behind it */
    SLOTS = 128,
    DATA = 0x30000,
    TABLES = 0x40000,
    WINDOW = 0x40000000,
    ALIAS = WINDOW + 0x100000, /* the code again */
    PAGES = CODE / 4096,       /* the first page of code */
    CODE_PAGES = SLOTS * SLOT_WORDS * 4 / 4096,
};

enum { WITH_REMAPPING = 1, WITH_CODE_STORES = 2, WITH_FLUSHES = 4 };

static u64 seed;
static u64 linked, cut, killed;
static u64 executed, interpreted; /* in all programs */ /* in all programs */

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

/* Not one of those that the programs rely on. */
static unsigned any_register(void)
{
    static const u8 some[] = {sp, t1, t2, a0, a1, a2, a3, a4, a5, a6, a7, s10, s11, t3, t4};
    return some[below(ARRAY_LENGTH(some))];
}

/* A function being written: `at` is the word of the program that comes next. */
struct writer {
    u32 *words;
    unsigned at;
};

static void put(struct writer *w, u32 word)
{
    w->words[w->at++] = word;
}

static i32 to_slot(const struct writer *w, unsigned slot)
{
    return ((i32)(slot * SLOT_WORDS) - (i32)w->at) * 4;
}

/* A slot that a branch reaches, on this page or a neighbour. */
static unsigned near_slot(const struct writer *w)
{
    i32 slot = (i32)(w->at / SLOT_WORDS) + (i32)below(25) - 12;
    return slot < 0 ? 0 : slot >= SLOTS ? SLOTS - 1 : (unsigned)slot;
}

/* s4 = s4 * s5 + c decides where to go; s7 and s9 are where the code begins. */
static void put_wander(struct writer *w, unsigned link)
{
    put(w, MUL(s4, s4, s5));
    put(w, ADDI(s4, s4, (i32)below(1000)));
    put(w, SRLI(t0, s4, 57));
    put(w, SLLI(t0, t0, 8));
    put(w, ADD(t0, t0, below(4) ? s7 : s9));
    put(w, JALR(link, t0, 0));
}

/* The tables show two pages of code at each other's address. */
static void put_swap(struct writer *w)
{
    i32 a = 8 * (PAGES + (i32)below(CODE_PAGES)), b = 8 * (PAGES + (i32)below(CODE_PAGES));
    put(w, LD(t0, a, tp));
    put(w, LD(t6, b, tp));
    put(w, SD(t0, b, tp));
    put(w, SD(t6, a, tp));
    if (below(2)) {
        put(w, SFENCE_VMA(0, 0));
    }
}

static void put_world(struct writer *w, unsigned with)
{
    if ((with & WITH_REMAPPING) && below(2)) {
        if (below(3) == 0) {
            put_swap(w);
        } else {
            put(w, CSRRW(0, 0x180, below(2) ? s2 : s3)); /* satp */
        }
    } else if (with & WITH_CODE_STORES) {
        /* Within 2 KiB: s8 and s6 point into the code. */
        unsigned from = below(2) ? s8 : s6, to = below(2) ? s8 : s6;
        put(w, LW(t0, (i32)below(512) * 4, from));
        put(w, SW(t0, (i32)below(512) * 4, to));
        if (below(4) == 0) {
            put(w, FENCE_I);
        }
    }
}

static void put_work(struct writer *w)
{
    unsigned rd = any_register(), a = any_register(), b = any_register();
    switch (below(8)) {
    case 0:
        put(w, LD(rd, (i32)below(200) * 8, s0));
        break;
    case 1:
        put(w, SD(a, (i32)below(200) * 8, s0));
        break;
    case 2:
        put(w, FADD_D(below(32), below(32), below(32)));
        break;
    case 3:
        put(w, ADD(rd, a, b));
        break;
    case 4:
        put(w, XOR(rd, a, b));
        break;
    case 5:
        put(w, MUL(rd, a, b));
        break;
    default:
        put(w, ADDI(rd, a, (i32)below(4000) - 2000));
        break;
    }
}

/* Loads or stores through one register, across the end of a page at times, with others between. */
static void put_accesses(struct writer *w, unsigned with)
{
    static const u32 load[] = {0x3, 0x1003, 0x2003, 0x3003, 0x4003, 0x5003, 0x6003, 0x3007, 0x2007};
    static const u32 store[] = {0x23, 0x1023, 0x2023, 0x3023, 0x3027, 0x2027};
    unsigned base = below(3) == 0 ? s0 : s1;
    if (below(3) == 0) {
        put(w, ADDI(t0, base, (i32)below(40)));
        base = t0;
    }
    if ((with & WITH_CODE_STORES) && below(6) == 0) {
        base = s8;
    }
    bool stores = below(2);
    i32 at = base == s0 ? 0 : (i32)below(128) - 64;
    for (unsigned i = 2 + below(8); i-- > 0;) {
        unsigned op = below(stores ? ARRAY_LENGTH(store) : ARRAY_LENGTH(load));
        i32 imm = at + (i32)below(8) * 8 + (below(8) == 0 ? (i32)below(8) : 0);
        unsigned rd = below(12) == 0 && base == t0 ? (unsigned)t0 : any_register();
        put(w, stores ? asm_s(store[op], below(32), base, imm) : asm_i(load[op], rd, base, imm));
        if (below(4) == 0) {
            put(w, ADDI(any_register(), any_register(), (i32)below(100)));
        }
    }
}

/* As jal, for any distance; the register between is the link's or another one. */
static void put_far_jump(struct writer *w, unsigned link)
{
    unsigned by = below(3) == 0 ? (unsigned)t1 : link ? link : (unsigned)t2;
    i32 distance = to_slot(w, below(SLOTS));
    i32 high = (distance + 0x800) >> 12;
    put(w, AUIPC(by, (u32)high & 0xfffff));
    if (below(8) == 0) {
        put(w, NOP); /* no pair */
    }
    put(w, JALR(link, by, distance - high * 4096));
}

static void put_function(struct writer *w, unsigned with)
{
    unsigned pieces = 1 + below(7);
    for (unsigned i = 0; i < pieces; i++) {
        for (unsigned k = below(4); k-- > 0;) {
            put_work(w);
        }
        switch (below(with ? 9 : 8)) {
        case 0:
            if (below(2)) {
                put(w, JAL(ra, to_slot(w, below(SLOTS))));
            } else {
                put_far_jump(w, below(4) ? (unsigned)ra : (unsigned)t0);
            }
            break;
        case 1:
            put(w, BLT(any_register(), any_register(), to_slot(w, near_slot(w))));
            break;
        case 2:
            put(w, BEQ(any_register(), any_register(), to_slot(w, near_slot(w))));
            break;
        case 3:
            if (below(3) == 0) {
                put_wander(w, ra);
            }
            break;
        case 8:
            put_world(w, with);
            break;
        case 7:
            put_accesses(w, with);
            break;
        default:
            break;
        }
    }
    switch (below(5)) {
    case 0:
        put(w, JAL(0, to_slot(w, below(SLOTS))));
        break;
    case 2:
        put_far_jump(w, 0);
        break;
    case 1:
        put(w, JALR(0, ra, 0));
        break;
    default:
        put_wander(w, 0);
        break;
    }
}

static void make_code(struct rig *rig, unsigned with)
{
    static u32 words[SLOTS * SLOT_WORDS];
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
        words[i] = NOP; /* who runs off the end of a function comes to the next one */
    }
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct writer w = {words, slot * SLOT_WORDS};
        put_function(&w, with);
    }
    rig_words(rig, RIG_BASE + CODE, words, ARRAY_LENGTH(words));
}

/*
 * Two address spaces; in the second one the pages of code are in another order.  The code is all
 * around itself, for jumps from a page that is not where it was written for.
 */
static void make_tables(struct rig *rig)
{
    for (unsigned space = 0; space < 2; space++) {
        u64 root = RIG_BASE + TABLES + space * 0x3000, middle = root + 0x1000, last = root + 0x2000;
        rig_u64(rig, root + 8, (middle >> 12) << 10 | 1);
        rig_u64(rig, middle, (last >> 12) << 10 | 1);
        for (u64 page = 0; page < 0x180; page++) {
            u64 frame = page % 0x100;
            if (frame < 4 * CODE_PAGES) {
                frame = PAGES + (space ? frame * 3 + 1 : frame) % CODE_PAGES;
            }
            /* The second page of data is not there, or read-only. */
            u64 flags = page == DATA / 4096 + 1 ? (space ? 0xc3 : below(2) ? 0 : 0xcf) : 0xcf;
            rig_u64(rig, last + 8 * page, ((RIG_BASE >> 12) + frame) << 10 | flags);
        }
    }
}

static void make_hart(struct rig *rig, unsigned index)
{
    struct hart *h = &rig->hart[index];
    hart_start_supervisor(h, WINDOW + CODE, 0);
    h->medeleg = h->mideleg = 0;
    h->mtvec = RIG_BASE + HANDLER;
    h->sscratch = WINDOW + CODE;
    h->satp = 8ull << 60 | 1ull << 44 | (RIG_BASE + TABLES) >> 12;
    h->mstatus |= MSTATUS_FS;
    hart_select_contexts(h);
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = (u64)rnd() << 32 | rnd();
        h->f[i] = 0x3ff0000000000000ull + ((u64)rnd() << 20);
    }
    h->x[ra] = h->x[s7] = WINDOW + CODE;
    h->x[s9] = ALIAS + CODE;
    h->x[s8] = WINDOW + CODE + 4096;
    h->x[s6] = WINDOW + CODE + 4096 * 3 + 2048;
    h->x[s0] = WINDOW + DATA;
    h->x[s1] = WINDOW + DATA + 4096 - 32;
    h->x[tp] = WINDOW + TABLES + 0x2000;
    h->x[s5] = 6364136223846793005ull;
    h->x[s2] = h->satp;
    h->x[s3] = 8ull << 60 | 2ull << 44 | (RIG_BASE + TABLES + 0x3000) >> 12;
}

static void make_program(struct rig *rig, u64 program, unsigned with)
{
    seed = program * 0x9e3779b97f4a7c15ull + 1;
    rig_write_handler(rig, RIG_BASE + HANDLER);
    make_code(rig, with);
    make_tables(rig);
    for (unsigned i = 0; i < rig->count; i++) {
        make_hart(rig, i);
    }
}

static void assert_same(const struct rig *a, const struct rig *b, u64 program)
{
    struct serial_writer wa = {0}, wb = {0};
    rig_save(a, &wa);
    rig_save(b, &wb);
    if (wa.out.size != wb.out.size || memcmp(wa.out.data, wb.out.data, wa.out.size) != 0) {
        for (unsigned i = 0; i < a->count; i++) {
            print_message("hart %u: pc %lx %lx executed %lu %lu\n", i, a->hart[i].pc, b->hart[i].pc,
                          hart_executed(&a->hart[i]), hart_executed(&b->hart[i]));
            for (unsigned x = 1; x < 32; x++) {
                if (a->hart[i].x[x] != b->hart[i].x[x]) {
                    print_message("x%u %lx %lx\n", x, a->hart[i].x[x], b->hart[i].x[x]);
                }
            }
        }
        fail_msg("program %lu: states differ", program);
    }
    serial_writer_free(&wa);
    serial_writer_free(&wb);
}

static void run_program(u64 program, unsigned with, unsigned harts)
{
    enum { INSTRUCTIONS = 60000 };
    static struct rig a, b;
    rig_init_with(&a, 1 << 20, harts, ISA_DEFAULT, interp_create);
    rig_init_with(&b, 1 << 20, harts, ISA_DEFAULT, jit_create);
    jit_translate_at_once(b.engine);
    if (program % 5 == 0) {
        jit_pretend_old_host(b.engine);
    }
    if (program % 3 == 0) {
        jit_use_little_memory(b.engine);
    }
    if (program % 2 == 0) {
        jit_guess_pages(b.engine);
    }
    make_program(&a, program, with);
    make_program(&b, program, with);
    bool fine = program % 8 == 0; /* most ends of a run are within a few instructions of a link */
    for (u64 done = 0; done < INSTRUCTIONS / (fine ? 20 : 1);) {
        u64 step = fine ? 1 + below(4) : 1 + below(600);
        for (unsigned i = 0; i < harts; i++) {
            rig_run_hart(&a, i, step);
            rig_run_hart(&b, i, step);
        }
        done += step;
        for (unsigned i = 0; i < harts; i++) { /* out of the loops that they are in */
            if (a.hart[i].priv == PRIV_SUPERVISOR && below(fine ? 30 : 2) == 0) {
                u64 slot = below(SLOTS);
                a.hart[i].pc = (u64)(below(2) ? WINDOW : ALIAS) + CODE + slot * SLOT_WORDS * 4;
                b.hart[i].pc = a.hart[i].pc;
            }
        }
        if (below(8) == 0) { /* an interrupt, or its end */
            bool level = below(2);
            for (unsigned i = 0; i < harts; i++) {
                a.hart[i].mie = b.hart[i].mie = BIT(IRQ_SEI);
                hart_set_line(&a.hart[i], IRQ_SEI, level);
                hart_set_line(&b.hart[i], IRQ_SEI, level);
            }
        }
        if ((with & WITH_FLUSHES) && below(20) == 0) {
            b.engine->flush(b.engine);
        }
        if (fine || below(8) == 0) {
            assert_same(&a, &b, program);
        }
    }
    assert_same(&a, &b, program);
    linked += b.hart[0].counters.regions_linked;
    cut += b.hart[0].counters.links_cut;
    killed += b.hart[0].counters.regions_killed;
    for (unsigned i = 0; i < harts; i++) {
        executed += hart_executed(&b.hart[i]);
        interpreted += b.hart[i].counters.interpreted_instructions;
    }
    rig_destroy(&a);
    rig_destroy(&b);
}

static void run_programs(unsigned with, unsigned harts)
{
    const char *more = getenv("JIT_PROGRAMS"), *first = getenv("JIT_FIRST");
    u64 programs = more ? strtoull(more, NULL, 0) : 30;
    u64 from = first ? strtoull(first, NULL, 0) : 1;
    linked = cut = killed = 0;
    for (u64 program = from; program < from + programs; program++) {
        run_program(program, with, harts);
    }
    print_message("%lu links made, %lu cut, %lu regions dropped\n", linked, cut, killed);
    assert_true(linked > 50 * programs);
}

static void calls_and_returns(void **state)
{
    (void)state;
    run_programs(0, 1);
}

static void pages_elsewhere(void **state)
{
    (void)state;
    run_programs(WITH_REMAPPING, 1);
}

static void targets_overwritten(void **state)
{
    (void)state;
    run_programs(WITH_CODE_STORES, 1);
    assert_true(cut > 0 && killed > 0);
}

static void everything_dropped(void **state)
{
    (void)state;
    run_programs(WITH_FLUSHES | WITH_CODE_STORES | WITH_REMAPPING, 1);
}

static void two_harts(void **state)
{
    (void)state;
    run_programs(0, 2);
    run_programs(WITH_FLUSHES | WITH_CODE_STORES | WITH_REMAPPING, 2);
    print_message("%lu instructions, %lu of them interpreted\n", executed, interpreted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_and_returns),   cmocka_unit_test(pages_elsewhere),
        cmocka_unit_test(targets_overwritten), cmocka_unit_test(everything_dropped),
        cmocka_unit_test(two_harts),
    };
    return jit_supported() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
