/* SPDX-License-Identifier: MIT */
/*
 * replica_apply.c - what each record did to memory (emu/trace/event.def says what they mean):
 * faults, and pages that leave and come; replica_process.c has the rest.
 *
 * Records are not believed more than they deserve: numbers out of range and processes never heard
 * of change nothing that matters.
 */
#include "emu/map/replica_insides.h"
#include "emu/isa/pte.h"

#define SECTORS_PER_SLOT 8u

static enum frame_class class_after(const struct trace_fault *f)
{
    if (f->kind == 0) {
        return CLASS_USER;
    }
    switch (f->kind) {
    case FAULT_FILE_MAP:
    case FAULT_FILE_READ:
    case FAULT_FILE_WAIT:
    case FAULT_FILE_WRITE:
    case FAULT_MKWRITE:
        return CLASS_FILE;
    case FAULT_SHM_FILL:
    case FAULT_SHM_MAP:
    case FAULT_SHM_SWAPIN:
        return CLASS_SHM;
    default:
        return CLASS_ANON;
    }
}

static void touch(struct replica *r, u64 pfn, u64 icount, bool *ok)
{
    struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, ok) : NULL;
    if (frame) {
        frame->touched = icount;
    }
}

static void grow_stack(struct replica_space *space, const struct trace_fault *f)
{
    for (size_t i = 0; i < space->areas; i++) {
        struct replica_area *a = &space->area[i];
        if (a->kind == AREA_STACK && f->area_start < a->start && f->va < a->end) {
            a->start = f->area_start;
        }
    }
}

/* Pages filled ahead: that they are there is known, their frames are not. */
static bool fill_ahead(struct replica *r, struct replica_space *space, const struct trace_fault *f)
{
    bool ok = true;
    u64 page = f->va & PAGE_MASK, left = f->around;
    u64 pte = f->pte_after & ~(PTE_PPN | PTE_COW);
    for (u64 i = 1; ok && left && i <= 2 * (u64)f->around; i++) {
        u64 va = page + i * PAGE_BYTES;
        if (replica_entry(space, va) == 0) {
            ok = replica_set_entry(r, space, va, pte);
            left--;
        }
    }
    return ok;
}

static bool apply_fault(struct replica *r, const struct trace_record *record)
{
    const struct trace_fault *f = &record->fault;
    unsigned kind = f->kind < FAULT_KIND_COUNT ? f->kind : 0;
    bool ok = true;
    r->kind_count[kind]++;
    r->group_count[fault_group(f)]++;
    r->mismatches += (f->notes & FAULT_NOTE_MISMATCH) != 0;
    struct replica_process *p = replica_process_for(r, record->pid, -1);
    if (!p) {
        return false;
    }
    p->faults++;
    struct replica_space *space = &r->space[p->space];
    if (record->privilege == 0) {
        ok = replica_settle(space);
    }
    if (f->flags & PROBE_FLAG_STACK_GROW) {
        grow_stack(space, f);
    }
    touch(r, f->pfn_old, record->icount, &ok);
    if (f->result != RESULT_OK || !(f->pte_after & PTE_V) || (i64)f->va < 0) {
        return ok;
    }
    u64 pfn = replica_entry_frame(f->pte_after);
    struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, &ok) : NULL;
    if (frame) {
        frame->class = (u8)class_after(f);
        frame->touched = record->icount;
        frame->marks =
            (u8)((f->pte_after & PTE_D ? MAP_MARK_DIRTY : 0) |
                 (f->pte_after & PTE_A ? MAP_MARK_ACCESSED : 0) | (frame->marks & FRAME_WRITING));
    } else if (f->pte_after & PTE_SPECIAL) {
        u64 zero = pte_address(f->pte_after) >> PAGE_SHIFT;
        frame = replica_frame_for(r, zero, &ok);
        if (frame && f->kind == FAULT_ZERO_MAP) {
            frame->class = CLASS_ZERO;
        }
    }
    ok = replica_set_entry(r, space, f->va & PAGE_MASK, f->pte_after) && ok;
    return ok && (!f->around || fill_ahead(r, space, f));
}

/* ---- pages that leave and come ---- */

/* Every entry of the frame, wherever it is. */
static bool replace_entries(struct replica *r, u64 pfn, u64 va, u64 pte)
{
    bool ok = true;
    for (size_t i = 0; ok && va && i < r->spaces; i++) {
        u64 entry = replica_entry(&r->space[i], va);
        if ((entry & PTE_V) && (replica_entry_frame(entry) == pfn || pte_address(entry) == 0)) {
            ok = replica_set_entry(r, &r->space[i], va, pte);
        }
    }
    const struct replica_frame *frame = replica_frame_at(r, pfn);
    for (size_t i = 0; ok && frame && frame->maps && i < r->spaces; i++) {
        for (size_t t = 0; ok && t < r->space[i].tables; t++) {
            for (unsigned k = 0; ok && k < BLOCK_ENTRIES; k++) {
                if (replica_entry_frame(r->space[i].table[t].block->entry[k]) == pfn) {
                    u64 at = r->space[i].table[t].base + ((u64)k << PAGE_SHIFT);
                    ok = replica_set_entry(r, &r->space[i], at, pte);
                }
            }
        }
        frame = replica_frame_at(r, pfn);
    }
    return ok;
}

