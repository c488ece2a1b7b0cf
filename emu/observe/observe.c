/* SPDX-License-Identifier: MIT */
/* observe.c - listening: the hook's calls, who runs, and telling the sinks. */
#include "emu/observe/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/observer.h"

static const unsigned acted_on_id =
    1u << PROBE_EV_FORK | 1u << PROBE_EV_EXEC | 1u << PROBE_EV_EXIT | 1u << PROBE_EV_MAP |
    1u << PROBE_EV_UNMAP | 1u << PROBE_EV_PROTECT | 1u << PROBE_EV_SYSCALL | 1u << PROBE_EV_BREAK |
    1u << PROBE_EV_SWITCH;

void observer_emit(struct observer *o, struct trace_record *record)
{
    record->seq = o->seq++;
    observer_count(o, record);
    if (record->type >= RECORD_DISK)
        swapcheck_record(&o->swapcheck, record);
    for (int i = 0; i < OBSERVER_SINKS; i++)
        if (o->sink[i].record)
            o->sink[i].record(o->sink[i].ctx, record);
    if (record->type == RECORD_FAULT && o->on_fault.record)
        o->on_fault.record(o->on_fault.ctx, record);
}

int observer_add_sink(struct observer *o, void (*record)(void *ctx, const struct trace_record *r),
                      void *ctx)
{
    for (int i = 0; i < OBSERVER_SINKS; i++) {
        if (!o->sink[i].record) {
            o->sink[i] = (struct sink){record, ctx};
            return i;
        }
    }
    return -1;
}

void observer_remove_sink(struct observer *o, int id)
{
    if (id >= 0 && id < OBSERVER_SINKS)
        o->sink[id].record = NULL;
}

void observer_on_fault(struct observer *o, void (*fn)(void *ctx, const struct trace_record *r),
                       void *ctx)
{
    o->on_fault = (struct sink){fn, ctx};
}

/* ---- threads ---- */

struct thread *observer_thread(struct observer *o, u64 id, bool make)
{
    for (size_t i = 0; i < o->threads; i++)
        if (o->thread[i]->id == id)
            return o->thread[i];
    if (!make || o->threads == MAX_THREADS)
        return NULL;
    if (o->threads == o->thread_room) {
        size_t room = o->thread_room ? 2 * o->thread_room : 32;
        struct thread **list = realloc(o->thread, room * sizeof *list);
        if (!list)
            return NULL;
        o->thread = list;
        o->thread_room = room;
    }
    struct thread *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->id = id;
    o->thread[o->threads++] = t;
    return t;
}

static void forget_thread(struct observer *o, struct thread *t)
{
    for (size_t i = 0; i < o->threads; i++) {
        if (o->thread[i] == t) {
            observer_abandon(o, t);
            o->thread[i] = o->thread[--o->threads];
            free(t);
            return;
        }
    }
}

u64 observer_charged(const struct observer *o, const struct thread *t, const struct hart *h)
{
    const struct hart_view *view = &o->hart[h->id % MAX_HARTS];

    return t->charged + (view->id == t->id ? hart_executed(h) - view->since : 0);
}

static void switch_to(struct observer *o, const struct hart *h, u64 id)
{
    struct hart_view *view = &o->hart[h->id % MAX_HARTS];
    u64 executed = hart_executed(h);
    struct thread *old = observer_thread(o, view->id, false);

    if (view->id == id)
        return;
    if (old) {
        old->charged += executed - view->since;
        old->switches++;
        if (old->dead)
            forget_thread(o, old);
    }
    view->id = id;
    view->since = executed;
}

void observer_current(const struct observer *o, unsigned hart, u32 *pid, u32 *tid)
{
    u64 id = hart < o->harts ? o->hart[hart].id : 0;

    *pid = (u32)(id >> 32);
    *tid = (u32)id;
}

/* ---- address spaces of guests without a probe ---- */

unsigned observer_space_number(struct observer *o, u64 satp, bool *is_new)
{
    u64 key = satp & ~SATP_ASID;

    *is_new = false;
    for (size_t i = o->spaces; i > 0; i--)
        if (o->space[i - 1] == key)
            return (unsigned)i;
    if (o->spaces == MAX_SPACES)
        return MAX_SPACES;
    if (o->spaces == o->space_room) {
        size_t room = o->space_room ? 2 * o->space_room : 32;
        u64 *list = realloc(o->space, room * sizeof *list);
        if (!list)
            return 0;
        o->space = list;
        o->space_room = room;
    }
    o->space[o->spaces++] = key;
    *is_new = true;
    return (unsigned)o->spaces;
}

size_t observer_spaces(const struct observer *o)
{
    return o->spaces;
}

u64 observer_space_satp(const struct observer *o, size_t index)
{
    return index < o->spaces ? o->space[index] : 0;
}

/* ---- the hook ---- */

static void hook_trap(void *ctx, struct hart *h, u64 cause, u64 tval, u64 epc, unsigned from,
                      unsigned to, u64 retired)
{
    (void)to;
    (void)retired;
    if (from != PRIV_MACHINE &&
        (cause == CAUSE_FETCH_PAGE || cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE))
        observer_trap(ctx, h, cause, tval, epc, from);
}

