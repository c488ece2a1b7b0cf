/* SPDX-License-Identifier: MIT */
/* look_swap.c - swap: what is in the swap area, whose it is, what went in and out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/monitor/address.h"
#include "emu/monitor/look.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/observe/history.h"
#include "emu/observe/swapcheck.h"

COMMAND_HANDLER(swap);

#define MAX_SLOTS 1024 /* listed at a time */
#define MAX_TRAFFIC 20

static bool add_owner(void *ctx, const struct owner_view *w)
{
    json_t *entry = json_object();

    value_set_count(entry, "pid", w->pid);
    value_set_hex(entry, "va", w->va);
    json_array_append_new(ctx, entry);
    return json_array_size(ctx) < 64;
}

static json_t *one_slot(struct call *call, u64 slot)
{
    json_t *value, *list;

    if (slot >= observer_swap_slots(call->observer))
        return call_fail(call, "there is no slot %llu (the swap area has %llu)",
                         (unsigned long long)slot,
                         (unsigned long long)observer_swap_slots(call->observer));
    value = json_object();
    list = json_array();
    value_set_count(value, "slot", slot);
    value_set_count(value, "users", observer_swap_users(call->observer, slot));
    value_set_flag(value, "cached", observer_swap_cached(call->observer, slot));
    observer_slot_owners(call->observer, slot, add_owner, list);
    json_object_set_new(value, "owners", list);
    return value;
}

static json_t *summary(struct call *call)
{
    u64 slots = observer_swap_slots(call->observer), used = 0, shared = 0;
    const struct trace_counts *c = observer_counts(call->observer);
    json_t *value = json_object();

    for (u64 i = 0; i < slots; i++) {
        unsigned users = observer_swap_users(call->observer, i);
        used += users != 0 || observer_swap_cached(call->observer, i);
        shared += users > 1;
    }
    value_set_count(value, "slots", slots);
    value_set_count(value, "used", used);
    value_set_count(value, "shared", shared);
    value_set_count(value, "swap_out", c->event[PROBE_EV_SWAP_OUT]);
    value_set_count(value, "swap_in", c->event[PROBE_EV_SWAP_IN]);
    value_set_count(value, "evict", c->event[PROBE_EV_EVICT]);
    value_set_count(value, "writeback", c->event[PROBE_EV_WRITEBACK]);
    return value;
}

/* ---- swap slots ---- */

struct slot_search {
    u32 pid;
    u64 from, to;
    json_t *owner; /* object: slot -> list of owners */
};

static bool note_slot(void *ctx, const struct pte_view *p)
{
    struct slot_search *s = ctx;
    char key[24];

    if (p->pte & PTE_V || PTE_CLASS(p->pte) != PTE_CLASS_SWAP || PTE_PAYLOAD(p->pte) < s->from ||
        PTE_PAYLOAD(p->pte) >= s->to)
        return true;
    snprintf(key, sizeof key, "%llu", (unsigned long long)PTE_PAYLOAD(p->pte));
    json_t *list = json_object_get(s->owner, key);
    if (!list) {
        list = json_array();
        json_object_set_new(s->owner, key, list);
    }
    json_t *entry = json_object();
    value_set_count(entry, "pid", s->pid);
    value_set_hex(entry, "va", p->va);
    json_array_append_new(list, entry);
    return true;
}

struct slot_walk {
    struct call *call;
    struct slot_search *search;
};

static bool note_process(void *ctx, const struct process_view *p)
{
    struct slot_walk *w = ctx;

    if (!p->root)
        return true;
    w->search->pid = p->pid;
    observer_ptes(w->call->observer, observer_satp_of_root(w->call->observer, p->root), 0,
                  (u64)INT64_MAX, note_slot, w->search);
    return true;
}

static json_t *listed(struct call *call, const char *range)
{
    struct observer *o = call->observer;
    u64 slots = observer_swap_slots(o), from = 0, to = slots;
    json_t *value, *list = NULL;

    if (range && *range && !address_range(call, range, &from, &to))
        return NULL;
    struct slot_search search = {0, from, to, json_object()};
    struct slot_walk walk = {call, &search};
    observer_processes(o, note_process, &walk);
    value = json_object();
    list = json_array();
    for (u64 slot = from; slot < to && slot < slots; slot++) {
        unsigned users = observer_swap_users(o, slot);
        bool cached = observer_swap_cached(o, slot);
        char key[24];
        if (!users && !cached)
            continue;
        if (json_array_size(list) == MAX_SLOTS) {
            value_set_flag(value, "cut", true);
            break;
        }
        snprintf(key, sizeof key, "%llu", (unsigned long long)slot);
        json_t *entry = json_object(), *owners = json_object_get(search.owner, key);
        value_set_count(entry, "slot", slot);
        value_set_count(entry, "users", users);
        value_set_flag(entry, "cached", cached);
        json_object_set_new(entry, "owners", owners ? json_incref(owners) : json_array());
        json_array_append_new(list, entry);
    }
    json_decref(search.owner);
    json_object_set_new(value, "list", list);
    return value;
}

