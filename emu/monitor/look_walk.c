/* SPDX-License-Identifier: MIT */
/* look_walk.c - walk: every level of a translation in words, what is behind it, who shares it. */
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/predict.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"
#include "probe.h"

COMMAND_HANDLER(walk);

static const char *const result_text[] = {
    [PEEK_LEAF] = "mapped",
    [PEEK_INVALID] = "not present",
    [PEEK_MISALIGNED] = "a large page whose frame is not aligned: reserved, faults",
    [PEEK_NOT_CANONICAL] = "not a canonical address: faults",
    [PEEK_OUTSIDE] = "the next table lies outside of RAM",
    [PEEK_BARE] = "translation is off",
};

static json_t *steps_value(const struct peek *peek)
{
    json_t *list = json_array();
    char words[80];

    for (unsigned i = 0; i < peek->steps; i++) {
        const struct walk_step *step = &peek->step[i];
        json_t *entry = json_object();
        u64 pte = step->pte;
        value_set_count(entry, "level", step->level);
        value_set_count(entry, "index", step->pte_address % PAGE_BYTES / PTE_BYTES);
        value_set_hex(entry, "at", step->pte_address);
        value_set_hex(entry, "pte", pte);
        if ((pte & PTE_V) && !pte_is_leaf(pte)) {
            value_set_text(entry, "what", "table");
            value_set_hex(entry, "to", pte_address(pte));
        } else {
            trace_pte_words(words, sizeof words, pte);
            value_set_text(entry, "what", pte & PTE_V ? "leaf" : "invalid");
            if (pte & PTE_V)
                value_set_hex(entry, "to", pte_address(pte));
            value_set_text(entry, "words", "%s", words);
        }
        json_array_append_new(list, entry);
    }
    return list;
}

static bool add_owner(void *ctx, const struct owner_view *w)
{
    json_t *list = ctx, *entry = json_object();

    value_set_count(entry, "pid", w->pid);
    value_set_hex(entry, "va", w->va);
    value_set_hex(entry, "pte", w->pte);
    json_array_append_new(list, entry);
    return json_array_size(list) < 64;
}

static void add_frame(struct call *call, json_t *value, u64 pfn, struct frame_view *frame,
                      bool *known)
{
    json_t *owners = json_array();

    *known = observer_frame(call->observer, pfn, frame);
    value_set_hex(value, "pfn", pfn);
    if (*known) {
        value_set_text(value, "frame_kind", "%s", observer_frame_kind_name(frame->kind));
        value_set_count(value, "refs", frame->refs);
        value_set_count(value, "maps", frame->maps);
    }
    /* The zero page has as many owners as there are untouched pages. */
    if (!*known || frame->kind != FRAME_ZERO)
        observer_owners(call->observer, pfn, add_owner, owners);
    json_object_set_new(value, "owners", owners);
}

static void add_swap(struct call *call, json_t *value, u64 slot, unsigned *users)
{
    json_t *owners = json_array();

    *users = observer_swap_users(call->observer, slot);
    value_set_count(value, "slot", slot);
    value_set_count(value, "slot_users", *users);
    observer_slot_owners(call->observer, slot, add_owner, owners);
    json_object_set_new(value, "owners", owners);
}

static void add_area(json_t *value, const struct area_view *area, u64 va)
{
    json_t *entry = json_object();

    value_set_text(entry, "kind", "%s", area_kind_name(area->kind));
    value_set_hex(entry, "start", area->start);
    value_set_hex(entry, "end", area->end);
    value_set_text(entry, "rights", "%c%c%c", area->prot & 1 ? 'r' : '-',
                   area->prot & 2 ? 'w' : '-', area->prot & 4 ? 'x' : '-');
    if (area->inode) {
        value_set_count(entry, "inode", area->inode);
        value_set_hex(entry, "file_offset",
                      (area->pgoff << PAGE_SHIFT) + (va - area->start) / PAGE_BYTES * PAGE_BYTES);
    }
    json_object_set_new(value, "area", entry);
}