static void hook_return(void *ctx, struct hart *h, enum trap_return_kind kind, unsigned to,
                        u64 new_pc)
{
    struct observer *o = ctx;

    (void)kind;
    if (o->loose_count)
        observer_returned(o, h, to, new_pc);
}

static void hook_satp(void *ctx, struct hart *h, u64 old_satp, u64 new_satp)
{
    struct observer *o = ctx;
    bool is_new;

    (void)old_satp;
    if (o->has_layout || !pte_levels(new_satp))
        return;
    unsigned number = observer_space_number(o, new_satp, &is_new);
    if (is_new) {
        struct trace_record r = {.type = RECORD_SPACE,
                                 .hart = (u8)h->id,
                                 .pid = number,
                                 .tid = number,
                                 .privilege = PRIV_SUPERVISOR};
        r.icount = o->now(o->now_ctx);
        r.arg[0] = new_satp;
        observer_emit(o, &r);
    }
}

static void take_panic(struct observer *o, u64 address)
{
    u64 pa;
    u8 byte;

    memcpy(o->panic, "(no message)", sizeof "(no message)");
    for (size_t i = 0; i + 1 < MAX_PANIC; i++) {
        if (!guest_physical(o, address + i, &pa) || !guest_u8(o, pa, &byte))
            return;
        o->panic[i] = byte >= ' ' && byte < 0x7f ? (char)byte : byte ? '?' : 0;
        o->panic[i + 1] = 0;
        if (!byte)
            return;
    }
}

/* What the observer itself has to do about an event, before it is recorded. */
static void act_on(struct observer *o, struct hart *h, unsigned event, const u64 *a)
{
    struct thread *t;

    switch (event) {
    case PROBE_EV_SWITCH:
        switch_to(o, h, a[0]);
        break;
    case PROBE_EV_EXIT:
        t = observer_thread(o, a[0], false);
        if (t) {
            observer_abandon(o, t);
            /* It still runs until the next switch; then it is forgotten. */
            t->dead = true;
            if (o->hart[h->id % MAX_HARTS].id != a[0])
                forget_thread(o, t);
        }
        break;
    case PROBE_EV_PANIC:
        take_panic(o, a[0]);
        o->panic_hart = (unsigned)h->id;
        break;
    default:
        break;
    }
}

static void hook_probe(void *ctx, struct hart *h, unsigned event, unsigned priv, u64 retired)
{
    struct observer *o = ctx;
    const u64 *a = &h->x[10];

    (void)retired;
    if (event == 0 || event >= PROBE_EVENT_COUNT)
        return;
    if (event != PROBE_EV_MARK &&
        (priv != PRIV_SUPERVISOR || (!o->has_layout && event != PROBE_EV_BOOT)))
        return;
    if (event == PROBE_EV_BOOT && !guest_take_layout(o, a[0], a[1]))
        return;
    if (event == PROBE_EV_FAULT_END) {
        observer_fault_end(o, h);
        return;
    }
    /* The scheduler may choose who runs already, idle above all: nothing has changed then. */
    if (event == PROBE_EV_SWITCH && o->hart[h->id % MAX_HARTS].id == a[0])
        return;
    act_on(o, h, event, a);
    u64 id = acted_on_id >> event & 1 ? a[0] : o->hart[h->id % MAX_HARTS].id;
    if (o->open && event != PROBE_EV_SWITCH)
        observer_look_again(o, id, event == PROBE_EV_EVICT);
    struct trace_record r = {.type = (u8)(RECORD_PROBE + event),
                             .hart = (u8)h->id,
                             .privilege = (u8)priv,
                             .pid = (u32)(id >> 32),
                             .tid = (u32)id};
    r.icount = o->now(o->now_ctx);
    memcpy(r.arg, a, sizeof r.arg);
    observer_emit(o, &r);
}

struct observer *observer_create_on(struct ram *ram, unsigned harts, u64 (*now)(void *ctx),
                                    void *ctx, struct error *err)
{
    struct observer *o = harts <= MAX_HARTS ? calloc(1, sizeof *o) : NULL;

    if (!o) {
        error_set(err, ENOMEM, "not enough memory to observe the guest");
        return NULL;
    }
    o->ram = ram;
    o->harts = harts;
    o->now = now;
    o->now_ctx = ctx;
    o->hook = (struct hook){.ctx = o,
                            .trap_enter = hook_trap,
                            .trap_return = hook_return,
                            .satp_write = hook_satp,
                            .probe = hook_probe};
    return o;
}

void observer_destroy(struct observer *o)
{
    if (!o)
        return;
    if (o->detach)
        o->detach(o);
    for (size_t i = 0; i < o->threads; i++)
        free(o->thread[i]);
    free(o->thread);
    free(o->space);
    free(o->pid);
    free(o);
}

const struct hook *observer_hook(struct observer *o)
{
    return &o->hook;
}
