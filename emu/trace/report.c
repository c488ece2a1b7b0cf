/* SPDX-License-Identifier: MIT */
/* report.c - the result of a comparison as text for people. */
#include "emu/trace/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/text.h"

#define CONTEXT 5      /* equal lines shown on either side */
#define SHOWN_LINES 10 /* of one side of a difference */

const char *verdict_name(enum diff_verdict verdict)
{
    static const char *const name[] = {"SAME", "DIVERGED", "TROUBLE", "INCONCLUSIVE"};
    return name[verdict];
}

const char *level_name(enum diff_level level)
{
    static const char *const name[] = {"counts", "semantic", "exact"};
    return name[level];
}

/* Word `index` of a line; empty when it has fewer. */
static void word_of(const char *line, unsigned index, char out[80])
{
    while (index-- && *line) {
        line += strcspn(line, " ");
        line += *line == ' ';
    }
    snprintf(out, 80, "%.*s", (int)strcspn(line, " "), line);
}

/* "refs=2 kernel": the value behind a key, or presence of a word. */
static void option_of(const char *line, const char *key, char out[80])
{
    const char *at = strstr(line, key);

    out[0] = 0;
    if (at)
        snprintf(out, 80, "%.*s", (int)strcspn(at, " "), at);
}

static void mention(char *out, size_t size, const char *what)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%s", used ? ", " : "", what);
}

static bool is_exact(const char *line)
{
    return strstr(line, " icount=") != NULL;
}

/* Both lines are "name key=value key=value ...": the keys whose values differ. */
static void describe_exact(const char *a, const char *b, char *out, size_t size)
{
    char wa[80], wb[80];

    for (unsigned i = 0; i < 40; i++) {
        word_of(a, i, wa);
        word_of(b, i, wb);
        if (!wa[0] || !wb[0])
            break;
        if (strcmp(wa, wb) != 0) {
            wa[strcspn(wa, "=")] = 0;
            mention(out, size, i ? wa : "type");
        }
    }
}

void describe_change(const char *a, const char *b, char *out, size_t size)
{
    static const char *const part[] = {"kind", "access", NULL, "result"};
    char wa[80], wb[80];

    out[0] = 0;
    if (is_exact(a) && is_exact(b)) {
        describe_exact(a, b, out, size);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        word_of(a, i, wa);
        word_of(b, i, wb);
        if (part[i]) {
            if (strcmp(wa, wb) != 0)
                mention(out, size, part[i]);
            continue;
        }
        size_t na = strcspn(wa, "+@"), nb = strcspn(wb, "+@");
        if (na != nb || strncmp(wa, wb, na) != 0)
            mention(out, size, "area");
        if (strcmp(wa + na, wb + nb) != 0)
            mention(out, size, "offset");
    }
    option_of(a, "refs=", wa);
    option_of(b, "refs=", wb);
    if (strcmp(wa, wb) != 0)
        mention(out, size, "refs");
    if (!strstr(a, " kernel") != !strstr(b, " kernel"))
        mention(out, size, "mode");
}

static void line_at(struct stream *s, size_t process, size_t index, char *out)
{
    out[0] = 0;
    if (process < s->processes && index < s->process[process].count)
        stream_line(s, process, index, out, TRACE_LINE);
}

static void show_side(struct comparison *c, FILE *out, const struct hunk *h, bool fresh)
{
    struct stream *s = fresh ? &c->b : &c->a, *t = fresh ? &c->a : &c->b;
    size_t at = fresh ? h->b : h->a, count = fresh ? h->b_count : h->a_count;
    size_t other_at = fresh ? h->a : h->b, other_count = fresh ? h->a_count : h->b_count;
    char line[TRACE_LINE], other[TRACE_LINE], change[128];

    for (size_t i = 0; i < count && i < SHOWN_LINES; i++) {
        line_at(s, h->process, at + i, line);
        fprintf(out, "  %c %5zu  p%zu %s", fresh ? '+' : '-', at + i + 1, h->process + 1, line);
        if (fresh && i < other_count) {
            line_at(t, h->process, other_at + i, other);
            describe_change(other, line, change, sizeof change);
            fprintf(out, "        <-- %s", change);
        }
        fputc('\n', out);
    }
    if (count > SHOWN_LINES)
        fprintf(out, "  %c   ...  %zu more\n", fresh ? '+' : '-', count - SHOWN_LINES);
}

static void show_context(struct comparison *c, FILE *out, size_t process, size_t from, size_t to)
{
    char line[TRACE_LINE];

    /* Equal on both sides; taken from the fresh trace unless the process is not there. */
    for (size_t i = from; i < to; i++) {
        line_at(&c->b, process, i, line);
        fprintf(out, "    %5zu  p%zu %s\n", i + 1, process + 1, line);
    }
}

static void show_hunk(struct comparison *c, FILE *out, const struct hunk *h)
{
    size_t count_b = h->process < c->b.processes ? c->b.process[h->process].count : 0;
    size_t after = h->b + h->b_count;

    show_context(c, out, h->process, h->b > CONTEXT ? h->b - CONTEXT : 0, h->b);
    show_side(c, out, h, false);
    show_side(c, out, h, true);
    show_context(c, out, h->process, after, after + CONTEXT < count_b ? after + CONTEXT : count_b);
}

