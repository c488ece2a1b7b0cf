/* SPDX-License-Identifier: MIT */
/*
 * complete.c - see describe.h: completion for bash, zsh and fish.
 *
 * What may follow an option is read off its argument's text: words in lower case between bars are
 * offered as they are (interp|jit), and FILE, HOST, PATH, IMAGE or PROG stand for a file's name.
 */
#include <string.h>

#include "emu/base/buffer.h"
#include "emu/cli/describe.h"
#include "emu/monitor/command.h"

enum row_kind { ROW_OPTION, ROW_TOOL, ROW_TOOL_OPTION };

struct completion_row {
    enum row_kind kind;
    const char *name, *argument, *help;
};

static const struct completion_row rows[] = {
#define OPTION(id, name, argument, help) {ROW_OPTION, name, argument, help},
#define ALIAS(id, name, argument) {ROW_OPTION, name, argument, NULL},
#include "emu/cli/option.def"
#define TOOL(function, name, arguments, help) {ROW_TOOL, name, arguments, help},
#define TOOL_ABOVE(name, arguments, help) {ROW_TOOL, name, arguments, help},
#define TOOL_OPTION(id, name, argument, help) {ROW_TOOL_OPTION, name, argument, help},
#include "emu/trace/tool.def"
};

static bool names_a_file(const char *argument)
{
    static const char *const words[] = {"FILE", "HOST", "PATH", "IMAGE", "PROG"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strstr(argument, words[i])) {
            return true;
        }
    }
    return false;
}

/* The words to choose from, separated by blanks: "FILE|none|default" -> "none default". */
static const char *choices(const char *argument, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    while (*argument && !strpbrk(argument, "[,=")) {
        size_t length = strcspn(argument, "|");
        bool lower = true;
        for (size_t i = 0; i < length; i++) {
            lower = lower && (argument[i] < 'A' || argument[i] > 'Z');
        }
        if (lower && used + length + 2 < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? " " : "",
                                     (int)length, argument);
        }
        argument += length + (argument[length] == '|');
    }
    return out;
}

/* In single quotes of a shell; colons and brackets too where zsh gives them a meaning. */
static void quoted(FILE *out, const char *text, bool zsh)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            if (zsh && strchr(":[]\\", *text)) {
                fputc('\\', out);
            }
            fputc(*text, out);
        }
    }
}

static const char *dashes(const struct completion_row *row)
{
    return strlen(row->name) > 1 ? "--" : "-";
}

/* Names of a kind, or of the monitor's commands: first words only when first is set. */
static void names(FILE *out, enum row_kind kind, bool dashed)
{
    const char *blank = "";
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].kind == kind) {
            fprintf(out, "%s%s%s", blank, dashed ? dashes(&rows[i]) : "", rows[i].name);
            blank = " ";
        }
    }
}

/* First words of the monitor's commands (before == NULL), or the second ones behind `before`. */
static void command_words(FILE *out, const char *before)
{
    size_t count;
    const struct command *table = command_table(&count);
    char last[64] = "";
    const char *blank = "";

    for (size_t i = 0; i < count; i++) {
        char word[64];
        const char *name = table[i].name, *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        if (!before) {
            snprintf(word, sizeof word, "%.*s", (int)first, name);
        } else if (space && strlen(before) == first && !strncmp(name, before, first)) {
            snprintf(word, sizeof word, "%s", space + 1);
        } else {
            continue;
        }
        /* "info regs", "info pte": neighbours in the table share their first word. */
        if (strcmp(word, last) != 0) {
            fprintf(out, "%s%s", blank, word);
            blank = " ";
        }
        memcpy(last, word, sizeof last);
    }
}

