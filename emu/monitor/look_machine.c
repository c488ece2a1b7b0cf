/* SPDX-License-Identifier: MIT */
/* look_machine.c - info status, stat, info mtree, info devices. */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include "emu/hart/hart.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/mem/bus.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"

COMMAND_HANDLER(status);
COMMAND_HANDLER(stat);
COMMAND_HANDLER(mtree);
COMMAND_HANDLER(devices);

json_t *run_status(struct call *call)
{
    json_t *value = json_object();
    const struct machine_config *config = machine_config_of(call->machine);
    const struct trace_counts *counts = observer_counts(call->observer);

    /* Between a stop and its announcement it is still running: why it stopped is not known yet. */
    bool stopped = machine_is_stopped(call->machine) && !call->monitor->announce;
    value_set_flag(value, "running", !stopped);
    value_set_count(value, "instructions", machine_instructions(call->machine));
    value_set_count(value, "time_ns", machine_time(call->machine));
    value_set_count(value, "ram", config->ram_size);
    value_set_count(value, "harts", machine_hart_count(call->machine));
    value_set_flag(value, "probe", observer_has_layout(call->observer));
    value_set_count(value, "faults", counts->faults);
    value_set_count(value, "major", counts->major);
    value_set_count(value, "label_mismatches", counts->mismatch);
    value_set_count(value, "open_faults", observer_open_faults(call->observer));
    if (observer_has_layout(call->observer)) {
        value_set_count(value, "free_frames", observer_free_frames(call->observer));
        value_set_count(value, "frames", observer_frame_count(call->observer));
        char policy[16];
        observer_policy(call->observer, policy);
        value_set_text(value, "policy", "%s", policy);
    }
    if (stopped && call->monitor->last_stop)
        value_set_text(value, "stop", "%s", call->monitor->last_stop);
    if (observer_panic(call->observer))
        value_set_text(value, "panic", "%s", observer_panic(call->observer));
    return value;
}

void show_status(const json_t *value, struct buffer *out)
{
    char number[32];

    trace_number(number, sizeof number, value_u64(value, "instructions"));
    buffer_printf(out, "%s at instruction %s, guest time %.6f s\n",
                  value_flag(value, "running") ? "running" : "stopped", number,
                  (double)value_u64(value, "time_ns") / 1e9);
    buffer_printf(out, "%" PRIu64 " MiB, %" PRIu64 " hart(s), guest %s\n",
                  value_u64(value, "ram") >> 20, value_u64(value, "harts"),
                  value_flag(value, "probe") ? "with probe" : "without probe");
    buffer_printf(out,
                  "faults %" PRIu64 " (%" PRIu64 " major, %" PRIu64 " in progress), label "
                  "mismatches %" PRIu64 "\n",
                  value_u64(value, "faults"), value_u64(value, "major"),
                  value_u64(value, "open_faults"), value_u64(value, "label_mismatches"));
    if (value_flag(value, "probe"))
        buffer_printf(out, "frames %" PRIu64 ", free %" PRIu64 ", replaced by %s\n",
                      value_u64(value, "frames"), value_u64(value, "free_frames"),
                      value_string(value, "policy")[0] ? value_string(value, "policy") : "?");
    if (value_string(value, "stop")[0])
        buffer_printf(out, "%s\n", value_string(value, "stop"));
    if (value_string(value, "panic")[0])
        buffer_printf(out, "PANIC: %s\n", value_string(value, "panic"));
}

/* ---- stat ---- */

static void add_row(json_t *list, const char *name, u64 count)
{
    json_t *row = json_object();

    value_set_text(row, "name", "%s", name);
    value_set_count(row, "count", count);
    json_array_append_new(list, row);
}

