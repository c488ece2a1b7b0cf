/* SPDX-License-Identifier: MIT */
/* complete.c - what may follow what was typed: commands, and the words of filters. */
#include <stdio.h>
#include <string.h>

#include "emu/isa/disasm.h"
#include "emu/monitor/command.h"

/* One line for each: everything up to the word, then the word. */
struct offer {
    const char *line;
    size_t before; /* bytes of line in front of the word */
    const char *word;
    struct buffer *out;
};

static void offer(const struct offer *o, const char *prefix, const char *name)
{
    char whole[96];

    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    if (!strncmp(whole, o->word, strlen(o->word)))
        buffer_printf(o->out, "%.*s%s\n", (int)o->before, o->line, whole);
}

static void offer_table(const struct offer *o, const char *prefix, const char *(*name)(unsigned),
                        unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (name(i) && strcmp(name(i), "?") != 0)
            offer(o, prefix, name(i));
}

static void offer_filter(const struct offer *o)
{
    static const char *const term[] = {"kind=", "pid=", "va=", "area=", "result=", "count=", "do "};
    const char *equals = strchr(o->word, '=');

    if (!equals) {
        for (size_t i = 0; i < ARRAY_LENGTH(term); i++)
            offer(o, "", term[i]);
        return;
    }
    offer_table(o, "kind=", fault_kind_name, 1, FAULT_KIND_COUNT);
    offer_table(o, "area=", area_kind_name, 0, AREA_KIND_COUNT);
    offer_table(o, "result=", fault_result_name, 0, FAULT_RESULT_COUNT);
}

static void offer_registers(const struct offer *o)
{
    offer(o, "$", "pc");
    for (unsigned i = 1; i < 32; i++)
        offer(o, "$", insn_x_name(i));
}

static void offer_word(const struct offer *o, const struct command *command)
{
    struct parameter p;

    if (*o->word == '$') {
        offer_registers(o);
        return;
    }
    if (!strcmp(command->name, "help")) {
        size_t count;
        const struct command *table = command_table(&count);
        for (size_t i = 0; i < count; i++)
            offer(o, "", table[i].name);
        return;
    }
    for (size_t i = 0; command_parameter(command, i, &p); i++) {
        if (!strcmp(p.name, "filter") && strcmp(command->name, "frames") != 0) {
            offer_filter(o);
        } else if (!strcmp(p.name, "what") && !strcmp(command->name, "tail")) {
            offer_filter(o);
            offer_table(o, "event=", record_type_name, 1, RECORD_TYPE_COUNT);
        } else if (!strcmp(p.name, "name") && !strcmp(command->name, "break event")) {
            offer_table(o, "", record_type_name, RECORD_PROBE + 1,
                        RECORD_PROBE + PROBE_EVENT_COUNT);
        } else if (!strcmp(p.name, "which")) {
            offer(o, "", "last");
        } else if (!strcmp(p.name, "language")) {
            offer(o, "", "en");
            offer(o, "", "zh");
        }
    }
    if (!strcmp(command->name, "swap")) {
        offer(o, "", "slots");
        offer(o, "", "traffic");
    } else if (!strcmp(command->name, "faults")) {
        offer(o, "", "by kind");
        offer(o, "", "since ");
    } else if (!strcmp(command->name, "frames")) {
        offer(o, "", "map");
        offer(o, "", "owner=");
        offer(o, "", "kind=");
    }
}

void command_complete(const char *line, struct buffer *out)
{
    size_t count, typed = strlen(line), before = typed;
    const struct command *table = command_table(&count);
    struct error ignored = {0};
    const char *rest;
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        if (!strncmp(table[i].name, line, typed)) {
            buffer_printf(out, "%s\n", table[i].name);
            any = true;
        }
    }
    const struct command *command = any ? NULL : command_find(line, &rest, &ignored);
    if (!command)
        return;
    while (before && line[before - 1] != ' ')
        before--;
    if (before < (size_t)(rest - line))
        return;
    struct offer o = {line, before, line + before, out};
    offer_word(&o, command);
}
