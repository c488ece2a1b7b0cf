/* SPDX-License-Identifier: MIT */
/*
 * rig.h - the smallest machine: RAM at 0x80000000, harts, the interpreter; for unit tests.
 *
 * Everything is static inline, so that each test stays one file.  rig_run grants instructions the
 * way the run loop does: up to the next clock event, due events in between.
 */
#ifndef FAULTLINE_TESTS_RIG_H
#define FAULTLINE_TESTS_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/access.h"
#include "emu/hart/csrs.h"
#include "emu/hart/hart.h"
#include "emu/interp/interp.h"

#define RIG_BASE ((u64)0x80000000)
#define RIG_MAX_HARTS 2

struct rig {
    struct ram ram;
    struct bus bus;
    struct clock clock;
    struct hart hart[RIG_MAX_HARTS];
    struct hart *harts[RIG_MAX_HARTS];
    unsigned count;
    struct engine *engine;
};

static inline void rig_code_written(void *ctx, u64 pa, u64 length)
{
    struct rig *rig = ctx;
    rig->engine->invalidate(rig->engine, pa, length);
}

static inline void rig_earlier(void *ctx, u64 deadline)
{
    struct rig *rig = ctx;
    (void)deadline;
    for (unsigned i = 0; i < rig->count; i++) {
        rig->hart[i].stop |= STOP_RETURN;
    }
}

static inline void rig_fail(const char *what)
{
    fprintf(stderr, "rig: %s\n", what);
    abort();
}

typedef struct engine *(*rig_engine)(struct hart *const *harts, unsigned count, struct error *err);

static inline void rig_init_with(struct rig *rig, u64 size, unsigned harts, u32 extensions,
                                 rig_engine create)
{
    struct error err = {0};
    memset(rig, 0, sizeof(*rig));
    rig->count = harts;
    bus_init(&rig->bus);
    clock_init(&rig->clock);
    rig->clock.earlier = rig_earlier;
    rig->clock.earlier_ctx = rig;
    if (!ram_init(&rig->ram, RIG_BASE, size, &err)) {
        rig_fail(err.text);
    }
    for (unsigned i = 0; i < harts; i++) {
        struct hart_config config = {.id = i, .extensions = extensions};
        if (!hart_init(&rig->hart[i], &config, &rig->ram, &rig->bus, &rig->clock, &err)) {
            rig_fail(err.text);
        }
        rig->harts[i] = &rig->hart[i];
        rig->hart[i].pc = RIG_BASE;
    }
    rig->engine = create(rig->harts, harts, &err);
    if (!rig->engine) {
        rig_fail(err.text);
    }
    for (unsigned i = 0; i < harts; i++) {
        rig->hart[i].engine = rig->engine;
    }
    rig->ram.code_written = rig_code_written;
    rig->ram.code_ctx = rig;
}

static inline void rig_init(struct rig *rig, u64 size)
{
    rig_init_with(rig, size, 1, ISA_DEFAULT, interp_create);
}

static inline void rig_destroy(struct rig *rig)
{
    rig->engine->destroy(rig->engine);
    for (unsigned i = 0; i < rig->count; i++) {
        hart_destroy(&rig->hart[i]);
    }
    ram_destroy(&rig->ram);
}

/* Runs hart `index` for exactly `instructions`, or until it waits and nothing can wake it. */
static inline u64 rig_run_hart(struct rig *rig, unsigned index, u64 instructions)
{
    struct hart *h = &rig->hart[index];
    u64 start = hart_executed(h);
    u64 end = start + instructions;
    while (hart_executed(h) < end) {
        clock_run_due(&rig->clock);
        u64 grant = end - hart_executed(h);
        u64 next = clock_next_deadline(&rig->clock);
        if (next - rig->clock.now < grant) {
            grant = next - rig->clock.now;
        }
        rig->clock.horizon = rig->clock.now + grant;
        hart_grant(h, (i64)grant);
        if (engine_run(h) == EXIT_WAIT) {
            if (next == CLOCK_NEVER) {
                break;
            }
            clock_jump(&rig->clock, next);
        }
    }
    rig->clock.horizon = 0;
    clock_run_due(&rig->clock);
    return hart_executed(h) - start;
}

static inline u64 rig_run(struct rig *rig, u64 instructions)
{
    return rig_run_hart(rig, 0, instructions);
}

