/* SPDX-License-Identifier: MIT */
/* look_frames.c - frames, rmap: physical memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"
#include "probe.h"

COMMAND_HANDLER(frames);
COMMAND_HANDLER(rmap);

#define MAX_LIST 1024
#define MAP_COLUMNS 64
static const char letter[] = ".KTAFSZD"; /* by enum probe_frame_kind */

static void add_flags(json_t *entry, unsigned flags)
{
    static const struct {
        unsigned bit;
        const char *name;
    } known[] = {{FRAME_BUSY, "busy"},
                 {FRAME_WANTED, "wanted"},
                 {FRAME_UPTODATE, "uptodate"},
                 {FRAME_DIRTY, "dirty"},
                 {FRAME_WRITEBACK, "writeback"},
                 {FRAME_MLOCKED, "mlocked"},
                 {FRAME_REFERENCED, "referenced"},
                 {FRAME_ACTIVE, "active"}};
    char text[128] = "";

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        size_t used = strlen(text);
        if (flags & known[i].bit)
            snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", known[i].name);
    }
    value_set_text(entry, "flags", "%s", text);
}

static json_t *frame_value(const struct frame_view *f)
{
    json_t *entry = json_object();

    value_set_hex(entry, "pfn", f->pfn);
    value_set_text(entry, "kind", "%s", observer_frame_kind_name(f->kind));
    value_set_count(entry, "refs", f->refs);
    value_set_count(entry, "maps", f->maps);
    add_flags(entry, f->flags);
    if (f->slot)
        value_set_count(entry, "slot", f->slot);
    if (f->kind == FRAME_FILE)
        value_set_count(entry, "file_page", f->index);
    return entry;
}

static json_t *summary(struct observer *o)
{
    json_t *value = json_object(), *kinds = json_object();
    u64 count[8] = {0}, shared = 0, dirty = 0, first = observer_first_pfn(o);
    struct frame_view f;

    for (u64 i = 0; i < observer_frame_count(o); i++) {
        if (!observer_frame(o, first + i, &f))
            continue;
        count[f.kind & 7]++;
        shared += f.maps > 1 && f.kind != FRAME_ZERO;
        dirty += (f.flags & FRAME_DIRTY) != 0;
    }
    for (unsigned kind = 0; kind < 8; kind++)
        value_set_count(kinds, observer_frame_kind_name(kind), count[kind]);
    value_set_hex(value, "first", first);
    value_set_count(value, "count", observer_frame_count(o));
    value_set_count(value, "free", observer_free_frames(o));
    value_set_count(value, "mapped_more_than_once", shared);
    value_set_count(value, "dirty", dirty);
    value_set_hex(value, "clock_hand", observer_clock_hand(o));
    json_object_set_new(value, "kinds", kinds);
    return value;
}

/* A letter for each frame, a row for MAP_COLUMNS; small letters: mapped more than once. */
static json_t *letters(struct observer *o)
{
    json_t *value = json_object(), *rows = json_array();
    u64 first = observer_first_pfn(o), count = observer_frame_count(o);
    struct frame_view f;
    char row[MAP_COLUMNS + 1];

    for (u64 at = 0; at < count; at += MAP_COLUMNS) {
        unsigned n = 0;
        for (; n < MAP_COLUMNS && at + n < count; n++) {
            observer_frame(o, first + at + n, &f);
            char c = letter[f.kind & 7];
            row[n] = f.maps > 1 && f.kind != FRAME_ZERO && c >= 'A' ? (char)(c + 32) : c;
        }
        row[n] = 0;
        json_t *entry = json_object();
        value_set_hex(entry, "pfn", first + at);
        value_set_text(entry, "frames", "%s", row);
        json_array_append_new(rows, entry);
    }
    json_object_set_new(value, "map", rows);
    return value;
}

struct owned {
    struct observer *o;
    json_t *list;
};

