/* SPDX-License-Identifier: MIT */
/* look_counters.c - info counters: what explains speed (emu/hart/counter.def). */
#include <inttypes.h>
#include <string.h>

#include "emu/hart/counters.h"
#include "emu/machine/machine.h"
#include "emu/monitor/command.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(counters);

/* A counter's name as a JSON member: user_instructions. */
static void member_name(const char *name, char *out, size_t size)
{
    size_t i = 0;
    for (; name[i] && i + 1 < size; i++) {
        out[i] = name[i];
        if (name[i] == ' ') {
            out[i] = '_';
        }
    }
    out[i] = 0;
}

json_t *run_counters(struct call *call)
{
    struct counters counters;
    char member[64];
    json_t *value = json_object();
    machine_counters(call->machine, &counters);
    for (unsigned i = 0; counter_info(i); i++) {
        member_name(counter_info(i)->name, member, sizeof member);
        value_set_count(value, member, counter_value(&counters, i));
    }
    return value;
}

void show_counters(const json_t *value, struct buffer *out)
{
    char member[64];
    for (unsigned i = 0; counter_info(i); i++) {
        const struct counter_info *info = counter_info(i);
        member_name(info->name, member, sizeof member);
        buffer_printf(out, "%-25s%14" PRIu64 "  %s\n", info->name, value_u64(value, member),
                      info->help);
    }
}
