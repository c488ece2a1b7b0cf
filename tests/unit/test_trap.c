/* SPDX-License-Identifier: MIT */
/*
 * test_trap.c - traps, interrupts and privileged instructions, executed by the interpreter: what
 * is delegated where, what the registers say afterwards, and that everything is taken at exactly
 * the instruction where it should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#define CODE (RIG_BASE + 0x1000)
#define MVEC (RIG_BASE + 0x8000)
#define SVEC (RIG_BASE + 0x9000)

static struct rig rig;
static struct hart *h;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, 1 << 20);
    h = &rig.hart[0];
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    csr_poke(h, CSR_MTVEC, MVEC);
    csr_poke(h, CSR_STVEC, SVEC);
    h->pc = CODE;
    for (u64 i = 0; i < 64; i++) {
        rig_word(&rig, MVEC + 4 * i, NOP);
        rig_word(&rig, SVEC + 4 * i, NOP);
        rig_word(&rig, CODE + 4 * i, NOP);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_destroy(&rig);
    return 0;
}

static void execute_one(u32 word)
{
    rig_word(&rig, h->pc, word);
    rig_run(&rig, 1);
}

static void assert_machine_trap(u64 cause, u64 epc, u64 tval, unsigned from)
{
    assert_int_equal(h->mcause, cause);
    assert_int_equal(h->mepc, epc);
    assert_int_equal(h->mtval, tval);
    assert_int_equal(h->pc, MVEC);
    assert_int_equal(h->priv, PRIV_MACHINE);
    assert_int_equal(bits_get(h->mstatus, MSTATUS_MPP_SHIFT, 2), from);
}

static void test_ecall_from_each_mode(void **state)
{
    (void)state;
    static const struct {
        unsigned priv;
        u64 cause;
    } modes[] = {{PRIV_USER, 8}, {PRIV_SUPERVISOR, 9}, {PRIV_MACHINE, 11}};
    for (unsigned i = 0; i < 3; i++) {
        hart_set_privilege(h, modes[i].priv);
        h->pc = CODE + 8;
        u64 retired = hart_retired(h), executed = hart_executed(h);
        execute_one(ECALL);
        assert_machine_trap(modes[i].cause, CODE + 8, 0, modes[i].priv);
        /* It takes time but does not retire. */
        assert_int_equal(hart_retired(h), retired);
        assert_int_equal(hart_executed(h), executed + 1);
    }
}

static void test_delegation(void **state)
{
    (void)state;
    csr_poke(h, CSR_MEDELEG, UINT64_MAX);
    assert_int_equal(h->medeleg, 0xb3ff);
    csr_poke(h, CSR_MSTATUS, MSTATUS_SIE);
    hart_set_privilege(h, PRIV_USER);
    execute_one(EBREAK);
    assert_int_equal(h->scause, CAUSE_BREAKPOINT);
    assert_int_equal(h->sepc, CODE);
    assert_int_equal(h->stval, CODE);
    assert_int_equal(h->pc, SVEC);
    assert_int_equal(h->priv, PRIV_SUPERVISOR);
    assert_int_equal(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), MSTATUS_SPIE);
    /* A trap in M-mode never goes down. */
    hart_set_privilege(h, PRIV_MACHINE);
    h->pc = CODE;
    execute_one(EBREAK);
    assert_machine_trap(CAUSE_BREAKPOINT, CODE, CODE, PRIV_MACHINE);
}

static void test_illegal_has_its_bits(void **state)
{
    (void)state;
    execute_one(0xffffffff);
    assert_machine_trap(CAUSE_ILLEGAL, CODE, 0xffffffff, PRIV_MACHINE);
    h->pc = CODE;
    execute_one(0x12340000); /* 16-bit 0x0000: defined illegal */
    assert_machine_trap(CAUSE_ILLEGAL, CODE, 0, PRIV_MACHINE);
    /* Floating point with FS off, a reserved rounding mode in frm */
    h->pc = CODE;
    execute_one(FADD_D(1, 2, 3));
    assert_machine_trap(CAUSE_ILLEGAL, CODE, FADD_D(1, 2, 3), PRIV_MACHINE);
    csr_poke(h, CSR_MSTATUS, BIT(13));
    csr_poke(h, CSR_FRM, 5);
    h->pc = CODE;
    execute_one(FADD_D(1, 2, 3));
    assert_machine_trap(CAUSE_ILLEGAL, CODE, FADD_D(1, 2, 3), PRIV_MACHINE);
}

