/* SPDX-License-Identifier: MIT */
/*
 * json.c - the JSON protocol: one object to a line, shaped like QMP.
 *
 *   S: {"hello": {"name": "faultline", "version": ..., "schema": 1, "caps": [...]}}
 *   C: {"id": 1, "execute": "walk", "arguments": {"address": "3:0x40001000"}}
 *   S: {"id": 1, "return": ...}          or {"id": 1, "error": {"class": ..., "desc": ...}}
 *   C: {"execute": "subscribe", "arguments": {"events": ["fault"], "filter": "kind=cow",
 *                                             "rate": 1000}}
 *   S: {"event": "fault", "data": {...}}     S: {"event": "lost", "data": {"count": 17}}
 *
 * Unknown members are ignored, unknown commands are errors.  64-bit values are hex strings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emu/machine/machine.h"
#include "emu/monitor/session.h"
#include "emu/monitor/value.h"
#include "emu/trace/text.h"

/* Host time: this is about how much a reader can take. */
static u64 host_second(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u64)now.tv_sec;
}

static void send(struct session *s, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

    if (text) {
        size_t n = strlen(text);
        text[n] = '\n'; /* the end is put back by its length */
        session_write(s, text, n + 1);
    }
    free(text);
    json_decref(object);
}

void session_json_hello(struct session *s)
{
    json_t *root = json_object();

    json_object_set_new(root, "hello",
                        json_pack("{s:s, s:s, s:i, s:[s,s]}", "name", "faultline", "version",
                                  FAULTLINE_VERSION, "schema", 1, "caps", "events", "subscribe"));
    send(s, root);
}

void session_json_event(struct session *s, const char *name, json_t *data)
{
    json_t *root = json_object();

    value_set_text(root, "event", "%s", name);
    json_object_set_new(root, "data", data);
    send(s, root);
}

static void send_error(struct session *s, const json_t *id, const char *class, const char *text)
{
    json_t *root = json_object(), *error = json_object();

    value_set_text(error, "class", "%s", class);
    value_set_text(error, "desc", "%s", text);
    json_object_set_new(root, "error", error);
    if (id)
        json_object_set(root, "id", (json_t *)(uintptr_t)id);
    send(s, root);
}

static bool wants(const json_t *events, const char *name)
{
    size_t i;
    json_t *entry;

    json_array_foreach(events, i, entry)
    {
        if (json_is_string(entry) && !strcmp(json_string_value(entry), name))
            return true;
    }
    return false;
}

static json_t *subscribe(struct session *s, const json_t *arguments, struct error *err)
{
    const json_t *events = json_object_get(arguments, "events");
    const char *text = json_string_value(json_object_get(arguments, "filter"));
    json_int_t rate = json_integer_value(json_object_get(arguments, "rate"));

    if (events && !json_is_array(events)) {
        error_set(err, EINVAL, "'events' is a list of names: fault, probe");
        return NULL;
    }
    if (!filter_parse(text, &s->filter, err))
        return NULL;
    s->events = events && wants(events, "probe");
    s->rate = rate > 0 ? (u64)rate : 0;
    s->subscribed = !events || wants(events, "fault") || s->events;
    return json_object();
}

static json_t *execute(struct session *s, const char *name, const json_t *arguments,
                       const char **class, struct error *err)
{
    *class = "CommandFailed";
    if (!strcmp(name, "subscribe"))
        return subscribe(s, arguments, err);
    if (!strcmp(name, "unsubscribe")) {
        s->subscribed = false;
        return json_object();
    }
    const struct command *command = command_by_name(name);
    if (!command) {
        *class = "CommandNotFound";
        error_set(err, ENOENT, "there is no command '%.60s' (query-schema lists them)", name);
        return NULL;
    }
    json_t *named = command_named_arguments(command, arguments, err);
    if (!named) {
        *class = "BadArgument";
        return NULL;
    }
    return monitor_call(s->monitor, s, command, named, err);
}

void session_json_line(struct session *s, const char *line)
{
    json_error_t where;
    struct error err = {0};
    json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, &where);
    const json_t *id = json_object_get(request, "id");
    const char *name = json_string_value(json_object_get(request, "execute")), *class;

    if (!json_is_object(request)) {
        send_error(s, NULL, "BadJson", request ? "a request is an object" : where.text);
    } else if (!name) {
        send_error(s, id, "BadRequest", "a request has \"execute\": \"COMMAND\"");
    } else {
        json_t *answer = execute(s, name, json_object_get(request, "arguments"), &class, &err);
        if (answer) {
            json_t *root = json_object();
            json_object_set_new(root, "return", answer);
            if (id)
                json_object_set(root, "id", (json_t *)(uintptr_t)id);
            send(s, root);
        } else {
            send_error(s, id, class, err.text);
        }
    }
    json_decref(request);
}

/* Too many, or the reader is slow: count what is lost and say so when there is room again. */
static bool has_room(struct session *s)
{
    session_flush(s);
    if (s->rate) {
        if (host_second() != s->window) {
            s->window = host_second();
            s->in_window = 0;
        }
        if (s->in_window >= s->rate)
            return false;
        s->in_window++;
    }
    return s->output.size < SESSION_MAX_OUTPUT / 2;
}

void session_json_record(struct session *s, const struct trace_record *record)
{
    char line[2 * TRACE_LINE];

    if (!s->subscribed || s->closing)
        return;
    if (record->type == RECORD_FAULT ? !filter_match(&s->filter, record)
                                     : !(s->events && record->type > RECORD_PROBE))
        return;
    if (!has_room(s)) {
        s->lost++;
        return;
    }
    if (s->lost) {
        json_t *data = json_object();
        value_set_count(data, "count", s->lost);
        s->lost = 0;
        session_json_event(s, "lost", data);
    }
    trace_line_json(line, sizeof line, record);
    json_t *data = json_loads(line, 0, NULL);
    if (data)
        session_json_event(s, record->type == RECORD_FAULT ? "fault" : "probe", data);
}
