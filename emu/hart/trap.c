/* SPDX-License-Identifier: MIT */
/*
 * trap.c - traps, interrupts, and the privileged instructions.
 *
 * Privileged specification, "Trap-Return Instructions", "Wait for Interrupt", "Machine Trap
 * Registers", "Supervisor Memory-Management Fence".
 */
#include "emu/hart/access.h"
#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "probe.h"

void hart_select_contexts(struct hart *h)
{
    u64 satp = h->priv == PRIV_MACHINE || pte_levels(h->satp) == 0 ? 0 : h->satp;
    u32 mode = TLB_MODE(h->priv, 0, 0);
    if (!h->fetch_context || h->fetch_context->satp != satp || h->fetch_context->mode != mode) {
        h->fetch_context = tlb_select(&h->tlb, satp, mode);
        h->fetch_page = FETCH_NONE;
    }
    unsigned priv = hart_data_privilege(h);
    satp = priv == PRIV_MACHINE || pte_levels(h->satp) == 0 ? 0 : h->satp;
    /* Where SUM and MXR mean nothing they do not split contexts. */
    bool sum = satp && priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_SUM);
    bool mxr = satp && (h->mstatus & MSTATUS_MXR);
    mode = TLB_MODE(priv, sum, mxr);
    if (!h->context || h->context->satp != satp || h->context->mode != mode) {
        h->context = tlb_select(&h->tlb, satp, mode);
    }
}

void hart_count_mode(struct hart *h)
{
    u64 now = hart_executed(h);
    *(h->priv == PRIV_USER         ? &h->counters.user_instructions
      : h->priv == PRIV_SUPERVISOR ? &h->counters.supervisor_instructions
                                   : &h->counters.machine_instructions) += now - h->mode_since;
    h->mode_since = now;
}

void hart_set_privilege(struct hart *h, unsigned priv)
{
    hart_count_mode(h);
    h->priv = (u8)priv;
    hart_select_contexts(h);
}

/* Where a trap goes: the vector is used for interrupts only. */
static u64 vector(u64 tvec, u64 cause)
{
    u64 base = tvec & ~(u64)3;
    return (tvec & 1) && (cause & CAUSE_INTERRUPT) ? base + 4 * (cause & ~CAUSE_INTERRUPT) : base;
}

static void enter_supervisor(struct hart *h, u64 cause, u64 tval)
{
    u64 status = h->mstatus & ~(MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);
    status |= h->mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0;
    status |= h->priv != PRIV_USER ? MSTATUS_SPP : 0;
    h->mstatus = status;
    h->sepc = h->pc;
    h->scause = cause;
    h->stval = tval;
    h->pc = vector(h->stvec, cause);
    hart_set_privilege(h, PRIV_SUPERVISOR);
}

static void enter_machine(struct hart *h, u64 cause, u64 tval)
{
    u64 status = h->mstatus & ~(MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_MIE);
    status |= h->mstatus & MSTATUS_MIE ? MSTATUS_MPIE : 0;
    status |= (u64)h->priv << MSTATUS_MPP_SHIFT;
    h->mstatus = status;
    h->mepc = h->pc;
    h->mcause = cause;
    h->mtval = tval;
    h->pc = vector(h->mtvec, cause);
    hart_set_privilege(h, PRIV_MACHINE);
}

static void enter(struct hart *h, u64 cause, u64 tval, bool to_supervisor)
{
    hart_sync(h);
    if (h->hook && h->hook->trap_enter) {
        h->hook->trap_enter(h->hook->ctx, h, cause, tval, h->pc, h->priv,
                            to_supervisor ? PRIV_SUPERVISOR : PRIV_MACHINE, hart_retired(h));
    }
    if (to_supervisor) {
        enter_supervisor(h, cause, tval);
    } else {
        enter_machine(h, cause, tval);
    }
    h->fetch_page = FETCH_NONE;
}

void hart_trap(struct hart *h, u64 cause, u64 tval)
{
    h->counters.exceptions++;
    h->counters.page_faults +=
        cause == CAUSE_FETCH_PAGE || cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE;
    enter(h, cause, tval, h->priv != PRIV_MACHINE && (h->medeleg >> cause & 1));
    h->budget--;
    h->trapped++;
}

void hart_illegal(struct hart *h, u32 bits)
{
    hart_trap(h, CAUSE_ILLEGAL, bits);
}

bool hart_interrupt_pending(const struct hart *h, u64 *cause)
{
    /* In the order of priority. */
    static const u8 order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
    u64 pending = (h->mip | h->mip_software) & h->mie;
    if (LIKELY(!pending)) {
        return false;
    }
    bool machine = h->priv != PRIV_MACHINE || (h->mstatus & MSTATUS_MIE);
    bool supervisor =
        h->priv == PRIV_USER || (h->priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_SIE));
    u64 taken = machine ? pending & ~h->mideleg : 0;
    if (!taken) {
        taken = supervisor ? pending & h->mideleg : 0;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(order); i++) {
        if (taken >> order[i] & 1) {
            *cause = CAUSE_INTERRUPT | order[i];
            return true;
        }
    }
    return false;
}

