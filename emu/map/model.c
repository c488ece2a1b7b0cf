/* SPDX-License-Identifier: MIT */
/* model.c - room for a model; see model.h. */
#include "emu/map/model.h"

#include "emu/isa/pte.h"

#include <stdlib.h>
#include <string.h>

/* 4 TiB of guest memory: beyond that a map of frames makes no sense. */
#define MOST_FRAMES (1ull << 30)

struct map_model *model_create(void)
{
    struct map_model *model = calloc(1, sizeof *model);
    if (model) {
        model->pages = calloc(MAP_PAGES, 1);
        model->page_frame = calloc(MAP_PAGES, sizeof *model->page_frame);
        model->bytes = calloc(MAP_FRAME_BYTES, 1);
        if (!model->pages || !model->page_frame || !model->bytes) {
            model_destroy(model);
            return NULL;
        }
    }
    return model;
}

void model_destroy(struct map_model *model)
{
    if (model) {
        free(model->frames);
        free(model->pages);
        free(model->page_frame);
        free(model->bytes);
        free(model->slots);
        free(model);
    }
}

bool model_set_frames(struct map_model *model, u64 count)
{
    if (count != model->frame_count) {
        free(model->frames);
        model->frames = count && count <= MOST_FRAMES ? calloc(count, sizeof *model->frames) : NULL;
        model->frame_count = model->frames ? count : 0;
    }
    return model->frame_count == count;
}

bool model_set_slots(struct map_model *model, u64 count)
{
    if (count != model->slot_count) {
        free(model->slots);
        model->slots = count && count <= MOST_FRAMES ? calloc(count, 1) : NULL;
        model->slot_count = model->slots ? count : 0;
    }
    return model->slot_count == count;
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

void model_set_processes(struct map_model *model, struct map_process *all, size_t count)
{
    qsort(all, count, sizeof *all, by_pid);
    model->process_count = 0;
    add_children(model, all, count, 0, 0);
    /* Those whose parent is not in the list stand at the root. */
    for (size_t i = 0; i < count && model->process_count < MAP_PROCESSES; i++) {
        bool there = false;
        for (size_t k = 0; k < model->process_count; k++) {
            there |= model->process[k].pid == all[i].pid;
        }
        if (!there) {
            all[i].depth = 0;
            model->process[model->process_count++] = all[i];
            add_children(model, all, count, all[i].pid, 1);
        }
    }
}

u32 model_choose_process(const struct map_model *model, u32 wanted)
{
    u32 newest = 0;
    for (size_t i = 0; i < model->process_count; i++) {
        const struct map_process *p = &model->process[i];
        if (p->pid == wanted && wanted) {
            return wanted;
        }
        newest = p->rss && p->pid > newest ? p->pid : newest;
    }
    return newest;
}

enum fault_group fault_group_of(unsigned kind)
{
    switch (kind) {
    case FAULT_ZERO_MAP:
    case FAULT_ZERO_FILL:
    case FAULT_ZERO_COPY:
        return GROUP_ZERO;
    case FAULT_COW_REUSE:
    case FAULT_COW_COPY:
        return GROUP_COW;
    case FAULT_COW_FILE:
    case FAULT_FILE_MAP:
    case FAULT_FILE_READ:
    case FAULT_FILE_WAIT:
    case FAULT_FILE_COW:
    case FAULT_FILE_WRITE:
    case FAULT_MKWRITE:
        return GROUP_FILE;
    case FAULT_SWAP_MAP:
    case FAULT_SWAP_READ:
    case FAULT_SWAP_COW:
    case FAULT_SHM_SWAPIN:
        return GROUP_SWAP;
    case FAULT_SHM_FILL:
    case FAULT_SHM_MAP:
        return GROUP_SHM;
    case FAULT_ACCESS:
    case FAULT_SPURIOUS:
    case FAULT_RACED:
        return GROUP_ACCESS;
    default:
        return GROUP_SIGNAL;
    }
}

enum fault_group fault_group(const struct trace_fault *fault)
{
    if (fault->kind) {
        return fault_group_of(fault->kind);
    }
    switch (fault->coarse) {
    case COARSE_NEW:
    case COARSE_NEW_READ_ONLY:
        return GROUP_ZERO;
    case COARSE_REUSE:
    case COARSE_COPY:
        return GROUP_COW;
    case COARSE_FROM_SWAP:
        return GROUP_SWAP;
    case COARSE_ACCESS_BITS:
    case COARSE_SPURIOUS:
        return GROUP_ACCESS;
    default:
        return GROUP_SIGNAL;
    }
}

u32 fault_group_kinds(enum fault_group group)
{
    u32 kinds = 0;
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        kinds |= fault_group_of(kind) == group ? 1u << kind : 0;
    }
    return kinds;
}

