/* SPDX-License-Identifier: MIT */
/* command.c - `faultline trace print|stat|verify|diff|accept|export`. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/nearest.h"
#include "emu/trace/stream.h"
#include "emu/trace/text.h"

struct trace_options {
    struct diff_options diff;
    bool canonical, exact;
    const char *format, *output;
};

enum long_option {
    OPTION_BEFORE_FIRST = 255,
#define TOOL_OPTION(id, name, argument, help) OPTION_##id,
#include "emu/trace/tool.def"
};

static const struct option long_options[] = {
#define TOOL_OPTION(id, name, argument, help) \
    {name, (argument) != NULL ? required_argument : no_argument, NULL, OPTION_##id},
#include "emu/trace/tool.def"
    {NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
    fputs("usage: faultline trace COMMAND ...\n\n", out);
#define TOOL_ROW(name, arguments, help) fprintf(out, "  %s %s\n      %s\n", name, arguments, help);
#define TOOL(function, name, arguments, help) TOOL_ROW(name, arguments, help)
#define TOOL_ABOVE(name, arguments, help) TOOL_ROW(name, arguments, help)
#include "emu/trace/tool.def"
#undef TOOL_ROW
    fputs("\nOptions:\n", out);
#define TOOL_OPTION(id, name, argument, help)                             \
    {                                                                     \
        const char *value = argument;                                     \
        char left[64];                                                    \
        snprintf(left, sizeof left, "--%s %s", name, value ? value : ""); \
        fprintf(out, "  %-30s %s\n", left, help);                         \
    }
#include "emu/trace/tool.def"
    fputs("\n  faultline trace stat t.pft\n"
          "  faultline trace diff --junit out.xml golden.pft.txt t.pft\n",
          out);
}

static int fail(const struct error *err)
{
    fprintf(stderr, "faultline: %s\n", err->text);
    return DIFF_TROUBLE;
}

static bool parse_count(const char *text, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > 1000000) {
        fprintf(stderr, "faultline: --max-diffs %s: not a number up to 1000000\n", text);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool parse_options(struct trace_options *o, int argc, char **argv, int *status)
{
    int option;

    optind = 1;
    *status = DIFF_TROUBLE;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_CANONICAL:
            o->canonical = true;
            break;
        case OPTION_EXACT:
            o->exact = true;
            break;
        case OPTION_LEVEL:
            o->diff.level = !strcmp(optarg, "counts")     ? DIFF_COUNTS
                            : !strcmp(optarg, "semantic") ? DIFF_SEMANTIC
                            : !strcmp(optarg, "exact")    ? DIFF_EXACT
                                                          : -2;
            if (o->diff.level == -2) {
                fprintf(stderr, "faultline: --level is counts, semantic or exact, not '%s'\n",
                        optarg);
                return false;
            }
            break;
        case OPTION_JUNIT:
            o->diff.junit = optarg;
            break;
        case OPTION_JSON:
            o->diff.json = true;
            break;
        case OPTION_ALL:
            o->diff.all = true;
            break;
        case OPTION_PROGRAM:
            o->diff.program = optarg;
            break;
        case OPTION_FROM:
            o->diff.from = optarg;
            break;
        case OPTION_TO:
            o->diff.to = optarg;
            break;
        case OPTION_MAX_DIFFS:
            if (!parse_count(optarg, &o->diff.max_diffs))
                return false;
            break;
        case OPTION_HELP:
            usage(stdout);
            *status = 0;
            return false;
        default:
            usage(stderr);
            return false;
        }
    }
    return true;
}

/* Lists for people show everything unless a scope was asked for. */
static struct scope *wanted_scope(const struct trace_options *o)
{
    return scope_create(o->diff.program, o->diff.from, o->diff.to);
}

static bool is_scoped(const struct trace_options *o)
{
    return o->diff.program || o->diff.from || o->diff.to;
}

typedef int format_fn(char *out, size_t size, const struct trace_record *record);

static int list(const struct trace_options *o, const char *path, format_fn *format)
{
    struct error err = {0};
    struct trace_record record;
    enum pft_status status;
    char line[2 * TRACE_LINE];
    struct pft_reader *reader = pft_open(path, &err);

    if (!reader)
        return fail(&err);
    struct scope *scope = wanted_scope(o);
    while ((status = pft_next(reader, &record, &err)) == PFT_RECORD) {
        unsigned number = scope ? scope_feed(scope, &record) : 1;
        if (is_scoped(o) && !number)
            continue;
        format(line, sizeof line, &record);
        puts(line);
    }
    if (pft_truncated(reader))
        fprintf(stderr, "faultline: %s was cut off; this is what is whole\n", path);
    scope_free(scope);
    pft_close(reader);
    if (status == PFT_DAMAGED)
        return fail(&err);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "faultline: cannot write the output: %s\n", strerror(errno));
        return DIFF_TROUBLE;
    }
    return 0;
}

