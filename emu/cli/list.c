/* SPDX-License-Identifier: MIT */
/* list.c - see list.h: reading the file. */
#include "emu/cli/list.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/cli/hostfile.h"
#include "emu/cli/optionvalue.h"

#define LIST_MAX 100000u

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r");
}

/* Is this file one to be put into the guest?  What the host itself runs (/bin/sh) is not. */
static bool for_the_guest(const char *path)
{
    Elf64_Ehdr header = {0};
    size_t got = 0;
    struct error ignored = {0};
    if (!hostfile_head(path, (u8 *)&header, sizeof header, &got, &ignored)) {
        return false;
    }
    if (got >= 2 && memcmp(&header, "#!", 2) == 0) {
        return path[0] != '/';
    }
    return got == sizeof header && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_machine == EM_RISCV;
}

/* The host's file that a command's first word means; allocated, NULL: it is for the guest alone. */
static char *host_program(const struct list *l, const char *word)
{
    char *beside = NULL;
    if (!strchr(word, '/')) {
        return NULL;
    }
    if (for_the_guest(word)) {
        return strdup(word);
    }
    const char *slash = strrchr(l->path, '/');
    if (word[0] != '/' && slash &&
        asprintf(&beside, "%.*s%s", (int)(slash + 1 - l->path), l->path, word) >= 0 &&
        for_the_guest(beside)) {
        return beside;
    }
    free(beside);
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool wrong(const struct list *l, const struct list_entry *e, const char *what,
                  struct error *err)
{
    return error_set(err, EINVAL, "%s:%u: %s", l->path, e->line, what);
}

/* One name=value word at the beginning of a line.  *known: whether it is one of ours. */
static bool take_setting(struct list *l, struct list_entry *e, const char *word, bool *known,
                         struct error *err)
{
    const char *value = strchr(word, '=');
    size_t length = value ? (size_t)(value - word) : 0;
    u64 number = 0;
    *known = true;
    value = value ? value + 1 : NULL;
    if (length == 4 && strncmp(word, "name", 4) == 0) {
        e->name = strdup(value);
        return e->name || error_set(err, ENOMEM, "out of memory");
    }
    if (length == 6 && strncmp(word, "status", 6) == 0) {
        bool good = value_number("status", value, &number, err) && number <= 255;
        e->expected = (int)number;
        return good || wrong(l, e, "status=: a number from 0 to 255 is wanted", err);
    }
    if (length == 7 && strncmp(word, "timeout", 7) == 0) {
        return value_seconds(value, &e->timeout_ns, err) ||
               wrong(l, e, "timeout=: seconds are wanted", err);
    }
    if (length == 9 && strncmp(word, "max-instr", 9) == 0) {
        return value_number("max-instr", value, &e->max_instructions, err) ||
               wrong(l, e, "max-instr=: a number is wanted", err);
    }
    *known = false;
    return true;
}

/* A comment begins with a # at the beginning of a word outside of quotes. */
static void cut_comment(char *line)
{
    char quote = 0;
    for (char *p = line; *p; p++) {
        if (quote) {
            quote = *p == quote ? 0 : quote;
        } else if (*p == '\'' || *p == '"') {
            quote = *p;
        } else if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
            *p = 0;
            return;
        }
    }
}

static bool set_command(struct list *l, struct list_entry *e, const char *text, struct error *err)
{
    size_t length = strcspn(text, " \t");
    char *word = strndup(text, length);
    if (!word) {
        return error_set(err, ENOMEM, "out of memory");
    }
    e->program = host_program(l, word);
    bool lost = !e->program && word[0] != '/' && strchr(word, '/') && !strchr(word, '=');
    bool good = !lost || wrong(l, e, "no such riscv64 program", err);
    if (good && !e->name) {
        e->name = strdup(text);
    }
    if (good && e->program) {
        good = asprintf(&e->command, "/host/%s%s", base_name(e->program), text + length) >= 0;
    } else if (good) {
        e->command = strdup(text);
    }
    free(word);
    return good && ((e->name && e->command) || error_set(err, ENOMEM, "out of memory"));
}

static bool take_line(struct list *l, char *line, unsigned number, struct error *err)
{
    cut_comment(line);
    char *end = line + strlen(line);
    while (end > line && strchr(" \t\r\n", end[-1])) {
        *--end = 0;
    }
    char *text = line + (skip_blanks(line) - line);
    if (!*text) {
        return true;
    }
    if (l->count == LIST_MAX) {
        return error_set(err, EINVAL, "%s: more than %u entries", l->path, LIST_MAX);
    }
    struct list_entry *e = &l->entry[l->count];
    *e = (struct list_entry){.line = number};
    l->count++;
    for (bool known = true; known && *text;) {
        size_t length = strcspn(text, " \t");
        char after = text[length];
        text[length] = 0;
        if (!take_setting(l, e, text, &known, err)) {
            return false;
        }
        text[length] = after;
        if (known) {
            text += length + strspn(text + length, " \t");
        }
    }
    return *text ? set_command(l, e, text, err) : wrong(l, e, "a command is missing", err);
}

static bool read_lines(struct list *l, FILE *file, struct error *err)
{
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    bool good = true;
    while (good && getline(&line, &size, file) >= 0) {
        if (l->count % 64 == 0) {
            void *larger = realloc(l->entry, (l->count + 64) * sizeof *l->entry);
            if (!larger) {
                good = error_set(err, ENOMEM, "out of memory");
                break;
            }
            l->entry = larger;
        }
        good = take_line(l, line, ++number, err);
    }
    free(line);
    return good && (l->count > 0 || error_set(err, EINVAL, "%s: no program in it", l->path));
}

bool list_read(struct list *l, const char *path, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    *l = (struct list){.path = standard ? "standard input" : path};
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file) {
        return error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
    }
    bool good = read_lines(l, file, err);
    if (!standard) {
        fclose(file);
    }
    if (!good) {
        list_free(l);
    }
    return good;
}

void list_free(struct list *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        free(l->entry[i].name);
        free(l->entry[i].command);
        free(l->entry[i].program);
        buffer_free(&l->entry[i].output);
    }
    free(l->entry);
    l->entry = NULL;
    l->count = 0;
}
