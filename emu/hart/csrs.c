/* SPDX-License-Identifier: MIT */
/*
 * csrs.c - see csrs.h.
 *
 * Values that registers cannot hold: MPP 2 keeps the old field; a reserved xtvec mode becomes the
 * nearest lower one (bit 1 reads 0); a satp with an unknown mode is not written at all; W without R
 * in a PMP entry loses W; everything else is a mask.
 */
#include "emu/hart/csrs.h"

#include "emu/hart/hook.h"
#include "emu/hart/walk.h"

#define MSTATUS_WRITABLE                                                                        \
    (SSTATUS_WRITABLE | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM | \
     MSTATUS_TW | MSTATUS_TSR)
#define IRQ_SUPERVISOR (BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI))
#define IRQ_ALL (IRQ_SUPERVISOR | BIT(IRQ_MSI) | BIT(IRQ_MTI) | BIT(IRQ_MEI))
/* Exceptions that S-mode can get: all but ecall from M (11) and the ones not implemented. */
#define DELEGABLE ((u64)0xb3ff)
#define INHIBIT_CY 1u
#define INHIBIT_IR 4u
#define PMP_CONFIG_WRITABLE 0x9fu
#define PMP_LOCKED 0x80u
#define PMP_IS_TOR(config) (((config) >> 3 & 3) == 1)

/* The register exists on this hart. */
static bool exists(const struct hart *h, unsigned number)
{
    u32 needed;
    switch (number) {
#define CSR(value, NAME, name, extensions) \
    case value:                            \
        needed = (u32)(extensions);        \
        break;
#include "emu/isa/csr.def"
    default:
        return false;
    }
    return (h->extensions & needed) == needed;
}

/* Rules that depend on state rather than on the number alone. */
static bool may_access(const struct hart *h, unsigned number)
{
    if (h->priv < csr_privilege(number)) {
        return false;
    }
    if (number >= CSR_FFLAGS && number <= CSR_FCSR) {
        return (h->mstatus & MSTATUS_FS) != 0;
    }
    if (number >= CSR_CYCLE && number <= CSR_HPMCOUNTER31) {
        unsigned bit = number & 31;
        return h->priv == PRIV_MACHINE ||
               ((h->mcounteren >> bit & 1) &&
                (h->priv == PRIV_SUPERVISOR || (h->scounteren >> bit & 1)));
    }
    if (number == CSR_SATP) {
        return !(h->priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_TVM));
    }
    if (number == CSR_STIMECMP) {
        return h->priv == PRIV_MACHINE || ((h->menvcfg & ENVCFG_STCE) && (h->mcounteren & 2));
    }
    return true;
}

static u64 read_status(const struct hart *h)
{
    bool dirty = (h->mstatus & MSTATUS_FS) == MSTATUS_FS;
    return h->mstatus | MSTATUS_UXL | MSTATUS_SXL | (dirty ? MSTATUS_SD : 0);
}

static u64 read_misa(const struct hart *h)
{
    static const struct {
        u32 extension;
        char letter;
    } letters[] = {{ISA_A, 'a'}, {ISA_C, 'c'}, {ISA_D, 'd'},
                   {ISA_F, 'f'}, {ISA_I, 'i'}, {ISA_M, 'm'},
                   {ISA_S, 's'}, {ISA_U, 'u'}, {ISA_ZBA | ISA_ZBB | ISA_ZBS, 'b'}};
    u64 misa = (u64)2 << 62;
    for (unsigned i = 0; i < ARRAY_LENGTH(letters); i++) {
        if ((h->extensions & letters[i].extension) == letters[i].extension) {
            misa |= BIT(letters[i].letter - 'a');
        }
    }
    return misa;
}

static u64 read_cycle(const struct hart *h)
{
    return h->cycle_offset + (h->mcountinhibit & INHIBIT_CY ? 0 : hart_executed(h));
}

u64 hart_instret(const struct hart *h)
{
    return h->instret_offset + (h->mcountinhibit & INHIBIT_IR ? 0 : hart_retired(h));
}

static u64 now_ticks(const struct hart *h)
{
    return (h->clock->now + (u64)(h->granted - h->budget)) / CLOCK_NS_PER_TICK;
}