static void test_float_makes_fs_dirty(void **state)
{
    (void)state;
    csr_poke(h, CSR_MSTATUS, BIT(13));
    u64 status;
    csr_peek(h, CSR_MSTATUS, &status);
    assert_int_equal(status & (MSTATUS_FS | MSTATUS_SD), BIT(13));
    execute_one(FADD_D(1, 2, 3));
    csr_peek(h, CSR_SSTATUS, &status);
    assert_int_equal(status & (MSTATUS_FS | MSTATUS_SD), MSTATUS_FS | MSTATUS_SD);
}

static void test_returns(void **state)
{
    (void)state;
    csr_poke(h, CSR_MEPC, CODE + 0x41); /* bit 0 is not kept */
    csr_poke(h, CSR_MSTATUS, MSTATUS_MPIE | MSTATUS_MPRV | (u64)PRIV_SUPERVISOR << 11);
    execute_one(MRET);
    assert_int_equal(h->pc, CODE + 0x40);
    assert_int_equal(h->priv, PRIV_SUPERVISOR);
    assert_int_equal(h->mstatus & (MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPRV | MSTATUS_MPP),
                     MSTATUS_MIE | MSTATUS_MPIE);
    h->sepc = CODE + 0x60;
    h->mstatus |= MSTATUS_SPIE;
    execute_one(SRET);
    assert_int_equal(h->pc, CODE + 0x60);
    assert_int_equal(h->priv, PRIV_USER);
    assert_int_equal(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE), MSTATUS_SIE | MSTATUS_SPIE);
    execute_one(SRET);
    assert_machine_trap(CAUSE_ILLEGAL, CODE + 0x60, SRET, PRIV_USER);
}

/* TVM, TSR, TW and U-mode forbid. */
static void test_forbidden(void **state)
{
    (void)state;
    const struct {
        u32 word;
        u64 status;
        unsigned priv;
        bool legal;
    } cases[] = {
        {SFENCE_VMA(0, 0), 0, PRIV_SUPERVISOR, true},
        {SFENCE_VMA(0, 0), MSTATUS_TVM, PRIV_SUPERVISOR, false},
        {SFENCE_VMA(0, 0), MSTATUS_TVM, PRIV_MACHINE, true},
        {SFENCE_VMA(0, 0), 0, PRIV_USER, false},
        {CSRRS(5, CSR_SATP, 0), 0, PRIV_SUPERVISOR, true},
        {CSRRS(5, CSR_SATP, 0), MSTATUS_TVM, PRIV_SUPERVISOR, false},
        {CSRRS(5, CSR_SATP, 0), 0, PRIV_USER, false},
        {CSRRS(5, CSR_MSTATUS, 0), 0, PRIV_SUPERVISOR, false},
        {CSRRW(0, CSR_MHARTID, 0), 0, PRIV_MACHINE, false},
        {CSRRS(5, CSR_MHARTID, 0), 0, PRIV_MACHINE, true},
        {CSRRS(5, 0x5c0, 0), 0, PRIV_MACHINE, false},
        {SRET, MSTATUS_TSR, PRIV_SUPERVISOR, false},
        {SRET, MSTATUS_TSR, PRIV_MACHINE, true},
        {MRET, 0, PRIV_SUPERVISOR, false},
        {WFI, MSTATUS_TW, PRIV_SUPERVISOR, false},
        {WFI, 0, PRIV_USER, false},
        {CSRRS(5, CSR_TIME, 0), 0, PRIV_SUPERVISOR, false}, /* mcounteren is 0 */
        {CSRRS(5, CSR_TIME, 0), 0, PRIV_MACHINE, true},
        {CSRRS(5, CSR_STIMECMP, 0), 0, PRIV_SUPERVISOR, false}, /* STCE is 0 */
        {CBO_ZERO(sp), 0, PRIV_SUPERVISOR, false},              /* CBZE is 0 */
        {CBO_ZERO(sp), 0, PRIV_MACHINE, true},
        {CSRRS(5, CSR_FCSR, 0), 0, PRIV_MACHINE, false},
        {CSRRS(5, CSR_FCSR, 0), BIT(13), PRIV_MACHINE, true},
        {FENCE_I, 0, PRIV_USER, true},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        csr_poke(h, CSR_MCAUSE, 99);
        csr_poke(h, CSR_MSTATUS, cases[i].status);
        h->sepc = CODE + 8;
        h->x[sp] = RIG_BASE + 0x4000;
        hart_set_privilege(h, cases[i].priv);
        h->pc = CODE;
        execute_one(cases[i].word);
        if (cases[i].legal) {
            assert_int_equal(h->mcause, 99);
        } else if (h->mcause != CAUSE_ILLEGAL || h->mtval != cases[i].word) {
            fail_msg("case %u: cause %lu tval %lx", i, h->mcause, h->mtval);
        }
    }
}

