/* SPDX-License-Identifier: MIT */
/* spaces.c - see spaces.h. */
#include "emu/map/spaces.h"
#include "emu/isa/pte.h"
#include "emu/mem/ram.h"
#include "emu/observe/observe.h"

#include <stdio.h>
#include <string.h>

struct survey {
    const struct observer *observer;
    struct map_model *model;
    const struct map_view *view;
    u64 satp, table; /* the leaf table looked at last */
    struct map_process *process;
    u64 valid, strange; /* entries that are valid; of them, that name what is not RAM */
    bool counting;      /* the first pass: only looks whether this still is a page table */
};

static struct map_frame *frame_of(struct map_model *model, u64 pfn)
{
    return pfn >= model->first_pfn && pfn - model->first_pfn < model->frame_count
               ? &model->frames[pfn - model->first_pfn]
               : NULL;
}

static void mark_table(struct survey *s, u64 address)
{
    struct map_frame *frame = frame_of(s->model, address >> PAGE_SHIFT);
    if (frame && frame->class == CLASS_OTHER) {
        frame->class = CLASS_PAGE_TABLE;
    }
}

/* The tables above the leaf table that holds the entry of `va`. */
static void mark_tables(struct survey *s, u64 va)
{
    struct peek walk;
    observer_walk(s->observer, s->satp, va, &walk);
    for (unsigned i = 0; i < walk.steps; i++) {
        mark_table(s, walk.step[i].pte_address);
    }
}

static void take_frame(struct survey *s, u64 pfn, u64 pte)
{
    struct map_frame *frame = frame_of(s->model, pfn);
    if (!frame) {
        return;
    }
    frame->maps = (u16)(frame->maps + (frame->maps < UINT16_MAX));
    frame->refs = frame->maps;
    frame->class = frame->maps > 1 ? CLASS_ANON_SHARED : CLASS_USER;
    frame->marks |= (u8)((pte & PTE_D ? MAP_MARK_DIRTY : 0) |
                         (pte & PTE_A ? MAP_MARK_ACCESSED : 0) |
                         (s->view->hover_pid == s->process->pid ? MAP_MARK_OWNED : 0));
}

static bool look(void *ctx, const struct pte_view *v)
{
    struct survey *s = ctx;
    u64 first = pte_address(v->pte) >> PAGE_SHIFT, pages = pte_span(v->level) >> PAGE_SHIFT;
    if (!(v->pte & PTE_V)) {
        s->process->swap += !s->counting;
        return true;
    }
    s->valid++;
    if (!frame_of(s->model, first)) {
        s->strange++;
        return true;
    }
    if (s->counting) {
        return true;
    }
    if (v->address >> PAGE_SHIFT != s->table) {
        s->table = v->address >> PAGE_SHIFT;
        mark_tables(s, v->va);
    }
    if (v->pte & PTE_U) {
        s->process->rss += pages;
        for (u64 i = 0; i < pages; i++) {
            take_frame(s, first + i, v->pte);
        }
    }
    return true;
}

static bool add_page(void *ctx, const struct pte_view *v)
{
    struct survey *s = ctx;
    u64 pages = pte_span(v->level) >> PAGE_SHIFT;
    bool user = (v->pte & PTE_U) || !(v->pte & PTE_V);
    for (u64 i = 0; user && i < pages && i < MAP_PAGES; i++) {
        model_add_page(s->model, v->va + i * PAGE_BYTES,
                       v->pte & PTE_V ? v->pte + (i << PTE_PPN_SHIFT) : v->pte);
    }
    return s->model->area_count < MAP_AREAS;
}

/*
 * A root that was used once may be anything by now.  Real tables have entries for users, and
 * (almost) all of them name RAM; mapped devices are few.
 */
static bool is_still_space(struct survey *s)
{
    s->counting = true;
    s->valid = s->strange = 0;
    struct map_process *process = s->process, none = {.pid = 0};
    s->process = &none;
    observer_ptes(s->observer, s->satp, 0, (u64)INT64_MAX, look, s);
    s->process = process;
    s->counting = false;
    return s->valid && s->strange * 2 <= s->valid;
}

static void fill_spaces(struct survey *s)
{
    struct map_process all[MAP_PROCESSES];
    size_t count = 0, spaces = observer_spaces(s->observer);
    /* The newest first: the oldest are those most likely gone. */
    for (size_t i = spaces; i > 0 && count < MAP_PROCESSES; i--) {
        s->satp = observer_space_satp(s->observer, i - 1);
        s->process = &all[count];
        all[count] = (struct map_process){.pid = (u32)i};
        snprintf(all[count].name, sizeof all[count].name, "satp %llx",
                 (unsigned long long)(s->satp & SATP_PPN));
        s->table = UINT64_MAX;
        if (is_still_space(s)) {
            s->valid = s->strange = 0;
            mark_table(s, (s->satp & SATP_PPN) << PAGE_SHIFT);
            observer_ptes(s->observer, s->satp, 0, (u64)INT64_MAX, look, s);
            count += all[count].rss != 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < observer_counted_pids(s->observer); k++) {
            if (observer_counted_pid(s->observer, k) != all[i].pid) {
                continue;
            }
            for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++) {
                all[i].faults += observer_pid_kind(s->observer, k, kind);
            }
        }
    }
    model_set_processes(s->model, all, count);
}

bool spaces_fill(const struct observer *observer, const struct ram *ram,
                 const struct touch_times *times, u64 bookmark, const struct map_view *view,
                 struct map_model *model)
{
    struct survey survey = {.observer = observer, .model = model, .view = view};
    model->first_pfn = ram->base >> PAGE_SHIFT;
    if (!model_set_frames(model, ram->size >> PAGE_SHIFT) || !model_set_slots(model, 0)) {
        return false;
    }
    for (u64 i = 0; i < model->frame_count; i++) {
        u64 touched = touch_time(times, model->first_pfn + i);
        bool changed = bookmark && touched >= bookmark;
        model->frames[i] = (struct map_frame){.class = CLASS_OTHER,
                                              .touched = touched,
                                              .marks = changed ? MAP_MARK_CHANGED : 0};
    }
    model->free_frames = model->swap_slots = model->swap_used = model->clock_hand = 0;
    fill_spaces(&survey);
    model->area_count = 0;
    model->pid = model_choose_process(model, view->pid);
    if (model->pid) {
        survey.satp = observer_space_satp(observer, model->pid - 1);
        observer_ptes(observer, survey.satp, 0, (u64)INT64_MAX, add_page, &survey);
    }
    return true;
}