static u64 read_pmp_config(const struct hart *h, unsigned first)
{
    u64 value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | h->pmp_config[first + i];
    }
    return value;
}

/* One register, one line. */
// clang-format off
static u64 read_csr(const struct hart *h, unsigned number)
{
    switch (number) {
    case CSR_FFLAGS: return h->fflags;
    case CSR_FRM: return h->frm;
    case CSR_FCSR: return h->frm << 5 | h->fflags;
    case CSR_CYCLE:
    case CSR_MCYCLE: return read_cycle(h);
    case CSR_TIME: return now_ticks(h);
    case CSR_INSTRET:
    case CSR_MINSTRET: return hart_instret(h);
    case CSR_SSTATUS: return read_status(h) & (SSTATUS_WRITABLE | MSTATUS_UXL | MSTATUS_SD);
    case CSR_SIE: return h->mie & h->mideleg;
    case CSR_SIP: return (h->mip | h->mip_software) & h->mideleg;
    case CSR_STVEC: return h->stvec;
    case CSR_SCOUNTEREN: return h->scounteren;
    case CSR_SENVCFG: return h->senvcfg;
    case CSR_SSCRATCH: return h->sscratch;
    case CSR_SEPC: return h->sepc;
    case CSR_SCAUSE: return h->scause;
    case CSR_STVAL: return h->stval;
    case CSR_STIMECMP: return h->stimecmp;
    case CSR_SATP: return h->satp;
    case CSR_MHARTID: return h->id;
    case CSR_MSTATUS: return read_status(h);
    case CSR_MISA: return read_misa(h);
    case CSR_MEDELEG: return h->medeleg;
    case CSR_MIDELEG: return h->mideleg;
    case CSR_MIE: return h->mie;
    case CSR_MIP: return h->mip | h->mip_software;
    case CSR_MTVEC: return h->mtvec;
    case CSR_MCOUNTEREN: return h->mcounteren;
    case CSR_MCOUNTINHIBIT: return h->mcountinhibit;
    case CSR_MENVCFG: return h->menvcfg;
    case CSR_MSCRATCH: return h->mscratch;
    case CSR_MEPC: return h->mepc;
    case CSR_MCAUSE: return h->mcause;
    case CSR_MTVAL: return h->mtval;
    case CSR_PMPCFG0: return read_pmp_config(h, 0);
    case CSR_PMPCFG2: return read_pmp_config(h, 8);
    default: break;
    }
    if (number >= CSR_PMPADDR0 && number <= CSR_PMPADDR15) {
        return h->pmp_address[number - CSR_PMPADDR0];
    }
    return 0; /* hardware performance counters, their events, identification */
}
// clang-format on

static void write_status(struct hart *h, u64 value, u64 writable)
{
    if (bits_get(value, MSTATUS_MPP_SHIFT, 2) == 2) {
        writable &= ~MSTATUS_MPP;
    }
    h->mstatus = (h->mstatus & ~writable) | (value & writable);
    struct tlb_context *before = h->context;
    hart_select_contexts(h);
    if (before->satp == h->context->satp &&
        (before->mode ^ h->context->mode) == TLB_MODE(0, 1, 0)) {
        before->twin = h->context;
        h->context->twin = before;
    }
    h->stop |= STOP_EVENTS;
}

static void write_satp(struct hart *h, u64 value)
{
    u64 mode = value >> SATP_MODE_SHIFT;
    if (mode != SATP_BARE && mode != SATP_SV39 &&
        !(mode == SATP_SV48 && (h->extensions & ISA_SV48))) {
        return;
    }
    u64 old = h->satp;
    h->satp = value;
    hart_select_contexts(h);
    h->fetch_page = FETCH_NONE;
    if (h->hook && h->hook->satp_write) {
        hart_sync(h);
        h->hook->satp_write(h->hook->ctx, h, old, value);
    }
}