/* What the hart's TLB holds for the page, and whether memory agrees. */
static json_t *tlb_value(struct call *call, const struct address *a, const struct peek *peek)
{
    static const char *const table_name[] = {"load", "store", "fetch"};
    struct machine *m = call->machine;
    json_t *list = json_array();

    for (unsigned i = 0; i < machine_hart_count(m); i++) {
        const struct tlb *tlb = &machine_hart(m, i)->tlb;
        for (unsigned c = 0; c < TLB_CONTEXTS && tlb->context; c++) {
            const struct tlb_context *context = &tlb->context[c];
            if (!context->used || context->satp != a->satp)
                continue;
            for (unsigned table = 0; table < TLB_TABLES; table++) {
                const struct tlb_entry *e =
                    table == TLB_LOAD    ? &context->load[(a->value >> 12) % TLB_DATA_ENTRIES]
                    : table == TLB_STORE ? &context->store[(a->value >> 12) % TLB_DATA_ENTRIES]
                                         : &context->fetch[(a->value >> 12) % TLB_FETCH_ENTRIES];
                if (e->tag & TLB_EMPTY || (e->tag ^ a->value) >> 12)
                    continue;
                const u8 *host = ram_pointer(machine_ram(m), peek->pa & PAGE_MASK, PAGE_BYTES);
                bool same = peek->result == PEEK_LEAF && host &&
                            (u64)(uintptr_t)host == (a->value & PAGE_MASK) + e->addend;
                json_t *entry = json_object();
                value_set_count(entry, "hart", i);
                value_set_text(entry, "table", "%s", table_name[table]);
                value_set_count(entry, "privilege", TLB_MODE_PRIV(context->mode));
                value_set_flag(entry, "matches_memory", same || (e->tag & TLB_MMIO));
                json_array_append_new(list, entry);
            }
        }
    }
    return list;
}

json_t *run_walk(struct call *call)
{
    struct address a;
    struct peek peek;
    struct process_view process;
    struct area_view area;
    struct frame_view frame = {0};
    bool has_area = false, frame_known = false;
    unsigned users = 0;
    char text[256];

    if (!address_parse(call, call_text(call, "address"), &a))
        return NULL;
    if (a.space != ADDRESS_VIRTUAL)
        return call_fail(call, "walk takes a virtual address");
    observer_walk(call->observer, a.satp, a.value, &peek);
    json_t *value = json_object();
    bool has_process = observer_process(call->observer, a.pid, &process);
    /* The space that runs may be the kernel's own: then the process is not meant. */
    if (has_process && (!process.root || ((process.root >> PAGE_SHIFT) ^ a.satp) & SATP_PPN))
        has_process = false;
    if (has_process) {
        value_set_count(value, "pid", a.pid);
        value_set_text(value, "name", "%s", process.name);
        has_area = observer_area_at(call->observer, &process, a.value, &area);
    }
    value_set_hex(value, "va", a.value);
    value_set_hex(value, "satp", a.satp);
    value_set_count(value, "asid", (a.satp & SATP_ASID) >> SATP_ASID_SHIFT);
    value_set_text(value, "result", "%s", result_text[peek.result]);
    json_object_set_new(value, "steps", steps_value(&peek));
    if (has_area)
        add_area(value, &area, a.value);
    u64 last = peek.steps ? peek.step[peek.steps - 1].pte : 0;
    if (peek.result == PEEK_LEAF) {
        value_set_hex(value, "pa", peek.pa);
        value_set_hex(value, "page_size", pte_span(peek.step[peek.steps - 1].level));
        add_frame(call, value, peek.pa >> PAGE_SHIFT, &frame, &frame_known);
    } else if (peek.result == PEEK_INVALID && !(last & PTE_V) &&
               PTE_CLASS(last) == PTE_CLASS_SWAP) {
        add_swap(call, value, PTE_PAYLOAD(last), &users);
    }
    bool known = has_process;
    predict_access(&peek, has_area ? &area : NULL, frame_known ? &frame : NULL, users, known, false,
                   text, sizeof text);
    value_set_text(value, "load", "%s", text);
    predict_access(&peek, has_area ? &area : NULL, frame_known ? &frame : NULL, users, known, true,
                   text, sizeof text);
    value_set_text(value, "store", "%s", text);
    json_object_set_new(value, "tlb", tlb_value(call, &a, &peek));
    return value;
}

