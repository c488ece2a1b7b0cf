/* SPDX-License-Identifier: MIT */
/* replica_fill.c - a replica as a model to be drawn. */
#include "emu/map/replica_insides.h"
#include "emu/isa/pte.h"

#include <stdlib.h>
#include <string.h>

static enum frame_class class_of(const struct replica_frame *f)
{
    if (f->class == CLASS_ANON) {
        return f->slot ? CLASS_SWAPPING : f->maps > 1 ? CLASS_ANON_SHARED : CLASS_ANON;
    }
    return f->class == CLASS_USER && f->maps > 1 ? CLASS_ANON_SHARED : (enum frame_class)f->class;
}

static bool fill_frames(const struct replica *r, struct map_model *model)
{
    if (!model_set_frames(model, r->frame_count)) {
        return false;
    }
    model->first_pfn = r->first_pfn;
    model->free_frames = 0;
    for (u64 i = 0; i < r->frame_count; i++) {
        const struct replica_frame *f = replica_frame_at(r, r->first_pfn + i);
        struct map_frame *out = &model->frames[i];
        *out = (struct map_frame){.class = CLASS_OTHER};
        if (f) {
            bool changed = model->bookmark && f->touched >= model->bookmark;
            out->class = (u8)class_of(f);
            out->maps = f->maps;
            out->refs = f->maps;
            out->touched = f->touched;
            out->marks = (u8)((f->marks & (MAP_MARK_DIRTY | MAP_MARK_ACCESSED)) |
                              (changed ? MAP_MARK_CHANGED : 0));
        }
        model->free_frames += out->class == CLASS_FREE || (out->class == CLASS_OTHER && r->tells);
    }
    return true;
}

static void fill_processes(const struct replica *r, struct map_model *model)
{
    struct map_process all[MAP_PROCESSES];
    size_t count = 0;
    for (size_t i = 0; i < r->processes && count < MAP_PROCESSES; i++) {
        const struct replica_process *from = &r->process[i];
        const struct replica_space *space = &r->space[from->space];
        if (from->pid == 0) {
            continue;
        }
        struct map_process *p = &all[count++];
        *p = (struct map_process){.pid = from->pid,
                                  .parent = from->parent,
                                  .state = from->state,
                                  .rss = space->resident,
                                  .swap = space->swapped,
                                  .faults = from->faults};
        memcpy(p->name, from->name, sizeof p->name);
    }
    model_set_processes(model, all, count);
}

static const struct replica_process *process_of(const struct replica *r, u32 pid)
{
    for (size_t i = 0; i < r->processes; i++) {
        if (r->process[i].pid == pid) {
            return &r->process[i];
        }
    }
    return NULL;
}

/* A process's pages, in order of address. */
static void fill_pages(const struct replica_space *space, struct map_model *model, bool tells)
{
    size_t at = 0;
    for (size_t t = 0; t < space->tables; t++) {
        for (unsigned k = 0; k < BLOCK_ENTRIES; k++) {
            u64 pte = space->table[t].block->entry[k];
            u64 va = space->table[t].base + ((u64)k << PAGE_SHIFT);
            if (!pte) {
                continue;
            }
            if (!tells) {
                model_add_page(model, va, pte);
                continue;
            }
            while (at < model->area_count && va >= model->area[at].end) {
                at++;
            }
            if (at < model->area_count && va >= model->area[at].start) {
                model_set_page(model, &model->area[at], va, pte);
            }
        }
    }
}

static void fill_space(const struct replica *r, const struct map_view *view,
                       struct map_model *model)
{
    model->area_count = 0;
    model->pid = model_choose_process(model, view->pid);
    const struct replica_process *p = model->pid ? process_of(r, model->pid) : NULL;
    if (!p) {
        return;
    }
    const struct replica_space *space = &r->space[p->space];
    for (size_t i = 0; r->tells && i < space->areas; i++) {
        const struct replica_area *from = &space->area[i];
        struct map_area *area = model_add_area(model, from->start, from->end);
        if (area) {
            area->inode = from->inode;
            area->pgoff = from->pgoff;
            area->prot = from->prot;
            area->kind = from->kind;
        }
    }
    fill_pages(space, model, r->tells);
}