static void test_counters_open_step_by_step(void **state)
{
    (void)state;
    for (unsigned machine = 0; machine < 2; machine++) {
        for (unsigned supervisor = 0; supervisor < 2; supervisor++) {
            csr_poke(h, CSR_MCOUNTEREN, machine << 2);
            csr_poke(h, CSR_SCOUNTEREN, supervisor << 2);
            for (unsigned priv = 0; priv < 2; priv++) {
                csr_poke(h, CSR_MCAUSE, 99);
                hart_set_privilege(h, priv);
                h->pc = CODE;
                execute_one(CSRRS(5, CSR_INSTRET, 0));
                bool legal = machine && (supervisor || priv == PRIV_SUPERVISOR);
                assert_int_equal(h->mcause, legal ? 99 : CAUSE_ILLEGAL);
            }
        }
    }
}

static void test_counter_values(void **state)
{
    (void)state;
    const u32 program[] = {
        CSRRW(0, CSR_MINSTRET, a0),
        CSRRS(a1, CSR_MINSTRET, 0),
        NOP,
        CSRRS(a2, CSR_MINSTRET, 0),
        CSRRW(a3, CSR_MINSTRET, zero),
        CSRRS(a4, CSR_MINSTRET, 0),
        /* stopped by mcountinhibit.IR */
        CSRRWI(0, CSR_MCOUNTINHIBIT, 4),
        NOP,
        NOP,
        CSRRS(a5, CSR_MINSTRET, 0),
        CSRRWI(0, CSR_MCOUNTINHIBIT, 0),
        CSRRS(a6, CSR_MINSTRET, 0),
    };
    rig_words(&rig, CODE, program, ARRAY_LENGTH(program));
    h->x[a0] = UINT64_MAX;
    rig_run(&rig, ARRAY_LENGTH(program));
    assert_int_equal(h->x[a1], UINT64_MAX); /* the write replaces the write's own count */
    assert_int_equal(h->x[a2], 1);          /* and it wraps around */
    assert_int_equal(h->x[a3], 2);
    assert_int_equal(h->x[a4], 0);
    assert_int_equal(h->x[a5], h->x[a6]);
    assert_int_equal(h->x[a5], 2);
    assert_int_equal(hart_executed(h), ARRAY_LENGTH(program));
}

static void test_time_is_instructions(void **state)
{
    (void)state;
    const u32 program[] = {CSRRS(a0, CSR_TIME, 0), CSRRS(a1, CSR_CYCLE, 0), JAL(0, -8)};
    rig_words(&rig, CODE, program, 3);
    rig_run(&rig, 3 * 1000);
    assert_int_equal(h->x[a0], 2997 / 100);
    assert_int_equal(h->x[a1], 2998);
    assert_int_equal(rig.clock.now, 3000);
}