static void show_steps(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *step;

    json_array_foreach(value_list(value, "steps"), i, step)
    {
        buffer_printf(out, "L%" PRIu64 " [%3" PRIu64 "] @0x%" PRIx64 "  pte 0x%016" PRIx64 " %s",
                      value_u64(step, "level"), value_u64(step, "index"), value_u64(step, "at"),
                      value_u64(step, "pte"), value_string(step, "what"));
        if (json_object_get(step, "to"))
            buffer_printf(out, " -> %s", value_string(step, "to"));
        if (value_string(step, "words")[0])
            buffer_printf(out, "  %s", value_string(step, "words"));
        buffer_byte(out, '\n');
    }
}

static void show_owners(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "owners");
    size_t i;
    json_t *owner;

    json_array_foreach(list, i, owner)
    {
        buffer_printf(out, "%s%" PRIu64 ":%s", i ? " " : " (", value_u64(owner, "pid"),
                      value_string(owner, "va"));
    }
    if (json_array_size(list))
        buffer_text(out, ")");
}

static void show_behind(const json_t *value, struct buffer *out)
{
    const json_t *area = json_object_get(value, "area");

    if (json_object_get(value, "pa")) {
        buffer_printf(out, "page of %" PRIu64 " KiB, pa %s, frame %s",
                      value_u64(value, "page_size") >> 10, value_string(value, "pa"),
                      value_string(value, "pfn"));
        if (json_object_get(value, "refs"))
            buffer_printf(out, " %s, refs %" PRIu64 ", mapped %" PRIu64,
                          value_string(value, "frame_kind"), value_u64(value, "refs"),
                          value_u64(value, "maps"));
        show_owners(value, out);
        buffer_byte(out, '\n');
    } else if (json_object_get(value, "slot")) {
        buffer_printf(out, "in swap slot %" PRIu64 ", users %" PRIu64, value_u64(value, "slot"),
                      value_u64(value, "slot_users"));
        show_owners(value, out);
        buffer_byte(out, '\n');
    } else {
        buffer_printf(out, "%s\n", value_string(value, "result"));
    }
    if (!area)
        return;
    buffer_printf(out, "area %s %s..%s %s", value_string(area, "kind"), value_string(area, "start"),
                  value_string(area, "end"), value_string(area, "rights"));
    if (json_object_get(area, "inode"))
        buffer_printf(out, ", inode %" PRIu64 " offset %s", value_u64(area, "inode"),
                      value_string(area, "file_offset"));
    buffer_byte(out, '\n');
}

void show_walk(const json_t *value, struct buffer *out)
{
    u64 satp = value_u64(value, "satp");
    const json_t *tlb = value_list(value, "tlb");
    size_t i;
    json_t *entry;

    if (json_object_get(value, "pid"))
        buffer_printf(out, "pid %" PRIu64 " '%s' ", value_u64(value, "pid"),
                      value_string(value, "name"));
    buffer_printf(out, "asid %" PRIu64 "  satp 0x%" PRIx64 "  %s  va %s\n",
                  value_u64(value, "asid"), satp,
                  pte_levels(satp) == 3   ? "Sv39"
                  : pte_levels(satp) == 4 ? "Sv48"
                                          : "bare",
                  value_string(value, "va"));
    show_steps(value, out);
    show_behind(value, out);
    buffer_printf(out, "a LOAD here -> %s\n", value_string(value, "load"));
    buffer_printf(out, "a STORE here -> %s\n", value_string(value, "store"));
    if (!json_array_size(tlb))
        buffer_text(out, "TLB: not in it\n");
    json_array_foreach(tlb, i, entry)
    {
        buffer_printf(out, "TLB hart %" PRIu64 ": in the %s table (%s mode), %s\n",
                      value_u64(entry, "hart"), value_string(entry, "table"),
                      value_u64(entry, "privilege") ? "kernel" : "user",
                      value_flag(entry, "matches_memory") ? "matches memory"
                                                          : "STALE: memory says something else");
    }
}
