/* SPDX-License-Identifier: MIT */
/* look_space.c - info procs, info map, info pt: address spaces. */
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"
#include "probe.h"

COMMAND_HANDLER(procs);
COMMAND_HANDLER(map);
COMMAND_HANDLER(pt);

#define MAX_ROWS 4096

static const char *const state_name[] = {"unused",   "runnable", "running",
                                         "sleeping", "zombie",   "stopped"};

static bool add_process(void *ctx, const struct process_view *p)
{
    json_t *entry = json_object();

    value_set_count(entry, "pid", p->pid);
    value_set_count(entry, "parent", p->parent);
    value_set_text(entry, "name", "%s", p->name);
    value_set_text(entry, "state", "%s",
                   p->state < ARRAY_LENGTH(state_name) ? state_name[p->state] : "?");
    value_set_hex(entry, "root", p->root);
    value_set_count(entry, "anon", p->rss_anon);
    value_set_count(entry, "file", p->rss_file);
    value_set_count(entry, "shm", p->rss_shm);
    value_set_count(entry, "swap", p->swap);
    json_array_append_new(ctx, entry);
    return true;
}

json_t *run_procs(struct call *call)
{
    json_t *value = json_object(), *list = json_array();

    observer_processes(call->observer, add_process, list);
    if (!observer_has_layout(call->observer)) {
        for (size_t i = 0; i < observer_spaces(call->observer); i++) {
            json_t *entry = json_object();
            value_set_count(entry, "pid", i + 1);
            value_set_hex(entry, "satp", observer_space_satp(call->observer, i));
            json_array_append_new(list, entry);
        }
    }
    json_object_set_new(value, "processes", list);
    return value;
}

void show_procs(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *p;

    buffer_printf(out, "%5s %5s %-9s %8s %8s %8s %8s  %s\n", "pid", "ppid", "state", "anon", "file",
                  "shm", "swap", "name");
    json_array_foreach(value_list(value, "processes"), i, p)
    {
        if (json_object_get(p, "satp")) {
            buffer_printf(out, "%5" PRIu64 "  address space, satp %s\n", value_u64(p, "pid"),
                          value_string(p, "satp"));
            continue;
        }
        buffer_printf(out,
                      "%5" PRIu64 " %5" PRIu64 " %-9s %8" PRIu64 " %8" PRIu64 " %8" PRIu64
                      " %8" PRIu64 "  %s\n",
                      value_u64(p, "pid"), value_u64(p, "parent"), value_string(p, "state"),
                      value_u64(p, "anon"), value_u64(p, "file"), value_u64(p, "shm"),
                      value_u64(p, "swap"), value_string(p, "name"));
    }
}

/* The process meant: the one given, else the one that runs. */
static bool wanted_process(struct call *call, u64 *pid)
{
    *pid = address_pid(call, address_hart(call));
    if (!call_number(call, "pid", pid))
        return false;
    if (!*pid || *pid > UINT32_MAX)
        return error_set(&call->error, 3, "no process runs now: name one (info procs lists them)");
    return true;
}

struct page_counts {
    u64 present, swapped, marked;
};

static bool count_page(void *ctx, const struct pte_view *p)
{
    struct page_counts *c = ctx;

    if (p->pte & PTE_V)
        c->present += pte_span(p->level) >> PAGE_SHIFT;
    else if (PTE_CLASS(p->pte) == PTE_CLASS_SWAP)
        c->swapped++;
    else
        c->marked++;
    return true;
}

struct map_listing {
    struct call *call;
    json_t *list;
    u64 satp;
};

static bool add_area_row(void *ctx, const struct area_view *a)
{
    struct map_listing *m = ctx;
    struct page_counts pages = {0};
    json_t *entry = json_object();

    if (a->end > a->start)
        observer_ptes(m->call->observer, m->satp, a->start, a->end - 1, count_page, &pages);
    value_set_hex(entry, "start", a->start);
    value_set_hex(entry, "end", a->end);
    value_set_text(entry, "rights", "%c%c%c", a->prot & 1 ? 'r' : '-', a->prot & 2 ? 'w' : '-',
                   a->prot & 4 ? 'x' : '-');
    value_set_text(entry, "kind", "%s", area_kind_name(a->kind));
    value_set_count(entry, "pages", (a->end - a->start) >> PAGE_SHIFT);
    value_set_count(entry, "present", pages.present);
    value_set_count(entry, "swapped", pages.swapped);
    if (a->inode) {
        value_set_count(entry, "inode", a->inode);
        value_set_count(entry, "file_page", a->pgoff);
    }
    json_array_append_new(m->list, entry);
    return json_array_size(m->list) < MAX_ROWS;
}

json_t *run_map(struct call *call)
{
    struct process_view p;
    u64 pid;
    struct map_listing m = {call, NULL, 0};

    if (!wanted_process(call, &pid))
        return NULL;
    if (!observer_has_layout(call->observer))
        return call_fail(call, "this guest does not tell its areas; see info pt %llu",
                         (unsigned long long)pid);
    if (!address_space_of(call, (u32)pid, &m.satp) ||
        !observer_process(call->observer, (u32)pid, &p))
        return NULL;
    json_t *value = json_object();
    m.list = json_array();
    value_set_count(value, "pid", pid);
    value_set_text(value, "name", "%s", p.name);
    value_set_hex(value, "brk_start", p.brk_start);
    value_set_hex(value, "brk", p.brk);
    observer_areas(call->observer, &p, add_area_row, &m);
    json_object_set_new(value, "areas", m.list);
    return value;
}