json_t *run_stat(struct call *call)
{
    const struct trace_counts *c = observer_counts(call->observer);
    json_t *value = json_object(), *list = json_array();
    struct counters counters;

    add_row(list, "instructions", machine_instructions(call->machine));
    for (unsigned i = 0; i < machine_hart_count(call->machine); i++) {
        char text[32];
        snprintf(text, sizeof text, "instructions of hart %u", i);
        add_row(list, text, hart_executed(machine_hart(call->machine, i)));
    }
    add_row(list, "guest time (ns)", machine_time(call->machine));
    add_row(list, "faults", c->faults);
    add_row(list, "major faults", c->major);
    add_row(list, "instructions in fault handlers", c->cost);
    add_row(list, "label mismatches", c->mismatch);
    for (unsigned event = 1; event < PROBE_EVENT_COUNT; event++)
        if (c->event[event])
            add_row(list, record_type_name(RECORD_PROBE + event), c->event[event]);
    machine_counters(call->machine, &counters);
    for (unsigned i = 0; counter_info(i); i++)
        add_row(list, counter_info(i)->name, counter_value(&counters, i));
    json_object_set_new(value, "counters", list);
    return value;
}

void show_stat(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;
    char number[32];

    json_array_foreach(value_list(value, "counters"), i, row)
    {
        trace_number(number, sizeof number, value_u64(row, "count"));
        buffer_printf(out, "%-32s %18s\n", value_string(row, "name"), number);
    }
}

/* ---- info mtree ---- */

static void add_range(json_t *list, u64 base, u64 size, const char *name)
{
    json_t *row = json_object();

    value_set_hex(row, "from", base);
    value_set_hex(row, "to", base + size);
    value_set_count(row, "size", size);
    value_set_text(row, "name", "%s", name);
    json_array_append_new(list, row);
}

json_t *run_mtree(struct call *call)
{
    const struct bus *bus = machine_bus(call->machine);
    const struct ram *ram = machine_ram(call->machine);
    json_t *value = json_object(), *list = json_array();

    for (unsigned i = 0; i < bus->count; i++)
        add_range(list, bus->region[i].base, bus->region[i].size, bus->region[i].name);
    add_range(list, ram->base, ram->size, "RAM");
    json_object_set_new(value, "ranges", list);
    return value;
}

void show_mtree(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    json_array_foreach(value_list(value, "ranges"), i, row)
    {
        buffer_printf(out, "0x%010" PRIx64 "..0x%010" PRIx64 "  %10" PRIu64 "  %s\n",
                      value_u64(row, "from"), value_u64(row, "to"), value_u64(row, "size"),
                      value_string(row, "name"));
    }
}

/* ---- info devices ---- */

static u64 cells(const fdt32_t *at, int count)
{
    u64 value = 0;

    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(at[i]);
    return value;
}

/* The bundled tree has two cells for addresses and sizes everywhere that matters. */
static json_t *device_value(const void *tree, int node)
{
    json_t *row = json_object();
    int size;
    const char *name = fdt_get_name(tree, node, NULL);
    const char *compatible = fdt_getprop(tree, node, "compatible", &size);
    const fdt32_t *reg = fdt_getprop(tree, node, "reg", &size);

    value_set_text(row, "name", "%s", name ? name : "?");
    value_set_text(row, "compatible", "%s", compatible ? compatible : "");
    if (reg && size >= 16) {
        value_set_hex(row, "base", cells(reg, 2));
        value_set_hex(row, "size", cells(reg + 2, 2));
    }
    const fdt32_t *interrupts = fdt_getprop(tree, node, "interrupts", &size);
    if (interrupts && size >= 4)
        value_set_count(row, "interrupt", fdt32_to_cpu(*interrupts));
    return row;
}

json_t *run_devices(struct call *call)
{
    size_t size;
    const void *tree = machine_device_tree(call->machine, &size);
    json_t *value = json_object(), *list = json_array();
    int node = -1, depth = -1;

    while (tree && !fdt_check_header(tree) && (node = fdt_next_node(tree, node, &depth)) >= 0) {
        if (depth > 0 && fdt_getprop(tree, node, "compatible", NULL))
            json_array_append_new(list, device_value(tree, node));
    }
    json_object_set_new(value, "devices", list);
    return value;
}

void show_devices(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *row;

    if (!json_array_size(value_list(value, "devices")))
        buffer_text(out, "the guest got no device tree\n");
    json_array_foreach(value_list(value, "devices"), i, row)
    {
        buffer_printf(out, "%-28s %-12s", value_string(row, "name"), value_string(row, "base"));
        if (json_object_get(row, "interrupt"))
            buffer_printf(out, " irq %-3" PRIu64, value_u64(row, "interrupt"));
        else
            buffer_text(out, "        ");
        buffer_printf(out, " %s\n", value_string(row, "compatible"));
    }
}