bool record_is_shown(const struct trace_record *r)
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

u64 record_end(const struct trace_record *r)
{
    return r->icount + (r->type == RECORD_FAULT ? r->fault.elapsed : 0);
}

enum page_state page_state_of(u64 pte)
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

struct map_area *model_add_area(struct map_model *model, u64 start, u64 end)
{
    if (model->area_count >= MAP_AREAS || end <= start) {
        return NULL;
    }
    u32 used = 0;
    if (model->area_count) {
        const struct map_area *last = &model->area[model->area_count - 1];
        used = last->first_page + last->page_count;
    }
    u64 pages = (end - start) >> PAGE_SHIFT;
    u32 room = MAP_PAGES - used;
    struct map_area *area = &model->area[model->area_count++];
    *area = (struct map_area){.start = start,
                              .end = end,
                              .first_page = used,
                              .page_count = pages < room ? (u32)pages : room};
    memset(model->pages + used, PAGE_ABSENT, area->page_count);
    memset(model->page_frame + used, 0, area->page_count * sizeof *model->page_frame);
    return area;
}

void model_set_page(struct map_model *model, struct map_area *area, u64 va, u64 pte)
{
    u64 page = (va - area->start) >> PAGE_SHIFT;
    enum page_state state = page_state_of(pte);
    if (page < area->page_count) {
        u64 pfn = pte & PTE_V ? pte_address(pte) >> PAGE_SHIFT : 0;
        bool known = pfn >= model->first_pfn && pfn - model->first_pfn < model->frame_count;
        model->pages[area->first_page + page] = (u8)state;
        model->page_frame[area->first_page + page] =
            known ? (u32)(pfn - model->first_pfn + 1) : 0;
        if (known && model->frames[pfn - model->first_pfn].class == CLASS_FILE) {
            model->pages[area->first_page + page] = PAGE_FILE;
        }
    }
    area->present += (pte & PTE_V) != 0;
    area->swapped += state == PAGE_SWAPPED;
    area->shared += state == PAGE_COW;
}

void model_add_page(struct map_model *model, u64 va, u64 pte)
{
    enum { LARGEST_HOLE = 64 };
    struct map_area *last = model->area_count ? &model->area[model->area_count - 1] : NULL;
    if (!last || va < last->start || va - last->end > LARGEST_HOLE * PAGE_BYTES) {
        last = model_add_area(model, va, va + PAGE_BYTES);
        if (!last) {
            return;
        }
    } else if (va >= last->end) {
        u32 at = last->first_page + last->page_count;
        u64 more = (va + PAGE_BYTES - last->end) >> PAGE_SHIFT;
        more = more < MAP_PAGES - at ? more : MAP_PAGES - at;
        memset(model->pages + at, PAGE_ABSENT, more);
        memset(model->page_frame + at, 0, more * sizeof *model->page_frame);
        last->page_count += (u32)more;
        last->end = va + PAGE_BYTES;
    }
    if (pte & PTE_V) {
        last->prot |= (u8)(pte >> 1 & 7);
    }
    model_set_page(model, last, va, pte);
}

/* ---- the timeline ---- */

void timeline_init(struct map_timeline *timeline)
{
    memset(timeline, 0, sizeof *timeline);
    timeline->span = 100000;
}

static void halve(struct map_timeline *t)
{
    for (size_t i = 0; i < MAP_BUCKETS / 2; i++) {
        struct map_bucket sum = t->bucket[2 * i];
        const struct map_bucket *next = &t->bucket[2 * i + 1];
        for (unsigned group = 0; group < GROUP_COUNT; group++) {
            sum.group[group] += next->group[group];
        }
        sum.swap_out += next->swap_out;
        sum.swap_in += next->swap_in;
        t->bucket[i] = sum;
    }
    memset(t->bucket + MAP_BUCKETS / 2, 0, sizeof t->bucket / 2);
    t->span *= 2;
    t->count /= 2;
}

void timeline_add(struct map_timeline *t, const struct trace_record *r)
{
    while (r->icount / t->span >= MAP_BUCKETS) {
        halve(t);
    }
    size_t index = (size_t)(r->icount / t->span);
    t->count = index >= t->count ? index + 1 : t->count;
    if (r->type == RECORD_FAULT) {
        t->bucket[index].group[fault_group(&r->fault)]++;
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT) {
        t->bucket[index].swap_out++;
    } else if (r->type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
        t->bucket[index].swap_in++;
    }
}
