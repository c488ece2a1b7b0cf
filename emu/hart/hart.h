/* SPDX-License-Identifier: MIT */
/*
 * hart.h - one RISC-V hart: registers, privileged state, counters, and what engines and the rest
 * of the machine do with them.
 *
 * Counting (house law: one clock).  The run loop grants a number of instructions (hart_grant); the
 * engine takes one from `budget` for each instruction it executes, trapping ones included.  What
 * has been used since the last hart_sync is not yet in clock->now nor in `executed`.  Whenever code
 * outside of the engine can run (device access, hook, trap, CSR access) pc and budget are exact and
 * the counters have been synchronised, so hart_instret, clock_now and hart_executed hold there.
 *
 * Interrupts are taken before the next instruction after anything that can make one pending; all
 * such things set STOP_EVENTS.  Engines test `stop` after every slow operation and at entry.
 *
 * The TLB is machine state (tlb.h): saved with the hart, the same for every engine.
 *
 * A hart belongs to the machine's thread.  Source: RISC-V ISA manual volume II (2024), chapters 2,
 * 3, 10, 12; volume I for counters, A, F, D, Zicboz.
 */
#ifndef FAULTLINE_HART_H
#define FAULTLINE_HART_H

#include "emu/base/bits.h"
#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/hart/tlb.h"
#include "emu/isa/csr.h"
#include "emu/isa/insn.h"
#include "emu/isa/pte.h"
#include "emu/mem/bus.h"
#include "emu/mem/ram.h"
#include "emu/mem/serial.h"
#include "emu/time/clock.h"

enum privilege { PRIV_USER = 0, PRIV_SUPERVISOR = 1, PRIV_MACHINE = 3 };

/* xcause of exceptions. */
enum trap_cause {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_USER = 8,
    CAUSE_ECALL_SUPERVISOR = 9,
    CAUSE_ECALL_MACHINE = 11,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
};
#define CAUSE_INTERRUPT BIT(63)

/* Bits of mip and mie, which are also the numbers in xcause. */
enum interrupt {
    IRQ_SSI = 1,
    IRQ_MSI = 3,
    IRQ_STI = 5,
    IRQ_MTI = 7,
    IRQ_SEI = 9,
    IRQ_MEI = 11,
};

#define MSTATUS_SIE BIT(1)
#define MSTATUS_MIE BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP BIT(8)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPP ((u64)3 << MSTATUS_MPP_SHIFT)
#define MSTATUS_FS ((u64)3 << 13) /* 0 off, 1 initial, 2 clean, 3 dirty */
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM BIT(18)
#define MSTATUS_MXR BIT(19)
#define MSTATUS_TVM BIT(20)
#define MSTATUS_TW BIT(21)
#define MSTATUS_TSR BIT(22)
#define MSTATUS_UXL ((u64)2 << 32)
#define MSTATUS_SXL ((u64)2 << 34)
#define MSTATUS_SD BIT(63)

#define ENVCFG_FIOM BIT(0)
#define ENVCFG_CBIE ((u64)3 << 4)
#define ENVCFG_CBCFE BIT(6)
#define ENVCFG_CBZE BIT(7)
#define ENVCFG_ADUE BIT(61)
#define ENVCFG_STCE BIT(63)

#define PMP_ENTRIES 16
#define CBO_BLOCK 64 /* bytes that cbo.zero clears */

/* Why an engine should come back after the present instruction. */
enum stop_reason {
    STOP_EVENTS = 1, /* interrupts have to be looked at again (the engine does it itself) */
    STOP_RETURN = 2, /* return to the run loop (EXIT_STOP) */
};

struct hook;
struct engine;
struct hart;

/* What the machine does for a hart; each may be NULL. */
struct hart_host {
    void *ctx;
    /*
     * ECALL from S-mode with pc at the ecall.  True: handled, the results are in a0 and a1 and pc
     * goes on behind the ecall (unless the callee moved it: it may change any state).  False: the
     * usual trap.
     */
    bool (*environment_call)(void *ctx, struct hart *hart);
};

struct hart_config {
    u32 id;
    u32 extensions; /* ISA_ bits, normally ISA_DEFAULT */
};

struct hart {
    /* Reached by offset from translated code: asserted below.  x[32] takes writes to x0. */
    u64 x[33];
    u64 pc;
    u64 f[32]; /* singles NaN-boxed */
    i64 budget;
    struct tlb_context *context;       /* of loads and stores (MPRV is in it) */
    struct tlb_context *fetch_context; /* of instructions */
    u64 fetch_page;     /* virtual address of the page instructions come from, or FETCH_NONE */
    u64 fetch_physical; /* where that page is: in RAM, uniformly executable */
    u32 stop;           /* STOP_ bits */
    u32 fflags, frm;
    u8 priv;      /* enum privilege */
    bool waiting; /* WFI: nothing to execute until hart_set_line or an event wakes it */

    u64 mstatus; /* SD is made on reading */
    u64 mip;     /* lines and software bits together; SEIP by software is in mip_software */
    u64 mip_software;
    u64 mie, medeleg, mideleg;
    u64 mtvec, mscratch, mepc, mcause, mtval;
    u64 stvec, sscratch, sepc, scause, stval;
    u64 satp, stimecmp, menvcfg, senvcfg;
    u64 mcounteren, scounteren, mcountinhibit;

    /* Counters: see hart_sync. */
    i64 granted;        /* budget at the last hart_sync */
    u64 executed;       /* instructions up to there, trapping ones included */
    u64 trapped;        /* of these, the ones that did not retire */
    u64 cycle_offset;   /* mcycle = executed + offset; with mcountinhibit: the frozen value */
    u64 instret_offset; /* minstret = executed - trapped + offset; likewise */