static bool add_owned(void *ctx, const struct pte_view *p)
{
    struct owned *owned = ctx;
    struct frame_view f;

    if (!(p->pte & PTE_V) || p->pte & PTE_SPECIAL)
        return true;
    if (observer_frame(owned->o, pte_address(p->pte) >> PAGE_SHIFT, &f)) {
        json_t *entry = frame_value(&f);
        value_set_hex(entry, "va", p->va);
        json_array_append_new(owned->list, entry);
    }
    return json_array_size(owned->list) < MAX_LIST;
}

static json_t *of_owner(struct call *call, const char *text)
{
    struct owned owned = {call->observer, NULL};
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    u64 satp;

    if (*end || end == text || pid > UINT32_MAX)
        return call_fail(call, "owner=%s: not a pid", text);
    if (!address_space_of(call, (u32)pid, &satp))
        return NULL;
    json_t *value = json_object();
    owned.list = json_array();
    observer_ptes(call->observer, satp, 0, (u64)INT64_MAX, add_owned, &owned);
    json_object_set_new(value, "list", owned.list);
    return value;
}

static json_t *listed(struct call *call, const char *filter)
{
    struct observer *o = call->observer;
    u64 first = observer_first_pfn(o), from = first, to = first + observer_frame_count(o);
    const char *kind = NULL;
    struct frame_view f;

    if (!strncmp(filter, "kind=", 5)) {
        kind = filter + 5;
        bool known = false;
        for (unsigned i = 0; i < 8; i++)
            known = known || !strcmp(kind, observer_frame_kind_name(i));
        if (!known)
            return call_fail(call,
                             "there is no frame kind '%s' (free kernel page-table anon file "
                             "shm zero reserved)",
                             kind);
    } else if (!address_range(call, filter, &from, &to)) {
        return NULL;
    }
    json_t *value = json_object(), *list = json_array();
    for (u64 pfn = from < first ? first : from; pfn < to; pfn++) {
        if (!observer_frame(o, pfn, &f))
            break;
        if (kind && strcmp(kind, observer_frame_kind_name(f.kind)) != 0)
            continue;
        json_array_append_new(list, frame_value(&f));
        if (json_array_size(list) >= MAX_LIST) {
            value_set_flag(value, "cut", true);
            break;
        }
    }
    json_object_set_new(value, "list", list);
    return value;
}

json_t *run_frames(struct call *call)
{
    const char *filter = call_text(call, "filter");

    if (!observer_has_layout(call->observer))
        return call_fail(call, "this guest does not tell its frame table; see rmap PFN, info pt");
    if (!filter)
        return summary(call->observer);
    if (!strcmp(filter, "map"))
        return letters(call->observer);
    if (!strncmp(filter, "owner=", 6))
        return of_owner(call, filter + 6);
    return listed(call, filter);
}

static void show_summary(const json_t *value, struct buffer *out)
{
    const char *kind;
    json_t *count;
    unsigned i = 0;

    buffer_printf(out,
                  "%" PRIu64 " frames from %s, free %" PRIu64 ", shared %" PRIu64 ", dirty %" PRIu64
                  ", CLOCK hand at %s\n",
                  value_u64(value, "count"), value_string(value, "first"), value_u64(value, "free"),
                  value_u64(value, "mapped_more_than_once"), value_u64(value, "dirty"),
                  value_string(value, "clock_hand"));
    json_object_foreach(json_object_get(value, "kinds"), kind, count)
    {
        buffer_printf(out, "  %c %-12s %8lld\n", letter[i & 7], kind,
                      (long long)json_integer_value(count));
        i++;
    }
}

