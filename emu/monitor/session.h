/* SPDX-License-Identifier: MIT */
/*
 * session.h - somebody who talks with the monitor: on a socket (text or JSON) or on the terminal.
 *
 * A session never makes the guest wait: what a slow reader does not take is dropped and counted.
 */
#ifndef FAULTLINE_MONITOR_SESSION_H
#define FAULTLINE_MONITOR_SESSION_H

#include <jansson.h>

#include "emu/base/buffer.h"
#include "emu/monitor/editor.h"
#include "emu/observe/filter.h"
#include "emu/monitor/state.h"

#define SESSION_MAX_LINE 65536
#define SESSION_MAX_OUTPUT (4u << 20)

struct session {
    struct monitor *monitor;
    int fd; /* -1: the terminal */
    bool json;
    bool closing; /* nothing more is read; goes away when the output is out */
    struct buffer input, output;
    struct editor editor; /* of the terminal */
    bool focused;
    /* Subscription of a JSON session. */
    bool subscribed;
    struct filter filter;
    bool events; /* probe events too, not only faults */
    u64 rate;    /* records a second of host time; 0: all */
    u64 window, in_window, lost;
};

struct session *session_open(struct monitor *m, int fd, bool json);
void session_close(struct session *s);
void session_write(struct session *s, const char *text, size_t size);
void session_prompt(struct session *s);
/* A whole line came. */
void session_line(struct session *s, const char *line);
/* Tries to get rid of output. */
void session_flush(struct session *s);

/* ---- json.c ---- */
void session_json_hello(struct session *s);
void session_json_line(struct session *s, const char *line);
void session_json_event(struct session *s, const char *name, json_t *data);
/* A record for whoever subscribed. */
void session_json_record(struct session *s, const struct trace_record *record);

#endif
