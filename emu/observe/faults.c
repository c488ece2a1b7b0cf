/* SPDX-License-Identifier: MIT */
/*
 * faults.c - joining a trap, the probe's fault-end and the page tables into one record.
 *
 * With a probe the open faults belong to threads and end with fault-end.  Without one they belong
 * to address spaces and end with the return to the faulting instruction.
 */
#include <string.h>

#include "emu/observe/observer.h"

static enum access access_of(u64 cause)
{
    return cause == CAUSE_STORE_PAGE   ? ACCESS_STORE
           : cause == CAUSE_FETCH_PAGE ? ACCESS_FETCH
                                       : ACCESS_LOAD;
}

static unsigned probe_access_of(u64 cause)
{
    return cause == CAUSE_STORE_PAGE   ? PROBE_ACCESS_WRITE
           : cause == CAUSE_FETCH_PAGE ? PROBE_ACCESS_FETCH
                                       : PROBE_ACCESS_READ;
}

/* The entry that decided a walk and its level. */
static u64 deciding_pte(const struct observer *o, u64 satp, u64 va, u8 *level)
{
    struct peek peek;

    walk_peek(o->ram, satp, va, &peek);
    *level = 0;
    if (!peek.steps)
        return 0;
    *level = (u8)peek.step[peek.steps - 1].level;
    return peek.step[peek.steps - 1].pte;
}

static u64 frame_of(u64 pte, unsigned level, u64 va)
{
    if (!pte_is_mapping(pte))
        return 0;
    return (pte_address(pte) + (va & (pte_span(level) - 1) & PAGE_MASK)) >> PAGE_SHIFT;
}

/*
 * The label, and whether it goes with the kind.  Between trap and handler another thread can change
 * the entry; then what the handler met is the entry as it was when somebody was last heard of, or,
 * if only "it was fine when I looked" remains to be explained, cannot be known.  Nor can what
 * another hart did that has told nothing yet: moved the page out, say.
 */
static void label(const struct observer *o, struct open_fault *open, bool others_ran)
{
    struct trace_fault *f = &open->record.fault;
    enum access access = access_of(f->cause);
    unsigned allowed = fault_kind_allowed(f->kind), from = open->record.privilege;

    f->coarse = (u8)observer_label(f->pte_before, f->pte_after, access, from);
    if (!f->kind || allowed >> f->coarse & 1)
        return;
    unsigned later = observer_label(open->pte_seen, f->pte_after, access, from);
    bool fine = observer_label(f->pte_after, f->pte_after, access, from) == COARSE_SPURIOUS;
    if (open->pte_seen != f->pte_before && allowed >> later & 1) {
        f->coarse = (u8)later;
        f->notes |= FAULT_NOTE_OVERTAKEN;
    } else if (f->kind == FAULT_SPURIOUS && fine && (o->harts > 1 || others_ran)) {
        f->coarse = COARSE_SPURIOUS;
        f->notes |= FAULT_NOTE_OVERTAKEN;
    } else if (o->harts > 1 && allowed == 1u << COARSE_FROM_SWAP && pte_is_mapping(f->pte_before) && fine) {
        f->coarse = COARSE_FROM_SWAP;
        f->notes |= FAULT_NOTE_OVERTAKEN;
    } else {
        f->notes |= FAULT_NOTE_MISMATCH;
    }
}

/* Fills in what memory says now, labels, counts and tells. */
static void complete(struct observer *o, struct open_fault *open)
{
    struct trace_record *r = &open->record;
    struct trace_fault *f = &r->fault;
    u8 level;

    f->pte_after = deciding_pte(o, f->satp, f->va, &level);
    u64 frame = frame_of(f->pte_after, level, f->va);
    if (frame) {
        if (f->pfn_new && f->pfn_new != frame && f->result == RESULT_OK)
            f->notes |= FAULT_NOTE_DISAGREE;
        f->pfn_new = frame;
    }
    f->elapsed = o->now(o->now_ctx) - open->now;
    if (!(f->notes & FAULT_NOTE_NO_TRAP))
        label(o, open, (f->notes & FAULT_NOTE_SLEPT) != 0);
    observer_emit(o, r);
}

