/* SPDX-License-Identifier: MIT */
/*
 * prompt.c - ctl's prompt: libedit, with a history that is kept, completion, and news of the guest
 * while a line is being typed.
 */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/monitor/client.h"
#include "emu/monitor/command.h"
#include "emu/monitor/guard.h"
#include "emu/monitor/wrap.h"

#define PROMPT "(fl) "
#define KEPT 1000 /* lines */

static char *prompt(EditLine *el)
{
    static char text[] = PROMPT;

    (void)el;
    return text;
}

/* The common beginning of lines, one below the other. */
static size_t common_length(const char *list, bool *one)
{
    size_t common = strcspn(list, "\n");

    *one = !list[common] || !list[common + 1];
    for (const char *at = list; *at; at += strcspn(at, "\n") + 1) {
        size_t same = 0;
        while (same < common && at[same] == list[same])
            same++;
        common = same;
    }
    return common;
}

static unsigned char complete(EditLine *el, int key)
{
    const LineInfo *info = el_line(el);
    struct buffer lines = {0};
    char line[1024];
    size_t typed = (size_t)(info->cursor - info->buffer);
    unsigned char result = CC_ERROR;

    (void)key;
    if (typed >= sizeof line)
        return CC_ERROR;
    memcpy(line, info->buffer, typed);
    line[typed] = 0;
    command_complete(line, &lines);
    buffer_byte(&lines, 0);
    const char *list = (const char *)lines.data;
    if (list && *list) {
        bool one;
        size_t common = common_length(list, &one);
        char insert[1024];
        snprintf(insert, sizeof insert, "%.*s%s", common > typed ? (int)(common - typed) : 0,
                 list + typed, one && list[common - 1] != '=' ? " " : "");
        if (insert[0] && !el_insertstr(el, insert)) {
            result = CC_REFRESH;
        } else if (!one) {
            fprintf(stdout, "\n%s", list);
            result = CC_REDISPLAY;
        }
    }
    buffer_free(&lines);
    return result;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Ctrl-C: away with the line.  libedit has left its mode of the terminal on the way here. */
static void drop_line(EditLine *el)
{
    const LineInfo *info = el_line(el);

    interrupted = 0;
    el_set(el, EL_PREP_TERM, 1);
    el_cursor(el, (int)(info->lastchar - info->cursor));
    el_deletestr(el, (int)(info->lastchar - info->buffer));
    fputs("^C\n", stdout);
    fflush(stdout);
    el_set(el, EL_REFRESH);
}

/* A key, while what the machine has to say is shown as it comes. */
static int next_key(EditLine *el, wchar_t *out)
{
    struct client *c;
    unsigned char byte;

    el_get(el, EL_CLIENTDATA, &c);
    for (;;) {
        struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                {.fd = c->closed ? -1 : c->fd, .events = POLLIN}};
        if (interrupted)
            drop_line(el);
        if (poll(fds, 2, -1) < 0) {
            if (errno != EINTR)
                return -1;
            /* Stopped and continued, or the window has another size. */
            if (!interrupted)
                el_set(el, EL_REFRESH);
            continue;
        }
        if (fds[1].revents) {
            if (!client_listen(c))
                return 0; /* the machine has ended: as if by Ctrl-D */
            el_set(el, EL_REFRESH);
        }
        if (!fds[0].revents)
            continue;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n < 0 && errno == EINTR)
            continue;
        *out = byte;
        return n > 0 ? 1 : (int)n;
    }
}

static void news(void *ctx, const char *text)
{
    struct buffer wrapped = {0};

    (void)ctx;
    wrap_text(text, strlen(text), wrap_width(STDOUT_FILENO), &wrapped);
    printf("\r\x1b[K%.*s\n", (int)wrapped.size, (const char *)wrapped.data);
    fflush(stdout);
    buffer_free(&wrapped);
}

/* $XDG_STATE_HOME/faultline/history, its folders made.  False: there is no place for it. */
static bool history_path(char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length;

    if (state && *state == '/')
        length = snprintf(out, size, "%s/faultline/history", state);
    else if (home && *home == '/')
        length = snprintf(out, size, "%s/.local/state/faultline/history", home);
    else
        return false;
    if (length < 0 || (size_t)length >= size)
        return false;
    for (char *slash = strchr(out + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(out, 0700);
        *slash = '/';
    }
    return true;
}

static void converse(struct client *c, EditLine *el, History *past,
                     bool (*take)(struct client *client, const char *text))
{
    HistEvent event;
    const char *line;
    int count;

    while (!c->closed) {
        char text[1024];
        /* Before the prompt is shown: a Ctrl-D typed in between would be the terminal's, and lost. */
        el_set(el, EL_PREP_TERM, 1);
        line = el_gets(el, &count);
        if (!line || count <= 0)
            break;
        snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\r\n"), line);
        if (!text[strspn(text, " \t")])
            continue;
        history(past, &event, H_ENTER, line);
        if (!take(c, text))
            break;
        fflush(stdout);
    }
}

int prompt_run(struct client *c, bool (*take)(struct client *client, const char *text))
{
    char path[4096];
    HistEvent event;
    bool kept = history_path(path, sizeof path);

    guard_begin();
    EditLine *el = el_init("faultline", stdin, stdout, stderr);
    History *past = history_init();
    if (el && past) {
        history(past, &event, H_SETSIZE, KEPT);
        history(past, &event, H_SETUNIQUE, 1);
        if (kept)
            history(past, &event, H_LOAD, path);
        el_set(el, EL_PROMPT, prompt);
        el_set(el, EL_EDITOR, "emacs");
        el_set(el, EL_SIGNAL, 1);
        el_set(el, EL_HIST, history, past);
        el_set(el, EL_CLIENTDATA, c);
        el_set(el, EL_GETCFN, next_key);
        el_set(el, EL_ADDFN, "fl-complete", "complete a command", complete);
        el_set(el, EL_BIND, "^I", "fl-complete", NULL);
        el_source(el, NULL);
        signal(SIGINT, on_interrupt);
        c->news = news;
        converse(c, el, past, take);
        c->news = NULL;
        signal(SIGINT, SIG_DFL);
        if (kept)
            history(past, &event, H_SAVE, path);
    }
    if (past)
        history_end(past);
    if (el)
        el_end(el);
    guard_end();
    return 0;
}
