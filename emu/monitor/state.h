/* SPDX-License-Identifier: MIT */
/* state.h - the monitor's own state, for this room only. */
#ifndef FAULTLINE_MONITOR_STATE_H
#define FAULTLINE_MONITOR_STATE_H

#include "emu/monitor/command.h"
#include "emu/monitor/expression.h"
#include "emu/monitor/monitor.h"
#include "emu/observe/filter.h"
#include "emu/observe/symbols.h"
#include "probe.h"

#define MAX_POINTS 32
#define MAX_SESSIONS 16
#define MAX_LISTENERS 4
#define MAX_MARKS 32
#define MAX_WATCHED 64 /* bytes of memory */
#define MONITOR_HARTS 8

enum point_kind { POINT_FAULT, POINT_EVENT, POINT_PTE, POINT_MEMORY };

/* Something to stop at: breakpoint or watch. */
struct point {
    unsigned number; /* 0: free */
    enum point_kind kind;
    struct filter filter; /* of POINT_EVENT pid and count are used, of watches count */
    unsigned event;       /* POINT_EVENT */
    u64 hits, ignore;
    bool once;      /* next-fault: goes away when it stops */
    char *commands; /* executed at the stop, separated by ';', or NULL */
    char what[200]; /* as the user may read it */
    /* Watches. */
    bool gone; /* the address space has ended */
    u32 pid;
    u64 satp, va, pa;
    unsigned length; /* bytes of memory */
    u64 pte;         /* as it was */
    u8 level;
    u8 old[MAX_WATCHED];
};

/* The counters at a moment. */
struct counter_mark {
    char name[32];
    u64 icount;
    struct fault_count kind[FAULT_KIND_COUNT];
    struct trace_counts counts;
    u64 area[AREA_KIND_COUNT], label[COARSE_COUNT];
    size_t pids;
    struct {
        u32 pid;
        u64 kind[FAULT_KIND_COUNT];
    } * by_pid;
};

/* What single stepping remembers of the moment before the instruction. */
struct before {
    u64 instructions;
    u64 pc[MONITOR_HARTS];
    u8 priv[MONITOR_HARTS];
    bool disk; /* a disk request was completed since */
};

struct script {
    char *path, *text, *at;
    unsigned line;
    FILE *out;
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
    struct point point[MAX_POINTS];
    unsigned last_number;
    unsigned points; /* how many are in use: mostly none, and records are many */
    bool exact; /* single stepping is on */
    unsigned slice_listener;
    struct before before;
    bool has_until;
    struct condition until;
    u64 pass;               /* hits to be passed: c COUNT */
    struct buffer reason;   /* why the machine was asked to stop, lines; empty: nothing special */
    struct buffer commands; /* to be executed at the stop, separated by ';' */
    char *last_stop;        /* what was said at the last stop, or NULL */
    bool announce;          /* the machine was asked to stop or step, and nobody was told yet */
    struct counter_mark *mark[MAX_MARKS];
    u64 area[AREA_KIND_COUNT]; /* faults by area */
    u64 label[COARSE_COUNT];   /* ... by what the hardware shows */
    struct script script;
    struct session *session[MAX_SESSIONS];
    struct listener listener[MAX_LISTENERS];
    struct session *terminal; /* the REPL on the machine's terminal, or NULL */
    int sink;                 /* of the observer; -1: none */
    struct probe_failure fail_frame; /* as last asked for; see fail.c */
    bool fail_waits;                 /* until the guest says where its words are */
    unsigned fail_listener;
    unsigned stop_listener, flush_listener;
};

/* ---- monitor.c ---- */
/*
 * Executes one REPL line; text goes to `out`.  False: it failed, the text says why.  *command
 * (may be NULL): which one it was.
 */
bool monitor_line(struct monitor *m, struct session *s, const char *line, struct buffer *out,
                  const struct command **command);
/* Executes a command with named arguments; NULL with *err set. */
json_t *monitor_call(struct monitor *m, struct session *s, const struct command *command,
                     json_t *arguments, struct error *err);
/* Some lines for everybody with a text session; stderr when nobody listens. */
void monitor_announce(struct monitor *m, const char *text);
/* Appends a line to why the machine stops, and stops it. */
void monitor_stop_because(struct monitor *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- points.c ---- */
/*
 * Adds a point and reads the words behind its command ("kind=.. count=N do CMD; CMD").  NULL with
 * call->error set.
 */
struct point *points_add(struct call *call, enum point_kind kind, const char *words);
void points_remove(struct monitor *m, struct point *p);
/* A record was made. */
void points_record(struct monitor *m, const struct trace_record *record);
/* Turns single stepping on or off, as points and `until` demand. */
void points_arm(struct monitor *m);

/* ---- marks.c ---- */
/* Remembers the counters.  Takes the place of one of the same name, or of the oldest. */
bool marks_set(struct monitor *m, const char *name);
struct counter_mark *marks_find(struct monitor *m, const char *name);
void marks_clear(struct monitor *m);

#endif