void show_map(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *a;

    buffer_printf(out, "pid %" PRIu64 " '%s'  heap %s..%s\n", value_u64(value, "pid"),
                  value_string(value, "name"), value_string(value, "brk_start"),
                  value_string(value, "brk"));
    buffer_printf(out, "%-35s %-4s %8s %8s %8s  %s\n", "range", "", "pages", "present", "swapped",
                  "kind");
    json_array_foreach(value_list(value, "areas"), i, a)
    {
        buffer_printf(
            out, "0x%016" PRIx64 "-%016" PRIx64 " %-3s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s",
            value_u64(a, "start"), value_u64(a, "end"), value_string(a, "rights"),
            value_u64(a, "pages"), value_u64(a, "present"), value_u64(a, "swapped"),
            value_string(a, "kind"));
        if (json_object_get(a, "inode"))
            buffer_printf(out, " inode %" PRIu64 " page %" PRIu64, value_u64(a, "inode"),
                          value_u64(a, "file_page"));
        buffer_byte(out, '\n');
    }
}

/* Neighbouring pages whose entries differ only in the frame or slot, counting up, are one row. */
struct pt_listing {
    json_t *list;
    struct pte_view first;
    u64 pages;
    bool open, cut;
};

#define FLAG_BITS (PTE_COW | PTE_SPECIAL | 0xff)

static void close_row(struct pt_listing *l)
{
    char words[80];

    if (!l->open)
        return;
    json_t *entry = json_object();
    u64 span = pte_span(l->first.level);
    value_set_hex(entry, "start", l->first.va);
    value_set_hex(entry, "end", l->first.va + l->pages * span);
    value_set_count(entry, "pages", l->pages);
    value_set_hex(entry, "pte", l->first.pte);
    if (l->first.level)
        value_set_hex(entry, "page_size", span);
    if (l->first.pte & PTE_V)
        value_set_hex(entry, "pa", pte_address(l->first.pte));
    trace_pte_words(words, sizeof words, l->first.pte);
    value_set_text(entry, "words", "%s", words);
    json_array_append_new(l->list, entry);
    l->open = false;
}

static bool add_pte(void *ctx, const struct pte_view *p)
{
    struct pt_listing *l = ctx;
    u64 span = pte_span(p->level);

    if (l->open && p->level == l->first.level && p->va == l->first.va + l->pages * span) {
        u64 flags = (p->pte & PTE_V) || PTE_CLASS(p->pte) == PTE_CLASS_AWAY ? FLAG_BITS : 0x3ff;
        u64 step = (p->pte & PTE_V) ? span >> PAGE_SHIFT : 1;
        u64 expected = PTE_PAYLOAD(l->first.pte) + l->pages * step;
        bool constant = !(p->pte & PTE_V) && PTE_CLASS(p->pte) == PTE_CLASS_MARKER;
        if (!((p->pte ^ l->first.pte) & flags) &&
            (constant ? p->pte == l->first.pte
             : p->pte & PTE_SPECIAL && p->pte & PTE_V
                 ? PTE_PAYLOAD(p->pte) == PTE_PAYLOAD(l->first.pte)
                 : PTE_PAYLOAD(p->pte) == expected)) {
            l->pages++;
            return true;
        }
    }
    close_row(l);
    if (json_array_size(l->list) >= MAX_ROWS) {
        l->cut = true;
        return false;
    }
    l->first = *p;
    l->pages = 1;
    l->open = true;
    return true;
}

json_t *run_pt(struct call *call)
{
    u64 pid, satp, from = 0, to = (u64)INT64_MAX;
    const char *range = call_text(call, "range");
    struct pt_listing l = {0};

    if (!wanted_process(call, &pid) || !address_space_of(call, (u32)pid, &satp))
        return NULL;
    if (range) {
        if (!address_range(call, range, &from, &to))
            return NULL;
        to--;
    }
    json_t *value = json_object();
    l.list = json_array();
    value_set_count(value, "pid", pid);
    value_set_hex(value, "satp", satp);
    observer_ptes(call->observer, satp, from, to, add_pte, &l);
    close_row(&l);
    json_object_set_new(value, "entries", l.list);
    value_set_flag(value, "cut", l.cut);
    return value;
}

void show_pt(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    buffer_printf(out, "%-35s %6s  %-12s %s\n", "virtual", "pages", "physical", "entry");
    json_array_foreach(value_list(value, "entries"), i, row)
    {
        buffer_printf(out, "0x%016" PRIx64 "-%016" PRIx64 " %6" PRIu64 "  %-12s %s\n",
                      value_u64(row, "start"), value_u64(row, "end"), value_u64(row, "pages"),
                      json_object_get(row, "pa") ? value_string(row, "pa") : "-",
                      value_string(row, "words"));
    }
    if (value_flag(value, "cut"))
        buffer_text(out, "... there is more: give a range\n");
}
