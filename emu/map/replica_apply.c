/* SPDX-License-Identifier: MIT */
/*
 * replica_apply.c - what each record did to memory (emu/trace/event.def says what they mean).
 *
 * Records are not believed more than they deserve: numbers out of range and processes never heard
 * of change nothing that matters.
 */
#include "emu/map/replica_insides.h"
#include "emu/isa/pte.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PROCESSES = 4096, MOST_AREAS = 65536 };
#define SECTORS_PER_SLOT 8u

static struct replica_process *find_process(struct replica *r, u32 pid)
{
    for (size_t i = 0; i < r->processes; i++) {
        if (r->process[i].pid == pid) {
            return &r->process[i];
        }
    }
    return NULL;
}

/* An unused space's index, or -1. */
static i64 new_space(struct replica *r)
{
    for (size_t i = 0; i < r->spaces; i++) {
        if (r->space[i].users == 0) {
            return (i64)i;
        }
    }
    if (r->spaces == r->space_room) {
        size_t room = r->space_room ? 2 * r->space_room : 8;
        struct replica_space *list = realloc(r->space, room * sizeof *list);
        if (!list) {
            return -1;
        }
        r->space = list;
        r->space_room = room;
    }
    memset(&r->space[r->spaces], 0, sizeof *r->space);
    return (i64)r->spaces++;
}

/* The process, made with a space of its own (or the space given) when it is not known. */
static struct replica_process *process_for(struct replica *r, u32 pid, i64 space)
{
    struct replica_process *found = find_process(r, pid);
    if (found || r->processes >= MOST_PROCESSES) {
        return found;
    }
    if (r->processes == r->process_room) {
        size_t room = r->process_room ? 2 * r->process_room : 16;
        struct replica_process *list = realloc(r->process, room * sizeof *list);
        if (!list) {
            return NULL;
        }
        r->process = list;
        r->process_room = room;
    }
    space = space >= 0 ? space : new_space(r);
    if (space < 0) {
        return NULL;
    }
    r->space[space].users++;
    struct replica_process *p = &r->process[r->processes++];
    *p = (struct replica_process){.pid = pid, .state = 1, .space = (u32)space};
    return p;
}

static struct replica_space *space_of(struct replica *r, u32 pid)
{
    struct replica_process *p = process_for(r, pid, -1);
    return p ? &r->space[p->space] : NULL;
}

/* ---- areas ---- */

static bool insert(struct replica_area **list, size_t *count, size_t *room,
                   const struct replica_area *area)
{
    if (*count >= MOST_AREAS) {
        return true;
    }
    if (*count == *room) {
        size_t more = *room ? 2 * *room : 16;
        struct replica_area *bigger = realloc(*list, more * sizeof *bigger);
        if (!bigger) {
            return false;
        }
        *list = bigger;
        *room = more;
    }
    size_t at = *count;
    while (at > 0 && (*list)[at - 1].start > area->start) {
        at--;
    }
    memmove(&(*list)[at + 1], &(*list)[at], (*count - at) * sizeof **list);
    (*list)[at] = *area;
    ++*count;
    return true;
}

static bool add_area(struct replica_space *space, const struct replica_area *area)
{
    /* A heap that grows by another call joins what it had. */
    for (size_t i = 0; i < space->areas; i++) {
        struct replica_area *a = &space->area[i];
        if (a->end == area->start && a->kind == area->kind && a->prot == area->prot &&
            a->kind == AREA_HEAP) {
            a->end = area->end;
            return true;
        }
    }
    return insert(&space->area, &space->areas, &space->area_room, area);
}

static bool overlaps(const struct replica_space *space, u64 start, u64 end)
{
    for (size_t i = 0; i < space->areas; i++) {
        if (start < space->area[i].end && end > space->area[i].start) {
            return true;
        }
    }
    return false;
}

/* Takes [from, to) out of the areas. */
static bool cut_areas(struct replica_space *space, u64 from, u64 to)
{
    bool ok = true;
    for (size_t i = 0; i < space->areas; i++) {
        struct replica_area *a = &space->area[i];
        if (a->end <= from || a->start >= to) {
            continue;
        }
        struct replica_area right = *a;
        right.start = to;
        right.pgoff += (to - a->start) >> PAGE_SHIFT;
        bool has_right = a->end > to;
        a->end = from;
        if (a->end <= a->start) {
            memmove(a, a + 1, (space->areas - i - 1) * sizeof *a);
            space->areas--;
            i--;
        }
        if (has_right) {
            ok = insert(&space->area, &space->areas, &space->area_room, &right) && ok;
            break;
        }
    }
    return ok;
}