static inline void rig_word(struct rig *rig, u64 address, u32 word)
{
    u8 bytes[4];
    store_u32(bytes, word);
    if (!dma_write(&rig->ram, address, bytes, 4)) {
        rig_fail("address outside of memory");
    }
}

static inline void rig_words(struct rig *rig, u64 address, const u32 *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rig_word(rig, address + 4 * i, words[i]);
    }
}

static inline void rig_u64(struct rig *rig, u64 address, u64 value)
{
    rig_word(rig, address, (u32)value);
    rig_word(rig, address + 4, (u32)(value >> 32));
}

static inline u64 rig_peek(struct rig *rig, u64 address)
{
    const void *at = ram_pointer(&rig->ram, address, 8);
    return at ? load_u64(at) : 0;
}

/* Everything the guest can ever see of the machine, as bytes to compare. */
static inline void rig_save(const struct rig *rig, struct serial_writer *writer)
{
    clock_save(&rig->clock, writer);
    ram_save(&rig->ram, writer);
    for (unsigned i = 0; i < rig->count; i++) {
        hart_save(&rig->hart[i], writer);
    }
}

static inline bool rig_load(struct rig *rig, const struct buffer *saved, struct error *err)
{
    struct serial_reader reader;
    serial_reader_init(&reader, saved->data, saved->size);
    rig->engine->flush(rig->engine);
    if (!clock_load(&rig->clock, &reader, err) || !ram_load(&rig->ram, &reader, err)) {
        return false;
    }
    for (unsigned i = 0; i < rig->count; i++) {
        if (!hart_load_state(&rig->hart[i], &reader, err)) {
            return false;
        }
    }
    return serial_at_end(&reader);
}

/* A small assembler: 32-bit encodings. */
enum {
    zero,
    ra,
    sp,
    gp,
    tp,
    t0,
    t1,
    t2,
    s0,
    s1,
    a0,
    a1,
    a2,
    a3,
    a4,
    a5,
    a6,
    a7,
    s2,
    s3,
    s4,
    s5,
    s6,
    s7,
    s8,
    s9,
    s10,
    s11,
    t3,
    t4,
    t5,
    t6
};

static inline u32 asm_i(u32 match, unsigned rd, unsigned rs1, i32 imm)
{
    return match | rd << 7 | rs1 << 15 | (u32)imm << 20;
}
static inline u32 asm_r(u32 match, unsigned rd, unsigned rs1, unsigned rs2)
{
    return match | rd << 7 | rs1 << 15 | rs2 << 20;
}
static inline u32 asm_s(u32 match, unsigned rs2, unsigned rs1, i32 imm)
{
    return match | rs1 << 15 | rs2 << 20 | ((u32)imm & 31) << 7 | ((u32)imm >> 5 & 127) << 25;
}
static inline u32 asm_b(u32 match, unsigned rs1, unsigned rs2, i32 imm)
{
    u32 i = (u32)imm;
    return match | rs1 << 15 | rs2 << 20 | (i >> 11 & 1) << 7 | (i >> 1 & 15) << 8 |
           (i >> 5 & 63) << 25 | (i >> 12 & 1) << 31;
}
static inline u32 asm_jal(unsigned rd, i32 imm)
{
    u32 i = (u32)imm;
    return 0x6f | rd << 7 | (i & 0xff000) | (i >> 11 & 1) << 20 | (i >> 1 & 0x3ff) << 21 |
           (i >> 20 & 1) << 31;
}

