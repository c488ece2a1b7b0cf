/* SPDX-License-Identifier: MIT */
/*
 * replica_process.c - what forks, programs' starts and ends, and mappings did to processes and
 * their spaces.
 *
 * Records are not believed more than they deserve: numbers out of range and processes never heard
 * of change nothing that matters.
 */
#include "emu/isa/pte.h"
#include "emu/map/replica_insides.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PROCESSES = 4096, MOST_AREAS = 65536 };

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

struct replica_process *replica_process_for(struct replica *r, u32 pid, i64 space)
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
    struct replica_process *p = replica_process_for(r, pid, -1);
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

bool replica_settle(struct replica_space *space)
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
    return space && replica_settle(space) && cut_areas(space, from, to) &&
           replica_clear(r, space, from, to);
}

static bool apply_protect(struct replica *r, const struct trace_record *record)
{
    struct replica_space *space = space_of(r, (u32)(record->arg[0] >> 32));
    u64 from = record->arg[1], to = record->arg[2];
    if (!space || !replica_settle(space)) {
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
    struct replica_process *parent = replica_process_for(r, parent_pid, -1);
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
        replica_process_for(r, child_pid, record->arg[3] && !known ? (i64)from : -1);
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
    struct replica_process *p = replica_process_for(r, (u32)(record->arg[0] >> 32), -1);
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

bool replica_apply_process(struct replica *r, const struct trace_record *record)
{
    switch (record->type - RECORD_PROBE) {
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
    default:
        return true;
    }
}
