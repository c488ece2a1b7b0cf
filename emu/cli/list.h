/* SPDX-License-Identifier: MIT */
/*
 * list.h - `faultline run --list FILE`: programs, one a line, each run in the guest and judged by
 * its exit status.
 *
 * A line of the file:
 *     [name=NAME] [status=N] [timeout=SECONDS] [max-instr=N] COMMAND...
 * The name is the command itself unless it is given.  `#` at the beginning of a word starts a
 * comment.  COMMAND is for the guest's shell; when its first word is the path of a riscv64 program
 * (or, relative, of a #! script) on the host, that file is put into the guest.  Relative paths are
 * looked for from the current folder, then from the list's.
 *
 * A list is run by worker processes: each makes one machine and runs a range of entries in it, one
 * entry unless --one-boot asks for more.  Whatever happens to a worker, the next entry gets
 * another.
 */
#ifndef FAULTLINE_CLI_LIST_H
#define FAULTLINE_CLI_LIST_H

#include "emu/base/buffer.h"
#include "emu/cli/options.h"

enum list_verdict {
    LIST_PENDING, /* not yet run */
    LIST_PASS,
    LIST_SKIP, /* status 32 (LTP's TCONF) or 77 (automake's), unless that is what was expected */
    LIST_FAIL,
    LIST_TIMEOUT,
};

struct list_entry {
    char *name;
    char *command;                    /* for the guest's shell */
    char *program;                    /* the host's file that it needs, NULL: none */
    unsigned line;                    /* in the file */
    int expected;                     /* exit status */
    u64 max_instructions, timeout_ns; /* 0: those of the command line */

    enum list_verdict verdict;
    int status;           /* as a shell gives it */
    u64 instructions;     /* of all harts, from its start to its end */
    double seconds;       /* on the host */
    struct buffer output; /* both streams; messages of ours as well */
};

struct list {
    const char *path;
    struct list_entry *entry;
    unsigned count;
};

/* Reads FILE ("-": standard input).  False with *err set: unreadable, or a line is wrong. */
bool list_read(struct list *l, const char *path, struct error *err);
void list_free(struct list *l);

const char *list_verdict_name(enum list_verdict verdict);
/* The line that is printed for an entry, and the one at the end. */
void list_print_entry(const struct list_entry *e);
void list_print_summary(const struct list *l);
/* What it printed, at most the last `lines` lines (0: all), on stderr. */
void list_print_output(const struct list_entry *e, unsigned lines);
bool list_write_junit(const struct list *l, const char *path, struct error *err);
bool list_write_json(const struct list *l, const char *path, struct error *err);

/* The whole subcommand; returns the exit status: 0 all passed (or were skipped), 1 not. */
int list_main(struct options *o, int argc, char *const *argv);

#endif
