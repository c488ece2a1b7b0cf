/* SPDX-License-Identifier: MIT */
/* collect.c - see collect.h. */
#include "emu/map/collect.h"
#include "emu/isa/pte.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/observe/observe.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_EVENTS = 4096 };

struct collector {
    struct machine *machine;
    struct observer *observer;
    int sink;
    u64 *touched; /* per frame: instruction count of its last event */
    u64 touched_count, first_pfn, bookmark;
    struct trace_record event[KEPT_EVENTS]; /* a ring */
    u64 events;                             /* ever seen */
    u64 kind_count[FAULT_KIND_COUNT], swap_out, swap_in, mismatches;
    struct map_bucket bucket[MAP_BUCKETS];
    u64 bucket_first, bucket_span; /* number of the first bucket, instructions in each */
    size_t bucket_count;
};

static void touch(struct collector *c, u64 pfn, u64 icount)
{
    if (pfn >= c->first_pfn && pfn - c->first_pfn < c->touched_count) {
        c->touched[pfn - c->first_pfn] = icount;
    }
}

/* Two buckets become one when the timeline is full: its resolution halves, its length doubles. */
static void halve_buckets(struct collector *c)
{
    for (size_t i = 0; i < MAP_BUCKETS / 2; i++) {
        struct map_bucket sum = c->bucket[2 * i];
        const struct map_bucket *next = &c->bucket[2 * i + 1];
        for (unsigned group = 0; group < GROUP_COUNT; group++) {
            sum.group[group] += next->group[group];
        }
        sum.swap_out += next->swap_out;
        sum.swap_in += next->swap_in;
        c->bucket[i] = sum;
    }
    memset(c->bucket + MAP_BUCKETS / 2, 0, sizeof c->bucket / 2);
    c->bucket_span *= 2;
    c->bucket_count /= 2;
}

static struct map_bucket *bucket_at(struct collector *c, u64 icount)
{
    while (icount / c->bucket_span >= MAP_BUCKETS) {
        halve_buckets(c);
    }
    size_t index = (size_t)(icount / c->bucket_span);
    if (index >= c->bucket_count) {
        c->bucket_count = index + 1;
    }
    return &c->bucket[index];
}

static bool is_shown(const struct trace_record *r)
{
    switch (r->type) {
    case RECORD_FAULT:
    case RECORD_PROBE + PROBE_EV_FORK:
    case RECORD_PROBE + PROBE_EV_EXEC:
    case RECORD_PROBE + PROBE_EV_EXIT:
    case RECORD_PROBE + PROBE_EV_EVICT:
    case RECORD_PROBE + PROBE_EV_SWAP_OUT:
    case RECORD_PROBE + PROBE_EV_SWAP_IN:
    case RECORD_PROBE + PROBE_EV_WRITEBACK:
    case RECORD_PROBE + PROBE_EV_OOM_KILL:
    case RECORD_PROBE + PROBE_EV_MARK:
        return true;
    default:
        return false;
    }
}

