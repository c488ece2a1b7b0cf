/* SPDX-License-Identifier: MIT */
/* expect.c - demands on counts, as graders write them. */
#include "emu/trace/expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/nearest.h"

enum operation { OP_EQUAL, OP_NOT, OP_LESS, OP_MOST, OP_MORE, OP_LEAST, OP_RANGE };

/* What a name stands for: which table of trace_counts, and the row. */
enum subject { SUBJECT_KIND, SUBJECT_EVENT, SUBJECT_RESULT, SUBJECT_TOTAL };
enum total { TOTAL_FAULTS, TOTAL_MAJOR, TOTAL_MINOR, TOTAL_MISMATCH, TOTAL_UNMATCHED, TOTALS };

static const char *const total_name[TOTALS] = {"faults", "major", "minor", "label-mismatch",
                                               "unmatched"};

struct term {
    enum subject subject;
    unsigned row;
    enum operation operation;
    u64 low, high;
    char text[64];
};

#define MAX_TERMS 64
struct expect {
    size_t terms;
    struct term term[MAX_TERMS];
};

static const char *event_name(unsigned event)
{
    return record_type_name(RECORD_PROBE + event);
}

/* All names that can be written, one after another; NULL behind the last. */
static const char *known_name(size_t index, enum subject *subject, unsigned *row)
{
    static const size_t kinds = FAULT_KIND_COUNT - 1, events = PROBE_EVENT_COUNT - 1;

    if (index < kinds) {
        *subject = SUBJECT_KIND;
        *row = (unsigned)index + 1;
        return fault_kind_name(*row);
    }
    index -= kinds;
    if (index < FAULT_RESULT_COUNT) {
        *subject = SUBJECT_RESULT;
        *row = (unsigned)index;
        return fault_result_name(*row);
    }
    index -= FAULT_RESULT_COUNT;
    if (index < TOTALS) {
        *subject = SUBJECT_TOTAL;
        *row = (unsigned)index;
        return total_name[index];
    }
    index -= TOTALS;
    if (index < events) {
        *subject = SUBJECT_EVENT;
        *row = (unsigned)index + 1;
        return event_name(*row);
    }
    return NULL;
}

static bool find_name(struct term *term, const char *name, struct error *err)
{
    struct nearest nearest = nearest_begin(name);
    const char *known;

    for (size_t i = 0; (known = known_name(i, &term->subject, &term->row)) != NULL; i++) {
        if (!strcmp(known, name))
            return true;
        nearest_offer(&nearest, known);
    }
    if (nearest.best)
        return error_set(err, EINVAL, "--expect: there is no '%s'; did you mean '%s'?", name,
                         nearest.best);
    return error_set(err, EINVAL, "--expect: there is no fault kind or event '%s'", name);
}

static bool read_operation(struct term *term, const char **at)
{
    static const struct {
        const char *text;
        enum operation operation;
    } known[] = {{"==", OP_EQUAL}, {"!=", OP_NOT}, {"<=", OP_MOST}, {">=", OP_LEAST},
                 {"=", OP_EQUAL},  {"<", OP_LESS}, {">", OP_MORE}};

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        size_t n = strlen(known[i].text);
        if (!strncmp(*at, known[i].text, n)) {
            term->operation = known[i].operation;
            *at += n;
            return true;
        }
    }
    return false;
}

static bool read_number(const char **at, u64 *out)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *out = strtoull(*at, &end, 0);
    if (errno)
        return false;
    *at = end;
    return true;
}

static bool parse_term(struct term *term, const char *text, struct error *err)
{
    size_t length = strcspn(text, "=!<>");
    const char *at = text + length;
    char name[sizeof term->text];

    snprintf(term->text, sizeof term->text, "%s", text);
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    if (!read_operation(term, &at) || !read_number(&at, &term->low))
        return error_set(err, EINVAL,
                         "--expect: '%s' is not NAME=NUMBER (or != < <= > >=, or NAME=A..B)", text);
    if (term->operation == OP_EQUAL && !strncmp(at, "..", 2)) {
        at += 2;
        term->operation = OP_RANGE;
        if (!read_number(&at, &term->high) || term->high < term->low)
            return error_set(err, EINVAL, "--expect: '%s' has no sound range", text);
    }
    if (*at)
        return error_set(err, EINVAL, "--expect: what is '%s' in '%s'?", at, text);
    return find_name(term, name, err);
}

struct expect *expect_parse(const char *text, struct error *err)
{
    struct expect *expect = calloc(1, sizeof *expect);
    char *copy = strdup(text), *rest = copy, *piece;
    bool ok = expect && copy;

    if (!ok)
        error_set(err, ENOMEM, "not enough memory");
    while (ok && (piece = strsep(&rest, ",")) != NULL) {
        while (*piece == ' ')
            piece++;
        size_t n = strlen(piece);
        while (n && piece[n - 1] == ' ')
            piece[--n] = 0;
        if (expect->terms == MAX_TERMS)
            ok = error_set(err, EINVAL, "--expect: more than %d terms", MAX_TERMS);
        else if (n >= sizeof expect->term[0].text)
            ok = error_set(err, EINVAL, "--expect: '%.40s...' is too long", piece);
        else
            ok = parse_term(&expect->term[expect->terms++], piece, err);
    }
    free(copy);
    if (ok)
        return expect;
    free(expect);
    return NULL;
}

void expect_free(struct expect *expect)
{
    free(expect);
}

static u64 value_of(const struct term *term, const struct trace_counts *c)
{
    switch (term->subject) {
    case SUBJECT_KIND:
        return c->kind[term->row];
    case SUBJECT_EVENT:
        return c->event[term->row];
    case SUBJECT_RESULT:
        return c->result[term->row];
    default:
        break;
    }
    switch (term->row) {
    case TOTAL_FAULTS:
        return c->faults;
    case TOTAL_MAJOR:
        return c->major;
    case TOTAL_MINOR:
        return c->faults - c->major;
    case TOTAL_MISMATCH:
        return c->mismatch;
    default:
        return c->unmatched;
    }
}

static bool holds(const struct term *term, u64 value)
{
    switch (term->operation) {
    case OP_EQUAL:
        return value == term->low;
    case OP_NOT:
        return value != term->low;
    case OP_LESS:
        return value < term->low;
    case OP_MOST:
        return value <= term->low;
    case OP_MORE:
        return value > term->low;
    case OP_LEAST:
        return value >= term->low;
    default:
        return value >= term->low && value <= term->high;
    }
}

bool expect_holds(const struct expect *expect, const struct trace_counts *counts, FILE *out)
{
    bool all = true;

    for (size_t i = 0; i < expect->terms; i++) {
        const struct term *term = &expect->term[i];
        u64 value = value_of(term, counts);
        if (holds(term, value))
            continue;
        fprintf(out, "faultline: expected %s, but there were %" PRIu64 "\n", term->text, value);
        all = false;
    }
    return all;
}
