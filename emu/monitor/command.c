/* SPDX-License-Identifier: MIT */
/* command.c - finding a command by its words, and reading its arguments. */
#include "emu/monitor/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/nearest.h"

#define COMMAND(id, ...) COMMAND_HANDLER(id);
#include "emu/monitor/command.def"

static const struct command table[] = {
#define COMMAND(id, name, parameters, flags, help, detail, example) \
    {name, parameters, help, detail, example, flags, run_##id, show_##id},
#include "emu/monitor/command.def"
};

const struct command *command_table(size_t *count)
{
    *count = ARRAY_LENGTH(table);
    return table;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/*
 * How well the line matches the name, word by word: words typed that are prefixes of the name's.
 * 0: not at all.  Complete names beat prefixes.
 */
struct match {
    unsigned words;
    bool exact, whole; /* every word typed in full; every word of the name was typed */
    const char *rest;
};

/* "x/8xg": the command ends at the slash, which belongs to its format. */
static size_t word_length(const char *line)
{
    size_t n = strcspn(line, " \t");
    size_t slash = strcspn(line, "/");

    return slash == 1 && slash < n ? slash : n;
}

static struct match match_name(const char *line, const char *name)
{
    struct match m = {0, true, true, line};

    while (*name) {
        size_t wanted = strcspn(name, " "), typed = word_length(line);
        if (!typed) {
            m.whole = false;
            break;
        }
        if (typed > wanted || strncmp(line, name, typed) != 0)
            return (struct match){0, false, false, line};
        m.exact = m.exact && typed == wanted;
        m.words++;
        line += typed;
        if (*line != '/')
            line = skip_blanks(line);
        m.rest = line;
        name += wanted;
        name += *name == ' ';
    }
    return m;
}

static void suggest(const char *line, struct error *err)
{
    char typed[32];
    struct nearest nearest;

    snprintf(typed, sizeof typed, "%.*s", (int)word_length(line), line);
    nearest = nearest_begin(typed);
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        char first[32];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(table[i].name, " "), table[i].name);
        if (edit_distance(typed, first) < nearest.distance)
            nearest_offer(&nearest, table[i].name);
    }
    if (!nearest.best) {
        /* Two words: compare the whole of what was typed. */
        snprintf(typed, sizeof typed, "%.*s", (int)strcspn(line, "\r\n"), line);
        nearest = nearest_begin(typed);
        for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
            nearest_offer(&nearest, table[i].name);
    }
    if (nearest.best)
        error_set(err, ENOENT, "there is no command '%s'; did you mean '%s'?", typed, nearest.best);
    else
        error_set(err, ENOENT, "there is no command '%s' (try help)", typed);
}

const struct command *command_find(const char *line, const char **rest, struct error *err)
{
    const struct command *found = NULL;
    struct match best = {0};
    char others[160] = "";
    unsigned rivals = 0;

    line = skip_blanks(line);
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        struct match m = match_name(line, table[i].name);
        if (!m.words || !m.whole)
            continue;
        bool better =
            !found || (m.exact && !best.exact) || (m.exact == best.exact && m.words > best.words);
        bool worse =
            found && ((best.exact && !m.exact) || (m.exact == best.exact && m.words < best.words));
        if (better) {
            found = &table[i];
            best = m;
            rivals = 0;
            snprintf(others, sizeof others, "%s", table[i].name);
        } else if (!worse) {
            size_t used = strlen(others);
            rivals++;
            snprintf(others + used, sizeof others - used, ", %s", table[i].name);
        }
    }
    if (!found) {
        suggest(line, err);
        return NULL;
    }
    if (rivals && !best.exact) {
        error_set(err, EINVAL, "'%.40s' could be: %s", line, others);
        return NULL;
    }
    *rest = best.rest;
    return found;
}

const struct command *command_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        const char *a = table[i].name, *b = name;
        while (*a && (*a == *b || (*a == ' ' && (*b == '-' || *b == '_'))))
            a++, b++;
        if (!*a && !*b)
            return &table[i];
    }
    return NULL;
}