static void begin(struct observer *o, struct open_fault *open, struct hart *h, u64 cause, u64 va,
                  u64 pc, unsigned from)
{
    struct trace_record *r = &open->record;

    memset(open, 0, sizeof *open);
    open->now = o->now(o->now_ctx);
    open->executed = hart_executed(h);
    r->type = RECORD_FAULT;
    r->icount = open->now;
    r->hart = (u8)h->id;
    r->privilege = (u8)from;
    r->fault.cause = (u8)cause;
    r->fault.access = (u8)probe_access_of(cause);
    r->fault.va = va;
    r->fault.pc = pc;
    r->fault.satp = h->satp;
    r->fault.pte_before = deciding_pte(o, h->satp, va, &r->fault.level);
    open->pte_seen = r->fault.pte_before;
    r->fault.pfn_old = frame_of(r->fault.pte_before, r->fault.level, va);
}

static void end_unmatched(struct observer *o, struct open_fault *open)
{
    open->record.fault.notes |= FAULT_NOTE_UNMATCHED;
    complete(o, open);
}

static void remove_loose(struct observer *o, unsigned index)
{
    o->loose_count--;
    memmove(&o->loose[index], &o->loose[index + 1], (o->loose_count - index) * sizeof o->loose[0]);
}

static void trap_without_probe(struct observer *o, struct hart *h, u64 cause, u64 va, u64 pc,
                               unsigned from)
{
    bool is_new;

    if (o->loose_count == MAX_LOOSE) {
        struct open_fault oldest = o->loose[0];
        remove_loose(o, 0);
        end_unmatched(o, &oldest);
    }
    struct open_fault *open = &o->loose[o->loose_count++];
    begin(o, open, h, cause, va, pc, from);
    open->record.pid = open->record.tid = observer_space_number(o, h->satp, &is_new);
}

void observer_trap(struct observer *o, struct hart *h, u64 cause, u64 va, u64 pc, unsigned from)
{
    u64 id = h->id < o->harts ? o->hart[h->id].id : 0;
    struct thread *t = o->has_layout ? observer_thread(o, id, true) : NULL;

    if (!t) {
        trap_without_probe(o, h, cause, va, pc, from);
        return;
    }
    /* A thread in user mode has nothing open below it any more. */
    if (from == PRIV_USER)
        observer_abandon(o, t);
    observer_look_again(o, id, false);
    if (t->open == MAX_NESTED) {
        struct open_fault oldest = t->fault[0];
        memmove(&t->fault[0], &t->fault[1], (MAX_NESTED - 1) * sizeof t->fault[0]);
        t->open--;
        o->open--;
        end_unmatched(o, &oldest);
    }
    struct open_fault *open = &t->fault[t->open++];
    o->open++;
    begin(o, open, h, cause, va, pc, from);
    open->charged = observer_charged(o, t, h);
    open->switches = t->switches;
    open->record.pid = (u32)(id >> 32);
    open->record.tid = (u32)id;
}

void observer_abandon(struct observer *o, struct thread *t)
{
    while (t->open) {
        struct open_fault open = t->fault[--t->open];
        o->open--;
        end_unmatched(o, &open);
    }
}

/* What fault-end says; see probe.h. */
static void take_probe(struct trace_fault *f, const u64 *a, bool trapped)
{
    f->kind = (u8)PROBE_FAULT_KIND(a[1]);
    f->area = (u8)PROBE_FAULT_AREA(a[1]);
    f->result = (u8)PROBE_FAULT_RESULT(a[1]);
    f->flags = (u8)PROBE_FAULT_FLAGS(a[1]);
    f->around = (u16)PROBE_FAULT_AROUND(a[1]);
    f->area_start = a[3];
    f->back = a[4];
    f->pfn_new = a[5] & ((UINT64_C(1) << 40) - 1);
    f->refs = (u32)(a[5] >> 40);
    if (!trapped) {
        f->va = a[2];
        f->access = (u8)PROBE_FAULT_ACCESS(a[1]);
    } else if ((f->va ^ a[2]) & PAGE_MASK || f->access != PROBE_FAULT_ACCESS(a[1])) {
        f->notes |= FAULT_NOTE_DISAGREE;
    }
}