/* Calls visit once for each first word that has second ones. */
static void each_prefix(FILE *out, void (*visit)(FILE *out, const char *first))
{
    size_t count;
    const struct command *table = command_table(&count);
    char seen[1024] = " ";

    for (size_t i = 0; i < count; i++) {
        char word[64], key[70];
        const char *space = strchr(table[i].name, ' ');
        if (!space) {
            continue;
        }
        snprintf(word, sizeof word, "%.*s", (int)(space - table[i].name), table[i].name);
        snprintf(key, sizeof key, " %s ", word);
        if (strstr(seen, key) || strlen(seen) + strlen(key) >= sizeof seen) {
            continue;
        }
        strcat(seen, key + 1);
        visit(out, word);
    }
}

static void bash_prefix(FILE *out, const char *first)
{
    fprintf(out, "        %s) words='", first);
    command_words(out, first);
    fputs("' ;;\n", out);
}

static void bash_values(FILE *out, enum row_kind kind)
{
    char words[256];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct completion_row *row = &rows[i];
        if (row->kind != kind || !row->argument) {
            continue;
        }
        fprintf(out, "    -%s | --%s) ", row->name, row->name);
        fprintf(out, "_faultline_value '%s' %s; return ;;\n",
                choices(row->argument, words, sizeof words),
                names_a_file(row->argument) ? "file" : "none");
    }
}

void describe_bash(FILE *out)
{
    fputs("# bash completion for faultline\n"
          "_faultline_value() { # WORDS file|none\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
          "    [ \"$2\" = file ] && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "
          "\"$cur\")\n"
          "    return 0\n"
          "}\n"
          "_faultline_ctl() {\n"
          "    local words=''\n"
          "    case $COMP_CWORD in\n"
          "    2) _faultline_value '' file; return ;;\n"
          "    3) words='",
          out);
    command_words(out, NULL);
    fputs("' ;;\n"
          "    4)\n"
          "        case ${COMP_WORDS[3]} in\n",
          out);
    each_prefix(out, bash_prefix);
    fputs("        esac ;;\n"
          "    esac\n"
          "    _faultline_value \"$words\" none\n"
          "}\n"
          "_faultline() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -gt 1 ]; then\n"
          "        case ${COMP_WORDS[1]} in\n"
          "        ctl) _faultline_ctl; return ;;\n"
          "        trace) _faultline_trace; return ;;\n"
          "        esac\n"
          "    fi\n"
          "    case $prev in\n",
          out);
    bash_values(out, ROW_OPTION);
    fputs("    esac\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        _faultline_value 'run trace ctl cut ",
          out);
    names(out, ROW_OPTION, true);
    fputs("' file\n"
          "    else\n"
          "        _faultline_value '",
          out);
    names(out, ROW_OPTION, true);
    fputs("' file\n"
          "    fi\n"
          "}\n"
          "_faultline_trace() {\n"
          "    case $prev in\n",
          out);
    bash_values(out, ROW_TOOL_OPTION);
    fputs("    esac\n"
          "    if [ \"$COMP_CWORD\" = 2 ]; then\n"
          "        _faultline_value '",
          out);
    names(out, ROW_TOOL, false);
    fputs("' none\n"
          "    else\n"
          "        _faultline_value '",
          out);
    names(out, ROW_TOOL_OPTION, true);
    fputs("' file\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _faultline faultline\n",
          out);
}

static void zsh_specs(FILE *out, enum row_kind kind)
{
    char words[256];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct completion_row *row = &rows[i];
        if (row->kind != kind) {
            continue;
        }
        fprintf(out, "        '%s%s[", dashes(row), row->name);
        quoted(out, row->help ? row->help : "", true);
        fputc(']', out);
        if (row->argument) {
            fputs(": :", out);
            choices(row->argument, words, sizeof words);
            bool file = names_a_file(row->argument);
            if (words[0] && file) {
                fprintf(out, "{compadd -- %s; _files}", words);
            } else if (words[0]) {
                fputc('(', out);
                quoted(out, words, true);
                fputc(')', out);
            } else if (file) {
                fputs("_files", out);
            }
        }
        fputs("' \\\n", out);
    }
}

static void zsh_prefix(FILE *out, const char *first)
{
    fprintf(out, "        %s) compadd -- ", first);
    command_words(out, first);
    fputs(" ;;\n", out);
}