static void show_machine(struct comparison *c, FILE *out, const struct hunk *h)
{
    struct trace_record record;
    char line[TRACE_LINE], pte[80];

    if (!h->b_count || !stream_record(&c->b, h->process, h->b, &record))
        return;
    trace_line(line, sizeof line, &record);
    fprintf(out, "there: %s\n", line);
    if (record.type == RECORD_FAULT) {
        trace_pte_words(pte, sizeof pte, record.fault.pte_before);
        fprintf(out, "       PTE before 0x%" PRIx64 " (%s), ", record.fault.pte_before, pte);
        trace_pte_words(pte, sizeof pte, record.fault.pte_after);
        fprintf(out, "after 0x%" PRIx64 " (%s)\n", record.fault.pte_after, pte);
    }
}

static void show_first(struct comparison *c, FILE *out)
{
    const struct hunk *h = &c->hunk[0];
    char line[TRACE_LINE] = "", other[TRACE_LINE] = "", reason[256], number[32];
    struct trace_record record;

    fprintf(out, "first divergence: process %zu event %zu", h->process + 1, h->b + 1);
    if (h->b_count && stream_record(&c->b, h->process, h->b, &record)) {
        trace_number(number, sizeof number, record.icount);
        fprintf(out, " (record %" PRIu64 ", icount %s)", record.seq, number);
    }
    fprintf(out, ", after %zu equal events\n", h->b < h->a ? h->b : h->a);
    show_hunk(c, out, h);
    show_machine(c, out, h);
    if (h->a_count)
        line_at(&c->a, h->process, h->a, line);
    if (h->b_count)
        line_at(&c->b, h->process, h->b, other);
    guess_reason(line, other, reason, sizeof reason);
    if (reason[0])
        fprintf(out, "likely: %s\n", reason);
}

static void show_kinds(struct comparison *c, FILE *out)
{
    bool any = false;

    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        u64 a = c->a.counts.kind[kind], b = c->b.counts.kind[kind];
        if (a == b && c->level != DIFF_COUNTS)
            continue;
        if (!a && !b)
            continue;
        if (!any)
            fprintf(out, "%-14s %10s %10s %10s\n", "by kind", "golden", "new", "difference");
        any = true;
        fprintf(out, "%-14s %10" PRIu64 " %10" PRIu64 " %+10" PRId64, fault_kind_name(kind), a, b,
                (i64)(b - a));
        if (c->level == DIFF_COUNTS && c->a.tolerance[kind])
            fprintf(out, "  (within %u %% is allowed)", c->a.tolerance[kind]);
        if (c->level == DIFF_COUNTS && count_differs(c, kind))
            fprintf(out, "  <--");
        fputc('\n', out);
    }
}

static void show_processes(struct comparison *c, FILE *out)
{
    size_t most = c->a.processes > c->b.processes ? c->a.processes : c->b.processes;

    fprintf(out, "%-24s %10s %10s %10s\n", "by process", "golden", "new", "difference");
    for (size_t i = 0; i < most && i < 64; i++) {
        u64 a = i < c->a.processes ? c->a.process[i].count : 0;
        u64 b = i < c->b.processes ? c->b.process[i].count : 0;
        const char *name = i < c->b.processes ? c->b.process[i].name : c->a.process[i].name;
        fprintf(out, "p%-4zu %-18s %10" PRIu64 " %10" PRIu64 " %+10" PRId64 "\n", i + 1, name, a, b,
                (i64)(b - a));
    }
}

static void show_end(struct comparison *c, FILE *out)
{
    const struct hunk *h = &c->hunk[0];
    size_t shown = c->options->max_diffs ? c->options->max_diffs : 1;

    for (size_t i = 1; i < shown && i < c->kept; i++) {
        fprintf(out, "divergence %zu: process %zu\n", i + 1, c->hunk[i].process + 1);
        show_hunk(c, out, &c->hunk[i]);
    }
    fprintf(out, "%" PRIu64 " differing events in %" PRIu64 " places", c->differing, c->hunks);
    size_t count_b = h->process < c->b.processes ? c->b.process[h->process].count : 0;
    if (h->b + h->b_count < count_b)
        fprintf(out, "; after the first the streams agree again at event %zu",
                h->b + h->b_count + 1);
    fprintf(out, "\nlook: faultline trace print %s    accept: faultline trace accept %s %s\n",
            c->fresh, c->fresh, c->golden);
}

void report_text(struct comparison *c, FILE *out)
{
    fprintf(out, "trace diff: %s (%s)  golden %s  vs  %s\n", verdict_name(c->verdict),
            level_name(c->level), c->golden, c->fresh);
    if (c->verdict == DIFF_INCONCLUSIVE) {
        fprintf(out, "inconclusive: %s\n", c->doubt);
        return;
    }
    fprintf(out, "compared: %s%s", c->b.program ? "program " : "everything",
            c->b.program ? c->b.program : "");
    if (c->b.from[0] || c->b.to[0])
        fprintf(out, ", from %s to %s", c->b.from[0] ? c->b.from : "the start",
                c->b.to[0] ? c->b.to : "the end");
    if (c->level == DIFF_SEMANTIC)
        fprintf(out, "; not looked at: times, addresses of code, frames, PTEs, costs");
    else if (c->level == DIFF_COUNTS)
        fprintf(out, "; totals only");
    fputc('\n', out);
    if (c->verdict == DIFF_SAME)
        return;
    if (c->level != DIFF_COUNTS && c->kept) {
        show_first(c, out);
        show_kinds(c, out);
        show_processes(c, out);
        show_end(c, out);
    } else {
        show_kinds(c, out);
    }
}
