/* SPDX-License-Identifier: MIT */
/* state.h - the monitor's own state, for this room only. */
#ifndef FAULTLINE_MONITOR_STATE_H
#define FAULTLINE_MONITOR_STATE_H

#include "emu/monitor/command.h"
#include "emu/observe/filter.h"
#include "emu/monitor/monitor.h"
#include "emu/observe/symbols.h"

#define MAX_BREAKS 32
#define MAX_SESSIONS 16
#define MAX_LISTENERS 4

struct fault_break {
    unsigned number; /* 0: free */
    struct filter filter;
    u64 hits;
    bool once; /* next-fault: goes away when it stops */
};

struct listener {
    int fd; /* -1: free */
    bool json;
    char *path;
};

struct monitor {
    struct machine *machine;
    struct observer *observer;
    struct symbols *symbols;
    struct history *history;
    struct fault_break fault_break[MAX_BREAKS];
    unsigned last_number;
    char stop_reason[512]; /* what to say at the next stop; empty: nothing special */
    bool announce;         /* the machine was asked to stop or step, and nobody was told yet */
    struct session *session[MAX_SESSIONS];
    struct listener listener[MAX_LISTENERS];
    struct session *terminal; /* the REPL on the machine's terminal, or NULL */
    int sink;                 /* of the observer, for subscriptions; -1: none */
    unsigned stop_listener;
};

/* ---- monitor.c ---- */
/*
 * Executes one REPL line; text goes to `out`.  False: it failed, the text says why.
 */
bool monitor_line(struct monitor *m, struct session *s, const char *line, struct buffer *out);
/* Executes a command with named arguments; NULL with *err set. */
json_t *monitor_call(struct monitor *m, struct session *s, const struct command *command,
                     json_t *arguments, struct error *err);
/* One line for everybody with a text session; events for subscribers. */
void monitor_announce(struct monitor *m, const char *text);

/* ---- breaks.c ---- */
struct fault_break *monitor_add_break(struct monitor *m, const struct filter *filter, bool once);
void monitor_fault_happened(void *ctx, const struct trace_record *record);

#endif