/* STIP follows the comparator when Sstc is in force; else software owns it. */
static void update_timer(struct hart *h)
{
    bool on = (h->menvcfg & ENVCFG_STCE) != 0;
    u64 deadline = clock_tick_deadline(h->stimecmp);
    hart_sync(h);
    bool due = on && clock_ticks(h->clock) >= h->stimecmp;
    hart_set_line(h, IRQ_STI, due);
    clock_schedule(h->clock, h->stimecmp_event, on && !due ? deadline : CLOCK_NEVER);
}

static void write_menvcfg(struct hart *h, u64 value)
{
    u64 writable = ENVCFG_FIOM | (h->extensions & ISA_ZICBOZ ? ENVCFG_CBZE : 0) |
                   (h->extensions & ISA_ZICBOM ? ENVCFG_CBIE | ENVCFG_CBCFE : 0) |
                   (h->extensions & ISA_SVADU ? ENVCFG_ADUE : 0) |
                   (h->extensions & ISA_SSTC ? ENVCFG_STCE : 0);
    bool had_timer = (h->menvcfg & ENVCFG_STCE) != 0;
    h->menvcfg = value & writable;
    if ((h->menvcfg & ENVCFG_STCE) || had_timer) {
        h->mip_software &= ~BIT(IRQ_STI);
        update_timer(h);
    }
}

static void write_pmp_config(struct hart *h, unsigned first, u64 value)
{
    for (unsigned i = 0; i < 8; i++) {
        u8 config = (u8)(value >> (8 * i)) & PMP_CONFIG_WRITABLE;
        if ((config & 3) == 2) {
            config &= (u8)~2u;
        }
        if (!(h->pmp_config[first + i] & PMP_LOCKED)) {
            h->pmp_config[first + i] = config;
        }
    }
    pmp_update(h);
}

static void write_pmp_address(struct hart *h, unsigned i, u64 value)
{
    bool bounds_locked = i + 1 < PMP_ENTRIES && (h->pmp_config[i + 1] & PMP_LOCKED) &&
                         PMP_IS_TOR(h->pmp_config[i + 1]);
    if (!(h->pmp_config[i] & PMP_LOCKED) && !bounds_locked) {
        h->pmp_address[i] = value & (BIT(54) - 1);
        pmp_update(h);
    }
}

/* after: what hart_executed will be when the write takes effect. */
static void write_counter(struct hart *h, unsigned number, u64 value, u64 after)
{
    if (number == CSR_MCYCLE) {
        h->cycle_offset = value - (h->mcountinhibit & INHIBIT_CY ? 0 : after);
    } else {
        h->instret_offset = value - (h->mcountinhibit & INHIBIT_IR ? 0 : after - h->trapped);
    }
}

static void write_inhibit(struct hart *h, u64 value, u64 after)
{
    u64 cycle = h->cycle_offset + (h->mcountinhibit & INHIBIT_CY ? 0 : after);
    u64 instret = h->instret_offset + (h->mcountinhibit & INHIBIT_IR ? 0 : after - h->trapped);
    h->mcountinhibit = value & (INHIBIT_CY | INHIBIT_IR);
    write_counter(h, CSR_MCYCLE, cycle, after);
    write_counter(h, CSR_MINSTRET, instret, after);
}

/* The bits of mip that software owns, of those in `mask`. */
static void write_ip(struct hart *h, u64 value, u64 mask)
{
    if (h->menvcfg & ENVCFG_STCE) {
        mask &= ~BIT(IRQ_STI);
    }
    h->mip_software = (h->mip_software & ~mask) | (value & mask);
    h->stop |= STOP_EVENTS;
}

static void write_ie(struct hart *h, u64 value, u64 mask)
{
    h->mie = (h->mie & ~mask) | (value & mask);
    h->stop |= STOP_EVENTS;
}

static void write_float(struct hart *h, unsigned number, u64 value)
{
    if (number != CSR_FRM) {
        h->fflags = (u32)value & 31;
    }
    if (number != CSR_FFLAGS) {
        h->frm = (u32)(number == CSR_FRM ? value : value >> 5) & 7;
    }
    h->mstatus |= MSTATUS_FS;
}

