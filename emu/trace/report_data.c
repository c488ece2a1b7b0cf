/* SPDX-License-Identifier: MIT */
/* report_data.c - the result of a comparison for programs: JSON, and JUnit XML for CI. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/report.h"
#include "emu/trace/text.h"

static json_t *side(struct stream *s, size_t process, size_t at, size_t count)
{
    json_t *list = json_array();
    char line[TRACE_LINE];

    for (size_t i = 0; i < count && i < 100; i++) {
        stream_line(s, process, at + i, line, sizeof line);
        json_array_append_new(list, json_string(line));
    }
    return list;
}

static json_t *place(struct comparison *c, const struct hunk *h)
{
    json_t *object = json_object();
    char line[TRACE_LINE] = "", other[TRACE_LINE] = "", text[256];

    json_object_set_new(object, "process", json_integer((json_int_t)h->process + 1));
    json_object_set_new(object, "event", json_integer((json_int_t)h->b + 1));
    json_object_set_new(object, "golden", side(&c->a, h->process, h->a, h->a_count));
    json_object_set_new(object, "new", side(&c->b, h->process, h->b, h->b_count));
    if (h->a_count)
        stream_line(&c->a, h->process, h->a, line, sizeof line);
    if (h->b_count)
        stream_line(&c->b, h->process, h->b, other, sizeof other);
    if (h->a_count && h->b_count) {
        describe_change(line, other, text, sizeof text);
        json_object_set_new(object, "changed", json_string(text));
    }
    guess_reason(line, other, text, sizeof text);
    if (text[0])
        json_object_set_new(object, "likely", json_string(text));
    return object;
}

void report_json(struct comparison *c, FILE *out)
{
    json_t *root = json_object(), *kinds = json_object(), *places = json_array();

    json_object_set_new(root, "verdict", json_string(verdict_name(c->verdict)));
    json_object_set_new(root, "level", json_string(level_name(c->level)));
    json_object_set_new(root, "golden", json_string(c->golden));
    json_object_set_new(root, "new", json_string(c->fresh));
    if (c->doubt[0])
        json_object_set_new(root, "reason", json_string(c->doubt));
    json_object_set_new(root, "differing", json_integer((json_int_t)c->differing));
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        u64 a = c->a.counts.kind[kind], b = c->b.counts.kind[kind];
        if (a || b)
            json_object_set_new(kinds, fault_kind_name(kind),
                                json_pack("[I, I]", (json_int_t)a, (json_int_t)b));
    }
    json_object_set_new(root, "kinds", kinds);
    for (size_t i = 0; i < c->kept; i++)
        json_array_append_new(places, place(c, &c->hunk[i]));
    json_object_set_new(root, "divergences", places);
    json_dumpf(root, out, JSON_SORT_KEYS | JSON_INDENT(2));
    fputc('\n', out);
    json_decref(root);
}

static void xml_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
                fputc(*text, out);
        }
    }
}

bool report_junit(struct comparison *c, const char *path, struct error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size), *out = fopen(path, "we");

    if (!memory || !out) {
        error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
        if (memory)
            fclose(memory);
        if (out)
            fclose(out);
        free(text);
        return false;
    }
    report_text(c, memory);
    fclose(memory);
    bool bad = c->verdict != DIFF_SAME;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"faultline trace diff\" tests=\"1\" failures=\"%d\">\n"
            "  <testcase classname=\"trace.%s\" name=\"",
            bad, level_name(c->level));
    xml_text(out, c->golden);
    fputs("\">\n", out);
    if (bad) {
        fprintf(out, "    <failure type=\"%s\" message=\"", verdict_name(c->verdict));
        xml_text(out, c->doubt[0] ? c->doubt : "the traces differ");
        fputs("\">", out);
        xml_text(out, text);
        fputs("</failure>\n", out);
    }
    fputs("  </testcase>\n</testsuite>\n", out);
    free(text);
    if (fclose(out))
        return error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    return true;
}