static void count_record(struct collector *c, const struct trace_record *r)
{
    struct map_bucket *bucket = bucket_at(c, r->icount);
    if (r->type == RECORD_FAULT) {
        unsigned kind = r->fault.kind < FAULT_KIND_COUNT ? r->fault.kind : 0;
        c->kind_count[kind]++;
        bucket->group[fault_group_of(kind)]++;
        c->mismatches += (r->fault.notes & FAULT_NOTE_MISMATCH) != 0;
        touch(c, r->fault.pfn_new, r->icount);
        touch(c, r->fault.pfn_old, r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT) {
        c->swap_out++;
        bucket->swap_out++;
        touch(c, r->arg[1], r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
        c->swap_in++;
        bucket->swap_in++;
        touch(c, r->arg[1], r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_EVICT) {
        touch(c, r->arg[0], r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_WRITEBACK) {
        touch(c, r->arg[2], r->icount);
    }
}

static void on_record(void *ctx, const struct trace_record *record)
{
    struct collector *c = ctx;
    count_record(c, record);
    if (is_shown(record)) {
        c->event[c->events++ % KEPT_EVENTS] = *record;
    }
}

struct collector *collector_create(struct machine *machine, struct observer *observer)
{
    struct collector *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->machine = machine;
    c->observer = observer;
    c->bucket_span = 100000;
    c->sink = observer_add_sink(observer, on_record, c);
    if (c->sink < 0) {
        free(c);
        return NULL;
    }
    return c;
}

void collector_destroy(struct collector *c)
{
    if (c) {
        observer_remove_sink(c->observer, c->sink);
        free(c->touched);
        free(c);
    }
}

void collector_reset(struct collector *c)
{
    memset(c->kind_count, 0, sizeof c->kind_count);
    c->swap_out = c->swap_in = c->mismatches = 0;
    observer_reset_counts(c->observer);
}

void collector_bookmark(struct collector *c)
{
    c->bookmark = machine_instructions(c->machine);
}

static enum frame_class class_of(const struct frame_view *f)
{
    switch (f->kind) {
    case FRAME_FREE:
        return CLASS_FREE;
    case FRAME_KERNEL:
        return CLASS_KERNEL;
    case FRAME_PGTABLE:
        return CLASS_PAGE_TABLE;
    case FRAME_ANON:
        return f->slot || (f->flags & (FRAME_BUSY | FRAME_WRITEBACK)) ? CLASS_SWAPPING
               : f->maps > 1                                          ? CLASS_ANON_SHARED
                                                                      : CLASS_ANON;
    case FRAME_FILE:
        return CLASS_FILE;
    case FRAME_SHM:
        return CLASS_SHM;
    case FRAME_ZERO:
        return CLASS_ZERO;
    default:
        return CLASS_RESERVED;
    }
}

static bool fill_frames(struct collector *c, struct map_model *model)
{
    u64 count = observer_frame_count(c->observer);
    if (count != c->touched_count) {
        free(c->touched);
        c->touched = calloc(count ? count : 1, sizeof *c->touched);
        c->touched_count = c->touched ? count : 0;
        c->first_pfn = observer_first_pfn(c->observer);
    }
    if (!model_set_frames(model, c->touched_count)) {
        return false;
    }
    model->first_pfn = c->first_pfn;
    for (u64 i = 0; i < model->frame_count; i++) {
        struct frame_view f;
        struct map_frame *out = &model->frames[i];
        *out = (struct map_frame){.class = CLASS_RESERVED};
        if (!observer_frame(c->observer, c->first_pfn + i, &f)) {
            continue;
        }
        out->class = (u8)class_of(&f);
        out->refs = f.refs;
        out->maps = f.maps > UINT16_MAX ? UINT16_MAX : (u16)f.maps;
        out->touched = c->touched[i];
        out->marks = (u8)((f.flags & FRAME_DIRTY ? MAP_MARK_DIRTY : 0) |
                          (f.flags & FRAME_REFERENCED ? MAP_MARK_ACCESSED : 0) |
                          (f.flags & FRAME_MLOCKED ? MAP_MARK_PINNED : 0) |
                          (c->bookmark && c->touched[i] >= c->bookmark ? MAP_MARK_CHANGED : 0));
    }
    return true;
}

static u64 faults_of(const struct observer *o, u32 pid)
{
    u64 sum = 0;
    for (size_t i = 0; i < observer_counted_pids(o); i++) {
        if (observer_counted_pid(o, i) == pid) {
            for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++) {
                sum += observer_pid_kind(o, i, kind);
            }
        }
    }
    return sum;
}

struct process_fill {
    const struct observer *observer;
    struct map_process *process;
    size_t count;
};

static bool add_process(void *ctx, const struct process_view *v)
{
    struct process_fill *fill = ctx;
    struct map_process *p = &fill->process[fill->count++];
    *p = (struct map_process){.pid = v->pid,
                              .parent = v->parent,
                              .state = v->state,
                              .rss = v->rss_anon + v->rss_file + v->rss_shm,
                              .swap = v->swap,
                              .faults = faults_of(fill->observer, v->pid)};
    memcpy(p->name, v->name, sizeof p->name);
    return fill->count < MAP_PROCESSES;
}

static int by_pid(const void *a, const void *b)
{
    const struct map_process *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Appends `parent`'s children in order of pid, each followed by its own. */
static void add_children(struct map_model *model, const struct map_process *all, size_t count,
                         u32 parent, u32 depth)
{
    for (size_t i = 0; i < count && depth < 16; i++) {
        if (all[i].parent == parent && all[i].pid != parent &&
            model->process_count < MAP_PROCESSES) {
            struct map_process *p = &model->process[model->process_count++];
            *p = all[i];
            p->depth = depth;
            add_children(model, all, count, p->pid, depth + 1);
        }
    }
}

static void fill_processes(struct collector *c, struct map_model *model)
{
    struct map_process all[MAP_PROCESSES];
    struct process_fill fill = {c->observer, all, 0};
    observer_processes(c->observer, add_process, &fill);
    qsort(all, fill.count, sizeof *all, by_pid);
    model->process_count = 0;
    add_children(model, all, fill.count, 0, 0);
    /* Those whose parent is not in the list stand at the root. */
    for (size_t i = 0; i < fill.count && model->process_count < MAP_PROCESSES; i++) {
        bool there = false;
        for (size_t k = 0; k < model->process_count; k++) {
            there |= model->process[k].pid == all[i].pid;
        }
        if (!there) {
            model->process[model->process_count++] = all[i];
        }
    }
}

struct area_fill {
    struct map_model *model;
    u32 pages;
    size_t at; /* area the PTE walk is in */
};

static bool add_area(void *ctx, const struct area_view *v)
{
    struct area_fill *fill = ctx;
    struct map_area *a = &fill->model->area[fill->model->area_count++];
    u64 pages = (v->end - v->start) >> 12;
    u32 room = MAP_PAGES - fill->pages;
    *a = (struct map_area){.start = v->start,
                           .end = v->end,
                           .inode = v->inode,
                           .pgoff = v->pgoff,
                           .prot = v->prot,
                           .kind = v->kind,
                           .first_page = fill->pages,
                           .page_count = pages < room ? (u32)pages : room};
    memset(fill->model->pages + a->first_page, PAGE_ABSENT, a->page_count);
    fill->pages += a->page_count;
    return fill->model->area_count < MAP_AREAS;
}

static enum page_state state_of(u64 pte)
{
    if (!(pte & PTE_V)) {
        return PTE_CLASS(pte) == PTE_CLASS_SWAP     ? PAGE_SWAPPED
               : PTE_CLASS(pte) == PTE_CLASS_MARKER ? PAGE_MARKER
                                                    : PAGE_PRESENT;
    }
    return pte & PTE_SPECIAL ? PAGE_ZERO
           : pte & PTE_COW   ? PAGE_COW
           : pte & PTE_D     ? PAGE_DIRTY
                             : PAGE_PRESENT;
}

static bool add_pte(void *ctx, const struct pte_view *v)
{
    struct area_fill *fill = ctx;
    struct map_model *model = fill->model;
    while (fill->at < model->area_count && v->va >= model->area[fill->at].end) {
        fill->at++;
    }
    if (fill->at >= model->area_count) {
        return false;
    }
    struct map_area *a = &model->area[fill->at];
    if (v->va < a->start) {
        return true;
    }
    enum page_state state = state_of(v->pte);
    u64 page = (v->va - a->start) >> 12;
    if (page < a->page_count) {
        model->pages[a->first_page + page] = (u8)state;
    }
    a->present += (v->pte & PTE_V) != 0;
    a->swapped += state == PAGE_SWAPPED;
    a->shared += state == PAGE_COW;
    return true;
}

static void fill_space(struct collector *c, const struct map_view *view, struct map_model *model)
{
    struct process_view process;
    model->area_count = 0;
    u32 pid = view->pid;
    if (!pid || !observer_process(c->observer, pid, &process)) {
        /* The newest process: most often the one under test. */
        pid = 0;
        for (size_t i = 0; i < model->process_count; i++) {
            if (model->process[i].rss && model->process[i].pid > pid) {
                pid = model->process[i].pid;
            }
        }
        if (!pid || !observer_process(c->observer, pid, &process)) {
            model->pid = 0;
            return;
        }
    }
    model->pid = pid;
    struct area_fill fill = {model, 0, 0};
    observer_areas(c->observer, &process, add_area, &fill);
    if (process.root) {
        observer_ptes(c->observer, observer_satp_of_root(c->observer, process.root), 0,
                      ((u64)1 << 38) - 1, add_pte, &fill);
    }
}

static bool passes(const struct map_view *view, const struct trace_record *r)
{
    if (view->filter_pid && r->pid != view->filter_pid) {
        return false;
    }
    return view->filter_group < 0 ||
           (r->type == RECORD_FAULT && (int)fault_group_of(r->fault.kind) == view->filter_group);
}

static void fill_events(struct collector *c, const struct map_view *view, struct map_model *model)
{
    u64 kept = c->events < KEPT_EVENTS ? c->events : KEPT_EVENTS;
    model->event_count = 0;
    for (u64 i = 1; i <= kept && model->event_count < MAP_EVENTS; i++) {
        const struct trace_record *r = &c->event[(c->events - i) % KEPT_EVENTS];
        if (passes(view, r)) {
            model->event[model->event_count++] = *r;
        }
    }
}

static void fill_swap(struct collector *c, struct map_model *model)
{
    u64 slots = observer_swap_slots(c->observer);
    model->swap_slots = slots;
    model->swap_used = 0;
    if (!model_set_slots(model, slots)) {
        return;
    }
    for (u64 i = 0; i < slots; i++) {
        unsigned users = observer_swap_users(c->observer, i);
        model->slots[i] = users > 255 ? 255 : (u8)users;
        model->swap_used += users != 0;
    }
}

static bool about_frame(const struct trace_record *r, u64 pfn)
{
    switch (r->type) {
    case RECORD_FAULT:
        return r->fault.pfn_new == pfn || r->fault.pfn_old == pfn;
    case RECORD_PROBE + PROBE_EV_EVICT:
        return r->arg[0] == pfn;
    case RECORD_PROBE + PROBE_EV_SWAP_OUT:
    case RECORD_PROBE + PROBE_EV_SWAP_IN:
        return r->arg[1] == pfn;
    case RECORD_PROBE + PROBE_EV_WRITEBACK:
        return r->arg[2] == pfn;
    default:
        return false;
    }
}

static bool add_owner(void *ctx, const struct owner_view *v)
{
    struct map_model *model = ctx;
    if (model->owner_count < MAP_OWNERS) {
        model->owner[model->owner_count++] = (struct map_owner){v->pid, v->va, v->pte};
    }
    return true;
}

static void fill_inspector(struct collector *c, const struct map_view *view,
                           struct map_model *model)
{
    model->inspecting = view->cursor_pfn || view->cursor_va;
    model->owner_count = model->owner_total = model->walk_steps = model->history_count = 0;
    model->pfn = view->cursor_pfn;
    u32 pid = model->pid;
    u64 va = view->cursor_va;
    if (model->pfn) {
        model->owner_total = observer_owners(c->observer, model->pfn, add_owner, model);
        if (!va && model->owner_count) {
            pid = model->owner[0].pid;
            va = model->owner[0].va;
        }
    }
    struct process_view process;
    if (va && observer_process(c->observer, pid, &process) && process.root) {
        struct peek walk;
        model->walk_pid = pid;
        model->walk_va = va;
        observer_walk(c->observer, observer_satp_of_root(c->observer, process.root), va, &walk);
        for (unsigned i = 0; i < walk.steps && i < 4; i++) {
            model->walk[model->walk_steps++] = (struct map_walk_step){
                walk.step[i].pte_address, walk.step[i].pte,
                (u16)(walk.step[i].pte_address % 4096 / 8), (u8)walk.step[i].level};
        }
    }
    u64 kept = c->events < KEPT_EVENTS ? c->events : KEPT_EVENTS;
    for (u64 i = 1; model->pfn && i <= kept && model->history_count < MAP_HISTORY; i++) {
        const struct trace_record *r = &c->event[(c->events - i) % KEPT_EVENTS];
        if (about_frame(r, model->pfn)) {
            model->history[model->history_count++] = *r;
        }
    }
}

bool collector_fill(struct collector *c, const struct map_view *view, struct map_model *model)
{
    model->icount = machine_instructions(c->machine);
    model->stopped = machine_is_stopped(c->machine);
    model->has_layout = observer_has_layout(c->observer);
    if (!fill_frames(c, model)) {
        return false;
    }
    model->free_frames = observer_free_frames(c->observer);
    model->clock_hand = observer_clock_hand(c->observer);
    fill_processes(c, model);
    fill_space(c, view, model);
    fill_events(c, view, model);
    fill_swap(c, model);
    fill_inspector(c, view, model);
    memcpy(model->kind_count, c->kind_count, sizeof model->kind_count);
    memset(model->group_count, 0, sizeof model->group_count);
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        model->group_count[fault_group_of(kind)] += c->kind_count[kind];
    }
    model->swap_out = c->swap_out;
    model->swap_in = c->swap_in;
    model->mismatches = c->mismatches;
    memcpy(model->bucket, c->bucket, sizeof model->bucket);
    model->bucket_count = c->bucket_count;
    model->bucket_span = c->bucket_span;
    return true;
}
