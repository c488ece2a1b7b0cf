/* SPDX-License-Identifier: MIT */
/*
 * lines.c - wc, head, tail, grep, sort, uniq, cut, tr, hexdump: text by the line.
 */
#include "tools.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct counts {
    unsigned long lines, words, bytes;
    const struct options *options;
};

static void print_counts(const struct counts *c, const char *name)
{
    const bool *set = c->options->set;
    bool all = !set['l'] && !set['w'] && !set['c'];
    const char *gap = "";

    if (all || set['l'])
        printf("%s%lu", gap, c->lines), gap = " ";
    if (all || set['w'])
        printf("%s%lu", gap, c->words), gap = " ";
    if (all || set['c'])
        printf("%s%lu", gap, c->bytes);
    printf(strcmp(name, "-") == 0 ? "\n" : " %s\n", name);
}

static int count_one(FILE *file, const char *name, void *data)
{
    struct counts *total = data, c = {0, 0, 0, total->options};
    bool in_word = false;
    int ch;

    while ((ch = getc(file)) != EOF) {
        c.bytes++;
        c.lines += ch == '\n';
        if (isspace(ch)) {
            in_word = false;
        } else if (!in_word) {
            in_word = true;
            c.words++;
        }
    }
    total->lines += c.lines;
    total->words += c.words;
    total->bytes += c.bytes;
    print_counts(&c, name);
    return 0;
}

int tool_count(int argc, char **argv)
{
    struct options o;
    struct counts total = {0, 0, 0, &o};
    int at = take_options(argc, argv, "lwc", &o), status;

    if (at < 0)
        return 2;
    status = for_inputs(argc, argv, at, count_one, &total);
    if (argc - at > 1)
        print_counts(&total, "total");
    return status;
}

/* head and tail take -N as -n N. */
static void allow_short_count(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
        char *text;

        if (asprintf(&text, "-n%s", argv[1] + 1) > 0)
            argv[1] = text;
    }
}

static int head_one(FILE *file, const char *name, void *data)
{
    const struct options *o = data;
    bool bytes = o->set['c'];
    long left = strtol(bytes ? o->value['c'] : o->set['n'] ? o->value['n'] : "10", NULL, 10);
    int c;

    (void)name;
    while (left > 0 && (c = getc(file)) != EOF) {
        putchar(c);
        left -= bytes || c == '\n';
    }
    return 0;
}

int tool_head(int argc, char **argv)
{
    struct options o;
    int at;

    allow_short_count(argc, argv);
    at = take_options(argc, argv, "n:c:", &o);
    return at < 0 ? 2 : for_inputs(argc, argv, at, head_one, &o);
}