/* Interrupts of every kind, each privilege: taken or not, and by whom. */
static void test_interrupt_rules(void **state)
{
    (void)state;
    static const u8 lines[] = {IRQ_SSI, IRQ_MSI, IRQ_STI, IRQ_MTI, IRQ_SEI, IRQ_MEI};
    for (unsigned n = 0; n < 6 * 3 * 2 * 2 * 2; n++) {
        unsigned line = lines[n % 6], mode = n / 6 % 3, priv = mode == 2 ? 3 : mode;
        bool sie = n / 18 & 1, mie = n / 36 & 1, delegated = n / 72 & 1;
        hart_reset(h);
        csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
        csr_poke(h, CSR_PMPCFG0, 0x1f);
        csr_poke(h, CSR_MTVEC, MVEC | 1);
        csr_poke(h, CSR_STVEC, SVEC | 1);
        csr_poke(h, CSR_MIDELEG, delegated ? UINT64_MAX : 0);
        csr_poke(h, CSR_MIE, UINT64_MAX);
        csr_poke(h, CSR_MSTATUS, (sie ? MSTATUS_SIE : 0) | (mie ? MSTATUS_MIE : 0));
        hart_set_privilege(h, priv);
        hart_set_line(h, line, true);
        h->pc = CODE;
        rig_run(&rig, 1);
        bool supervisor = delegated && (BIT(line) & 0x222);
        bool taken = supervisor ? priv == 0 || (priv == 1 && sie) : priv < 3 || mie;
        if (!taken) {
            assert_int_equal(h->pc, CODE + 4);
            continue;
        }
        u64 vector = (supervisor ? SVEC : MVEC) + 4 * line;
        assert_int_equal(h->pc, vector + 4); /* one instruction of the handler */
        assert_int_equal(supervisor ? h->scause : h->mcause, CAUSE_INTERRUPT | line);
        assert_int_equal(supervisor ? h->sepc : h->mepc, CODE);
        assert_int_equal(h->priv, supervisor ? 1 : 3);
    }
}

static void test_interrupt_priority(void **state)
{
    (void)state;
    static const u8 order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
    csr_poke(h, CSR_MIE, UINT64_MAX);
    csr_poke(h, CSR_MSTATUS, MSTATUS_MIE);
    for (unsigned i = 0; i < 6; i++) {
        hart_set_line(h, order[i], true);
    }
    for (unsigned i = 0; i < 6; i++) {
        u64 cause = 0;
        assert_true(hart_interrupt_pending(h, &cause));
        assert_int_equal(cause, CAUSE_INTERRUPT | order[i]);
        hart_set_line(h, order[i], false);
    }
}

/* The event may come before any instruction of the program: it is taken right there. */
static void raise_line(void *ctx, u64 now)
{
    (void)ctx;
    (void)now;
    hart_set_line(h, IRQ_MEI, true);
}

static void test_interrupt_at_every_instruction(void **state)
{
    (void)state;
    const u32 program[] = {
        ADDI(a0, a0, 1),
        ADDI(a1, a1, 2),
        BEQ(zero, zero, 8),
        NOP,
        SD(a0, 0, sp),
        LD(a2, 0, sp),
        MUL(a3, a2, a1),
        JAL(ra, 8),
        NOP,
        BNE(zero, zero, -8),
        JALR(0, ra, 8),
        NOP,
    };
    rig_words(&rig, CODE, program, ARRAY_LENGTH(program));
    /* JALR goes to ra + 8: back to CODE + 0x28, then on; make it a loop over everything. */
    rig_word(&rig, CODE + 0x28, JAL(0, -0x28));
    u32 id = clock_register(&rig.clock, "line", raise_line, NULL);
    csr_poke(h, CSR_MIE, BIT(IRQ_MEI));
    u64 path[40];
    h->x[sp] = RIG_BASE + 0x4000;
    for (unsigned i = 0; i < 40; i++) {
        path[i] = h->pc;
        rig_run(&rig, 1);
    }
    for (u64 at = 0; at < 40; at++) {
        h->pc = CODE;
        csr_poke(h, CSR_MSTATUS, MSTATUS_MIE);
        hart_set_line(h, IRQ_MEI, false);
        clock_schedule(&rig.clock, id, rig.clock.now + at);
        rig_run(&rig, 40);
        assert_int_equal(h->mepc, path[at]);
        assert_int_equal(h->mcause, CAUSE_INTERRUPT | IRQ_MEI);
        assert_int_equal(h->pc, MVEC + 4 * (40 - at));
    }
}

