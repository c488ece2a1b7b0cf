/* SPDX-License-Identifier: MIT */
/*
 * command.h - the one table of commands, and how one is called.
 *
 * Parameters are written "name:type", optional ones with '?' at the end, one after another:
 *   address  [pid:]va, pa:, pfn:, swap:; number, $register, symbol, sums; see address.h
 *   number   a count            word  one word           rest  everything up to the end of the line
 *   format   what stands behind the slash in x/8xg
 * The REPL gives them in this order, JSON by name.
 */
#ifndef FAULTLINE_MONITOR_COMMAND_H
#define FAULTLINE_MONITOR_COMMAND_H

#include <jansson.h>

#include "emu/base/buffer.h"
#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/observe/observe.h"

struct monitor;
struct session;
struct machine;

#define COMMAND_MAX_PARAMETERS 4

enum command_flag {
    COMMAND_CONTROLS = 1, /* stops, steps or ends the machine (the guest cannot tell) */
    COMMAND_SESSION = 2,  /* concerns the session only */
    COMMAND_RESUMES = 4   /* the guest runs on; scripts wait for the next stop */
};

struct call {
    struct monitor *monitor;
    struct machine *machine;
    struct observer *observer;
    struct session *session; /* NULL when there is none (scripts) */
    json_t *arguments;       /* object: parameter name -> string */
    struct error error;      /* why there is no answer */
};

struct command {
    const char *name; /* "walk", "info map" */
    const char *parameters;
    const char *help;   /* one line */
    const char *detail; /* more, or "" */
    const char *example;
    unsigned flags;
    /* A new reference, or NULL with call->error set. */
    json_t *(*run)(struct call *call);
    /* Text for people; NULL: the value is a string, or nothing. */
    void (*show)(const json_t *value, struct buffer *out);
};

const struct command *command_table(size_t *count);
/*
 * The command a line begins with: full name or unique prefix of each word.  *rest: behind it.
 * NULL with *err set ("did you mean").
 */
const struct command *command_find(const char *line, const char **rest, struct error *err);
/* By its exact name, words joined by '-' or ' ' (JSON). */
const struct command *command_by_name(const char *name);
/* Arguments of a REPL line, by the command's parameters.  NULL with *err set. */
json_t *command_arguments(const struct command *command, const char *rest, struct error *err);
/* Checks arguments given by name: strings and numbers become strings.  NULL with *err set. */
json_t *command_named_arguments(const struct command *command, const json_t *given,
                                struct error *err);
/* Splits parameter `index` of a grammar; false behind the last. */
struct parameter {
    char name[24], type[16];
    bool optional;
};
bool command_parameter(const struct command *command, size_t index, struct parameter *out);
enum answer_form { FORM_TEXT, FORM_JSON, FORM_CSV };
/* Takes "-j", "--json" or "--csv" off the front of a line: how the answer is wanted. */
enum answer_form command_form(const char **line);
/* "walk ADDRESS", for help. */
void command_usage(const struct command *command, struct buffer *out);
/* Whole lines that the one typed may become: commands, then the words they understand (complete.c).
 */
void command_complete(const char *line, struct buffer *out);

/* ---- for handlers ---- */

/* An argument's text, or NULL when it was not given. */
const char *call_text(const struct call *call, const char *name);
/* False with call->error set when it is there and no number; absent: *out stays. */
bool call_number(struct call *call, const char *name, u64 *out);
json_t *call_fail(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define COMMAND_HANDLER(name)              \
    json_t *run_##name(struct call *call); \
    void show_##name(const json_t *value, struct buffer *out)

#endif