static void show_frame(const json_t *f, struct buffer *out)
{
    buffer_printf(out, "frame %-8s %-10s refs %-5" PRIu64 " maps %-5" PRIu64,
                  value_string(f, "pfn"), value_string(f, "kind"), value_u64(f, "refs"),
                  value_u64(f, "maps"));
    if (json_object_get(f, "slot"))
        buffer_printf(out, " slot %" PRIu64, value_u64(f, "slot"));
    if (json_object_get(f, "file_page"))
        buffer_printf(out, " file page %" PRIu64, value_u64(f, "file_page"));
    if (json_object_get(f, "va"))
        buffer_printf(out, " at %s", value_string(f, "va"));
    buffer_printf(out, " %s\n", value_string(f, "flags"));
}

void show_frames(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    if (json_object_get(value, "kinds"))
        show_summary(value, out);
    json_array_foreach(value_list(value, "map"), i, row)
    {
        buffer_printf(out, "%s  %s\n", value_string(row, "pfn"), value_string(row, "frames"));
    }
    if (json_object_get(value, "map"))
        buffer_text(out, ". free  K kernel  T page table  A anon  F file  S shm  Z zero  "
                         "D reserved; small letters: mapped more than once\n");
    json_array_foreach(value_list(value, "list"), i, row) show_frame(row, out);
    if (value_flag(value, "cut"))
        buffer_text(out, "... there are more: give a range\n");
}

static bool add_owner(void *ctx, const struct owner_view *w)
{
    json_t *entry = json_object();
    char words[80];

    trace_pte_words(words, sizeof words, w->pte);
    value_set_count(entry, "pid", w->pid);
    value_set_hex(entry, "va", w->va);
    value_set_hex(entry, "pte", w->pte);
    value_set_text(entry, "words", "%s", words);
    json_array_append_new(ctx, entry);
    return json_array_size(ctx) < MAX_LIST;
}

/* Frame numbers are written in hexadecimal everywhere; "pfn:" in front is welcome. */
static bool frame_number(struct call *call, u64 *pfn)
{
    const char *text = call_text(call, "pfn");

    if (!strncmp(text, "pfn:", 4))
        text += 4;
    if (!strncmp(text, "pa:", 3)) {
        if (!address_expression(call, text + 3, strlen(text + 3), pfn))
            return false;
        *pfn >>= PAGE_SHIFT;
        return true;
    }
    return address_expression(call, text, strlen(text), pfn);
}

json_t *run_rmap(struct call *call)
{
    struct frame_view f;
    u64 pfn;

    if (!frame_number(call, &pfn))
        return NULL;
    if (!ram_contains(machine_ram(call->machine), pfn << PAGE_SHIFT, PAGE_BYTES) ||
        pfn >> (64 - PAGE_SHIFT))
        return call_fail(call, "frame 0x%llx is not in RAM (frames are 0x%llx..0x%llx)",
                         (unsigned long long)pfn,
                         (unsigned long long)(machine_ram(call->machine)->base >> PAGE_SHIFT),
                         (unsigned long long)((machine_ram(call->machine)->base +
                                               machine_ram(call->machine)->size) >>
                                              PAGE_SHIFT));
    json_t *value, *list = json_array();
    if (observer_frame(call->observer, pfn, &f)) {
        value = frame_value(&f);
        value_set_flag(value, "known", true);
    } else {
        value = json_object();
        value_set_hex(value, "pfn", pfn);
    }
    observer_owners(call->observer, pfn, add_owner, list);
    json_object_set_new(value, "owners", list);
    return value;
}

void show_rmap(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "owners");
    size_t i;
    json_t *owner;

    if (value_flag(value, "known"))
        show_frame(value, out);
    else
        buffer_printf(out, "frame %s\n", value_string(value, "pfn"));
    if (!json_array_size(list))
        buffer_text(out, "  mapped by no process\n");
    json_array_foreach(list, i, owner)
    {
        buffer_printf(out, "  %" PRIu64 ":%-18s pte 0x%016" PRIx64 "  %s\n",
                      value_u64(owner, "pid"), value_string(owner, "va"), value_u64(owner, "pte"),
                      value_string(owner, "words"));
    }
}