static int print_canonical(const struct trace_options *o, const char *path, FILE *out)
{
    struct error err = {0};
    struct stream stream;
    int status = 0;

    if (!stream_load(&stream, path, STREAM_TEXTUAL, &o->diff, NULL, &err))
        status = fail(&err);
    else if (!stream.found)
        fprintf(stderr, "faultline: %s: the program '%s' never ran\n", path, stream.program);
    if (!status && o->diff.level == DIFF_COUNTS)
        stream.level = DIFF_COUNTS;
    if (!status && !stream_write_text(&stream, out))
        status = DIFF_TROUBLE;
    stream_free(&stream);
    return status;
}

static int do_print(struct trace_options *o, int count, char **name)
{
    if (count != 1) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    if (o->canonical)
        return print_canonical(o, name[0], stdout);
    return list(o, name[0],
                o->exact       ? trace_line_exact
                : o->diff.json ? trace_line_json
                               : trace_line);
}

static int do_export(struct trace_options *o, int count, char **name)
{
    char line[TRACE_LINE];

    if (count == 2 && !strcmp(name[0], "jsonl"))
        return list(o, name[1], trace_line_json);
    if (count == 2 && !strcmp(name[0], "csv")) {
        trace_csv_header(line, sizeof line);
        puts(line);
        return list(o, name[1], trace_line_csv);
    }
    if (count == 2)
        fprintf(stderr, "faultline: the export formats are csv and jsonl, not '%s'\n", name[0]);
    else
        usage(stderr);
    return DIFF_TROUBLE;
}

static void print_header(const struct pft_info *info)
{
    printf("made by      %s\n", info->tool ? info->tool : "?");
    if (info->program)
        printf("program      %s\n", info->program);
    printf("machine      %" PRIu64 " MiB, %u hart%s, seed %" PRIu64 "%s%s\n", info->ram_size >> 20,
           info->harts, info->harts == 1 ? "" : "s", info->seed, info->engine ? ", " : "",
           info->engine ? info->engine : "");
    if (info->append && info->append[0])
        printf("kernel line  %s\n", info->append);
    for (u32 i = 0; i < info->image_count; i++)
        printf("%-12s %.16s... %" PRIu64 " bytes %s\n", info->image[i].role, info->image[i].sha256,
               info->image[i].size, info->image[i].name ? info->image[i].name : "");
}

static void print_counts(const struct trace_counts *c)
{
    printf("faults       %" PRIu64 " (%" PRIu64 " major), %" PRIu64 " instructions in handlers\n",
           c->faults, c->major, c->cost);
    for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++)
        if (c->kind[kind])
            printf("  %-12s %10" PRIu64 "\n", kind ? fault_kind_name(kind) : "(unnamed)",
                   c->kind[kind]);
    printf("events\n");
    for (unsigned event = 1; event < PROBE_EVENT_COUNT; event++)
        if (c->event[event])
            printf("  %-12s %10" PRIu64 "\n", record_type_name(RECORD_PROBE + event),
                   c->event[event]);
    printf("label mismatches %" PRIu64 ", faults without an end %" PRIu64 "\n", c->mismatch,
           c->unmatched);
}

static int do_stat(struct trace_options *o, int count, char **name)
{
    struct error err = {0};
    struct trace_record record;
    struct trace_counts counts = {0};
    enum pft_status status;
    u64 last = 0, records = 0;

    if (count != 1) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    struct pft_reader *reader = pft_open(name[0], &err);
    if (!reader)
        return fail(&err);
    struct scope *scope = wanted_scope(o);
    while ((status = pft_next(reader, &record, &err)) == PFT_RECORD) {
        unsigned number = scope ? scope_feed(scope, &record) : 1;
        if (is_scoped(o) && !number)
            continue;
        trace_count(&counts, &record);
        records++;
        if (record.icount > last)
            last = record.icount;
    }
    print_header(pft_info(reader));
    printf("records      %" PRIu64 " up to instruction %" PRIu64 "%s\n", records, last,
           pft_truncated(reader) ? " (the file was cut off)" : "");
    if (pft_skipped(reader))
        printf("skipped      %" PRIu64 " records of kinds this program does not know\n",
               pft_skipped(reader));
    print_counts(&counts);
    scope_free(scope);
    pft_close(reader);
    return status == PFT_DAMAGED ? fail(&err) : 0;
}

/* Ids that event.def does not have mean a newer writer or a damaged file. */
static bool ids_known(const struct trace_record *r)
{
    return r->type != RECORD_FAULT ||
           (r->fault.kind < FAULT_KIND_COUNT && r->fault.coarse < COARSE_COUNT &&
            r->fault.area < AREA_KIND_COUNT && r->fault.result < FAULT_RESULT_COUNT &&
            r->fault.access <= PROBE_ACCESS_FETCH);
}