/* What an exec mapped became the program's own areas, or they were plain mappings after all. */
static bool settle(struct replica_space *space)
{
    bool ok = true;
    for (size_t i = 0; i < space->nexts; i++) {
        ok = add_area(space, &space->next[i]) && ok;
    }
    space->nexts = 0;
    return ok;
}

static bool apply_map(struct replica *r, const struct trace_record *record)
{
    const u64 *arg = record->arg;
    struct replica_area area = {.start = arg[1],
                                .end = arg[2],
                                .kind = (u8)(arg[3] & 0xff),
                                .prot = (u8)(arg[3] >> 8 & 7),
                                .inode = arg[4],
                                .pgoff = arg[5],
                                .number = r->number};
    struct replica_space *space = space_of(r, (u32)(arg[0] >> 32));
    if (!space) {
        return false;
    }
    if (area.start >= area.end || area.kind >= AREA_KIND_COUNT) {
        return true;
    }
    /*
     * exec maps the new program before it lets go of the old one, and tells of itself last.  So an
     * area on top of another belongs to a program that is coming.
     */
    if (space->nexts || overlaps(space, area.start, area.end)) {
        return insert(&space->next, &space->nexts, &space->next_room, &area);
    }
    return add_area(space, &area);
}

static bool apply_unmap(struct replica *r, const struct trace_record *record)
{
    struct replica_space *space = space_of(r, (u32)(record->arg[0] >> 32));
    u64 from = record->arg[1], to = record->arg[2];
    return space && settle(space) && cut_areas(space, from, to) &&
           replica_clear(r, space, from, to);
}

static bool apply_protect(struct replica *r, const struct trace_record *record)
{
    struct replica_space *space = space_of(r, (u32)(record->arg[0] >> 32));
    u64 from = record->arg[1], to = record->arg[2];
    if (!space || !settle(space)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < space->areas; i++) {
        struct replica_area part = space->area[i];
        if (part.end <= from || part.start >= to) {
            continue;
        }
        u64 start = part.start;
        part.start = part.start > from ? part.start : from;
        part.end = part.end < to ? part.end : to;
        part.pgoff += (part.start - start) >> PAGE_SHIFT;
        part.prot = (u8)(record->arg[3] & 7);
        ok = cut_areas(space, part.start, part.end) &&
             insert(&space->area, &space->areas, &space->area_room, &part);
    }
    return ok;
}

/* ---- processes ---- */

static bool empty_space(struct replica *r, struct replica_space *space)
{
    space->areas = space->nexts = 0;
    bool ok = replica_clear(r, space, 0, UINT64_MAX);
    for (size_t i = 0; i < space->tables; i++) {
        replica_block_put(space->table[i].block);
    }
    space->tables = 0;
    space->resident = space->swapped = 0;
    return ok;
}

static bool leave_space(struct replica *r, u32 index)
{
    struct replica_space *space = &r->space[index];
    return --space->users > 0 || empty_space(r, space);
}

static bool is_anonymous(const struct replica *r, u64 pte)
{
    u64 pfn = replica_entry_frame(pte);
    const struct replica_frame *frame = pfn ? replica_frame_at(r, pfn) : NULL;
    return !frame || (frame->class != CLASS_FILE && frame->class != CLASS_SHM);
}

/* The child's entries, write-protected on both sides; pages of files it will fault in itself. */
static bool fork_entries(struct replica *r, u32 from, u32 to)
{
    bool ok = true;
    for (size_t i = 0; ok && i < r->space[from].tables; i++) {
        u64 base = r->space[from].table[i].base;
        for (unsigned k = 0; ok && k < BLOCK_ENTRIES; k++) {
            u64 pte = r->space[from].table[i].block->entry[k];
            u64 va = base + ((u64)k << PAGE_SHIFT);
            if (!pte || !is_anonymous(r, pte)) {
                continue;
            }
            if (replica_entry_frame(pte)) {
                pte = (pte & PTE_V ? pte & ~PTE_W : pte) | PTE_COW;
                ok = replica_set_entry(r, &r->space[from], va, pte);
                pte &= ~(PTE_A | PTE_D);
            }
            ok = ok && replica_set_entry(r, &r->space[to], va, pte);
        }
    }
    return ok;
}