bool command_parameter(const struct command *command, size_t index, struct parameter *out)
{
    const char *at = command->parameters;

    for (; index > 0 && *at; index--) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    if (!*at)
        return false;
    size_t length = strcspn(at, " "), name = strcspn(at, ":");
    out->optional = at[length - 1] == '?';
    snprintf(out->name, sizeof out->name, "%.*s", (int)name, at);
    snprintf(out->type, sizeof out->type, "%.*s", (int)(length - name - 1 - out->optional),
             at + name + 1);
    return true;
}

void command_usage(const struct command *command, struct buffer *out)
{
    struct parameter p;

    buffer_text(out, command->name);
    for (size_t i = 0; command_parameter(command, i, &p); i++) {
        for (char *at = p.name; *at; at++)
            *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        buffer_printf(out, p.optional ? " [%s]" : " %s", p.name);
    }
}

static bool usage_error(const struct command *command, const char *what, struct error *err)
{
    struct buffer usage = {0};

    command_usage(command, &usage);
    buffer_byte(&usage, 0);
    error_set(err, EINVAL, "%s; usage: %s", what, usage.data ? (char *)usage.data : "?");
    buffer_free(&usage);
    return false;
}

json_t *command_arguments(const struct command *command, const char *rest, struct error *err)
{
    json_t *object = json_object();
    struct parameter p;

    rest = skip_blanks(rest);
    for (size_t i = 0; command_parameter(command, i, &p); i++) {
        /* x/FMT: the format is there only behind a slash. */
        if (!strcmp(p.type, "format") && *rest++ != '/') {
            rest--;
            continue;
        }
        size_t n = strcmp(p.type, "rest") ? strcspn(rest, " \t") : strlen(rest);
        while (n && (rest[n - 1] == ' ' || rest[n - 1] == '\t' || rest[n - 1] == '\r'))
            n--;
        if (!n) {
            if (p.optional)
                continue;
            usage_error(command, "something is missing", err);
            json_decref(object);
            return NULL;
        }
        json_t *value = json_stringn(rest, n);
        if (!value) {
            error_set(err, EINVAL, "the line is not text");
            json_decref(object);
            return NULL;
        }
        json_object_set_new(object, p.name, value);
        rest = skip_blanks(rest + n);
    }
    if (*rest && *rest != '\r') {
        usage_error(command, "too many words", err);
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *command_named_arguments(const struct command *command, const json_t *given,
                                struct error *err)
{
    json_t *object = json_object();
    struct parameter p;
    char text[32];

    for (size_t i = 0; command_parameter(command, i, &p); i++) {
        const json_t *value = json_object_get(given, p.name);
        if (json_is_string(value)) {
            json_object_set_new(object, p.name, json_string(json_string_value(value)));
        } else if (json_is_integer(value)) {
            snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
            json_object_set_new(object, p.name, json_string(text));
        } else if (value && !json_is_null(value)) {
            error_set(err, EINVAL, "'%s' must be a string or an integer", p.name);
            json_decref(object);
            return NULL;
        } else if (!p.optional) {
            error_set(err, EINVAL, "the argument '%s' is missing", p.name);
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

const char *call_text(const struct call *call, const char *name)
{
    return json_string_value(json_object_get(call->arguments, name));
}

bool call_number(struct call *call, const char *name, u64 *out)
{
    const char *text = call_text(call, name);
    char *end;

    if (!text)
        return true;
    errno = 0;
    u64 value = strtoull(text, &end, 0);
    if (errno || *end || end == text || *text == '-')
        return error_set(&call->error, EINVAL, "'%s' is not a number (%s)", text, name);
    *out = value;
    return true;
}

json_t *call_fail(struct call *call, const char *format, ...)
{
    char text[200];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    error_set(&call->error, EINVAL, "%s", text);
    return NULL;
}

enum answer_form command_form(const char **line)
{
    static const struct {
        const char *option;
        enum answer_form form;
    } known[] = {{"-j ", FORM_JSON}, {"--json ", FORM_JSON}, {"--csv ", FORM_CSV}};

    *line += strspn(*line, " \t");
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        size_t length = strlen(known[i].option);
        if (!strncmp(*line, known[i].option, length)) {
            *line += length;
            return known[i].form;
        }
    }
    return FORM_TEXT;
}