static void mark_owned(const struct replica *r, u32 pid, struct map_model *model)
{
    const struct replica_process *p = pid ? process_of(r, pid) : NULL;
    const struct replica_space *space = p ? &r->space[p->space] : NULL;
    for (size_t t = 0; space && t < space->tables; t++) {
        for (unsigned k = 0; k < BLOCK_ENTRIES; k++) {
            u64 pfn = replica_entry_frame(space->table[t].block->entry[k]);
            if (pfn >= r->first_pfn && pfn - r->first_pfn < r->frame_count) {
                model->frames[pfn - r->first_pfn].marks |= MAP_MARK_OWNED;
            }
        }
    }
}

static bool fill_slots(const struct replica *r, struct map_model *model)
{
    model->swap_slots = r->slot_count;
    model->swap_used = 0;
    if (!model_set_slots(model, r->slot_count)) {
        return false;
    }
    for (u64 i = 0; i < r->slot_count; i++) {
        const struct replica_slot *slot = replica_slot_at(r, i);
        u32 users = slot ? slot->users + (slot->frame != 0 && slot->users == 0) : 0;
        model->slots[i] = users > 255 ? 255 : (u8)users;
        model->swap_used += users != 0;
    }
    return true;
}

/* Every entry that holds the frame, or the slot when `slots`. */
static void find_owners(const struct replica *r, u64 wanted, bool slots, struct map_focus *focus)
{
    for (size_t i = 0; i < r->processes; i++) {
        const struct replica_space *space = &r->space[r->process[i].space];
        for (size_t t = 0; t < space->tables; t++) {
            for (unsigned k = 0; k < BLOCK_ENTRIES; k++) {
                u64 pte = space->table[t].block->entry[k];
                bool hit = slots ? pte && !(pte & PTE_V) && PTE_CLASS(pte) == PTE_CLASS_SWAP &&
                                       PTE_PAYLOAD(pte) == wanted
                                 : pte && replica_entry_frame(pte) == wanted;
                if (!hit) {
                    continue;
                }
                focus->owner_total++;
                if (focus->owner_count < MAP_OWNERS) {
                    u64 va = space->table[t].base + ((u64)k << PAGE_SHIFT);
                    focus->owner[focus->owner_count++] =
                        (struct map_owner){r->process[i].pid, va, pte};
                }
            }
        }
    }
}

static void find_file(const struct replica_space *space, struct map_focus *focus)
{
    for (size_t i = 0; i < space->areas; i++) {
        const struct replica_area *a = &space->area[i];
        if (a->inode && focus->va >= a->start && focus->va < a->end) {
            focus->inode = a->inode;
            focus->page = a->pgoff + ((focus->va - a->start) >> PAGE_SHIFT);
        }
    }
}

static void fill_focus(const struct replica *r, struct map_focus *focus)
{
    if (!focus->on) {
        return;
    }
    focus->owners_known = false; /* tables filled ahead are not in the records */
    const struct replica_process *looked = focus->va ? process_of(r, focus->pid) : NULL;
    if (looked && !focus->pfn) {
        u64 pte = replica_entry(&r->space[looked->space], focus->va);
        focus->pfn = pte & PTE_V ? replica_entry_frame(pte) : 0;
    }
    if (focus->pfn) {
        const struct replica_frame *frame = replica_frame_at(r, focus->pfn);
        focus->slot = frame ? frame->slot : 0;
        find_owners(r, focus->pfn, false, focus);
        if (!focus->va && focus->owner_count) {
            focus->pid = focus->owner[0].pid;
            focus->va = focus->owner[0].va;
        }
    }
    const struct replica_process *p = focus->va ? process_of(r, focus->pid) : NULL;
    if (p) {
        u64 pte = replica_entry(&r->space[p->space], focus->va);
        focus->walk[0] = (struct map_walk_step){
            0, pte, (u16)pte_index(focus->va, 0), 0}; /* address 0: not known from records */
        focus->walk_steps = 1;
        find_file(&r->space[p->space], focus);
    }
}

bool replica_fill(const struct replica *r, const struct map_view *view, struct map_model *model)
{
    model->has_layout = r->tells;
    if (!fill_frames(r, model)) {
        return false;
    }
    fill_processes(r, model);
    fill_space(r, view, model);
    mark_owned(r, view->hover_pid, model);
    fill_focus(r, &model->inspect);
    fill_focus(r, &model->hover);
    if (model->hover_slot) {
        find_owners(r, model->hover_slot - 1, true, &model->hover);
    }
    memcpy(model->kind_count, r->kind_count, sizeof model->kind_count);
    memcpy(model->group_count, r->group_count, sizeof model->group_count);
    model->swap_out = r->swap_out;
    model->swap_in = r->swap_in;
    model->mismatches = r->mismatches;
    model->clock_hand = 0;
    return fill_slots(r, model);
}