/* The innermost open fault of that page, else the innermost; NULL when none is open. */
static struct open_fault *find_open(struct thread *t, u64 va)
{
    for (unsigned i = t->open; i > 0; i--)
        if (!((t->fault[i - 1].record.fault.va ^ va) & PAGE_MASK))
            return &t->fault[i - 1];
    return NULL;
}

void observer_fault_end(struct observer *o, struct hart *h)
{
    const u64 *a = &h->x[10];
    struct thread *t = observer_thread(o, a[0], true);
    struct open_fault *open = t ? find_open(t, a[2]) : NULL;
    struct open_fault made;

    if (!open) {
        /* The kernel fetched a page for itself (populating, pinning): there was no trap. */
        begin(o, &made, h, 0, a[2], 0, PRIV_SUPERVISOR);
        made.record.pid = (u32)(a[0] >> 32);
        made.record.tid = (u32)a[0];
        made.record.fault.notes = FAULT_NOTE_NO_TRAP;
        made.record.fault.pte_before = 0;
        made.record.fault.pfn_old = 0;
        take_probe(&made.record.fault, a, false);
        complete(o, &made);
        return;
    }
    struct open_fault done = *open;
    unsigned index = (unsigned)(open - t->fault);
    /* What was opened inside of it and never ended. */
    while (t->open > index + 1) {
        struct open_fault inner = t->fault[--t->open];
        o->open--;
        end_unmatched(o, &inner);
    }
    t->open = index;
    o->open--;
    take_probe(&done.record.fault, a, true);
    done.record.fault.cost = observer_charged(o, t, h) - done.charged;
    if (t->switches != done.switches)
        done.record.fault.notes |= FAULT_NOTE_SLEPT;
    complete(o, &done);
    observer_look_again(o, a[0], false);
}

void observer_look_again(struct observer *o, u64 id, bool evicted)
{
    u8 level;

    for (size_t i = 0; o->open && i < o->threads; i++) {
        struct thread *t = o->thread[i];
        /* Pages are taken from anybody, also by the one who needs a frame. */
        if (!t->open || (!evicted && (t->id == id || t->id >> 32 != id >> 32)))
            continue;
        for (unsigned n = 0; n < t->open; n++) {
            struct trace_fault *f = &t->fault[n].record.fault;
            t->fault[n].pte_seen = deciding_pte(o, f->satp, f->va, &level);
        }
    }
}

void observer_returned(struct observer *o, struct hart *h, unsigned to, u64 pc)
{
    for (unsigned i = o->loose_count; i > 0; i--) {
        struct open_fault *open = &o->loose[i - 1];
        if (open->record.fault.pc != pc || open->record.fault.satp != h->satp ||
            open->record.privilege != to)
            continue;
        struct open_fault done = *open;
        remove_loose(o, i - 1);
        done.record.fault.notes |= FAULT_NOTE_NO_PROBE;
        done.record.fault.cost = hart_executed(h) - done.executed;
        complete(o, &done);
        return;
    }
}

void observer_finish(struct observer *o)
{
    for (size_t i = 0; i < o->threads; i++)
        observer_abandon(o, o->thread[i]);
    while (o->loose_count) {
        struct open_fault open = o->loose[0];
        remove_loose(o, 0);
        end_unmatched(o, &open);
    }
}

size_t observer_open_faults(const struct observer *o)
{
    size_t n = o->loose_count;

    for (size_t i = 0; i < o->threads; i++)
        n += o->thread[i]->open;
    return n;
}
