/* SPDX-License-Identifier: MIT */
/*
 * diff.c - comparing two traces: facts of the runs first, then totals or sequences.
 *
 * "Inconclusive" is not "diverged": it says that the two runs cannot be compared at this level.
 */
#include "emu/trace/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/align.h"
#include "emu/trace/report.h"

static void doubt(struct comparison *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void doubt(struct comparison *c, const char *format, ...)
{
    va_list list;

    if (c->doubt[0])
        return;
    va_start(list, format);
    vsnprintf(c->doubt, sizeof c->doubt, format, list);
    va_end(list);
}

static const struct pft_image *image_by_role(const struct pft_info *info, const char *role)
{
    for (u32 i = 0; i < info->image_count; i++)
        if (!strcmp(info->image[i].role, role))
            return &info->image[i];
    return NULL;
}

static void compare_exact_facts(struct comparison *c)
{
    const struct pft_info *a = pft_info(c->a.reader), *b = pft_info(c->b.reader);
    const char *append_a = a->append ? a->append : "", *append_b = b->append ? b->append : "";

    for (u32 i = 0; i < a->image_count; i++) {
        const struct pft_image *other = image_by_role(b, a->image[i].role);
        if (!other || strcmp(a->image[i].sha256, other->sha256) != 0)
            doubt(c, "the %s is not the same", a->image[i].role);
    }
    if (a->image_count != b->image_count)
        doubt(c, "one run had more images than the other");
    if (a->seed != b->seed)
        doubt(c, "the seeds differ: %" PRIu64 " and %" PRIu64, a->seed, b->seed);
    if (strcmp(append_a, append_b) != 0)
        doubt(c, "the kernel command lines differ");
}

static void compare_facts(struct comparison *c)
{
    if (c->a.ram_size && c->b.ram_size && c->a.ram_size != c->b.ram_size)
        doubt(c, "the memory sizes differ: %" PRIu64 " and %" PRIu64 " bytes", c->a.ram_size,
              c->b.ram_size);
    if (c->a.harts && c->b.harts && c->a.harts != c->b.harts)
        doubt(c, "the numbers of harts differ: %u and %u", c->a.harts, c->b.harts);
    if (!c->a.found)
        doubt(c, "%s: the program '%s' never ran", c->a.path, c->a.program);
    if (!c->b.found)
        doubt(c, "%s: the program '%s' never ran", c->b.path, c->b.program);
    if (c->level == DIFF_EXACT)
        compare_exact_facts(c);
}

static void add_hunk(void *ctx, size_t at_a, size_t a_count, size_t at_b, size_t b_count)
{
    struct comparison *c = ctx;
    const struct stream_process *b = c->process < c->b.processes ? &c->b.process[c->process] : NULL;
    const struct stream_process *a = c->process < c->a.processes ? &c->a.process[c->process] : NULL;
    struct hunk hunk = {c->process, at_a, a_count, at_b, b_count, UINT64_MAX};

    if (b && b->count && c->b.reader)
        hunk.order = b->event[at_b < b->count ? at_b : b->count - 1].where;
    else if (!c->b.reader)
        hunk.order = at_b;
    c->differing += a_count > b_count ? a_count : b_count;
    c->hunks++;
    if (at_a + a_count != (a ? a->count : 0) || b_count)
        c->only_cut_off = false;
    /* Kept sorted: the first `kept` of all. */
    size_t at = c->kept;
    while (at > 0 && c->hunk[at - 1].order > hunk.order)
        at--;
    if (at >= MAX_HUNKS)
        return;
    if (c->kept < MAX_HUNKS)
        c->kept++;
    memmove(&c->hunk[at + 1], &c->hunk[at], (c->kept - at - 1) * sizeof hunk);
    c->hunk[at] = hunk;
}

static bool compare_sequences(struct comparison *c, struct error *err)
{
    static const struct stream_process none;
    size_t most = c->a.processes > c->b.processes ? c->a.processes : c->b.processes;

    for (c->process = 0; c->process < most; c->process++) {
        const struct stream_process *a =
            c->process < c->a.processes ? &c->a.process[c->process] : &none;
        const struct stream_process *b =
            c->process < c->b.processes ? &c->b.process[c->process] : &none;
        if (!align(a->event, a->count, b->event, b->count, add_hunk, c))
            return error_set(err, ENOMEM, "not enough memory to compare");
    }
    return true;
}

bool count_differs(const struct comparison *c, unsigned kind)
{
    u64 a = c->a.counts.kind[kind], b = c->b.counts.kind[kind];
    u64 gap = a > b ? a - b : b - a;

    if (c->level != DIFF_COUNTS)
        return gap != 0;
    return c->a.tolerance[kind] < 100 && gap > a * c->a.tolerance[kind] / 100;
}

static void compare_counts(struct comparison *c)
{
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++)
        if (count_differs(c, kind)) {
            c->differing++;
            c->only_cut_off = false;
        }
}

