/* SPDX-License-Identifier: MIT */
/* collect.c - see collect.h. */
#include "emu/map/collect.h"
#include "emu/isa/pte.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/map/focus.h"
#include "emu/map/ring.h"
#include "emu/map/spaces.h"
#include "emu/mem/ram.h"
#include "emu/observe/observe.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_EVENTS = 4096 };

struct collector {
    struct machine *machine;
    struct observer *observer;
    int sink;
    struct touch_times touch;
    u64 bookmark;
    struct trace_record event[KEPT_EVENTS]; /* a ring */
    u64 events;                             /* ever seen */
    u64 kind_count[FAULT_KIND_COUNT], group_count[GROUP_COUNT], swap_out, swap_in, mismatches;
    struct map_timeline timeline;
};

static void touch(struct collector *c, u64 pfn, u64 icount)
{
    if (pfn >= c->touch.first_pfn && pfn - c->touch.first_pfn < c->touch.count) {
        c->touch.icount[pfn - c->touch.first_pfn] = icount;
    }
}

static void count_record(struct collector *c, const struct trace_record *r)
{
    timeline_add(&c->timeline, r);
    if (r->type == RECORD_FAULT) {
        unsigned kind = r->fault.kind < FAULT_KIND_COUNT ? r->fault.kind : 0;
        c->kind_count[kind]++;
        c->group_count[fault_group(&r->fault)]++;
        c->mismatches += (r->fault.notes & FAULT_NOTE_MISMATCH) != 0;
        touch(c, r->fault.pfn_new, r->icount);
        touch(c, r->fault.pfn_old, r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT) {
        c->swap_out++;
        touch(c, r->arg[1], r->icount);
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
        c->swap_in++;
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
    if (record_is_shown(record)) {
        record_copy(&c->event[c->events++ % KEPT_EVENTS], record);
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
    timeline_init(&c->timeline);
    u64 frames = machine_ram(machine)->size >> PAGE_SHIFT;
    c->touch = (struct touch_times){calloc(frames ? frames : 1, sizeof(u64)),
                                    machine_ram(machine)->base >> PAGE_SHIFT, frames};
    c->sink = c->touch.icount ? observer_add_sink(observer, on_record, c) : -1;
    if (c->sink < 0) {
        free(c->touch.icount);
        free(c);
        return NULL;
    }
    return c;
}

void collector_destroy(struct collector *c)
{
    if (c) {
        observer_remove_sink(c->observer, c->sink);
        free(c->touch.icount);
        free(c);
    }
}

void collector_reset(struct collector *c)
{
    memset(c->kind_count, 0, sizeof c->kind_count);
    memset(c->group_count, 0, sizeof c->group_count);
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
    if (!model_set_frames(model, observer_frame_count(c->observer))) {
        return false;
    }
    model->first_pfn = observer_first_pfn(c->observer);
    for (u64 i = 0; i < model->frame_count; i++) {
        struct frame_view f;
        struct map_frame *out = &model->frames[i];
        *out = (struct map_frame){.class = CLASS_RESERVED};
        if (!observer_frame(c->observer, model->first_pfn + i, &f)) {
            continue;
        }
        out->class = (u8)class_of(&f);
        out->refs = f.refs;
        out->maps = f.maps > UINT16_MAX ? UINT16_MAX : (u16)f.maps;
        out->touched = touch_time(&c->touch, model->first_pfn + i);
        out->marks = (u8)((f.flags & FRAME_DIRTY ? MAP_MARK_DIRTY : 0) |
                          (f.flags & FRAME_REFERENCED ? MAP_MARK_ACCESSED : 0) |
                          (f.flags & FRAME_MLOCKED ? MAP_MARK_PINNED : 0) |
                          (c->bookmark && out->touched >= c->bookmark ? MAP_MARK_CHANGED : 0));
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

static void fill_processes(struct collector *c, struct map_model *model)
{
    struct map_process all[MAP_PROCESSES];
    struct process_fill fill = {c->observer, all, 0};
    observer_processes(c->observer, add_process, &fill);
    model_set_processes(model, all, fill.count);
}

struct area_fill {
    struct map_model *model;
    size_t at; /* area the PTE walk is in */
};

static bool add_area(void *ctx, const struct area_view *v)
{
    struct area_fill *fill = ctx;
    struct map_area *a = model_add_area(fill->model, v->start, v->end);
    if (a) {
        a->inode = v->inode;
        a->pgoff = v->pgoff;
        a->prot = v->prot;
        a->kind = v->kind;
    }
    return fill->model->area_count < MAP_AREAS;
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
    if (v->va >= model->area[fill->at].start) {
        model_set_page(model, &model->area[fill->at], v->va, v->pte);
    }
    return true;
}

static void fill_space(struct collector *c, const struct map_view *view, struct map_model *model)
{
    struct process_view process;
    model->area_count = 0;
    model->pid = model_choose_process(model, view->pid);
    if (!model->pid || !observer_process(c->observer, model->pid, &process)) {
        model->pid = 0;
        return;
    }
    struct area_fill fill = {model, 0};
    observer_areas(c->observer, &process, add_area, &fill);
    if (process.root) {
        observer_ptes(c->observer, observer_satp_of_root(c->observer, process.root), 0,
                      ((u64)1 << 38) - 1, add_pte, &fill);
    }
}

static bool own_pte(void *ctx, const struct pte_view *v)
{
    struct map_model *model = ctx;
    u64 pfn = pte_address(v->pte) >> PAGE_SHIFT;
    if ((v->pte & PTE_V) && !(v->pte & PTE_SPECIAL) && pfn >= model->first_pfn &&
        pfn - model->first_pfn < model->frame_count) {
        model->frames[pfn - model->first_pfn].marks |= MAP_MARK_OWNED;
    }
    return true;
}

/* The frames of the process that is pointed at. */
static void mark_owned(struct collector *c, const struct map_view *view, struct map_model *model)
{
    struct process_view process;
    if (view->hover_pid && observer_process(c->observer, view->hover_pid, &process) &&
        process.root) {
        observer_ptes(c->observer, observer_satp_of_root(c->observer, process.root), 0,
                      ((u64)1 << 38) - 1, own_pte, model);
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
        model->swap_used += users != 0 || observer_swap_cached(c->observer, i);
    }
}

static bool add_owner(void *ctx, const struct owner_view *v)
{
    struct map_focus *focus = ctx;
    if (focus->owner_count < MAP_OWNERS) {
        focus->owner[focus->owner_count++] = (struct map_owner){v->pid, v->va, v->pte};
    }
    return true;
}

/* The tables that satp's walk of focus->va goes through. */
static void fill_walk(struct collector *c, u64 satp, struct map_focus *focus)
{
    struct peek walk;
    observer_walk(c->observer, satp, focus->va, &walk);
    for (unsigned i = 0; i < walk.steps && i < 4; i++) {
        focus->walk[focus->walk_steps++] = (struct map_walk_step){
            walk.step[i].pte_address, walk.step[i].pte,
            (u16)(walk.step[i].pte_address % PAGE_BYTES / PTE_BYTES), (u8)walk.step[i].level};
    }
    if (!focus->pfn && focus->walk_steps) {
        u64 pte = focus->walk[focus->walk_steps - 1].pte;
        focus->pfn = (pte & PTE_V) && pte_is_leaf(pte) ? pte_address(pte) >> PAGE_SHIFT : 0;
    }
}

static void fill_file(struct collector *c, const struct process_view *process,
                      struct map_focus *focus)
{
    struct area_view area;
    if (observer_area_at(c->observer, process, focus->va, &area) && area.inode) {
        focus->inode = area.inode;
        focus->page = area.pgoff + ((focus->va - area.start) >> PAGE_SHIFT);
    }
}

/* The walk of focus->va and the file behind it. */
static void fill_address(struct collector *c, bool tells, struct map_focus *focus)
{
    struct process_view process;
    if (!tells) {
        u64 satp = focus->pid ? observer_space_satp(c->observer, focus->pid - 1) : 0;
        if (satp) {
            fill_walk(c, satp, focus);
        }
    } else if (observer_process(c->observer, focus->pid, &process) && process.root) {
        fill_walk(c, observer_satp_of_root(c->observer, process.root), focus);
        fill_file(c, &process, focus);
    }
}

static void fill_focus(struct collector *c, struct map_focus *focus)
{
    struct frame_view frame;
    bool tells = observer_has_layout(c->observer);
    if (!focus->on) {
        return;
    }
    if (focus->pfn && tells && observer_frame(c->observer, focus->pfn, &frame)) {
        focus->slot = frame.kind == FRAME_ANON || frame.kind == FRAME_SHM ? frame.slot : 0;
    }
    if (!focus->pfn && focus->va) { /* first the walk, which finds the frame */
        fill_address(c, tells, focus);
    }
    if (focus->pfn) {
        focus->owner_total = observer_owners(c->observer, focus->pfn, add_owner, focus);
        focus->owners_known = true;
        if (!focus->va && focus->owner_count) {
            focus->pid = focus->owner[0].pid;
            focus->va = focus->owner[0].va;
        }
    }
    if (focus->va && focus->walk_steps == 0) {
        fill_address(c, tells, focus);
    }
}

static void fill_bytes(struct collector *c, const struct map_view *view, struct map_model *model)
{
    const u8 *bytes = view->bytes && model->inspect.pfn
                          ? ram_pointer(machine_ram(c->machine), model->inspect.pfn << PAGE_SHIFT,
                                        MAP_FRAME_BYTES)
                          : NULL;
    model->has_bytes = bytes != NULL;
    if (bytes) {
        memcpy(model->bytes, bytes, MAP_FRAME_BYTES);
    }
}

static void fill_counts(struct collector *c, struct map_model *model)
{
    memcpy(model->kind_count, c->kind_count, sizeof model->kind_count);
    memcpy(model->group_count, c->group_count, sizeof model->group_count);
    model->swap_out = c->swap_out;
    model->swap_in = c->swap_in;
    model->mismatches = c->mismatches;
    memcpy(model->bucket, c->timeline.bucket, sizeof model->bucket);
    model->bucket_count = c->timeline.count;
    model->bucket_span = c->timeline.span;
    model->end_icount = model->icount;
    model->bookmark = c->bookmark;
}

bool collector_fill(struct collector *c, const struct map_view *view, struct map_model *model)
{
    model->icount = machine_instructions(c->machine);
    model->stopped = machine_is_stopped(c->machine);
    model->past = model->alone = false;
    model->has_layout = observer_has_layout(c->observer);
    focus_prepare(view, model);
    if (model->has_layout) {
        if (!fill_frames(c, model)) {
            return false;
        }
        model->free_frames = observer_free_frames(c->observer);
        model->clock_hand = observer_clock_hand(c->observer);
        fill_processes(c, model);
        fill_space(c, view, model);
        fill_swap(c, model);
        mark_owned(c, view, model);
    } else if (!spaces_fill(c->observer, machine_ram(c->machine), &c->touch, c->bookmark, view,
                            model)) {
        return false;
    }
    fill_focus(c, &model->inspect);
    fill_focus(c, &model->hover);
    if (model->hover_slot && model->has_layout) {
        model->hover.owner_total = observer_slot_owners(c->observer, model->hover_slot - 1,
                                                        add_owner, &model->hover);
    }
    u64 kept = c->events < KEPT_EVENTS ? c->events : KEPT_EVENTS;
    focus_events(view, model, c->event, KEPT_EVENTS, c->events, kept);
    fill_bytes(c, view, model);
    fill_counts(c, model);
    return true;
}
