/* SPDX-License-Identifier: MIT */
/* listreport.c - see list.h: what is said about the programs of a list, as text, JUnit and JSON. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "emu/cli/list.h"

#define NAME_COLUMNS 40

const char *list_verdict_name(enum list_verdict verdict)
{
    static const char *const name[] = {"pending", "pass", "skip", "fail", "timeout"};
    return name[verdict];
}

/* "status 139 (SEGV)" */
static void describe_status(const struct list_entry *e, char *text, size_t size)
{
    const char *signal = e->status > 128 ? sigabbrev_np(e->status - 128) : NULL;
    if (signal) {
        snprintf(text, size, "status %d (%s)", e->status, signal);
    } else {
        snprintf(text, size, "status %d", e->status);
    }
}

/* Beginning and end of a long name. */
static void short_name(const char *name, char out[NAME_COLUMNS + 1])
{
    size_t length = strlen(name), head = NAME_COLUMNS / 2 - 2, tail = NAME_COLUMNS - head - 3;
    if (length <= NAME_COLUMNS) {
        snprintf(out, NAME_COLUMNS + 1, "%s", name);
    } else {
        snprintf(out, NAME_COLUMNS + 1, "%.*s...%s", (int)head, name, name + length - tail);
    }
}

void list_print_entry(const struct list_entry *e)
{
    char status[40], name[NAME_COLUMNS + 1];
    describe_status(e, status, sizeof status);
    short_name(e->name, name);
    printf("%-7s  %-*s  %-18s %14" PRIu64 " instructions\n", list_verdict_name(e->verdict),
           NAME_COLUMNS, name, status, e->instructions);
    fflush(stdout);
}

static unsigned count_verdict(const struct list *l, enum list_verdict verdict)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->count; i++) {
        n += l->entry[i].verdict == verdict;
    }
    return n;
}

static unsigned count_failed(const struct list *l)
{
    return count_verdict(l, LIST_FAIL) + count_verdict(l, LIST_TIMEOUT);
}

void list_print_summary(const struct list *l)
{
    printf("%u passed, %u failed, %u skipped\n", count_verdict(l, LIST_PASS), count_failed(l),
           count_verdict(l, LIST_SKIP));
    fflush(stdout);
}

void list_print_output(const struct list_entry *e, unsigned lines)
{
    const char *text = (const char *)e->output.data;
    size_t size = e->output.size, from = size;
    for (unsigned seen = 0; from > 0; from--) {
        if (text[from - 1] == '\n' && from < size && ++seen == lines) {
            break;
        }
    }
    while (from < size) {
        const char *end = memchr(text + from, '\n', size - from);
        size_t length = end ? (size_t)(end - text) - from : size - from;
        fprintf(stderr, "    | %.*s\n", (int)length, text + from);
        from += length + 1;
    }
}

static double total_seconds(const struct list *l)
{
    double sum = 0;
    for (unsigned i = 0; i < l->count; i++) {
        sum += l->entry[i].seconds;
    }
    return sum;
}

/* XML 1.0 has no way to write most control characters, and no guest owes us UTF-8. */
static void put_xml(FILE *file, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        u8 c = (u8)text[i];
        const char *escape = c == '<'   ? "&lt;"
                             : c == '>' ? "&gt;"
                             : c == '&' ? "&amp;"
                             : c == '"' ? "&quot;"
                                        : NULL;
        if (escape) {
            fputs(escape, file);
        } else if ((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t') {
            fputc(c, file);
        } else if (c != '\r') {
            fputc('?', file);
        }
    }
}

static void put_case(FILE *file, const struct list_entry *e)
{
    char status[40];
    describe_status(e, status, sizeof status);
    fputs("  <testcase name=\"", file);
    put_xml(file, e->name, strlen(e->name));
    fprintf(file, "\" time=\"%.3f\">\n", e->seconds);
    fprintf(file,
            "    <properties><property name=\"instructions\" value=\"%" PRIu64
            "\"/><property name=\"status\" value=\"%d\"/></properties>\n",
            e->instructions, e->status);
    if (e->verdict == LIST_SKIP) {
        fprintf(file, "    <skipped message=\"%s\"/>\n", status);
    } else if (e->verdict != LIST_PASS) {
        fprintf(file, "    <failure type=\"%s\" message=\"%s, expected %d\"/>\n",
                list_verdict_name(e->verdict), status, e->expected);
    }
    fputs("    <system-out>", file);
    put_xml(file, (const char *)e->output.data, e->output.size);
    fputs("</system-out>\n  </testcase>\n", file);
}

bool list_write_junit(const struct list *l, const char *path, struct error *err)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", file);
    put_xml(file, l->path, strlen(l->path));
    fprintf(file, "\" tests=\"%u\" failures=\"%u\" skipped=\"%u\" time=\"%.3f\">\n", l->count,
            count_failed(l), count_verdict(l, LIST_SKIP), total_seconds(l));
    for (unsigned i = 0; i < l->count; i++) {
        put_case(file, &l->entry[i]);
    }
    fputs("</testsuite>\n", file);
    bool good = !ferror(file);
    good = fclose(file) == 0 && good;
    return good || error_set(err, EIO, "cannot write %s", path);
}

static json_t *entry_json(const struct list_entry *e)
{
    json_t *output = json_stringn((const char *)e->output.data, e->output.size);
    /* Not UTF-8: without it. */
    return json_pack("{s:s, s:s, s:i, s:i, s:I, s:f, s:o*}", "name", e->name, "verdict",
                     list_verdict_name(e->verdict), "status", e->status, "expected", e->expected,
                     "instructions", (json_int_t)e->instructions, "seconds", e->seconds, "output",
                     output);
}

bool list_write_json(const struct list *l, const char *path, struct error *err)
{
    json_t *entries = json_array();
    for (unsigned i = 0; i < l->count; i++) {
        json_array_append_new(entries, entry_json(&l->entry[i]));
    }
    json_t *all = json_pack("{s:s, s:i, s:i, s:i, s:o}", "list", l->path, "passed",
                            (int)count_verdict(l, LIST_PASS), "failed", (int)count_failed(l),
                            "skipped", (int)count_verdict(l, LIST_SKIP), "programs", entries);
    bool good = all && json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;
    json_decref(all);
    return good || error_set(err, EIO, "cannot write %s: %s", path, strerror(errno));
}