// clang-format off
static void write_csr(struct hart *h, unsigned number, u64 value, u64 after)
{
    switch (number) {
    case CSR_FFLAGS:
    case CSR_FRM:
    case CSR_FCSR: write_float(h, number, value); break;
    case CSR_SSTATUS: write_status(h, value, SSTATUS_WRITABLE); break;
    case CSR_SIE: write_ie(h, value, h->mideleg); break;
    case CSR_SIP: write_ip(h, value, h->mideleg & BIT(IRQ_SSI)); break;
    case CSR_STVEC: h->stvec = value & ~(u64)2; break;
    case CSR_SCOUNTEREN: h->scounteren = (u32)value; break;
    case CSR_SENVCFG:
        h->senvcfg = value & (ENVCFG_FIOM | (h->extensions & ISA_ZICBOZ ? ENVCFG_CBZE : 0) |
                              (h->extensions & ISA_ZICBOM ? ENVCFG_CBIE | ENVCFG_CBCFE : 0));
        break;
    case CSR_SSCRATCH: h->sscratch = value; break;
    case CSR_SEPC: h->sepc = value & ~(u64)1; break;
    case CSR_SCAUSE: h->scause = value; break;
    case CSR_STVAL: h->stval = value; break;
    case CSR_STIMECMP:
        h->stimecmp = value;
        update_timer(h);
        break;
    case CSR_SATP: write_satp(h, value); break;
    case CSR_MSTATUS: write_status(h, value, MSTATUS_WRITABLE); break;
    case CSR_MEDELEG: h->medeleg = value & DELEGABLE; break;
    case CSR_MIDELEG:
        h->mideleg = value & IRQ_SUPERVISOR;
        h->stop |= STOP_EVENTS;
        break;
    case CSR_MIE: write_ie(h, value, IRQ_ALL); break;
    case CSR_MIP: write_ip(h, value, IRQ_SUPERVISOR); break;
    case CSR_MTVEC: h->mtvec = value & ~(u64)2; break;
    case CSR_MCOUNTEREN: h->mcounteren = (u32)value; break;
    case CSR_MCOUNTINHIBIT: write_inhibit(h, value, after); break;
    case CSR_MENVCFG: write_menvcfg(h, value); break;
    case CSR_MSCRATCH: h->mscratch = value; break;
    case CSR_MEPC: h->mepc = value & ~(u64)1; break;
    case CSR_MCAUSE: h->mcause = value; break;
    case CSR_MTVAL: h->mtval = value; break;
    case CSR_MCYCLE:
    case CSR_MINSTRET: write_counter(h, number, value, after); break;
    case CSR_PMPCFG0: write_pmp_config(h, 0, value); break;
    case CSR_PMPCFG2: write_pmp_config(h, 8, value); break;
    default:
        if (number >= CSR_PMPADDR0 && number <= CSR_PMPADDR15) {
            write_pmp_address(h, number - CSR_PMPADDR0, value);
        }
        break; /* the others have no writable bit */
    }
}
// clang-format on

/* What set and clear start from: the external line of SEIP is not copied into the software bit. */
static u64 modify_base(const struct hart *h, unsigned number, u64 read)
{
    return number == CSR_MIP ? h->mip_software : read;
}

bool hart_csr(struct hart *h, unsigned number, enum csr_operation operation, bool read, bool write,
              u64 operand, u64 *old, u32 bits)
{
    if (!exists(h, number) || !may_access(h, number) || (write && csr_read_only(number))) {
        hart_illegal(h, bits);
        return false;
    }
    u64 value = read || operation != CSR_WRITE ? read_csr(h, number) : 0;
    *old = value;
    if (write) {
        u64 base = modify_base(h, number, value);
        u64 result = operation == CSR_WRITE ? operand
                     : operation == CSR_SET ? base | operand
                                            : base & ~operand;
        write_csr(h, number, result, hart_executed(h) + 1);
    }
    return true;
}

bool csr_peek(const struct hart *h, unsigned number, u64 *value)
{
    if (!exists(h, number)) {
        return false;
    }
    *value = read_csr(h, number);
    return true;
}

bool csr_poke(struct hart *h, unsigned number, u64 value)
{
    if (!exists(h, number) || csr_read_only(number)) {
        return false;
    }
    write_csr(h, number, value, hart_executed(h));
    return true;
}