/* ---- swap traffic ---- */

static json_t *traffic(struct call *call)
{
    const struct history *h = call->monitor->history;
    json_t *value = summary(call), *list = json_array();
    u64 seq = history_end(h), from = history_end(h), found = 0;

    while (seq > history_first(h) && found < MAX_TRAFFIC) {
        unsigned type = history_get(h, --seq)->type;
        if (type == RECORD_PROBE + PROBE_EV_SWAP_OUT || type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
            from = seq;
            found++;
        }
    }
    for (seq = from; seq < history_end(h); seq++) {
        const struct trace_record *r = history_get(h, seq);
        if (r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT ||
            r->type == RECORD_PROBE + PROBE_EV_SWAP_IN)
            json_array_append_new(list, look_record(call, r));
    }
    json_object_set_new(value, "traffic", list);
    u64 disagreements;
    const struct swapcheck *check = observer_swapcheck(call->observer, &disagreements);
    value_set_count(value, "pages_told_out", check->pages_told_out);
    value_set_count(value, "pages_told_in", check->pages_told_in);
    value_set_count(value, "pages_written", check->pages_written);
    value_set_count(value, "pages_read", check->pages_read);
    value_set_count(value, "disagreements", disagreements);
    if (check->disagreements)
        value_set_text(value, "first_disagreement", "%s", check->first);
    return value;
}

json_t *run_swap(struct call *call)
{
    const char *what = call_text(call, "what");
    char *end;

    if (!observer_has_layout(call->observer) && what)
        return call_fail(call, "this guest does not tell its swap area");
    if (!what)
        return summary(call);
    if (!strncmp(what, "slots", 5) && (!what[5] || what[5] == ' '))
        return listed(call, what + 5 + strspn(what + 5, " "));
    if (!strcmp(what, "traffic"))
        return traffic(call);
    u64 slot = strtoull(what, &end, 0);
    if (*end || *what < '0' || *what > '9')
        return call_fail(call, "'%s' is neither slots, traffic nor a slot's number", what);
    return one_slot(call, slot);
}

static void show_owners(const json_t *list, struct buffer *out)
{
    size_t i;
    json_t *owner;

    json_array_foreach(list, i, owner)
    {
        buffer_printf(out, " %" PRIu64 ":%s", value_u64(owner, "pid"), value_string(owner, "va"));
    }
    buffer_byte(out, '\n');
}

static void show_summary(const json_t *value, struct buffer *out)
{
    buffer_printf(out,
                  "%" PRIu64 " slots (%" PRIu64 " KiB), used %" PRIu64 ", shared %" PRIu64
                  "\nwritten %" PRIu64 ", read %" PRIu64 ", evicted %" PRIu64
                  ", file pages written back %" PRIu64 "\n",
                  value_u64(value, "slots"), value_u64(value, "slots") * 4,
                  value_u64(value, "used"), value_u64(value, "shared"),
                  value_u64(value, "swap_out"), value_u64(value, "swap_in"),
                  value_u64(value, "evict"), value_u64(value, "writeback"));
}

void show_swap(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    if (json_object_get(value, "slot")) {
        buffer_printf(out, "slot %" PRIu64 ": %" PRIu64 " users", value_u64(value, "slot"),
                      value_u64(value, "users"));
        show_owners(value_list(value, "owners"), out);
        return;
    }
    if (json_object_get(value, "list")) {
        if (!json_array_size(value_list(value, "list")))
            buffer_text(out, "no slot is in use\n");
        json_array_foreach(value_list(value, "list"), i, entry)
        {
            buffer_printf(out, "slot %-6" PRIu64 " users %-3" PRIu64 "%s", value_u64(entry, "slot"),
                          value_u64(entry, "users"),
                          value_flag(entry, "cached") ? " cached" : "       ");
            show_owners(value_list(entry, "owners"), out);
        }
        if (value_flag(value, "cut"))
            buffer_text(out, "... there are more: swap slots A..B\n");
        return;
    }
    show_summary(value, out);
    if (!json_object_get(value, "traffic"))
        return;
    json_array_foreach(value_list(value, "traffic"), i, entry)
    {
        buffer_printf(out, "%s\n", value_string(entry, "text"));
    }
    buffer_printf(out,
                  "the kernel told of %" PRIu64 " pages out, %" PRIu64
                  " in; the disk wrote %" PRIu64 ", read %" PRIu64 ": %" PRIu64 " disagreements\n",
                  value_u64(value, "pages_told_out"), value_u64(value, "pages_told_in"),
                  value_u64(value, "pages_written"), value_u64(value, "pages_read"),
                  value_u64(value, "disagreements"));
    if (json_object_get(value, "first_disagreement"))
        buffer_printf(out, "first: %s\n", value_string(value, "first_disagreement"));
}