#define ADDI(rd, rs1, imm) asm_i(0x13, rd, rs1, imm)
#define XORI(rd, rs1, imm) asm_i(0x4013, rd, rs1, imm)
#define SLLI(rd, rs1, imm) asm_i(0x1013, rd, rs1, imm)
#define SRLI(rd, rs1, imm) asm_i(0x5013, rd, rs1, imm)
#define LUI(rd, imm20) (0x37u | (u32)(rd) << 7 | (u32)(imm20) << 12)
#define AUIPC(rd, imm20) (0x17u | (u32)(rd) << 7 | (u32)(imm20) << 12)
#define ADD(rd, rs1, rs2) asm_r(0x33, rd, rs1, rs2)
#define XOR(rd, rs1, rs2) asm_r(0x4033, rd, rs1, rs2)
#define MUL(rd, rs1, rs2) asm_r(0x2000033, rd, rs1, rs2)
#define LB(rd, imm, rs1) asm_i(0x3, rd, rs1, imm)
#define LH(rd, imm, rs1) asm_i(0x1003, rd, rs1, imm)
#define LW(rd, imm, rs1) asm_i(0x2003, rd, rs1, imm)
#define LD(rd, imm, rs1) asm_i(0x3003, rd, rs1, imm)
#define SB(rs2, imm, rs1) asm_s(0x23, rs2, rs1, imm)
#define SW(rs2, imm, rs1) asm_s(0x2023, rs2, rs1, imm)
#define SD(rs2, imm, rs1) asm_s(0x3023, rs2, rs1, imm)
#define BEQ(rs1, rs2, imm) asm_b(0x63, rs1, rs2, imm)
#define BNE(rs1, rs2, imm) asm_b(0x1063, rs1, rs2, imm)
#define BLT(rs1, rs2, imm) asm_b(0x4063, rs1, rs2, imm)
#define JAL(rd, imm) asm_jal(rd, imm)
#define JALR(rd, rs1, imm) asm_i(0x67, rd, rs1, imm)
#define CSRRW(rd, csr, rs1) asm_i(0x1073, rd, rs1, csr)
#define CSRRS(rd, csr, rs1) asm_i(0x2073, rd, rs1, csr)
#define CSRRC(rd, csr, rs1) asm_i(0x3073, rd, rs1, csr)
#define CSRRWI(rd, csr, imm) asm_i(0x5073, rd, imm, csr)
#define LR_W(rd, rs1) asm_r(0x1000202f, rd, rs1, 0)
#define SC_W(rd, rs2, rs1) asm_r(0x1800202f, rd, rs1, rs2)
#define LR_D(rd, rs1) asm_r(0x1000302f, rd, rs1, 0)
#define SC_D(rd, rs2, rs1) asm_r(0x1800302f, rd, rs1, rs2)
#define AMOADD_D(rd, rs2, rs1) asm_r(0x302f, rd, rs1, rs2)
#define AMOADD_W(rd, rs2, rs1) asm_r(0x202f, rd, rs1, rs2)
#define SFENCE_VMA(rs1, rs2) asm_r(0x12000073, 0, rs1, rs2)
#define FDIV_S(rd, rs1, rs2) (asm_r(0x18000053, rd, rs1, rs2) | 7u << 12)
#define FDIV_D(rd, rs1, rs2) (asm_r(0x1a000053, rd, rs1, rs2) | 7u << 12)
#define FADD_D(rd, rs1, rs2) (asm_r(0x02000053, rd, rs1, rs2) | 7u << 12)
#define ECALL 0x73u
#define EBREAK 0x100073u
#define SRET 0x10200073u
#define MRET 0x30200073u
#define WFI 0x10500073u
#define FENCE_I 0x100fu
#define NOP 0x13u
#define CBO_ZERO(rs1) (0x40200fu | (u32)(rs1) << 15)

/*
 * A handler for machine mode, for programs at random.  An exception skips the instruction (all are
 * words); a fetch that faults goes back to the start, which is in sscratch; an interrupt switches
 * interrupts off.
 */
static inline void rig_write_handler(struct rig *rig, u64 at)
{
    const u32 handler[] = {
        CSRRW(0, 0x340, t5),           /* mscratch = t5 */
        CSRRS(t5, 0x342, 0),           /* mcause */
        BLT(t5, zero, 18 * 4 - 2 * 4), /* to the interrupt */
        ADDI(t5, t5, -12),
        BEQ(t5, zero, 13 * 4 - 4 * 4), /* fetch page fault */
        ADDI(t5, t5, 11),
        BEQ(t5, zero, 13 * 4 - 6 * 4), /* fetch access fault */
        CSRRS(t5, 0x341, 0),
        ADDI(t5, t5, 4),
        CSRRW(0, 0x341, t5), /* mepc += 4 */
        CSRRS(t5, 0x340, 0),
        MRET,
        NOP,
        CSRRS(t5, 0x140, 0), /* 13: start over */
        CSRRW(0, 0x341, t5),
        CSRRS(t5, 0x340, 0),
        MRET,
        NOP,
        CSRRW(0, 0x304, 0), /* 18: mie = 0 */
        CSRRS(t5, 0x340, 0),
        MRET,
    };
    rig_words(rig, at, handler, ARRAY_LENGTH(handler));
}

#endif