static int tail_one(FILE *file, const char *name, void *data)
{
    size_t keep = strtoul(*(const char **)data, NULL, 10), count = 0, room = 0;
    char **ring = calloc(keep + 1, sizeof *ring);
    char *line = NULL;

    (void)name;
    if (ring == NULL)
        return complain("out of memory");
    while (keep > 0 && getline(&line, &room, file) >= 0) {
        free(ring[count % keep]);
        ring[count++ % keep] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    for (size_t i = count > keep ? count - keep : 0; i < count; i++) {
        fputs(ring[i % keep], stdout);
        free(ring[i % keep]);
    }
    free(ring);
    return 0;
}

int tool_tail(int argc, char **argv)
{
    struct options o;
    const char *count;
    int at;

    allow_short_count(argc, argv);
    at = take_options(argc, argv, "n:", &o);
    if (at < 0)
        return 2;
    count = o.set['n'] ? o.value['n'] : "10";
    return for_inputs(argc, argv, at, tail_one, &count);
}

struct grep {
    regex_t pattern;
    const struct options *options;
    bool names;
    bool found;
};

static int grep_one(FILE *file, const char *name, void *data)
{
    struct grep *g = data;
    const bool *set = g->options->set;
    unsigned long number = 0, count = 0;
    size_t room = 0;
    char *line = NULL;
    ssize_t length;

    while ((length = getline(&line, &room, file)) >= 0) {
        number++;
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if ((regexec(&g->pattern, line, 0, NULL, 0) == 0) == set['v'])
            continue;
        count++;
        g->found = true;
        if (set['q'])
            break;
        if (set['c'])
            continue;
        if (g->names)
            printf("%s:", name);
        if (set['n'])
            printf("%lu:", number);
        puts(line);
    }
    free(line);
    if (set['c'] && !set['q']) {
        if (g->names)
            printf("%s:", name);
        printf("%lu\n", count);
    }
    return 0;
}

int tool_grep(int argc, char **argv)
{
    struct grep g = {0};
    struct options o;
    int at = take_options(argc, argv, "civnqE", &o), error, status;
    char text[128];

    if (at < 0 || at == argc)
        return at < 0 ? 2 : usage();
    error = regcomp(&g.pattern, argv[at],
                    REG_NOSUB | (o.set['E'] ? REG_EXTENDED : 0) | (o.set['i'] ? REG_ICASE : 0));
    if (error != 0) {
        regerror(error, &g.pattern, text, sizeof text);
        complain("%s: %s", argv[at], text);
        return 2;
    }
    g.options = &o;
    g.names = argc - at > 2;
    status = for_inputs(argc, argv, at + 1, grep_one, &g);
    return status != 0 ? 2 : !g.found;
}

struct lines {
    char **at;
    size_t count;
    bool numeric;
};
static struct lines sorted;

static int collect(FILE *file, const char *name, void *data)
{
    struct lines *lines = data;
    size_t room = 0;
    char *line = NULL;

    (void)name;
    while (getline(&line, &room, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (lines->count % 64 == 0)
            lines->at = realloc(lines->at, (lines->count + 64) * sizeof *lines->at);
        if (lines->at == NULL)
            return complain("out of memory");
        lines->at[lines->count++] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    return 0;
}

static int by_line(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;

    if (sorted.numeric) {
        double p = strtod(x, NULL), q = strtod(y, NULL);

        if (p != q)
            return p < q ? -1 : 1;
    }
    return strcmp(x, y);
}

int tool_sort(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "nru", &o), status;

    if (at < 0)
        return 2;
    sorted.numeric = o.set['n'];
    status = for_inputs(argc, argv, at, collect, &sorted);
    if (sorted.count > 0)
        qsort(sorted.at, sorted.count, sizeof *sorted.at, by_line);
    for (size_t i = 0; i < sorted.count; i++) {
        size_t k = o.set['r'] ? sorted.count - 1 - i : i;
        size_t before = o.set['r'] ? k + 1 : k - 1;

        if (!o.set['u'] || i == 0 || strcmp(sorted.at[k], sorted.at[before]) != 0)
            puts(sorted.at[k]);
    }
    return status;
}

static void print_group(const char *line, unsigned long count, const struct options *o)
{
    if (line == NULL || (o->set['d'] && count < 2))
        return;
    if (o->set['c'])
        printf("%7lu ", count);
    fputs(line, stdout);
    if (line[0] == '\0' || line[strlen(line) - 1] != '\n')
        putchar('\n');
}

static int uniq_one(FILE *file, const char *name, void *data)
{
    char *line = NULL, *previous = NULL;
    unsigned long count = 0;
    size_t room = 0;

    (void)name;
    while (getline(&line, &room, file) >= 0) {
        if (previous != NULL && strcmp(line, previous) == 0) {
            count++;
            continue;
        }
        print_group(previous, count, data);
        free(previous);
        previous = line;
        line = NULL;
        room = 0;
        count = 1;
    }
    print_group(previous, count, data);
    free(previous);
    free(line);
    return 0;
}

int tool_uniq(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "cd", &o);

    return at < 0 ? 2 : for_inputs(argc, argv, at, uniq_one, &o);
}

/* Is position n (from 1) in a list such as 1,3-5,7-? */
static bool list_has(const char *list, unsigned long n)
{
    while (*list != '\0') {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;

        if (*end == '-') {
            last = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : (end++, ~0ul);
        }
        if (n >= first && n <= last)
            return true;
        list = *end == ',' ? end + 1 : end + strlen(end);
    }
    return false;
}

static void cut_fields(char *line, const struct options *o)
{
    char separator = o->set['d'] ? o->value['d'][0] : '\t';
    unsigned long n = 1;
    bool first = true;

    if (strchr(line, separator) == NULL) {
        puts(line);
        return;
    }
    for (char *s = line; s != NULL; n++) {
        char *next = strchr(s, separator);

        if (next != NULL)
            *next++ = '\0';
        if (list_has(o->value['f'], n)) {
            if (!first)
                putchar(separator);
            fputs(s, stdout);
            first = false;
        }
        s = next;
    }
    putchar('\n');
}

static int cut_one(FILE *file, const char *name, void *data)
{
    const struct options *o = data;
    size_t room = 0;
    char *line = NULL;

    (void)name;
    while (getline(&line, &room, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (o->set['f']) {
            cut_fields(line, o);
            continue;
        }
        for (unsigned long n = 1; line[n - 1] != '\0'; n++) {
            if (list_has(o->value['c'], n))
                putchar(line[n - 1]);
        }
        putchar('\n');
    }
    free(line);
    return 0;
}

int tool_cut(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "f:c:d:", &o);

    if (at < 0 || o.set['f'] == o.set['c'])
        return at < 0 ? 2 : usage();
    return for_inputs(argc, argv, at, cut_one, &o);
}

/* Spells out a set such as a-z\n; returns its length. */
static size_t spell_set(const char *s, unsigned char *to, size_t room)
{
    size_t n = 0;

    while (*s != '\0' && n < room) {
        unsigned char c = (unsigned char)*s++;

        if (c == '\\' && *s != '\0') {
            c = (unsigned char)*s++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? 0 : c;
        }
        if (*s == '-' && s[1] != '\0') {
            unsigned char last = (unsigned char)s[1];

            s += 2;
            for (unsigned v = c; v <= last && n < room; v++)
                to[n++] = (unsigned char)v;
        } else {
            to[n++] = c;
        }
    }
    return n;
}

int tool_translate(int argc, char **argv)
{
    unsigned char from[512], to[512];
    size_t from_count, to_count;
    int map[256], c, at;
    struct options o;

    at = take_options(argc, argv, "d", &o);
    if (at < 0 || argc - at != (o.set['d'] ? 1 : 2))
        return at < 0 ? 2 : usage();
    from_count = spell_set(argv[at], from, sizeof from);
    to_count = o.set['d'] ? 0 : spell_set(argv[at + 1], to, sizeof to);
    for (int i = 0; i < 256; i++)
        map[i] = i;
    for (size_t i = 0; i < from_count; i++)
        map[from[i]] = to_count == 0 ? -1 : to[i < to_count ? i : to_count - 1];
    while ((c = getchar()) != EOF) {
        if (map[c] >= 0)
            putchar(map[c]);
    }
    return 0;
}

static void dump_row(unsigned long offset, const unsigned char *row, size_t count)
{
    printf("%08lx ", offset);
    for (size_t i = 0; i < 16; i++) {
        if (i % 8 == 0)
            putchar(' ');
        if (i < count)
            printf("%02x ", row[i]);
        else
            fputs("   ", stdout);
    }
    fputs(" |", stdout);
    for (size_t i = 0; i < count; i++)
        putchar(isprint(row[i]) ? row[i] : '.');
    puts("|");
}

int tool_hexdump(int argc, char **argv)
{
    unsigned char row[16], last[16];
    unsigned long offset = 0, left = ~0ul;
    bool same = false, first = true;
    struct options o;
    int at = take_options(argc, argv, "Cn:s:", &o);
    FILE *file;
    size_t n;

    if (at < 0)
        return 2;
    file = open_input(at < argc ? argv[at] : "-");
    if (file == NULL)
        return 1;
    if (o.set['n'])
        left = strtoul(o.value['n'], NULL, 0);
    if (o.set['s']) {
        offset = strtoul(o.value['s'], NULL, 0);
        if (fseek(file, (long)offset, SEEK_SET) < 0)
            return complain_about(at < argc ? argv[at] : "-");
    }
    while (left > 0 && (n = fread(row, 1, left < 16 ? left : 16, file)) > 0) {
        if (!first && n == 16 && memcmp(row, last, 16) == 0) {
            if (!same)
                puts("*");
            same = true;
        } else {
            dump_row(offset, row, n);
            same = false;
        }
        memcpy(last, row, 16);
        first = false;
        offset += n;
        left -= n;
    }
    printf("%08lx\n", offset);
    close_input(file);
    return 0;
}
