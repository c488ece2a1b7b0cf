/* SPDX-License-Identifier: MIT */
/* session.c - reading lines from somebody and answering them. */
#include "emu/monitor/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/hart/hart.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/wrap.h"

#define PROMPT "(fl) "

struct session *session_open(struct monitor *m, int fd, bool json)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (m->session[i])
            continue;
        struct session *s = calloc(1, sizeof *s);
        if (!s)
            return NULL;
        s->monitor = m;
        s->fd = fd;
        s->json = json;
        s->editor.prompt = PROMPT;
        m->session[i] = s;
        return s;
    }
    return NULL;
}

void session_close(struct session *s)
{
    struct monitor *m = s->monitor;

    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (m->session[i] == s)
            m->session[i] = NULL;
    if (m->terminal == s)
        m->terminal = NULL;
    if (s->fd >= 0) {
        machine_unwatch_fd(m->machine, s->fd);
        close(s->fd);
    }
    buffer_free(&s->input);
    buffer_free(&s->output);
    editor_free(&s->editor);
    free(s);
}

void session_flush(struct session *s)
{
    if (s->fd < 0) {
        machine_monitor_print(s->monitor->machine, (const char *)s->output.data, s->output.size);
        buffer_clear(&s->output);
        return;
    }
    while (s->output.size) {
        ssize_t n = write(s->fd, s->output.data, s->output.size);
        if (n <= 0) {
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
            s->closing = true;
            buffer_clear(&s->output);
            return;
        }
        buffer_consume(&s->output, (size_t)n);
    }
}

void session_write(struct session *s, const char *text, size_t size)
{
    if (s->closing && s->fd < 0)
        return;
    if (s->output.size + size > SESSION_MAX_OUTPUT) {
        s->lost++;
        return;
    }
    buffer_append(&s->output, text, size);
    session_flush(s);
}

void session_prompt(struct session *s)
{
    if (s->json)
        return;
    if (s->fd >= 0) {
        session_write(s, PROMPT, sizeof PROMPT - 1);
        return;
    }
    struct buffer out = {0};
    editor_show(&s->editor, &out);
    session_write(s, (const char *)out.data, out.size);
    buffer_free(&out);
}

/* The guest does not run, so nobody is kept waiting. */
static bool guest_rests(struct machine *m)
{
    for (unsigned i = 0; i < machine_hart_count(m); i++)
        if (!machine_hart(m, i)->waiting)
            return machine_is_stopped(m);
    return true;
}

/*
 * An answer is waited for by whoever asked: while the guest rests he gets two seconds to take it.
 * While it runs the rest goes out between slices.
 */
static void drain(struct session *s)
{
    if (!guest_rests(s->monitor->machine))
        return;
    for (int i = 0; s->fd >= 0 && s->output.size && !s->closing && i < 20; i++) {
        struct pollfd poll_fd = {.fd = s->fd, .events = POLLOUT};
        poll(&poll_fd, 1, 100);
        session_flush(s);
    }
}

void session_line(struct session *s, const char *line)
{
    struct buffer out = {0};

    if (s->json) {
        if (line[strspn(line, " \t\r")])
            session_json_line(s, line);
        drain(s);
        return;
    }
    if (line[strspn(line, " \t\r")]) {
        struct buffer wrapped = {0};
        monitor_line(s->monitor, s, line, &out, NULL);
        wrap_text((const char *)out.data, out.size, s->fd < 0 ? wrap_width(STDOUT_FILENO) : 0,
                  &wrapped);
        session_write(s, (const char *)wrapped.data, wrapped.size);
        buffer_free(&out);
        buffer_free(&wrapped);
    }
    session_prompt(s);
    drain(s);
}
