/* SPDX-License-Identifier: MIT */
/* why.c - see why.h. */
#include "emu/cli/why.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/cli/symbolfiles.h"
#include "emu/hart/hart.h"
#include "emu/observe/biography.h"
#include "emu/observe/history.h"
#include "emu/observe/symbols.h"
#include "emu/trace/pft.h"
#include "emu/trace/text.h"

#define NOTHING 1
#define TROUBLE 2
#define KIN_ONLY 1 /* the history is here for forks and programs, not for records */

struct why {
    const char *path;
    struct pft_reader *reader;
    struct error err;
    struct history *kin; /* who ran what */
    struct symbols *symbols;
    u64 records;
};

static bool rewind_file(void *ctx)
{
    struct why *w = ctx;

    pft_close(w->reader);
    w->reader = pft_open(w->path, &w->err);
    return w->reader != NULL;
}

static bool next_record(void *ctx, struct trace_record *out)
{
    struct why *w = ctx;
    enum pft_status status = pft_next(w->reader, out, &w->err);

    if (status != PFT_RECORD)
        return false;
    w->records++;
    /* Told twice because the file is read twice; the second time changes nothing. */
    if (out->type == RECORD_PROBE + PROBE_EV_EXEC || out->type == RECORD_PROBE + PROBE_EV_FORK)
        history_add(w->kin, out);
    return true;
}

static bool program_at(void *ctx, u32 pid, u64 seq, char *out)
{
    const struct why *w = ctx;

    return history_program(w->kin, pid, seq, out);
}

static bool where_at(void *ctx, const struct trace_record *r, char *out, size_t size)
{
    struct why *w = ctx;
    char name[17], symbol[128] = "", line[128] = "";
    const char *program = NULL;

    if (r->privilege == PRIV_USER && !(r->fault.pc >> 63)) {
        if (!program_at(ctx, r->pid, r->seq, name))
            return false;
        program = name;
    }
    bool has_symbol = symbols_name(w->symbols, program, r->fault.pc, 0, symbol, sizeof symbol);
    bool has_line = symbols_line(w->symbols, program, r->fault.pc, 0, line, sizeof line);
    snprintf(out, size, has_symbol && has_line ? "%s (%s)" : "%s%s", symbol, line);
    return has_symbol || has_line;
}

static void print_event(void *ctx, const struct biography_event *e)
{
    char number[32];

    (void)ctx;
    trace_number(number, sizeof number, e->record->icount);
    printf("#%-8llu i=%-15s %-10s %s\n", (unsigned long long)e->record->seq, number, e->what,
           e->text);
}

static bool parse_page(const char *text, u32 *pid, u64 *va)
{
    char *end;

    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno || end == text || *end != ':' || number > UINT32_MAX)
        return false;
    *pid = (u32)number;
    text = end + 1;
    *va = strtoull(text, &end, 0);
    return !errno && end != text && !*end;
}

static int tell(struct why *w, u32 pid, u64 va)
{
    struct biography_source source = {rewind_file, next_record, w};
    struct biography_names names = {program_at, where_at, w};
    struct biography_summary summary;

    if (!biography_tell(&source, &names, pid, va, explain_language(), print_event, NULL,
                        &summary) ||
        w->err.text[0]) {
        log_error("%s", w->err.text[0] ? w->err.text : "not enough memory");
        return TROUBLE;
    }
    if (!summary.events) {
        log_error("%s knows nothing of page 0x%llx of process %u", w->path,
                  (unsigned long long)(va & ~UINT64_C(4095)), pid);
        return NOTHING;
    }
    if (summary.pfn)
        printf("at the end of the trace: in frame 0x%llx\n", (unsigned long long)summary.pfn);
    else if (summary.has_slot)
        printf("at the end of the trace: in swap slot %llu\n", (unsigned long long)summary.slot);
    return 0;
}

static void usage(FILE *out)
{
    fputs("usage: faultline trace why [--symbols [NAME=]FILE]... FILE.pft PID:ADDRESS\n"
          "The life of a page: which fault gave birth to it, who shared and copied it, when it\n"
          "left for swap and came back.\n",
          out);
}

static int run(struct why *w, int argc, char **argv)
{
    static const struct option long_options[] = {{"symbols", required_argument, NULL, 's'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    int option;
    u32 pid;
    u64 va;

    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 's') {
            if (!symbols_add_file(w->symbols, optarg, &w->err)) {
                log_error("%s", w->err.text);
                return TROUBLE;
            }
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : TROUBLE;
        }
    }
    if (argc - optind != 2) {
        usage(stderr);
        return TROUBLE;
    }
    w->path = argv[optind];
    if (!parse_page(argv[optind + 1], &pid, &va)) {
        log_error("'%s' is no page of a process: say PID:ADDRESS, e.g. 3:0x40001000",
                  argv[optind + 1]);
        return TROUBLE;
    }
    return tell(w, pid, va);
}

int why_main(int argc, char **argv)
{
    struct why w = {.symbols = symbols_create(), .kin = history_create_alone(KIN_ONLY)};
    int status = TROUBLE;

    if (w.symbols && w.kin) {
        symbolfiles_add_bundled(w.symbols);
        status = run(&w, argc + 1, argv - 1);
    }
    pft_close(w.reader);
    history_destroy(w.kin);
    symbols_destroy(w.symbols);
    return status;
}