static bool fork_areas(struct replica_space *to, const struct replica_space *from)
{
    bool ok = true;
    for (size_t i = 0; i < from->areas; i++) {
        ok = insert(&to->area, &to->areas, &to->area_room, &from->area[i]) && ok;
    }
    return ok;
}

static bool apply_fork(struct replica *r, const struct trace_record *record)
{
    u32 parent_pid = (u32)(record->arg[0] >> 32), child_pid = (u32)(record->arg[1] >> 32);
    struct replica_process *parent = process_for(r, parent_pid, -1);
    if (!parent) {
        return false;
    }
    if (child_pid == parent_pid) {
        return true; /* a thread */
    }
    u32 from = parent->space;
    char name[17];
    memcpy(name, parent->name, sizeof name);
    bool known = find_process(r, child_pid) != NULL;
    struct replica_process *child =
        process_for(r, child_pid, record->arg[3] && !known ? (i64)from : -1);
    if (!child) {
        return false;
    }
    child->parent = parent_pid;
    if (!child->name[0]) {
        memcpy(child->name, name, sizeof name);
    }
    if (record->arg[3] || known || child->space == from) {
        return true;
    }
    u32 to = child->space;
    return fork_areas(&r->space[to], &r->space[from]) && fork_entries(r, from, to);
}

static bool apply_exec(struct replica *r, const struct trace_record *record)
{
    struct replica_process *p = process_for(r, (u32)(record->arg[0] >> 32), -1);
    if (!p) {
        return false;
    }
    memcpy(p->name, &record->arg[1], 16);
    p->name[16] = 0;
    struct replica_space *old = &r->space[p->space];
    if (old->nexts == 0) {
        /* Nothing lay on top of something: the program's areas are those mapped since its last
         * own fault, and the entries made since are the new program's already. */
        return true;
    }
    struct replica_area *next = old->next;
    size_t nexts = old->nexts;
    old->next = NULL;
    old->nexts = old->next_room = 0;
    u32 left = p->space;
    i64 fresh = old->users > 1 ? new_space(r) : (i64)left;
    bool ok = fresh >= 0;
    if (ok && (u32)fresh != left) {
        r->space[fresh].users = 1;
        p->space = (u32)fresh;
        ok = leave_space(r, left);
    } else if (ok) {
        ok = empty_space(r, &r->space[left]);
    }
    for (size_t i = 0; ok && i < nexts; i++) {
        ok = add_area(&r->space[fresh], &next[i]);
    }
    free(next);
    return ok;
}

static bool apply_exit(struct replica *r, const struct trace_record *record)
{
    struct replica_process *p = find_process(r, (u32)(record->arg[0] >> 32));
    if (!p) {
        return true;
    }
    u32 space = p->space;
    *p = r->process[--r->processes];
    return leave_space(r, space);
}

static void apply_switch(struct replica *r, const struct trace_record *record)
{
    u32 pid = (u32)(record->arg[0] >> 32), *running = &r->running[record->hart % 8];
    struct replica_process *old = find_process(r, *running), *now = find_process(r, pid);
    if (old) {
        old->state = 1;
    }
    if (now) {
        now->state = 2;
    }
    *running = pid;
}

/* ---- faults ---- */

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
    struct replica_process *p = process_for(r, record->pid, -1);
    if (!p) {
        return false;
    }
    p->faults++;
    struct replica_space *space = &r->space[p->space];
    if (record->privilege == 0) {
        ok = settle(space);
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
        frame->marks = (u8)((f->pte_after & PTE_D ? MAP_MARK_DIRTY : 0) |
                            (f->pte_after & PTE_A ? MAP_MARK_ACCESSED : 0) |
                            (frame->marks & FRAME_WRITING));
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
        frame->marks &= (u8)~(FRAME_WRITING | MAP_MARK_DIRTY);
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
    case PROBE_EV_SWITCH:
        apply_switch(r, record);
        return true;
    case PROBE_EV_FORK:
        return apply_fork(r, record);
    case PROBE_EV_EXEC:
        return apply_exec(r, record);
    case PROBE_EV_EXIT:
        return apply_exit(r, record);
    case PROBE_EV_MAP:
        return apply_map(r, record);
    case PROBE_EV_UNMAP:
        return apply_unmap(r, record);
    case PROBE_EV_PROTECT:
        return apply_protect(r, record);
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
        return true;
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
        return r->tells || process_for(r, record->pid, -1) != NULL;
    default:
        return record->type < RECORD_PROBE || apply_probe(r, record);
    }
}
