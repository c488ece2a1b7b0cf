/* SPDX-License-Identifier: MIT */
/*
 * tools.c - the everyday tools in one program, chosen by the name it is called by.
 */
#include "tools.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct tool {
    const char *name;
    int (*run)(int, char **);
    const char *help;
} tools[] = {
#define TOOL(function, tool_name, help_text) {tool_name, tool_##function, help_text},
#include "tools.def"
#undef TOOL
};

static const struct tool *current;

int complain(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", current->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return 1;
}

int complain_about(const char *path)
{
    return complain("%s: %s", path, strerror(errno));
}

int usage(void)
{
    fprintf(stderr, "usage: %s %s\n", current->name, current->help);
    return 2;
}

FILE *open_input(const char *path)
{
    FILE *file;

    if (strcmp(path, "-") == 0)
        return stdin;
    file = fopen(path, "re");
    if (file == NULL)
        complain_about(path);
    return file;
}

void close_input(FILE *file)
{
    if (file != stdin)
        fclose(file);
}

int take_options(int argc, char **argv, const char *allowed, struct options *options)
{
    int at = 1;

    *options = (struct options){0};
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        if (strcmp(argv[at], "--") == 0)
            return at + 1;
        for (const char *s = argv[at] + 1; *s != '\0'; s++) {
            const char *known = *s > 0 && *s != ':' ? strchr(allowed, *s) : NULL;

            if (known == NULL) {
                complain("-%c: unknown option", *s);
                usage();
                return -1;
            }
            options->set[(unsigned char)*s] = true;
            if (known[1] != ':')
                continue;
            if (s[1] == '\0' && at + 1 >= argc) {
                complain("-%c needs a value", *s);
                return -1;
            }
            options->value[(unsigned char)*s] = s[1] != '\0' ? s + 1 : argv[++at];
            break;
        }
    }
    return at;
}

int for_inputs(int argc, char **argv, int at, int (*fn)(FILE *, const char *, void *), void *data)
{
    int status = 0;

    if (at >= argc)
        return fn(stdin, "-", data);
    for (; at < argc; at++) {
        FILE *file = open_input(argv[at]);

        if (file == NULL) {
            status = 1;
            continue;
        }
        status |= fn(file, argv[at], data);
        close_input(file);
    }
    return status;
}

char *join_path(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    char *path;

    while (length > 1 && directory[length - 1] == '/')
        length--;
    if (asprintf(&path, "%.*s%s%s", (int)length, directory,
                 length > 0 && directory[length - 1] == '/' ? "" : "/", name) < 0)
        exit(complain("out of memory"));
    return path;
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool read_small(const char *path, char *to, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t used;

    if (file == NULL)
        return false;
    used = fread(to, 1, size - 1, file);
    to[used] = '\0';
    fclose(file);
    return true;
}

uint64_t number_after(const char *text, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = text; line != NULL;) {
        if (strncmp(line, key, length) == 0 && strchr(": \t", line[length]) != NULL)
            return strtoull(line + length + strspn(line + length, ": \t"), NULL, 10);
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    return 0;
}

int signal_by_name(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"KILL", SIGKILL},
                 {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM},
                 {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"CHLD", SIGCHLD}};
    char *end;
    long number = strtol(name, &end, 10);

    if (*name != '\0' && *end == '\0')
        return number >= 0 && number < 65 ? (int)number : -1;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0)
            return known[i].number;
    }
    return -1;
}

static const struct tool *find_tool(const char *name)
{
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if (strcmp(tools[i].name, name) == 0)
            return &tools[i];
    }
    return NULL;
}

static int list_tools(void)
{
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        printf("%-9s %s\n", tools[i].name, tools[i].help);
    return 0;
}

int main(int argc, char **argv)
{
    const struct tool *tool = argc > 0 ? find_tool(base_name(argv[0])) : NULL;
    int status;

    if (tool == NULL) {
        if (argc < 2 || strcmp(argv[1], "--help") == 0)
            return list_tools();
        tool = find_tool(argv[1]);
        argc--;
        argv++;
    }
    if (tool == NULL) {
        fprintf(stderr, "tools: %s: no such tool\n", argv[0]);
        return 127;
    }
    current = tool;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: %s %s\n", tool->name, tool->help);
        return 0;
    }
    status = tool->run(argc, argv);
    if (fflush(stdout) != 0 && status == 0)
        status = complain("standard output: %s", strerror(errno));
    return status;
}