static void test_stimecmp(void **state)
{
    (void)state;
    csr_poke(h, CSR_MENVCFG, ENVCFG_STCE);
    csr_poke(h, CSR_MCOUNTEREN, 2);
    csr_poke(h, CSR_MIDELEG, UINT64_MAX);
    csr_poke(h, CSR_MIE, UINT64_MAX);
    csr_poke(h, CSR_MSTATUS, MSTATUS_SIE);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    const u32 program[] = {CSRRW(0, CSR_STIMECMP, a0), ADDI(a1, a1, 1), JAL(0, -4)};
    rig_words(&rig, CODE, program, 3);
    h->x[a0] = 5;
    rig_run(&rig, 500);
    assert_int_equal(h->priv, PRIV_SUPERVISOR);
    assert_int_equal(h->scause, 0);
    rig_run(&rig, 1); /* the interrupt, and one instruction of the handler */
    assert_int_equal(h->scause, CAUSE_INTERRUPT | IRQ_STI);
    assert_int_equal(h->pc, SVEC + 4);
    assert_int_equal(h->x[a1], 250);
    u64 value;
    csr_peek(h, CSR_SIP, &value);
    assert_int_equal(value, BIT(IRQ_STI));
    csr_poke(h, CSR_STIMECMP, 6); /* later: the line falls */
    csr_peek(h, CSR_SIP, &value);
    assert_int_equal(value, 0);
    csr_poke(h, CSR_MIP, BIT(IRQ_STI)); /* software has no say while STCE is set */
    csr_peek(h, CSR_MIP, &value);
    assert_int_equal(value, 0);
}

static void test_wfi(void **state)
{
    (void)state;
    csr_poke(h, CSR_MIE, BIT(IRQ_MEI));
    rig_word(&rig, CODE, WFI);
    assert_int_equal(rig_run(&rig, 10), 1);
    assert_true(h->waiting);
    hart_set_line(h, IRQ_MTI, true); /* not enabled: sleeps on */
    assert_true(h->waiting);
    hart_set_line(h, IRQ_MEI, true); /* enabled in mie, though MIE is off: goes on behind */
    assert_false(h->waiting);
    rig_run(&rig, 2);
    assert_int_equal(h->pc, CODE + 12);
    h->pc = CODE; /* with something pending it is a nop */
    rig_run(&rig, 2);
    assert_int_equal(h->pc, CODE + 8);
}

static void test_seip_keeps_line_and_software_apart(void **state)
{
    (void)state;
    u64 value;
    hart_set_line(h, IRQ_SEI, true);
    execute_one(CSRRS(a0, CSR_MIP, a1)); /* a1 = 0 bits: rs1 is not x0, so it writes */
    assert_int_equal(h->x[a0], BIT(IRQ_SEI));
    hart_set_line(h, IRQ_SEI, false);
    csr_peek(h, CSR_MIP, &value);
    assert_int_equal(value, 0); /* the line was not copied */
    csr_poke(h, CSR_MIP, BIT(IRQ_SEI));
    csr_peek(h, CSR_MIP, &value);
    assert_int_equal(value, BIT(IRQ_SEI));
}

static void test_legal_values(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        u64 write, read;
    } cases[] = {
        {CSR_MIDELEG, UINT64_MAX, 0x222},
        {CSR_MIE, UINT64_MAX, 0xaaa},
        {CSR_MTVEC, 0x80000003, 0x80000001},
        {CSR_STVEC, 0x80000002, 0x80000000},
        {CSR_MEPC, 0x80000003, 0x80000002},
        {CSR_MCOUNTEREN, UINT64_MAX, 0xffffffff},
        {CSR_MCOUNTINHIBIT, UINT64_MAX, 5},
        {CSR_MENVCFG, UINT64_MAX, ENVCFG_FIOM | ENVCFG_CBZE | ENVCFG_ADUE | ENVCFG_STCE},
        {CSR_SENVCFG, UINT64_MAX, ENVCFG_FIOM | ENVCFG_CBZE},
        {CSR_SATP, (u64)8 << 60 | 0xffff12345678, (u64)8 << 60 | 0xffff12345678},
        {CSR_SATP, (u64)9 << 60, (u64)8 << 60 | 0xffff12345678}, /* no Sv48: nothing written */
        {CSR_SATP, (u64)1 << 60, (u64)8 << 60 | 0xffff12345678},
        {CSR_MSTATUS, (u64)2 << 11, MSTATUS_UXL | MSTATUS_SXL},
        {CSR_MSTATUS, UINT64_MAX, 0x8000000a007e79aa},
        {CSR_SSTATUS, 0, MSTATUS_UXL},
        {CSR_MISA, 0, (u64)2 << 62 | 0x14112f},
        {CSR_MHPMCOUNTER3, UINT64_MAX, 0},
        {CSR_MHPMEVENT31, UINT64_MAX, 0},
        {CSR_TSELECT, UINT64_MAX, 0},
    };
    csr_poke(h, CSR_MSTATUS, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        u64 value;
        csr_poke(h, cases[i].number, cases[i].write);
        assert_true(csr_peek(h, cases[i].number, &value));
        if (value != cases[i].read) {
            fail_msg("case %u: %lx instead of %lx", i, value, cases[i].read);
        }
    }
}

