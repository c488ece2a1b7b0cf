/* SPDX-License-Identifier: MIT */
/*
 * clock.c - see clock.h.
 *
 * A machine has some tens of events, and most changes move one of them, so a plain array with the
 * earliest deadline kept beside it is both smaller and faster than a heap.
 */
#include "emu/time/clock.h"

void clock_init(struct clock *clock)
{
    *clock = (struct clock){.next = CLOCK_NEVER};
}

void clock_reset(struct clock *clock)
{
    for (u32 i = 0; i < clock->count; i++) {
        clock->event[i].deadline = CLOCK_NEVER;
    }
    clock->next = CLOCK_NEVER;
    clock->now = 0;
    clock->horizon = 0;
}

u32 clock_register(struct clock *clock, const char *name, void (*fn)(void *ctx, u64 now), void *ctx)
{
    if (clock->count == CLOCK_MAX_EVENTS) {
        return UINT32_MAX;
    }
    clock->event[clock->count] = (struct clock_event){name, fn, ctx, CLOCK_NEVER};
    return clock->count++;
}

/* The event that is next: the earliest deadline, the lowest id; count when there is none. */
static u32 earliest(const struct clock *clock)
{
    u32 best = clock->count;
    u64 deadline = CLOCK_NEVER;
    for (u32 i = 0; i < clock->count; i++) {
        if (clock->event[i].deadline < deadline) {
            deadline = clock->event[i].deadline;
            best = i;
        }
    }
    return best;
}

static void find_next(struct clock *clock)
{
    u32 id = earliest(clock);
    clock->next = id < clock->count ? clock->event[id].deadline : CLOCK_NEVER;
}

void clock_schedule(struct clock *clock, u32 id, u64 deadline)
{
    if (id >= clock->count) {
        return;
    }
    u64 old = clock->event[id].deadline;
    clock->event[id].deadline = deadline;
    if (deadline <= clock->next) {
        clock->next = deadline;
    } else if (old == clock->next) {
        find_next(clock);
    }
    if (deadline < clock->horizon && clock->earlier) {
        clock->earlier(clock->earlier_ctx, deadline);
    }
}

void clock_cancel(struct clock *clock, u32 id)
{
    clock_schedule(clock, id, CLOCK_NEVER);
}

u64 clock_deadline(const struct clock *clock, u32 id)
{
    return id < clock->count ? clock->event[id].deadline : CLOCK_NEVER;
}

void clock_run_due(struct clock *clock)
{
    while (clock->next <= clock->now && clock->next != CLOCK_NEVER) {
        struct clock_event *event = &clock->event[earliest(clock)];
        event->deadline = CLOCK_NEVER;
        find_next(clock);
        event->fn(event->ctx, clock->now);
    }
}

void clock_jump(struct clock *clock, u64 now)
{
    if (now > clock->now) {
        clock->now = now;
    }
}

void clock_save(const struct clock *clock, struct serial_writer *writer)
{
    serial_begin(writer, "clock", 1);
    serial_put_u64(writer, "now", clock->now);
    serial_put_u64(writer, "events", clock->count);
    for (u32 i = 0; i < clock->count; i++) {
        serial_put_u64(writer, clock->event[i].name, clock->event[i].deadline);
    }
    serial_end(writer);
}

bool clock_load(struct clock *clock, struct serial_reader *reader, struct error *err)
{
    serial_enter(reader, "clock", 1);
    u64 now = serial_get_u64(reader, "now");
    if (serial_get_u64(reader, "events") != clock->count) {
        serial_reject(reader, "the saved machine has other devices");
    }
    u64 deadline[CLOCK_MAX_EVENTS];
    for (u32 i = 0; i < clock->count; i++) {
        deadline[i] = serial_get_u64(reader, clock->event[i].name);
    }
    serial_leave(reader);
    if (!serial_ok(reader, err)) {
        return false;
    }
    for (u32 i = 0; i < clock->count; i++) {
        clock->event[i].deadline = deadline[i];
    }
    clock->now = now;
    find_next(clock);
    return true;
}