static bool bind_slot(struct replica *r, u64 slot_number, u64 pfn, u64 icount, u8 marks)
{
    bool ok = true;
    struct replica_slot *slot = replica_slot_for(r, slot_number, &ok);
    struct replica_frame *frame = replica_frame_for(r, pfn, &ok);
    if (frame && slot) {
        slot->frame = (u32)(pfn - r->first_pfn + 1);
        frame->slot = (u32)slot_number;
        frame->touched = icount;
        frame->class = frame->class == CLASS_SHM ? CLASS_SHM : CLASS_ANON;
        frame->marks |= marks;
    }
    return ok;
}

static bool apply_evict(struct replica *r, const struct trace_record *record)
{
    u64 pfn = record->arg[0], slot = record->arg[1], kind = record->arg[2] & 0xff;
    bool ok = true;
    if (kind == 1) {
        ok = bind_slot(r, slot, pfn, record->icount, 0) &&
             replace_entries(r, pfn, record->arg[4], slot << 10 | PTE_CLASS_SWAP << 1);
    } else if (kind == 2) {
        ok = replace_entries(r, pfn, 0, 0);
        struct replica_frame *frame = replica_frame_for(r, pfn, &ok);
        if (frame) {
            *frame = (struct replica_frame){.class = CLASS_FREE, .touched = record->icount};
        }
    } else if (kind == 3) {
        ok = replace_entries(r, pfn, 0, 0) && bind_slot(r, slot, pfn, record->icount, 0);
    }
    return ok;
}

static bool apply_swap_free(struct replica *r, const struct trace_record *record)
{
    bool ok = true;
    struct replica_slot *slot = replica_slot_for(r, record->arg[0], &ok);
    if (slot) {
        u64 pfn = slot->frame ? r->first_pfn + slot->frame - 1 : 0;
        struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, &ok) : NULL;
        if (frame) {
            frame->slot = 0;
            frame->marks &= (u8)~FRAME_WRITING;
            if (frame->maps == 0 && frame->class == CLASS_ANON) {
                frame->class = CLASS_FREE;
            }
        }
        *slot = (struct replica_slot){0};
    }
    return ok;
}

/* A write to the swap disk that is done: the frames behind those slots can go. */
static bool apply_disk(struct replica *r, const struct trace_record *record)
{
    const struct trace_disk *d = &record->disk;
    bool ok = true;
    if (!d->write || d->failed || d->device == 0) {
        return true;
    }
    u64 first = d->sector / SECTORS_PER_SLOT, last = first + d->sectors / SECTORS_PER_SLOT;
    for (u64 i = first; ok && i < last && i < r->slot_count; i++) {
        const struct replica_slot *slot = replica_slot_at(r, i);
        u64 pfn = slot && slot->frame ? r->first_pfn + slot->frame - 1 : 0;
        struct replica_frame *frame = pfn ? replica_frame_for(r, pfn, &ok) : NULL;
        if (!frame || !(frame->marks & FRAME_WRITING)) {
            continue;
        }
        frame->marks &= (u8) ~(FRAME_WRITING | MAP_MARK_DIRTY);
        if (frame->maps == 0) {
            *frame = (struct replica_frame){.class = CLASS_FREE, .touched = frame->touched};
            struct replica_slot *own = replica_slot_for(r, i, &ok);
            if (own) {
                own->frame = 0;
            }
        }
    }
    return ok;
}

static bool apply_probe(struct replica *r, const struct trace_record *record)
{
    bool ok = true;
    switch (record->type - RECORD_PROBE) {
    case PROBE_EV_BOOT:
        r->tells = true;
        return true;
    case PROBE_EV_EVICT:
        return apply_evict(r, record);
    case PROBE_EV_SWAP_OUT:
        r->swap_out++;
        return bind_slot(r, record->arg[0], record->arg[1], record->icount, FRAME_WRITING);
    case PROBE_EV_SWAP_IN:
        r->swap_in++;
        return bind_slot(r, record->arg[0], record->arg[1], record->icount, 0);
    case PROBE_EV_SWAP_FREE:
        return apply_swap_free(r, record);
    case PROBE_EV_WRITEBACK:
        touch(r, record->arg[2], record->icount, &ok);
        return ok;
    default:
        return replica_apply_process(r, record);
    }
}

bool replica_apply(struct replica *r, const struct trace_record *record)
{
    u64 end = record_end(record);
    r->icount = end > r->icount ? end : r->icount;
    r->number++;
    switch (record->type) {
    case RECORD_FAULT:
        return apply_fault(r, record);
    case RECORD_DISK:
        return apply_disk(r, record);
    case RECORD_SPACE:
        return r->tells || replica_process_for(r, record->pid, -1) != NULL;
    default:
        return record->type < RECORD_PROBE || apply_probe(r, record);
    }
}