static bool load_both(struct comparison *c, const char *golden, const char *fresh, int level,
                      const struct diff_options *options, struct error *err)
{
    bool missing = false, text_a = stream_is_text(golden, &missing), unused;
    bool text_b = stream_is_text(fresh, &unused);

    c->level = level < 0 ? DIFF_SEMANTIC : (enum diff_level)level;
    if (missing) {
        memset(&c->a, 0, sizeof c->a);
        memset(&c->b, 0, sizeof c->b);
        doubt(c, "there is no golden %s (make it: faultline trace accept %s %s)", golden, fresh,
              golden);
        return true;
    }
    if (level == DIFF_EXACT && (text_a || text_b))
        return error_set(err, EINVAL, "the level 'exact' needs two .pft files");
    enum stream_form form = level == DIFF_EXACT ? STREAM_EXACT
                            : text_a || text_b  ? STREAM_TEXTUAL
                                                : STREAM_BINARY;
    if (!stream_load(&c->a, golden, form, options, NULL, err))
        return false;
    /* A golden says itself which program, region and level it is for. */
    struct diff_options fresh_options = *options;
    if (text_a && c->a.from[0] && !options->from)
        fresh_options.from = c->a.from;
    if (text_a && c->a.to[0] && !options->to)
        fresh_options.to = c->a.to;
    const char *program = text_a && !options->program ? c->a.program : options->program;
    if (level < 0 && c->a.level >= 0)
        c->level = (enum diff_level)c->a.level;
    return stream_load(&c->b, fresh, form, &fresh_options, program, err);
}

static enum diff_verdict judge(struct comparison *c, struct error *err)
{
    if (c->doubt[0])
        return DIFF_INCONCLUSIVE;
    compare_facts(c);
    if (c->doubt[0])
        return DIFF_INCONCLUSIVE;
    c->only_cut_off = true;
    if (c->level == DIFF_COUNTS)
        compare_counts(c);
    else if (!compare_sequences(c, err))
        return DIFF_TROUBLE;
    if (c->b.truncated && c->only_cut_off)
        doubt(c, "%s ends early: it was cut off after %" PRIu64 " records", c->b.path,
              pft_count(c->b.reader));
    else if (c->a.truncated && !c->differing)
        doubt(c, "%s was cut off", c->a.path);
    if (c->doubt[0])
        return DIFF_INCONCLUSIVE;
    return c->differing ? DIFF_DIVERGED : DIFF_SAME;
}

enum diff_verdict trace_diff(const char *golden, const char *fresh,
                             const struct diff_options *options, struct error *err)
{
    struct comparison *c = calloc(1, sizeof *c);

    if (!c) {
        error_set(err, ENOMEM, "not enough memory to compare");
        return DIFF_TROUBLE;
    }
    c->golden = golden;
    c->fresh = fresh;
    c->options = options;
    c->verdict = DIFF_TROUBLE;
    if (load_both(c, golden, fresh, options->level, options, err))
        c->verdict = judge(c, err);
    enum diff_verdict verdict = c->verdict;
    if (verdict != DIFF_TROUBLE) {
        if (options->json)
            report_json(c, options->out);
        else
            report_text(c, options->out);
        if (options->junit && !report_junit(c, options->junit, err))
            verdict = DIFF_TROUBLE;
    }
    stream_free(&c->a);
    stream_free(&c->b);
    free(c);
    return verdict;
}
