/* SPDX-License-Identifier: MIT */
/* hart.c - a hart's life: made, reset, started, saved, loaded. */
#include "emu/hart/hart.h"

#include <errno.h>

#include "emu/hart/walk.h"

/* The comparator's moment has come (Sstc). */
static void stimecmp_due(void *ctx, u64 now)
{
    struct hart *h = ctx;
    (void)now;
    hart_set_line(h, IRQ_STI, true);
}

bool hart_init(struct hart *h, const struct hart_config *config, struct ram *ram, struct bus *bus,
               struct clock *clock, struct error *err)
{
    *h = (struct hart){
        .id = config->id,
        .extensions = config->extensions,
        .ram = ram,
        .bus = bus,
        .clock = clock,
    };
    if (!tlb_init(&h->tlb, &h->counters, err)) {
        return false;
    }
    h->stimecmp_event = clock_register(clock, "stimecmp", stimecmp_due, h);
    if (h->stimecmp_event == UINT32_MAX) {
        hart_destroy(h);
        return error_set(err, ENOSPC, "too many clock events");
    }
    hart_reset(h);
    return true;
}

void hart_destroy(struct hart *h)
{
    tlb_destroy(&h->tlb);
}

void hart_reset(struct hart *h)
{
    struct hart fresh = {
        .tlb = h->tlb,
        .id = h->id,
        .extensions = h->extensions,
        .ram = h->ram,
        .bus = h->bus,
        .clock = h->clock,
        .hook = h->hook,
        .host = h->host,
        .engine = h->engine,
        .stimecmp_event = h->stimecmp_event,
        .counters = h->counters,
        .fetch_page = FETCH_NONE,
        .priv = PRIV_MACHINE,
        .stimecmp = UINT64_MAX,
        .menvcfg = h->extensions & ISA_SVADU ? ENVCFG_ADUE : 0,
    };
    *h = fresh;
    clock_cancel(h->clock, h->stimecmp_event);
    tlb_reset(&h->tlb);
    pmp_update(h);
    hart_select_contexts(h);
}

void hart_start_supervisor(struct hart *h, u64 pc, u64 argument)
{
    /* All that can be delegated, as OpenSBI leaves it: ecall from S stays with the firmware. */
    h->medeleg = BIT(CAUSE_FETCH_MISALIGNED) | BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_ILLEGAL) |
                 BIT(CAUSE_BREAKPOINT) | BIT(CAUSE_LOAD_MISALIGNED) | BIT(CAUSE_LOAD_ACCESS) |
                 BIT(CAUSE_STORE_MISALIGNED) | BIT(CAUSE_STORE_ACCESS) | BIT(CAUSE_ECALL_USER) |
                 BIT(CAUSE_FETCH_PAGE) | BIT(CAUSE_LOAD_PAGE) | BIT(CAUSE_STORE_PAGE);
    h->mideleg = BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI);
    h->mcounteren = 7;
    h->scounteren = 7;
    h->menvcfg |= (h->extensions & ISA_ZICBOZ ? ENVCFG_CBZE : 0) |
                  (h->extensions & ISA_SSTC ? ENVCFG_STCE : 0);
    h->pmp_config[0] = 0x1f; /* NAPOT, all rights */
    h->pmp_address[0] = BIT(54) - 1;
    pmp_update(h);
    h->satp = 0;
    h->mstatus = 0;
    h->x[10] = h->id;
    h->x[11] = argument;
    h->pc = pc;
    h->waiting = false;
    hart_set_privilege(h, PRIV_SUPERVISOR);
    h->fetch_page = FETCH_NONE;
    h->stop |= STOP_EVENTS;
}

void hart_grant(struct hart *h, i64 instructions)
{
    hart_sync(h);
    h->budget = instructions;
    h->granted = instructions;
}

#define FIELDS_U64(F)                                                                           \
    F(pc)                                                                                       \
    F(mstatus)                                                                                  \
    F(mip)                                                                                      \
    F(mip_software)                                                                             \
    F(mie) F(medeleg) F(mideleg) F(mtvec) F(mscratch) F(mepc) F(mcause) F(mtval) F(stvec)       \
        F(sscratch) F(sepc) F(scause) F(stval) F(satp) F(stimecmp) F(menvcfg) F(senvcfg)        \
            F(mcounteren) F(scounteren) F(mcountinhibit) F(executed) F(trapped) F(cycle_offset) \
                F(instret_offset)

