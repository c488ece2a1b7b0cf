/* SPDX-License-Identifier: MIT */
/*
 * test.c - `test` and `[`, `echo`, `printf` (POSIX utilities of these names).
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct test {
    char **argv;
    int at, end;
    bool failed;
};

static bool test_or(struct test *t);

static long test_number(struct test *t, const char *s)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(s, &end, 10);
    while (*end == ' ')
        end++;
    if (*s == '\0' || *end != '\0') {
        if (!t->failed)
            sh_error("test: %s: a number is expected", s);
        t->failed = true;
    }
    return value;
}

static bool test_file(char kind, const char *path)
{
    struct stat st;

    switch (kind) {
    case 'r':
        return access(path, R_OK) == 0;
    case 'w':
        return access(path, W_OK) == 0;
    case 'x':
        return access(path, X_OK) == 0;
    case 'h':
    case 'L':
        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    default:
        break;
    }
    if (stat(path, &st) != 0)
        return false;
    switch (kind) {
    case 'e':
        return true;
    case 'f':
        return S_ISREG(st.st_mode);
    case 'd':
        return S_ISDIR(st.st_mode);
    case 'b':
        return S_ISBLK(st.st_mode);
    case 'c':
        return S_ISCHR(st.st_mode);
    case 'p':
        return S_ISFIFO(st.st_mode);
    case 'S':
        return S_ISSOCK(st.st_mode);
    default:
        return st.st_size > 0;
    }
}

static bool test_newer(const char *a, const char *b)
{
    struct stat x, y;

    if (stat(a, &x) != 0)
        return false;
    if (stat(b, &y) != 0)
        return true;
    if (x.st_mtim.tv_sec != y.st_mtim.tv_sec)
        return x.st_mtim.tv_sec > y.st_mtim.tv_sec;
    return x.st_mtim.tv_nsec > y.st_mtim.tv_nsec;
}

static bool test_same(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static const char *const binaries[] = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
                                       "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};

static bool is_binary(const char *s)
{
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        if (strcmp(s, binaries[i]) == 0)
            return true;
    }
    return false;
}

static bool test_binary(struct test *t, const char *a, const char *op, const char *b)
{
    long x, y;

    if (op[0] == '=')
        return strcmp(a, b) == 0;
    if (strcmp(op, "!=") == 0)
        return strcmp(a, b) != 0;
    if (op[0] == '<')
        return strcmp(a, b) < 0;
    if (op[0] == '>')
        return strcmp(a, b) > 0;
    if (strcmp(op, "-nt") == 0)
        return test_newer(a, b);
    if (strcmp(op, "-ot") == 0)
        return test_newer(b, a);
    if (strcmp(op, "-ef") == 0)
        return test_same(a, b);
    x = test_number(t, a);
    y = test_number(t, b);
    switch (op[1]) {
    case 'e':
        return x == y;
    case 'n':
        return x != y;
    case 'l':
        return op[2] == 't' ? x < y : x <= y;
    default:
        return op[2] == 't' ? x > y : x >= y;
    }
}

static bool test_primary(struct test *t)
{
    char **v = t->argv;
    int left = t->end - t->at;
    const char *s;
    bool result;

    if (left <= 0) {
        t->failed = true;
        return false;
    }
    if (left >= 3 && is_binary(v[t->at + 1])) {
        t->at += 3;
        return test_binary(t, v[t->at - 3], v[t->at - 2], v[t->at - 1]);
    }
    s = v[t->at];
    if (strcmp(s, "!") == 0 && left >= 2) {
        t->at++;
        return !test_primary(t);
    }
    if (strcmp(s, "(") == 0 && left >= 3) {
        t->at++;
        result = test_or(t);
        if (t->at < t->end && strcmp(v[t->at], ")") == 0)
            t->at++;
        else
            t->failed = true;
        return result;
    }
    if (left >= 2 && s[0] == '-' && s[1] != '\0' && s[2] == '\0' &&
        strchr("nztrwxhLefdbcpSs", s[1]) != NULL) {
        t->at += 2;
        if (s[1] == 'n' || s[1] == 'z')
            return (v[t->at - 1][0] == '\0') == (s[1] == 'z');
        if (s[1] == 't')
            return isatty((int)test_number(t, v[t->at - 1]));
        return test_file(s[1], v[t->at - 1]);
    }
    t->at++;
    return s[0] != '\0';
}

static bool test_and(struct test *t)
{
    bool result = test_primary(t);

    while (t->at < t->end && strcmp(t->argv[t->at], "-a") == 0) {
        t->at++;
        result = test_primary(t) && result;
    }
    return result;
}

static bool test_or(struct test *t)
{
    bool result = test_and(t);

    while (t->at < t->end && strcmp(t->argv[t->at], "-o") == 0) {
        t->at++;
        result = test_and(t) || result;
    }
    return result;
}

int builtin_test(int argc, char **argv)
{
    struct test t = {argv, 1, argc, false};
    bool result;

    if (strcmp(argv[0], "[") == 0) {
        if (strcmp(argv[argc - 1], "]") != 0) {
            sh_error("[: ] is missing");
            return 2;
        }
        t.end--;
    }
    if (t.end == 1)
        return 1;
    result = test_or(&t);
    if (t.at < t.end && !t.failed) {
        sh_error("test: %s: not understood", argv[t.at]);
        t.failed = true;
    }
    return t.failed ? 2 : !result;
}

/* A backslash escape at s (behind the backslash); returns the place behind it. */
static const char *put_escape(const char *s, bool *stop)
{
    static const char from[] = "abfnrtv\\e\"'", to[] = "\a\b\f\n\r\t\v\\\033\"'";
    const char *found = *s != '\0' ? strchr(from, *s) : NULL;

    if (*s == 'c') {
        *stop = true;
        return s + 1;
    }
    if (found != NULL) {
        putchar(to[found - from]);
        return s + 1;
    }
    if (*s >= '0' && *s <= '7') {
        int value = 0, digits = *s == '0' ? 4 : 3;

        for (; digits > 0 && *s >= '0' && *s <= '7'; digits--)
            value = value * 8 + (*s++ - '0');
        putchar(value & 0xff);
        return s;
    }
    if (*s == 'x') {
        char digits[3] = {0, 0, 0};

        s++;
        for (int i = 0; i < 2 && *s != '\0' && strchr("0123456789abcdefABCDEF", *s) != NULL; i++)
            digits[i] = *s++;
        putchar((int)strtol(digits, NULL, 16));
        return s;
    }
    putchar('\\');
    return s;
}

