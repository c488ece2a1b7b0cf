/* SPDX-License-Identifier: MIT */
/* address.c - reading addresses, registers and symbols in what the user typed. */
#include "emu/monitor/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/hart/walk.h"
#include "emu/machine/machine.h"
#include "emu/monitor/expression.h"
#include "emu/monitor/state.h"
#include "emu/observe/history.h"
#include "probe.h"

struct hart *address_hart(struct call *call)
{
    unsigned count = machine_hart_count(call->machine);

    for (unsigned i = 0; i < count; i++) {
        struct hart *h = machine_hart(call->machine, i);
        if (!h->waiting)
            return h;
    }
    return machine_hart(call->machine, 0);
}

const struct hart *address_hart_wanted(struct call *call)
{
    u64 index = address_hart(call)->id;

    if (!call_number(call, "hart", &index))
        return NULL;
    if (index < machine_hart_count(call->machine))
        return machine_hart(call->machine, (unsigned)index);
    call_fail(call, "there is no hart %llu (there are %u, from 0)", (unsigned long long)index,
              machine_hart_count(call->machine));
    return NULL;
}

u32 address_pid(struct call *call, const struct hart *h)
{
    const struct observer *o = call->observer;
    u32 pid, tid;

    observer_current(o, h->id, &pid, &tid);
    for (size_t i = 0; !pid && !observer_has_layout(o) && i < observer_spaces(o); i++)
        if (!((observer_space_satp(o, i) ^ h->satp) & ~SATP_ASID))
            return (u32)i + 1;
    return pid;
}

struct place address_place(struct call *call, const struct address *a)
{
    return a->has_pid ? names_of_process(a->pid) : names_here(call);
}

static bool evaluate(struct call *call, const struct place *place, u64 satp, const char *text,
                     size_t length, u64 *out)
{
    struct expression e;

    if (!expression_parse(call, place, text, length, &e))
        return false;
    if (expression_value(call->observer, address_hart(call), satp, &e, out))
        return true;
    return error_set(&call->error, EFAULT, "'%.*s': nothing is mapped there",
                     (int)(length < 60 ? length : 60), text);
}

static u64 satp_here(struct call *call)
{
    const struct hart *h = address_hart(call);

    return h->priv == PRIV_MACHINE ? 0 : h->satp;
}

bool address_expression(struct call *call, const char *text, size_t length, u64 *out)
{
    struct place place = names_here(call);

    return evaluate(call, &place, satp_here(call), text, length, out);
}

/* A dead one is told from one that never was. */
static bool no_process(struct call *call, u32 pid)
{
    char name[17];

    if (call->monitor->history && history_program(call->monitor->history, pid, UINT64_MAX, name))
        return error_set(&call->error, ESRCH,
                         "there is no process %u any more: %s has ended (info procs lists the "
                         "living; why %u:ADDRESS still works)",
                         pid, name, pid);
    return error_set(&call->error, ESRCH, "there is no process %u (info procs lists them)", pid);
}

bool address_space_of(struct call *call, u32 pid, u64 *satp)
{
    struct observer *o = call->observer;
    struct process_view p;

    if (observer_has_layout(o)) {
        if (!observer_process(o, pid, &p))
            return no_process(call, pid);
        if (!p.root)
            return error_set(&call->error, ESRCH, "process %u (%s) has no address space", pid,
                             p.name);
        *satp = observer_satp_of_root(o, p.root);
        return true;
    }
    if (!pid || pid > observer_spaces(o))
        return error_set(&call->error, ESRCH,
                         "there is no address space %u (this guest has shown %zu)", pid,
                         observer_spaces(o));
    *satp = observer_space_satp(o, pid - 1);
    return true;
}

