/* SPDX-License-Identifier: MIT */
/* describe.c - see describe.h: the tables as scdoc(5) text, put into a page's template. */
#include "emu/cli/describe.h"

#include <errno.h>
#include <string.h>

#include "emu/base/buffer.h"
#include "emu/base/log.h"
#include "emu/cli/options.h"
#include "emu/cli/session.h"
#include "emu/monitor/command.h"
#include "emu/trace/diff.h"

/* A backslash makes every character of scdoc's markup an ordinary one. */
static void plain(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\*_<>[]|#~`", *text)) {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static void row(FILE *out, const char *dashes, const char *name, const char *argument,
                const char *help)
{
    fprintf(out, "*%s", dashes);
    plain(out, name);
    fputc('*', out);
    if (argument && argument[0]) {
        fputs(" _", out);
        plain(out, argument);
        fputc('_', out);
    }
    fputs("\n\t", out);
    plain(out, help);
    fputs("\n\n", out);
}

static const char *dashes(const char *name)
{
    return strlen(name) > 1 ? "--" : "-";
}

static void group(FILE *out, const char *title)
{
    fputs("## ", out);
    plain(out, title);
    fputs("\n\n", out);
}

static void options(FILE *out)
{
#define GROUP(title) group(out, title);
#define OPTION(id, name, argument, help) row(out, dashes(name), name, argument, help);
#include "emu/cli/option.def"
}

static void tools(FILE *out)
{
#define TOOL(function, name, arguments, help) row(out, "", name, arguments, help);
#define TOOL_ABOVE(name, arguments, help) row(out, "", name, arguments, help);
#include "emu/trace/tool.def"
}

static void tool_options(FILE *out)
{
#define TOOL_OPTION(id, name, argument, help) row(out, "--", name, argument, help);
#include "emu/trace/tool.def"
}

/* Lines stay lines: examples are written one below the other. */
static void detail(FILE *out, const char *text)
{
    char line[1024];
    fputc('\t', out);
    while (*text) {
        text += strspn(text, " "); /* scdoc gives leading blanks a meaning */
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
        plain(out, line);
        fputs(*text ? "++\n" : "\n", out);
    }
    fputc('\n', out);
}

static void commands(FILE *out)
{
    size_t count;
    const struct command *table = command_table(&count);

    for (size_t i = 0; i < count; i++) {
        struct buffer usage = {0};
        command_usage(&table[i], &usage);
        buffer_byte(&usage, 0);
        const char *text = (const char *)usage.data;
        row(out, "", table[i].name,
            text + strlen(table[i].name) + (text[strlen(table[i].name)] == ' '), table[i].help);
        if (table[i].detail[0]) {
            detail(out, table[i].detail);
        }
        if (table[i].example[0] && strcmp(table[i].example, table[i].name) != 0) {
            fputs("\tExample: *", out);
            plain(out, table[i].example);
            fputs("*\n\n", out);
        }
        buffer_free(&usage);
    }
}

static int page(const char *path, FILE *out)
{
    static const struct {
        const char *line;
        void (*fill)(FILE *out);
    } places[] = {{"@options@\n", options},
                  {"@commands@\n", commands},
                  {"@tools@\n", tools},
                  {"@tool-options@\n", tool_options}};
    char line[4096];
    FILE *in = fopen(path, "re");

    if (!in) {
        log_error("describe page %s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    while (fgets(line, sizeof line, in)) {
        size_t i = 0;
        while (i < ARRAY_LENGTH(places) && strcmp(line, places[i].line) != 0) {
            i++;
        }
        if (i < ARRAY_LENGTH(places)) {
            places[i].fill(out);
        } else {
            fputs(line, out);
        }
    }
    fclose(in);
    return 0;
}

int describe_main(int argc, char **argv)
{
    int status = 0;
    if (argc == 2 && strcmp(argv[0], "page") == 0) {
        status = page(argv[1], stdout);
    } else if (argc == 1 && strcmp(argv[0], "bash") == 0) {
        describe_bash(stdout);
    } else if (argc == 1 && strcmp(argv[0], "zsh") == 0) {
        describe_zsh(stdout);
    } else if (argc == 1 && strcmp(argv[0], "fish") == 0) {
        describe_fish(stdout);
    } else {
        log_error("usage: faultline describe bash|zsh|fish, or page TEMPLATE.scd");
        status = EXIT_USAGE;
    }
    if (fflush(stdout) || ferror(stdout)) {
        log_error("describe: cannot write: %s", strerror(errno));
        status = EXIT_TROUBLE;
    }
    return status;
}