static int do_verify(struct trace_options *o, int count, char **name)
{
    struct error err = {0};
    struct trace_record record;
    enum pft_status status;
    u64 records = 0, strange = 0, mismatches = 0;

    (void)o;
    if (count != 1) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    struct pft_reader *reader = pft_open(name[0], &err);
    if (!reader)
        return fail(&err);
    while ((status = pft_next(reader, &record, &err)) == PFT_RECORD) {
        records++;
        strange += !ids_known(&record);
        mismatches += record.type == RECORD_FAULT && record.fault.notes & FAULT_NOTE_MISMATCH;
    }
    records += pft_skipped(reader);
    if (status == PFT_END && records != pft_count(reader))
        error_set(&err, EINVAL, "%s: %" PRIu64 " records, but the index says %" PRIu64, name[0],
                  records, pft_count(reader));
    else if (status == PFT_END && pft_truncated(reader))
        error_set(&err, EINVAL, "%s was cut off after %" PRIu64 " records", name[0], records);
    else if (status == PFT_END && strange)
        error_set(&err, EINVAL, "%s: %" PRIu64 " records hold unknown ids", name[0], strange);
    pft_close(reader);
    if (err.text[0])
        return fail(&err);
    printf("%s: %" PRIu64 " records, whole and sound; label mismatches %" PRIu64 "\n", name[0],
           records, mismatches);
    return 0;
}

static int do_diff(struct trace_options *o, int count, char **name)
{
    struct error err = {0};

    if (count != 2) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    o->diff.out = stdout;
    enum diff_verdict verdict = trace_diff(name[0], name[1], &o->diff, &err);
    return verdict == DIFF_TROUBLE ? fail(&err) : (int)verdict;
}

/* What a reviewer wrote into the old golden stays: level and tolerances. */
static void keep_wishes(struct stream *s, const char *golden, const struct trace_options *o)
{
    struct error ignored = {0};
    struct stream old;
    bool missing;

    s->level = o->diff.level;
    if (stream_is_text(golden, &missing)) {
        if (stream_load(&old, golden, STREAM_TEXTUAL, &o->diff, NULL, &ignored)) {
            if (s->level < 0)
                s->level = old.level;
            memcpy(s->tolerance, old.tolerance, sizeof s->tolerance);
        }
        stream_free(&old);
    }
}

static int do_accept(struct trace_options *o, int count, char **name)
{
    struct error err = {0};
    struct stream stream;
    int status = 0;
    const char *ci = getenv("CI");

    if (count != 2) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    if (ci && ci[0] && strcmp(ci, "0") != 0 && strcmp(ci, "false") != 0) {
        fputs("faultline: goldens are not accepted in CI: look at the difference and accept it "
              "by hand\n",
              stderr);
        return DIFF_TROUBLE;
    }
    if (!stream_load(&stream, name[0], STREAM_TEXTUAL, &o->diff, NULL, &err)) {
        status = fail(&err);
    } else if (!stream.found || stream.truncated) {
        fprintf(stderr, "faultline: %s: %s; not accepted\n", name[0],
                stream.truncated ? "the trace was cut off" : "the program never ran");
        status = DIFF_TROUBLE;
    } else {
        keep_wishes(&stream, name[1], o);
        FILE *out = fopen(name[1], "we");
        bool ok = out && stream_write_text(&stream, out);
        if (out && fclose(out))
            ok = false;
        if (!ok) {
            fprintf(stderr, "faultline: cannot write %s: %s\n", name[1], strerror(errno));
            status = DIFF_TROUBLE;
        }
    }
    stream_free(&stream);
    return status;
}

int trace_main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct trace_options *o, int count, char **name);
    } command[] = {
#define TOOL(function, name, arguments, help) {name, function},
#include "emu/trace/tool.def"
    };
    struct trace_options options = {.diff = {.level = -1, .max_diffs = 1}};
    struct nearest nearest = nearest_begin(argc > 0 ? argv[0] : "");
    int status;

    if (argc < 1) {
        usage(stderr);
        return DIFF_TROUBLE;
    }
    if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") || !strcmp(argv[0], "help")) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(command); i++) {
        nearest_offer(&nearest, command[i].name);
        if (strcmp(argv[0], command[i].name) != 0)
            continue;
        if (!parse_options(&options, argc, argv, &status))
            return status;
        return command[i].run(&options, argc - optind, argv + optind);
    }
    if (nearest.best)
        fprintf(stderr, "faultline: no 'trace %s'; did you mean 'trace %s'?\n", argv[0],
                nearest.best);
    else
        usage(stderr);
    return DIFF_TROUBLE;
}