/* Splits off "..END" or ",+LENGTH". */
static bool range_end(struct call *call, const struct place *place, u64 satp, const char *text,
                      size_t *length, u64 *end, bool *plus)
{
    const char *dots = strstr(text, ".."), *comma = strstr(text, ",+");

    *plus = false;
    *end = 0;
    if (dots) {
        *length = (size_t)(dots - text);
        return evaluate(call, place, satp, dots + 2, strlen(dots + 2), end);
    }
    if (comma) {
        *length = (size_t)(comma - text);
        *plus = true;
        return evaluate(call, place, satp, comma + 2, strlen(comma + 2), end);
    }
    *length = strlen(text);
    return true;
}

bool address_range(struct call *call, const char *text, u64 *from, u64 *to)
{
    size_t length;
    u64 end;
    bool plus;

    struct place place = names_here(call);
    if (!range_end(call, &place, satp_here(call), text, &length, &end, &plus) ||
        !address_expression(call, text, length, from))
        return false;
    *to = length == strlen(text) ? *from + 1 : plus ? *from + end : end;
    if (*to < *from)
        return error_set(&call->error, EINVAL, "the range '%s' ends before it begins", text);
    return true;
}

static bool parse_prefix(struct call *call, const char **text, struct address *out, unsigned *shift)
{
    const char *colon = strchr(*text, ':');

    *shift = 0;
    if (!colon)
        return true;
    size_t n = (size_t)(colon - *text);
    if (n == 2 && !strncmp(*text, "pa", 2)) {
        out->space = ADDRESS_PHYSICAL;
    } else if (n == 3 && !strncmp(*text, "pfn", 3)) {
        out->space = ADDRESS_PHYSICAL;
        *shift = PAGE_SHIFT;
    } else if (n == 4 && !strncmp(*text, "swap", 4)) {
        out->space = ADDRESS_SLOT;
    } else {
        char *end;
        unsigned long pid = strtoul(*text, &end, 10);
        if (end != colon || pid > UINT32_MAX || n == 0)
            return error_set(&call->error, EINVAL, "'%.*s' is neither a pid nor pa, pfn, swap",
                             (int)n, *text);
        out->has_pid = true;
        out->pid = (u32)pid;
        if (!address_space_of(call, out->pid, &out->satp))
            return false;
    }
    *text = colon + 1;
    return true;
}

bool address_parse(struct call *call, const char *text, struct address *out)
{
    size_t length;
    unsigned shift;
    bool plus;
    u64 end;

    memset(out, 0, sizeof *out);
    out->satp = satp_here(call);
    out->pid = address_pid(call, address_hart(call));
    if (!parse_prefix(call, &text, out, &shift))
        return false;
    struct place place = address_place(call, out);
    if (!range_end(call, &place, out->satp, text, &length, &end, &plus) ||
        !evaluate(call, &place, out->satp, text, length, &out->value))
        return false;
    out->value <<= shift;
    out->end = length == strlen(text) ? out->value : plus ? out->value + end : end << shift;
    if (out->end < out->value)
        return error_set(&call->error, EINVAL, "the range '%s' ends before it begins", text);
    return true;
}

bool address_physical(struct call *call, const struct address *address, u64 offset, u64 *pa)
{
    struct peek peek;

    *pa = address->value + offset;
    if (address->space == ADDRESS_VIRTUAL) {
        observer_walk(call->observer, address->satp, *pa, &peek);
        if (peek.result != PEEK_LEAF && peek.result != PEEK_BARE)
            return false;
        *pa = peek.pa;
    }
    return ram_pointer(machine_ram(call->machine), *pa, 1) != NULL;
}

size_t address_bytes(struct call *call, const struct address *a, u64 offset, u8 *out, size_t size)
{
    size_t done = 0;

    while (done < size) {
        u64 pa;
        if (!address_physical(call, a, offset + done, &pa))
            break;
        size_t part = PAGE_BYTES - pa % PAGE_BYTES;
        if (part > size - done)
            part = size - done;
        const void *from = ram_pointer(machine_ram(call->machine), pa, part);
        if (!from)
            break;
        memcpy(out + done, from, part);
        done += part;
    }
    return done;
}