int builtin_echo(int argc, char **argv)
{
    bool newline = true, escapes = false, stop = false;
    int i = 1;

    for (; i < argc && (strcmp(argv[i], "-n") == 0 || strcmp(argv[i], "-e") == 0); i++) {
        if (argv[i][1] == 'n')
            newline = false;
        else
            escapes = true;
    }
    for (; i < argc && !stop; i++) {
        if (escapes) {
            for (const char *s = argv[i]; *s != '\0' && !stop;) {
                if (*s == '\\' && s[1] != '\0')
                    s = put_escape(s + 1, &stop);
                else
                    putchar(*s++);
            }
        } else {
            fputs(argv[i], stdout);
        }
        if (i + 1 < argc && !stop)
            putchar(' ');
    }
    if (newline && !stop)
        putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}

/* One conversion of printf(1) with its argument; `spec` ends before the letter. */
static void put_conversion(char *spec, size_t length, char letter, const char *argument, bool *stop)
{
    char *end;

    switch (letter) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X': {
        long value = argument[0] == '\'' || argument[0] == '"' ? (unsigned char)argument[1]
                                                               : strtol(argument, &end, 0);

        spec[length] = 'l';
        spec[length + 1] = letter;
        spec[length + 2] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        printf(spec, value);
        break;
    }
    case 'c':
        putchar(argument[0]);
        break;
    case 'b':
        while (*argument != '\0' && !*stop) {
            if (*argument == '\\' && argument[1] != '\0')
                argument = put_escape(argument + 1, stop);
            else
                putchar(*argument++);
        }
        break;
    default:
        spec[length] = 's';
        spec[length + 1] = '\0';
        printf(spec, argument);
#pragma GCC diagnostic pop
    }
}

int builtin_printf(int argc, char **argv)
{
    int next = 2;
    bool stop = false;

    if (argc < 2) {
        sh_error("usage: printf FORMAT [ARGUMENT...]");
        return 2;
    }
    do {
        for (const char *f = argv[1]; *f != '\0' && !stop;) {
            char spec[32] = "%";
            size_t length = 1;

            if (*f == '\\' && f[1] != '\0') {
                f = put_escape(f + 1, &stop);
                continue;
            }
            if (*f != '%' || f[1] == '%' || f[1] == '\0') {
                putchar(*f);
                f += *f == '%' && f[1] == '%' ? 2 : 1;
                continue;
            }
            for (f++; strchr("-+ #0123456789.", *f) != NULL && *f != '\0'; f++) {
                if (length < sizeof spec - 4)
                    spec[length++] = *f;
            }
            put_conversion(spec, length, *f, next < argc ? argv[next] : "", &stop);
            next++;
            f += *f != '\0';
        }
    } while (next < argc && next > 2 && !stop);
    return fflush(stdout) == 0 ? 0 : 1;
}