static void test_misaligned_atomics(void **state)
{
    (void)state;
    h->x[a1] = RIG_BASE + 0x4002;
    execute_one(LR_W(a0, a1));
    assert_machine_trap(CAUSE_LOAD_MISALIGNED, CODE, RIG_BASE + 0x4002, PRIV_MACHINE);
    h->pc = CODE;
    execute_one(SC_W(a0, a2, a1));
    assert_machine_trap(CAUSE_STORE_MISALIGNED, CODE, RIG_BASE + 0x4002, PRIV_MACHINE);
    h->pc = CODE;
    h->x[a1] = RIG_BASE + 0x4004;
    execute_one(AMOADD_D(a0, a2, a1));
    assert_machine_trap(CAUSE_STORE_MISALIGNED, CODE, RIG_BASE + 0x4004, PRIV_MACHINE);
}

static void test_reservations(void **state)
{
    (void)state;
    u64 word = RIG_BASE + 0x4000;
    h->x[a1] = word;
    h->x[a2] = 7;
    const u32 good[] = {LR_D(a0, a1), SC_D(a3, a2, a1), SC_D(a4, a2, a1)};
    rig_words(&rig, CODE, good, 3);
    rig_run(&rig, 3);
    assert_int_equal(h->x[a3], 0);
    assert_int_equal(h->x[a4], 1); /* used up */
    assert_int_equal(rig_peek(&rig, word), 7);
    const u32 lr_then_wait[] = {LR_D(a0, a1), NOP, SC_D(a3, a2, a1)};
    rig_words(&rig, CODE, lr_then_wait, 3);
    h->pc = CODE;
    rig_run(&rig, 2);
    rig_u64(&rig, word + 64, 1); /* any write from outside ends it */
    rig_run(&rig, 1);
    assert_int_equal(h->x[a3], 1);
    h->pc = CODE;
    rig_run(&rig, 2);
    hart_end_reservation(h); /* another hart ran */
    rig_run(&rig, 1);
    assert_int_equal(h->x[a3], 1);
}

/* An sc without reservation, to a page that cannot be written, still faults as a store. */
static void test_failing_sc_faults(void **state)
{
    (void)state;
    csr_poke(h, CSR_PMPADDR0, (RIG_BASE + 0x5000) >> 2);
    csr_poke(h, CSR_PMPADDR1, (RIG_BASE + 0x6000) >> 2);
    csr_poke(h, CSR_PMPADDR2, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f090f); /* TOR rwx, TOR r, NAPOT rwx */
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->x[a1] = RIG_BASE + 0x5000;
    execute_one(SC_W(a0, a2, a1));
    assert_machine_trap(CAUSE_STORE_ACCESS, CODE, RIG_BASE + 0x5000, PRIV_SUPERVISOR);
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->pc = CODE;
    execute_one(LD(a0, 0, a1));
    assert_int_equal(h->pc, CODE + 4);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_ecall_from_each_mode),
        CASE(test_delegation),
        CASE(test_illegal_has_its_bits),
        CASE(test_float_makes_fs_dirty),
        CASE(test_returns),
        CASE(test_forbidden),
        CASE(test_counters_open_step_by_step),
        CASE(test_counter_values),
        CASE(test_time_is_instructions),
        CASE(test_interrupt_rules),
        CASE(test_interrupt_priority),
        CASE(test_interrupt_at_every_instruction),
        CASE(test_stimecmp),
        CASE(test_wfi),
        CASE(test_seip_keeps_line_and_software_apart),
        CASE(test_legal_values),
        CASE(test_misaligned_atomics),
        CASE(test_reservations),
        CASE(test_failing_sc_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
