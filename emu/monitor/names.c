/* SPDX-License-Identifier: MIT */
/* names.c - see names.h. */
#include "emu/monitor/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/state.h"
#include "emu/observe/history.h"
#include "emu/observe/symbols.h"

struct place names_here(struct call *call)
{
    const struct hart *h = address_hart(call);
    struct place place = {.kernel = h->priv != PRIV_USER, .seq = UINT64_MAX};

    place.pid = address_pid(call, h);
    return place;
}

struct place names_of_process(u32 pid)
{
    return (struct place){.kernel = !pid, .pid = pid, .seq = UINT64_MAX};
}

struct place names_of_record(const struct trace_record *r)
{
    return (struct place){.kernel = r->privilege != PRIV_USER, .pid = r->pid, .seq = r->seq};
}

bool names_program(struct call *call, u32 pid, u64 seq, char *out)
{
    struct process_view process;

    if (call->monitor->history && history_program(call->monitor->history, pid, seq, out))
        return true;
    if (!observer_process(call->observer, pid, &process))
        return false;
    memcpy(out, process.name, 17);
    return true;
}

static bool first_file_area(void *ctx, const struct area_view *a)
{
    u64 *start = ctx;

    if (!a->inode || a->pgoff)
        return true;
    *start = a->start;
    return false;
}

/* Where a position-independent program lies now, minus where it was linked. */
static u64 bias_of(struct call *call, const struct place *place, const char *program)
{
    struct process_view process;
    u64 first, start = 0;

    if (!symbols_moves(call->monitor->symbols, program, &first) ||
        !observer_process(call->observer, place->pid, &process))
        return 0;
    observer_areas(call->observer, &process, first_file_area, &start);
    return start ? start - (first & PAGE_MASK) : 0;
}

/* The program to ask, NULL for the kernel.  False: nobody can be asked. */
static bool whose(struct call *call, const struct place *place, u64 address, char name[17],
                  const char **program, u64 *bias)
{
    *bias = 0;
    *program = NULL;
    if (address >> 63 || place->kernel)
        return true;
    if (!names_program(call, place->pid, place->seq, name))
        return false;
    *program = name;
    *bias = bias_of(call, place, name);
    return true;
}

bool names_symbol(struct call *call, const struct place *place, u64 address, char *out, size_t size)
{
    char name[17];
    const char *program;
    u64 bias;

    return whose(call, place, address, name, &program, &bias) &&
           symbols_name(call->monitor->symbols, program, address, bias, out, size);
}

bool names_line(struct call *call, const struct place *place, u64 address, char *out, size_t size)
{
    char name[17];
    const char *program;
    u64 bias;

    return whose(call, place, address, name, &program, &bias) &&
           symbols_line(call->monitor->symbols, program, address, bias, out, size);
}

bool names_where(struct call *call, const struct place *place, u64 address, char *out, size_t size)
{
    char symbol[NAME_TEXT] = "", line[NAME_TEXT] = "";
    bool has_symbol = names_symbol(call, place, address, symbol, sizeof symbol);
    bool has_line = names_line(call, place, address, line, sizeof line);

    if (has_symbol && has_line)
        snprintf(out, size, "%s (%s)", symbol, line);
    else if (has_symbol || has_line)
        snprintf(out, size, "%s", has_symbol ? symbol : line);
    return has_symbol || has_line;
}

bool names_value(struct call *call, const struct place *place, const char *name, size_t length,
                 u64 *out)
{
    struct symbols *s = call->monitor->symbols;
    char program[17], copy[64];
    bool known = place->pid && names_program(call, place->pid, place->seq, program);

    if (place->kernel && symbols_value(s, NULL, name, length, out))
        return true;
    if (known && symbols_value(s, program, name, length, out)) {
        *out += bias_of(call, place, program);
        return true;
    }
    if (symbols_value(s, NULL, name, length, out))
        return true;
    snprintf(copy, sizeof copy, "%.*s", (int)length, name);
    const char *near = known ? symbols_nearest(s, program, copy) : NULL;
    if (!near)
        near = symbols_nearest(s, NULL, copy);
    if (near)
        return error_set(&call->error, ENOENT, "there is no symbol '%s'; did you mean '%s'?", copy,
                         near);
    return error_set(&call->error, ENOENT,
                     "there is no symbol '%s' (info symbols lists them, --symbols FILE adds more)",
                     copy);
}