void describe_zsh(FILE *out)
{
    fputs("#compdef faultline\n"
          "# zsh completion for faultline\n"
          "_faultline_ctl() {\n"
          "    case $CURRENT in\n"
          "    3) _files ;;\n"
          "    4) compadd -- ",
          out);
    command_words(out, NULL);
    fputs(" ;;\n"
          "    5)\n"
          "        case $words[4] in\n",
          out);
    each_prefix(out, zsh_prefix);
    fputs("        esac ;;\n"
          "    esac\n"
          "}\n"
          "_faultline_trace() {\n"
          "    if (( CURRENT == 3 )); then\n"
          "        local -a tools=(\n",
          out);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].kind == ROW_TOOL) {
            fprintf(out, "            '%s:", rows[i].name);
            quoted(out, rows[i].help, true);
            fputs("'\n", out);
        }
    }
    fputs("        )\n"
          "        _describe command tools\n"
          "    else\n"
          "        _arguments \\\n",
          out);
    zsh_specs(out, ROW_TOOL_OPTION);
    fputs("        '*: :_files'\n"
          "    fi\n"
          "}\n"
          "_faultline() {\n"
          "    if (( CURRENT > 2 )); then\n"
          "        case $words[2] in\n"
          "        ctl) _faultline_ctl; return ;;\n"
          "        trace) _faultline_trace; return ;;\n"
          "        esac\n"
          "    else\n"
          "        compadd -- run trace ctl cut\n"
          "    fi\n"
          "    _arguments \\\n",
          out);
    zsh_specs(out, ROW_OPTION);
    fputs("        '*: :_files'\n"
          "}\n"
          "_faultline \"$@\"\n",
          out);
}

static void fish_prefix(FILE *out, const char *first)
{
    fprintf(out,
            "complete -c faultline -n '__fish_seen_subcommand_from ctl; and "
            "__fish_seen_subcommand_from %s' -f -a '",
            first);
    command_words(out, first);
    fputs("'\n", out);
}

static void fish_rows(FILE *out, enum row_kind kind, const char *when)
{
    char words[256];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct completion_row *row = &rows[i];
        if (row->kind != kind) {
            continue;
        }
        fprintf(out, "complete -c faultline -n '%s' -%c %s", when,
                strlen(row->name) > 1 ? 'l' : 's', row->name);
        if (row->argument) {
            fputs(names_a_file(row->argument) ? " -r -F" : " -x", out);
            if (choices(row->argument, words, sizeof words)[0]) {
                fprintf(out, " -a '%s'", words);
            }
        }
        if (row->help) {
            fputs(" -d '", out);
            for (const char *c = row->help; *c; c++) {
                if (*c == '\'' || *c == '\\') {
                    fputc('\\', out);
                }
                fputc(*c, out);
            }
            fputc('\'', out);
        }
        fputc('\n', out);
    }
}

void describe_fish(FILE *out)
{
    fputs("# fish completion for faultline\n"
          "complete -c faultline -n __fish_use_subcommand -a run -d 'run a program in the guest'\n"
          "complete -c faultline -n __fish_use_subcommand -a trace -d 'look at a recorded trace'\n"
          "complete -c faultline -n __fish_use_subcommand -a ctl -d 'a command to a running "
          "machine'\n",
          out);
    fish_rows(out, ROW_OPTION, "not __fish_seen_subcommand_from trace ctl cut");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].kind == ROW_TOOL) {
            fprintf(out,
                    "complete -c faultline -n '__fish_seen_subcommand_from trace' -a %s -d '%s'\n",
                    rows[i].name, rows[i].help);
        }
    }
    fish_rows(out, ROW_TOOL_OPTION, "__fish_seen_subcommand_from trace");
    fputs("complete -c faultline -n '__fish_seen_subcommand_from ctl' -a '", out);
    command_words(out, NULL);
    fputs("'\n", out);
    each_prefix(out, fish_prefix);
}
