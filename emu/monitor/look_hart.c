/* SPDX-License-Identifier: MIT */
/* look_hart.c - info csr, info tlb: what a hart holds besides its registers. */
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(csr);
COMMAND_HANDLER(tlb);

#define MAX_ENTRIES 512

/* ---- info csr ---- */

static const char *const mode_name[] = {"user", "supervisor", "?", "machine"};

static void status_words(char *out, size_t size, u64 status)
{
    static const char *const float_state[] = {"off", "initial", "clean", "dirty"};

    snprintf(out, size, "SIE %d SPIE %d SPP %s MIE %d MPP %s FS %s%s%s%s",
             (status & MSTATUS_SIE) != 0, (status & MSTATUS_SPIE) != 0,
             status & MSTATUS_SPP ? "supervisor" : "user", (status & MSTATUS_MIE) != 0,
             mode_name[(status & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT],
             float_state[(status & MSTATUS_FS) >> 13], status & MSTATUS_SUM ? " SUM" : "",
             status & MSTATUS_MXR ? " MXR" : "", status & MSTATUS_MPRV ? " MPRV" : "");
}

static void cause_words(char *out, size_t size, u64 cause)
{
    if (cause & CAUSE_INTERRUPT)
        snprintf(out, size, "interrupt %llu", (unsigned long long)(cause & ~CAUSE_INTERRUPT));
    else
        snprintf(out, size, "%s", cause < 24 ? fault_cause_name((unsigned)cause) : "?");
}

static void interrupt_words(char *out, size_t size, u64 bits)
{
    static const struct {
        unsigned bit;
        const char *name;
    } known[] = {{IRQ_SSI, "SSI"}, {IRQ_MSI, "MSI"}, {IRQ_STI, "STI"},
                 {IRQ_MTI, "MTI"}, {IRQ_SEI, "SEI"}, {IRQ_MEI, "MEI"}};
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (bits >> known[i].bit & 1)
            used +=
                (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", known[i].name);
}

static void satp_words(char *out, size_t size, u64 satp)
{
    unsigned levels = pte_levels(satp);

    if (levels)
        snprintf(out, size, "Sv%u asid %llu root 0x%llx", levels == 3 ? 39 : 48,
                 (unsigned long long)((satp & SATP_ASID) >> SATP_ASID_SHIFT),
                 (unsigned long long)((satp & SATP_PPN) << PAGE_SHIFT));
    else
        snprintf(out, size, "translation is off");
}

enum words { WORDS_NONE, WORDS_STATUS, WORDS_CAUSE, WORDS_INTERRUPTS, WORDS_SATP, WORDS_PLACE };

static void add_csr(struct call *call, json_t *list, const char *name, u64 number, enum words kind)
{
    char words[NAME_TEXT] = "";
    json_t *row = json_object();
    struct place kernel = {.kernel = true, .seq = UINT64_MAX};

    value_set_text(row, "name", "%s", name);
    value_set_hex(row, "value", number);
    switch (kind) {
    case WORDS_STATUS:
        status_words(words, sizeof words, number);
        break;
    case WORDS_CAUSE:
        cause_words(words, sizeof words, number);
        break;
    case WORDS_INTERRUPTS:
        interrupt_words(words, sizeof words, number);
        break;
    case WORDS_SATP:
        satp_words(words, sizeof words, number);
        break;
    case WORDS_PLACE:
        names_where(call, &kernel, number & ~UINT64_C(3), words, sizeof words);
        break;
    default:
        break;
    }
    value_set_text(row, "words", "%s", words);
    json_array_append_new(list, row);
}

json_t *run_csr(struct call *call)
{
    const struct hart *h = address_hart_wanted(call);

    if (!h)
        return NULL;
    json_t *value = json_object(), *list = json_array();
    value_set_count(value, "hart", h->id);
    value_set_text(value, "mode", "%s", mode_name[h->priv & 3]);
    add_csr(call, list, "mstatus", h->mstatus, WORDS_STATUS);
    add_csr(call, list, "satp", h->satp, WORDS_SATP);
    add_csr(call, list, "stvec", h->stvec, WORDS_PLACE);
    add_csr(call, list, "sepc", h->sepc, WORDS_NONE);
    add_csr(call, list, "scause", h->scause, WORDS_CAUSE);
    add_csr(call, list, "stval", h->stval, WORDS_NONE);
    add_csr(call, list, "sscratch", h->sscratch, WORDS_NONE);
    add_csr(call, list, "stimecmp", h->stimecmp, WORDS_NONE);
    add_csr(call, list, "mie", h->mie, WORDS_INTERRUPTS);
    add_csr(call, list, "mip", h->mip | h->mip_software, WORDS_INTERRUPTS);
    add_csr(call, list, "mideleg", h->mideleg, WORDS_INTERRUPTS);
    add_csr(call, list, "medeleg", h->medeleg, WORDS_NONE);
    add_csr(call, list, "mtvec", h->mtvec, WORDS_PLACE);
    add_csr(call, list, "mepc", h->mepc, WORDS_NONE);
    add_csr(call, list, "mcause", h->mcause, WORDS_CAUSE);
    add_csr(call, list, "mtval", h->mtval, WORDS_NONE);
    json_object_set_new(value, "csrs", list);
    return value;
}

void show_csr(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    buffer_printf(out, "hart %" PRIu64 ", %s mode\n", value_u64(value, "hart"),
                  value_string(value, "mode"));
    json_array_foreach(value_list(value, "csrs"), i, row)
    {
        buffer_printf(out, "%-9s %016" PRIx64 "  %s\n", value_string(row, "name"),
                      value_u64(row, "value"), value_string(row, "words"));
    }
}

/* ---- info tlb ---- */

struct tlb_listing {
    struct call *call;
    json_t *list;
    u64 from, to;
    u64 stale, total;
};

/* What memory says about the page an entry is for: the same frame, or not. */
static bool agrees(struct tlb_listing *l, const struct tlb_context *context,
                   const struct tlb_entry *e, u64 va, u64 *pa)
{
    struct ram *ram = machine_ram(l->call->machine);
    struct peek peek;

    observer_walk(l->call->observer, context->satp, va, &peek);
    bool mapped = peek.result == PEEK_LEAF || peek.result == PEEK_BARE;
    if (e->tag & TLB_MMIO) {
        *pa = va + e->addend;
        return mapped && (peek.pa & PAGE_MASK) == *pa;
    }
    const u8 *base = ram_pointer(ram, ram->base, 1);
    *pa = ram->base + (va + e->addend - (u64)(uintptr_t)base);
    return mapped && (peek.pa & PAGE_MASK) == *pa;
}

static void list_table(struct tlb_listing *l, const struct tlb_context *context,
                       const struct tlb_entry *entry, unsigned count, enum tlb_table table)
{
    static const char *const name[] = {"load", "store", "fetch"};

    for (unsigned i = 0; i < count; i++) {
        u64 va = entry[i].tag & PAGE_MASK, pa;
        /* What was never filled since the context is in use holds anything. */
        if (!(context->filled[table][i / 64] >> (i % 64) & 1) || entry[i].tag & TLB_EMPTY)
            continue;
        l->total++;
        bool same = agrees(l, context, &entry[i], va, &pa);
        l->stale += !same;
        if (va < l->from || va > l->to || json_array_size(l->list) >= MAX_ENTRIES)
            continue;
        json_t *row = json_object();
        value_set_text(row, "table", "%s", name[table]);
        value_set_count(row, "asid", (context->satp & SATP_ASID) >> SATP_ASID_SHIFT);
        value_set_text(row, "mode", "%s", mode_name[TLB_MODE_PRIV(context->mode)]);
        value_set_hex(row, "va", va);
        value_set_hex(row, "pa", pa);
        value_set_flag(row, "matches_memory", same);
        json_array_append_new(l->list, row);
    }
}

json_t *run_tlb(struct call *call)
{
    const struct hart *h = address_hart_wanted(call);
    const char *range = call_text(call, "range");
    struct tlb_listing l = {.call = call, .from = 0, .to = UINT64_MAX};
    unsigned contexts = 0;

    if (!h)
        return NULL;
    if (range && (!address_range(call, range, &l.from, &l.to)))
        return NULL;
    if (range)
        l.to--;
    json_t *value = json_object();
    l.list = json_array();
    for (unsigned c = 0; c < TLB_CONTEXTS && h->tlb.context; c++) {
        const struct tlb_context *context = &h->tlb.context[c];
        if (!context->used)
            continue;
        contexts++;
        list_table(&l, context, context->load, TLB_DATA_ENTRIES, TLB_LOAD);
        list_table(&l, context, context->store, TLB_DATA_ENTRIES, TLB_STORE);
        list_table(&l, context, context->fetch, TLB_FETCH_ENTRIES, TLB_FETCH);
    }
    value_set_count(value, "hart", h->id);
    value_set_count(value, "contexts", contexts);
    value_set_count(value, "total", l.total);
    value_set_count(value, "stale", l.stale);
    json_object_set_new(value, "list", l.list);
    value_set_flag(value, "cut", json_array_size(l.list) >= MAX_ENTRIES);
    return value;
}

void show_tlb(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    buffer_printf(out,
                  "hart %" PRIu64 ": %" PRIu64 " entries in %" PRIu64 " contexts, %" PRIu64
                  " that memory contradicts\n",
                  value_u64(value, "hart"), value_u64(value, "total"), value_u64(value, "contexts"),
                  value_u64(value, "stale"));
    json_array_foreach(value_list(value, "list"), i, row)
    {
        buffer_printf(out, "  asid %-3" PRIu64 " %-10s %-5s %-18s -> %s%s\n",
                      value_u64(row, "asid"), value_string(row, "mode"), value_string(row, "table"),
                      value_string(row, "va"), value_string(row, "pa"),
                      value_flag(row, "matches_memory") ? "" : "  STALE");
    }
    if (value_flag(value, "cut"))
        buffer_text(out, "... there are more: give a range\n");
}