    /* LR/SC: bytes reserved, physical; reservation_size 0 when there is none. */
    u64 reservation;
    u32 reservation_size;
    u64 reservation_dma; /* ram->dma_writes when it was made */

    u8 pmp_config[PMP_ENTRIES];
    u64 pmp_address[PMP_ENTRIES];                      /* as written: address >> 2 */
    u64 pmp_first[PMP_ENTRIES], pmp_last[PMP_ENTRIES]; /* derived, in bytes; first > last: off */
    bool pmp_open; /* derived: one entry gives S and U every right and nothing binds M */

    struct tlb tlb;

    struct counters counters;
    u64 mode_since; /* hart_executed() when the present privilege began to count */

    /* Links, not state. */
    u32 id, extensions;
    struct ram *ram;
    struct bus *bus;
    struct clock *clock;
    const struct hook *hook; /* NULL: nobody looks */
    struct hart_host host;
    struct engine *engine;
    u32 stimecmp_event; /* id on the clock */
};

#define FETCH_NONE UINT64_MAX

_Static_assert(offsetof(struct hart, x) == 0, "translated code relies on it");
_Static_assert(offsetof(struct hart, pc) == 264, "translated code relies on it");
_Static_assert(offsetof(struct hart, f) == 272, "translated code relies on it");

/*
 * Registers "stimecmp" of this hart on the clock.  ram, bus and clock outlive the hart.  The hart
 * is reset.
 */
bool hart_init(struct hart *h, const struct hart_config *config, struct ram *ram, struct bus *bus,
               struct clock *clock, struct error *err);
void hart_destroy(struct hart *h);
/* Power on: M-mode, pc 0, TLB empty, menvcfg.ADUE set if there is Svadu.  Links stay. */
void hart_reset(struct hart *h);
/*
 * As firmware hands over to a supervisor: S-mode at pc, a0 = hart id, a1 = argument, PMP open,
 * traps and interrupts delegated, counters and the time comparator open, satp 0, sstatus.SIE 0.
 */
void hart_start_supervisor(struct hart *h, u64 pc, u64 argument);

/* Brings the counters of instructions by mode up to now. */
void hart_count_mode(struct hart *h);

/* Between runs: allows `instructions` from now on; what was left of an earlier grant is void. */
void hart_grant(struct hart *h, i64 instructions);
/* Brings clock->now and h->executed up to h->budget. */
static inline void hart_sync(struct hart *h)
{
    u64 used = (u64)(h->granted - h->budget);
    h->granted = h->budget;
    h->executed += used;
    h->clock->now += used;
}
/* Instructions that this hart executed, trapping ones included. */
static inline u64 hart_executed(const struct hart *h)
{
    return h->executed + (u64)(h->granted - h->budget);
}
/* Retired instructions since power on, whatever software wrote to minstret. */
static inline u64 hart_retired(const struct hart *h)
{
    return hart_executed(h) - h->trapped;
}
/* minstret as software sees it. */
u64 hart_instret(const struct hart *h);

/* An interrupt line (bit of mip: MSI, MTI, MEI, SEI, STI) or the SBI's SSI changes its level. */
void hart_set_line(struct hart *h, unsigned bit, bool level);
/* True when an interrupt would be taken now; *cause gets xcause. */
bool hart_interrupt_pending(const struct hart *h, u64 *cause);
/* Takes the interrupt if one is pending; executes nothing, counts nothing. */
bool hart_take_interrupt(struct hart *h);
/* True when something that is enabled in mie is pending: what ends a WFI. */
static inline bool hart_wakes(const struct hart *h)
{
    return ((h->mip | h->mip_software) & h->mie) != 0;
}
/*
 * The instruction at h->pc traps (budget still without it): counts it, tells the hook, enters the
 * handler.
 */
void hart_trap(struct hart *h, u64 cause, u64 tval);
/* hart_trap(CAUSE_ILLEGAL); bits: the instruction as fetched. */
void hart_illegal(struct hart *h, u32 bits);
/* Ends a reservation: the run loop calls it when it goes from one hart to another. */
void hart_end_reservation(struct hart *h);
/* Privilege, satp, SUM, MXR, MPRV or MPP changed: selects the contexts. */
void hart_select_contexts(struct hart *h);
void hart_set_privilege(struct hart *h, unsigned priv);
/* The privilege that loads and stores have (MPRV). */
static inline unsigned hart_data_privilege(const struct hart *h)
{
    return h->mstatus & MSTATUS_MPRV ? (unsigned)bits_get(h->mstatus, MSTATUS_MPP_SHIFT, 2)
                                     : h->priv;
}

/*
 * Instructions that engines share.  pc and budget are exact before the instruction.  They return
 * false when the instruction trapped (everything is done then, the count too); true: it was
 * executed, and the caller counts it and moves pc (xret and the handled ecall move pc themselves).
 */
bool hart_ecall(struct hart *h, bool *moved);
bool hart_mret(struct hart *h, u32 bits);
bool hart_sret(struct hart *h, u32 bits);
bool hart_wfi(struct hart *h, u32 bits);
bool hart_sfence_vma(struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid, u32 bits);
bool hart_cbo_zero(struct hart *h, u64 va, u32 bits);
/* cbo.inval, clean, flush: no caches, so only the checks remain. */
bool hart_cbo_manage(struct hart *h, u64 va, u32 bits);
/* `slti x0, rs1, event` when a hook is there. */
void hart_probe(struct hart *h, unsigned event, u64 abi);

/* Drops translations as sfence.vma does; also for the SBI's remote fences. */
void hart_fence(struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid);

void hart_save(const struct hart *h, struct serial_writer *writer);
bool hart_load_state(struct hart *h, struct serial_reader *reader, struct error *err);

#endif
