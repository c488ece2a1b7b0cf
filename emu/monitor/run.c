/* SPDX-License-Identifier: MIT */
/* run.c - stop, c, s, next-fault, until, goto, wait, quit. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(stop);
COMMAND_HANDLER(continue);
COMMAND_HANDLER(step);
COMMAND_HANDLER(next_fault);
COMMAND_HANDLER(until);
COMMAND_HANDLER(goto_icount);
COMMAND_HANDLER(wait);
COMMAND_HANDLER(quit);

static json_t *done(const char *text)
{
    json_t *value = json_object();

    value_set_text(value, "message", "%s", text);
    return value;
}

static void show_message(const json_t *value, struct buffer *out)
{
    if (value_string(value, "message")[0])
        buffer_printf(out, "%s\n", value_string(value, "message"));
}

json_t *run_stop(struct call *call)
{
    if (machine_is_stopped(call->machine))
        return done("it is stopped");
    call->monitor->announce = true;
    machine_stop(call->machine);
    return done("");
}

json_t *run_continue(struct call *call)
{
    u64 count = 1;

    if (!call_number(call, "count", &count))
        return NULL;
    call->monitor->pass = count ? count - 1 : 0;
    if (!machine_is_stopped(call->machine))
        return done(call->monitor->script.text ? "" : "it is running");
    buffer_clear(&call->monitor->reason);
    machine_continue(call->machine);
    return done("");
}

json_t *run_step(struct call *call)
{
    u64 count = 1, hart = address_hart(call)->id;

    if (!call_number(call, "count", &count) || !call_number(call, "hart", &hart))
        return NULL;
    if (!machine_is_stopped(call->machine))
        return call_fail(call, "the guest runs: stop it first");
    if (hart >= machine_hart_count(call->machine))
        return call_fail(call, "there is no hart %llu", (unsigned long long)hart);
    if (!count)
        return call_fail(call, "a step is at least one instruction");
    call->monitor->announce = true;
    buffer_clear(&call->monitor->reason);
    machine_step(call->machine, (unsigned)hart, count);
    return done("");
}

static void go_on(struct call *call)
{
    call->monitor->announce = true;
    buffer_clear(&call->monitor->reason);
    if (machine_is_stopped(call->machine))
        machine_continue(call->machine);
}

json_t *run_next_fault(struct call *call)
{
    struct point *p = points_add(call, POINT_FAULT, call_text(call, "filter"));

    if (!p)
        return NULL;
    p->once = true;
    snprintf(p->what, sizeof p->what, "next fault: ");
    filter_text(&p->filter, p->what + strlen(p->what), sizeof p->what - strlen(p->what));
    go_on(call);
    return done("");
}

json_t *run_until(struct call *call)
{
    if (!condition_parse(call, call_text(call, "condition"), &call->monitor->until))
        return NULL;
    call->monitor->has_until = true;
    points_arm(call->monitor);
    go_on(call);
    return done("");
}

json_t *run_goto_icount(struct call *call)
{
    u64 number = 0, now = machine_instructions(call->machine);

    if (!call_number(call, "number", &number))
        return NULL;
    if (number == now)
        return done("it is there");
    if (number < now)
        return call_fail(call,
                         "instruction %llu is past (now %llu), and there is no way back: start "
                         "the run again, it repeats exactly",
                         (unsigned long long)number, (unsigned long long)now);
    machine_stop_at(call->machine, number);
    go_on(call);
    return done("");
}

json_t *run_wait(struct call *call)
{
    return done(machine_is_stopped(call->machine) ? "it is stopped" : "");
}

json_t *run_quit(struct call *call)
{
    u64 status = 0;

    if (!call_number(call, "status", &status))
        return NULL;
    machine_quit(call->machine, (int)(status & 255));
    return done("");
}

#define SHOW_MESSAGE(id)                                    \
    void show_##id(const json_t *value, struct buffer *out) \
    {                                                       \
        show_message(value, out);                           \
    }
SHOW_MESSAGE(stop)
SHOW_MESSAGE(continue)
SHOW_MESSAGE(step)
SHOW_MESSAGE(next_fault)
SHOW_MESSAGE(until)
SHOW_MESSAGE(goto_icount)
SHOW_MESSAGE(wait)
SHOW_MESSAGE(quit)
