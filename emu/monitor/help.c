/* SPDX-License-Identifier: MIT */
/* help.c - help and query-schema, both made from the command table. */
#include <stdio.h>
#include <string.h>

#include "emu/monitor/command.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(help);
COMMAND_HANDLER(commands);

static json_t *command_value(const struct command *c)
{
    json_t *entry = json_object(), *list = json_array();
    struct parameter p;
    struct buffer usage = {0};

    command_usage(c, &usage);
    buffer_byte(&usage, 0);
    value_set_text(entry, "name", "%s", c->name);
    value_set_text(entry, "usage", "%s", usage.data ? (char *)usage.data : "");
    value_set_text(entry, "help", "%s", c->help);
    if (c->detail[0])
        value_set_text(entry, "detail", "%s", c->detail);
    value_set_text(entry, "example", "%s", c->example);
    value_set_flag(entry, "controls", c->flags & COMMAND_CONTROLS);
    value_set_flag(entry, "resumes", c->flags & COMMAND_RESUMES);
    for (size_t i = 0; command_parameter(c, i, &p); i++) {
        json_t *parameter = json_object();
        value_set_text(parameter, "name", "%s", p.name);
        value_set_text(parameter, "type", "%s", p.type);
        value_set_flag(parameter, "optional", p.optional);
        json_array_append_new(list, parameter);
    }
    json_object_set_new(entry, "parameters", list);
    buffer_free(&usage);
    return entry;
}

static json_t *all_commands(void)
{
    json_t *value = json_object(), *list = json_array();
    size_t count;
    const struct command *table = command_table(&count);

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, command_value(&table[i]));
    json_object_set_new(value, "commands", list);
    return value;
}

json_t *run_help(struct call *call)
{
    const char *name = call_text(call, "command"), *rest;

    if (!name)
        return all_commands();
    /* "help info" lists what begins so; a command explains itself. */
    json_t *value = json_object(), *list = json_array();
    size_t count, typed = strlen(name);
    const struct command *table = command_table(&count), *exact = command_by_name(name);
    if (!exact) {
        for (size_t i = 0; i < count; i++)
            if (!strncmp(table[i].name, name, typed))
                json_array_append_new(list, command_value(&table[i]));
        if (!json_array_size(list)) {
            exact = command_find(name, &rest, &call->error);
            if (!exact) {
                json_decref(list);
                json_decref(value);
                return NULL;
            }
        }
    }
    if (exact)
        json_array_append_new(list, command_value(exact));
    json_object_set_new(value, "commands", list);
    return value;
}

void show_help(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "commands");
    size_t i;
    json_t *entry;

    json_array_foreach(list, i, entry)
    {
        buffer_printf(out, "%-34s %s\n", value_string(entry, "usage"), value_string(entry, "help"));
        if (json_array_size(list) == 1) {
            for (const char *at = value_string(entry, "detail"); *at;) {
                size_t length = strcspn(at, "\n");
                buffer_printf(out, "  %.*s\n", (int)length, at);
                at += length + (at[length] == '\n');
            }
            buffer_printf(out, "  for example: %s\n", value_string(entry, "example"));
        }
    }
    if (json_array_size(list) > 1)
        buffer_text(out, "Addresses: 0x40001000, 3:0x40001000 (of process 3), $sp, symbol+0x10, "
                         "pa:, pfn:, swap:, ranges A..B.\n"
                         "Commands may be shortened as long as they stay unique; help COMMAND "
                         "tells more;\n-j COMMAND answers in JSON.\n");
}

json_t *run_commands(struct call *call)
{
    (void)call;
    return all_commands();
}

void show_commands(const json_t *value, struct buffer *out)
{
    show_help(value, out);
}
