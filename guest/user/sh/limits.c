/* SPDX-License-Identifier: MIT */
/*
 * limits.c - the builtins read, umask and ulimit.
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int builtin_umask(int argc, char **argv)
{
    mode_t mask;
    char *end;
    long value;

    if (argc == 1) {
        mask = umask(0);
        umask(mask);
        printf("%04o\n", (unsigned)mask);
        return 0;
    }
    value = strtol(argv[1], &end, 8);
    if (*end != '\0' || value < 0 || value > 0777) {
        sh_error("umask: %s: an octal mode is expected", argv[1]);
        return 1;
    }
    umask((mode_t)value);
    return 0;
}

static const struct {
    char letter;
    int resource;
    unsigned unit;
    const char *text;
} limits[] = {
    {'c', RLIMIT_CORE, 512, "core file size (blocks)"},
    {'d', RLIMIT_DATA, 1024, "data segment (KiB)"},
    {'f', RLIMIT_FSIZE, 512, "file size (blocks)"},
    {'l', RLIMIT_MEMLOCK, 1024, "locked memory (KiB)"},
    {'m', RLIMIT_RSS, 1024, "resident memory (KiB)"},
    {'n', RLIMIT_NOFILE, 1, "open files"},
    {'s', RLIMIT_STACK, 1024, "stack (KiB)"},
    {'t', RLIMIT_CPU, 1, "processor time (s)"},
    {'u', RLIMIT_NPROC, 1, "processes"},
    {'v', RLIMIT_AS, 1024, "address space (KiB)"},
};

static void show_limit(size_t i, bool with_text)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
        return;
    if (with_text)
        printf("-%c %-28s ", limits[i].letter, limits[i].text);
    if (limit.rlim_cur == RLIM_INFINITY)
        puts("unlimited");
    else
        printf("%lu\n", (unsigned long)limit.rlim_cur / limits[i].unit);
}

int builtin_ulimit(int argc, char **argv)
{
    char letter = 'f';
    int at = 1;

    if (argc > 1 && argv[1][0] == '-') {
        letter = argv[1][1];
        at = 2;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rlimit limit;

        if (letter == 'a')
            show_limit(i, true);
        if (letter != limits[i].letter)
            continue;
        if (at >= argc) {
            show_limit(i, false);
            return 0;
        }
        getrlimit((__rlimit_resource_t)limits[i].resource, &limit);
        limit.rlim_cur = strcmp(argv[at], "unlimited") == 0
                             ? limit.rlim_max
                             : strtoul(argv[at], NULL, 10) * limits[i].unit;
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0) {
            sh_error("ulimit: %s", strerror(errno));
            return 1;
        }
        return 0;
    }
    if (letter != 'a')
        sh_error("ulimit: -%c: unknown limit", letter);
    return letter != 'a';
}

/* One line, byte by byte because what follows belongs to others; -1 at the end. */
static int read_line(struct text *line, bool raw)
{
    bool escaped = false;
    ssize_t n;
    char c;

    while ((n = read(0, &c, 1)) == 1 || (n < 0 && errno == EINTR && !shell.interrupted)) {
        if (n < 0)
            continue;
        if (!raw && escaped) {
            escaped = false;
            if (c != '\n') {
                text_put(line, '\\');
                text_put(line, c);
            }
            continue;
        }
        if (c == '\n')
            return 0;
        if (!raw && c == '\\')
            escaped = true;
        else
            text_put(line, c);
    }
    return -1;
}

static bool separates(const char *ifs, char c)
{
    return c != '\0' && strchr(ifs, c) != NULL;
}

/* Takes one field off *at; the last variable takes all the rest. */
static char *take_field(const char **at, const char *ifs, bool last, bool raw)
{
    struct text field = {0};
    const char *s = *at;
    size_t keep = 0;

    while (separates(ifs, *s) && strchr(" \t\n", *s) != NULL)
        s++;
    for (; *s != '\0' && (last || !separates(ifs, *s)); s++) {
        if (*s == '\\' && s[1] != '\0' && !raw) {
            s++;
            keep = field.length + 1;
        } else if (!separates(ifs, *s) || strchr(" \t\n", *s) == NULL) {
            keep = field.length + 1;
        }
        text_put(&field, *s);
    }
    if (last)
        field.length = keep;
    while (separates(ifs, *s) && strchr(" \t\n", *s) != NULL)
        s++;
    if (separates(ifs, *s))
        s++;
    *at = s;
    return text_end(&field);
}

int builtin_read(int argc, char **argv)
{
    const char *ifs = var_get("IFS"), *at;
    struct text line = {0};
    bool raw = false;
    int i = 1, status;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-r") == 0)
            raw = true;
        else if (strcmp(argv[i], "-p") == 0 && i + 1 < argc)
            fputs(argv[++i], stderr);
    }
    status = read_line(&line, raw) < 0;
    at = text_end(&line);
    if (ifs == NULL)
        ifs = " \t\n";
    if (i == argc)
        var_set("REPLY", at);
    for (; i < argc; i++) {
        char *value = take_field(&at, ifs, i + 1 == argc, raw);

        if (!name_is_valid(argv[i], strlen(argv[i]))) {
            sh_error("read: %s: not a name", argv[i]);
            status = 2;
        } else {
            var_set(argv[i], value);
        }
        free(value);
    }
    text_free(&line);
    return status;
}