void hart_save(const struct hart *h, struct serial_writer *writer)
{
    serial_begin(writer, "hart", 2);
    serial_put_u64(writer, "id", h->id);
    serial_put_u64(writer, "extensions", h->extensions);
    for (unsigned i = 1; i < 32; i++) {
        serial_put_u64(writer, "x", h->x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        serial_put_u64(writer, "f", h->f[i]);
    }
#define FIELD(name) serial_put_u64(writer, #name, h->name);
    FIELDS_U64(FIELD)
#undef FIELD
    serial_put_u64(writer, "fflags", h->fflags);
    serial_put_u64(writer, "frm", h->frm);
    serial_put_u64(writer, "priv", h->priv);
    serial_put_bool(writer, "waiting", h->waiting);
    bool reserved = h->reservation_size && h->reservation_dma == h->ram->dma_writes;
    serial_put_u64(writer, "reservation", reserved ? h->reservation : 0);
    serial_put_u64(writer, "reservation_size", reserved ? h->reservation_size : 0);
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        serial_put_u64(writer, "pmp_config", h->pmp_config[i]);
        serial_put_u64(writer, "pmp_address", h->pmp_address[i]);
    }
    serial_put_u64(writer, "context", (u64)(h->context - h->tlb.context));
    serial_put_u64(writer, "fetch_context", (u64)(h->fetch_context - h->tlb.context));
    tlb_save(&h->tlb, h->ram, writer);
    serial_end(writer);
}

static void load_registers(struct hart *h, struct serial_reader *reader)
{
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = serial_get_u64(reader, "x");
    }
    for (unsigned i = 0; i < 32; i++) {
        h->f[i] = serial_get_u64(reader, "f");
    }
#define FIELD(name) h->name = serial_get_u64(reader, #name);
    FIELDS_U64(FIELD)
#undef FIELD
    h->fflags = (u32)serial_get_max(reader, "fflags", 31);
    h->frm = (u32)serial_get_max(reader, "frm", 7);
    h->priv = (u8)serial_get_max(reader, "priv", PRIV_MACHINE);
    h->waiting = serial_get_bool(reader, "waiting");
    h->stop = STOP_EVENTS; /* as at the start of every run */
    h->reservation = serial_get_u64(reader, "reservation");
    h->reservation_size = (u32)serial_get_max(reader, "reservation_size", 8);
    h->reservation_dma = h->ram->dma_writes;
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        h->pmp_config[i] = serial_get_u8(reader, "pmp_config");
        h->pmp_address[i] = serial_get_max(reader, "pmp_address", BIT(54) - 1);
    }
}

/* Indices of the selected contexts: they must be in use and be what the state selects. */
static void load_contexts(struct hart *h, struct serial_reader *reader, struct error *err)
{
    u64 context = serial_get_max(reader, "context", TLB_CONTEXTS - 1);
    u64 fetch = serial_get_max(reader, "fetch_context", TLB_CONTEXTS - 1);
    if (!tlb_load(&h->tlb, h->ram, reader, err)) {
        return;
    }
    struct counters counters = h->counters;
    u64 stamps = h->tlb.clock;
    h->context = &h->tlb.context[context];
    h->fetch_context = &h->tlb.context[fetch];
    hart_select_contexts(h);
    if (h->context != &h->tlb.context[context] || h->fetch_context != &h->tlb.context[fetch] ||
        h->tlb.clock != stamps || !h->context->used || !h->fetch_context->used) {
        serial_reject(reader, "the TLB does not belong to the hart");
    }
    h->counters = counters;
}

bool hart_load_state(struct hart *h, struct serial_reader *reader, struct error *err)
{
    serial_enter(reader, "hart", 2);
    if (serial_get_u64(reader, "id") != h->id ||
        serial_get_u64(reader, "extensions") != h->extensions) {
        serial_reject(reader, "the saved hart is another model");
    }
    load_registers(h, reader);
    /* What no software could have written and what the code relies on. */
    if (h->priv == 2 || bits_get(h->mstatus, MSTATUS_MPP_SHIFT, 2) == 2) {
        serial_reject(reader, "impossible privilege");
    }
    if ((h->mepc | h->sepc | h->pc) & 1) {
        serial_reject(reader, "impossible address of an instruction");
    }
    if (!serial_ok(reader, err)) {
        hart_reset(h);
        return false;
    }
    pmp_update(h);
    load_contexts(h, reader, err);
    serial_leave(reader);
    h->budget = 0;
    h->granted = 0;
    h->mode_since = h->executed;
    h->fetch_page = FETCH_NONE;
    if (!serial_ok(reader, err)) {
        hart_reset(h);
        return false;
    }
    return true;
}