bool hart_take_interrupt(struct hart *h)
{
    u64 cause;
    if (!hart_interrupt_pending(h, &cause)) {
        return false;
    }
    h->waiting = false;
    h->counters.interrupts++;
    enter(h, cause, 0, (h->mideleg >> (cause & 63) & 1) != 0);
    return true;
}

void hart_set_line(struct hart *h, unsigned bit, bool level)
{
    /* SSI has no line: what the SBI raises is cleared by the supervisor through sip. */
    u64 *word = bit == IRQ_SSI ? &h->mip_software : &h->mip;
    u64 value = level ? *word | BIT(bit) : *word & ~BIT(bit);
    if (value != *word) {
        *word = value;
        h->stop |= STOP_EVENTS;
        if (hart_wakes(h)) {
            h->waiting = false;
        }
    }
}

void hart_end_reservation(struct hart *h)
{
    h->reservation_size = 0;
}

bool hart_ecall(struct hart *h, bool *moved)
{
    static const u8 cause[] = {CAUSE_ECALL_USER, CAUSE_ECALL_SUPERVISOR, 0, CAUSE_ECALL_MACHINE};
    *moved = false;
    if (h->priv == PRIV_SUPERVISOR && h->host.environment_call) {
        u64 pc = h->pc;
        hart_sync(h);
        if (h->host.environment_call(h->host.ctx, h)) {
            *moved = h->pc != pc;
            h->trapped++; /* an ecall never retires */
            h->stop |= STOP_EVENTS;
            return true;
        }
    }
    hart_trap(h, cause[h->priv], 0);
    return false;
}

static void tell_return(struct hart *h, enum trap_return_kind kind, unsigned to, u64 new_pc)
{
    if (h->hook && h->hook->trap_return) {
        hart_sync(h);
        h->hook->trap_return(h->hook->ctx, h, kind, to, new_pc);
    }
}

/* The part that sret and mret share; status: mstatus with the stack popped. */
static void leave(struct hart *h, u64 status, unsigned to, u64 new_pc)
{
    h->counters.trap_returns++;
    if (to != PRIV_MACHINE) {
        status &= ~MSTATUS_MPRV;
    }
    h->mstatus = status;
    h->pc = new_pc;
    hart_set_privilege(h, to);
    h->fetch_page = FETCH_NONE;
    h->stop |= STOP_EVENTS;
}

bool hart_mret(struct hart *h, u32 bits)
{
    if (h->priv != PRIV_MACHINE) {
        hart_illegal(h, bits);
        return false;
    }
    unsigned to = (unsigned)bits_get(h->mstatus, MSTATUS_MPP_SHIFT, 2);
    tell_return(h, RETURN_MRET, to, h->mepc);
    u64 status = h->mstatus & ~(MSTATUS_MPP | MSTATUS_MIE);
    status |= h->mstatus & MSTATUS_MPIE ? MSTATUS_MIE : 0;
    leave(h, status | MSTATUS_MPIE, to, h->mepc);
    return true;
}

bool hart_sret(struct hart *h, u32 bits)
{
    if (h->priv == PRIV_USER || (h->priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_TSR))) {
        hart_illegal(h, bits);
        return false;
    }
    unsigned to = h->mstatus & MSTATUS_SPP ? PRIV_SUPERVISOR : PRIV_USER;
    tell_return(h, RETURN_SRET, to, h->sepc);
    u64 status = h->mstatus & ~(MSTATUS_SPP | MSTATUS_SIE);
    status |= h->mstatus & MSTATUS_SPIE ? MSTATUS_SIE : 0;
    leave(h, status | MSTATUS_SPIE, to, h->sepc);
    return true;
}

bool hart_wfi(struct hart *h, u32 bits)
{
    if (h->priv == PRIV_USER || (h->priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_TW))) {
        hart_illegal(h, bits);
        return false;
    }
    if (!hart_wakes(h)) {
        h->waiting = true;
        if (h->hook && h->hook->wfi) {
            hart_sync(h);
            h->hook->wfi(h->hook->ctx, h);
        }
    }
    h->stop |= STOP_EVENTS;
    return true;
}

void hart_fence(struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid)
{
    tlb_fence(&h->tlb, by_address, va, by_asid, asid);
    h->fetch_page = FETCH_NONE;
    if (h->hook && h->hook->sfence) {
        hart_sync(h);
        h->hook->sfence(h->hook->ctx, h, by_address, va, by_asid, asid);
    }
}

bool hart_sfence_vma(struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid, u32 bits)
{
    if (h->priv == PRIV_USER || (h->priv == PRIV_SUPERVISOR && (h->mstatus & MSTATUS_TVM))) {
        hart_illegal(h, bits);
        return false;
    }
    hart_fence(h, by_address, va, by_asid, asid);
    return true;
}

void hart_probe(struct hart *h, unsigned event, u64 abi)
{
    if (h->hook && h->hook->probe && abi == PROBE_ABI) {
        hart_sync(h);
        h->hook->probe(h->hook->ctx, h, event, h->priv, hart_retired(h));
    }
}
