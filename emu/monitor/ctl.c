/* SPDX-License-Identifier: MIT */
/*
 * ctl.c - `faultline ctl SOCKET [COMMAND...]`: the client, for scripts and for people.
 *
 * It finds out by the first bytes whether the socket speaks JSON.  Without a command it is a prompt
 * with history and completion (libedit) when standard input is a terminal, else it executes the
 * lines it reads.
 */
#include <errno.h>
#include <histedit.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu/base/buffer.h"
#include "emu/monitor/client.h"
#include "emu/monitor/command.h"
#include "emu/monitor/monitor.h"

#define PROMPT "(fl) "
#define FAILED 1
#define TROUBLE 2

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "faultline: the socket's path is too long\n");
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        fprintf(stderr, "faultline: cannot connect to %s: %s\n", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static bool more(struct client *c)
{
    char bytes[4096];
    ssize_t n;

    do
        n = read(c->fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    return n > 0 && buffer_append(&c->input, bytes, (size_t)n);
}

static bool send_text(struct client *c, const char *text, size_t size)
{
    while (size) {
        ssize_t n = send(c->fd, text, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

/* Text: everything up to the next prompt.  The prompt stands at the start of a line. */
static bool at_prompt(const struct client *c, size_t *length)
{
    const size_t n = sizeof PROMPT - 1;

    if (c->input.size < n || memcmp(c->input.data + c->input.size - n, PROMPT, n) != 0)
        return false;
    *length = c->input.size - n;
    return !*length || c->input.data[*length - 1] == '\n';
}

static bool read_greeting(struct client *c)
{
    size_t length;

    while (!c->input.size)
        if (!more(c))
            return false;
    c->json = c->input.data[0] == '{';
    if (c->json) {
        while (!memchr(c->input.data, '\n', c->input.size))
            if (!more(c))
                return false;
        buffer_clear(&c->input);
        return true;
    }
    while (!at_prompt(c, &length))
        if (!more(c))
            return false;
    buffer_clear(&c->input);
    return true;
}

static int text_command(struct client *c, const char *line)
{
    size_t length;
    struct buffer request = {0};

    buffer_printf(&request, "%s\n", line);
    bool ok = send_text(c, (const char *)request.data, request.size);
    buffer_free(&request);
    while (ok && !at_prompt(c, &length))
        ok = more(c);
    if (!ok)
        length = c->input.size;
    fwrite(c->input.data ? c->input.data : (u8 *)"", 1, length, stdout);
    buffer_clear(&c->input);
    return 0;
}

/* The next object that is an answer; events before it are printed. */
static json_t *read_answer(struct client *c)
{
    for (;;) {
        u8 *end = c->input.size ? memchr(c->input.data, '\n', c->input.size) : NULL;
        if (!end) {
            if (!more(c))
                return NULL;
            continue;
        }
        size_t length = (size_t)(end - c->input.data) + 1;
        json_t *object = json_loadb((char *)c->input.data, length, 0, NULL);
        buffer_consume(&c->input, length);
        if (json_object_get(object, "return") || json_object_get(object, "error"))
            return object;
        json_decref(object);
    }
}

/*
 * The answer to "-j": a line that is an object.  What else stands before it, prompts and news of
 * stops, is dropped.
 */
static json_t *take_object(struct client *c)
{
    for (;;) {
        u8 *end = c->input.size ? memchr(c->input.data, '\n', c->input.size) : NULL;
        if (!end)
            return NULL;
        size_t length = (size_t)(end - c->input.data) + 1;
        u8 *begin = memchr(c->input.data, '{', length);
        json_t *object = NULL;
        if (begin && (begin == c->input.data || begin[-1] == ' '))
            object = json_loadb((char *)begin, (size_t)(end - begin), 0, NULL);
        buffer_consume(&c->input, length);
        if (object)
            return object;
    }
}

json_t *client_ask(struct client *c, const char *line)
{
    struct error err = {0};
    struct buffer request = {0};
    const char *rest;
    json_t *answer = NULL;

    if (c->json) {
        const struct command *command = command_find(line, &rest, &err);
        json_t *arguments = command ? command_arguments(command, rest, &err) : NULL;
        json_t *object = json_object();
        json_object_set_new(object, "execute", json_string(command ? command->name : ""));
        json_object_set_new(object, "arguments", arguments);
        char *text = json_dumps(object, JSON_COMPACT);
        json_decref(object);
        bool ok = text && send_text(c, text, strlen(text)) && send_text(c, "\n", 1);
        free(text);
        json_t *whole = ok ? read_answer(c) : NULL;
        c->closed = !whole;
        answer = json_incref(json_object_get(whole, "return"));
        json_decref(whole);
        return answer;
    }
    buffer_printf(&request, "-j %s\n", line);
    bool ok = send_text(c, (const char *)request.data, request.size);
    buffer_free(&request);
    while (ok && !(answer = take_object(c)))
        ok = more(c);
    c->closed = !ok;
    if (json_object_get(answer, "error")) {
        json_decref(answer);
        answer = NULL;
    }
    return answer;
}

static int json_command(struct client *c, const char *line)
{
    struct error err = {0};
    const char *rest;
    const struct command *command = command_find(line, &rest, &err);
    json_t *arguments = command ? command_arguments(command, rest, &err) : NULL;

    if (!arguments) {
        fprintf(stderr, "faultline: %s\n", err.text);
        return FAILED;
    }
    json_t *request = json_object();
    json_object_set_new(request, "execute", json_string(command->name));
    json_object_set_new(request, "arguments", arguments);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    bool ok = text && send_text(c, text, strlen(text)) && send_text(c, "\n", 1);
    free(text);
    json_t *answer = ok ? read_answer(c) : NULL;
    int status = 0;
    if (json_object_get(answer, "error")) {
        fprintf(stderr, "faultline: %s\n",
                json_string_value(json_object_get(json_object_get(answer, "error"), "desc")));
        status = FAILED;
    } else if (answer) {
        json_dumpf(json_object_get(answer, "return"), stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        putchar('\n');
    }
    json_decref(answer);
    return status;
}

static int one_command(struct client *c, const char *line)
{
    return c->json ? json_command(c, line) : text_command(c, line);
}

/* ---- the prompt ---- */

static char *prompt(EditLine *el)
{
    static char text[] = PROMPT;

    (void)el;
    return text;
}

static unsigned char complete(EditLine *el, int key)
{
    const LineInfo *info = el_line(el);
    struct buffer names = {0};
    char line[256];
    size_t typed = (size_t)(info->cursor - info->buffer);

    (void)key;
    if (typed >= sizeof line)
        return CC_ERROR;
    memcpy(line, info->buffer, typed);
    line[typed] = 0;
    command_complete(line, &names);
    buffer_byte(&names, 0);
    const char *list = (const char *)names.data;
    unsigned char result = CC_ERROR;
    if (list && *list) {
        size_t common = strcspn(list, "\n");
        bool one = !list[common + 1];
        for (const char *at = list; *at; at += strcspn(at, "\n") + 1) {
            size_t same = 0;
            while (same < common && at[same] == list[same])
                same++;
            common = same;
        }
        char insert[256];
        snprintf(insert, sizeof insert, "%.*s%s", (int)(common - typed), list + typed,
                 one ? " " : "");
        if (insert[0] && !el_insertstr(el, insert)) {
            result = CC_REFRESH;
        } else if (!one) {
            fprintf(stdout, "\n%s", list);
            result = CC_REDISPLAY;
        }
    }
    buffer_free(&names);
    return result;
}

static void converse(struct client *c)
{
    EditLine *el = el_init("faultline", stdin, stdout, stderr);
    History *past = history_init();
    HistEvent event;
    const char *line;
    int count;

    if (el && past) {
        history(past, &event, H_SETSIZE, 500);
        el_set(el, EL_PROMPT, prompt);
        el_set(el, EL_EDITOR, "emacs");
        el_set(el, EL_SIGNAL, 1);
        el_set(el, EL_HIST, history, past);
        el_set(el, EL_ADDFN, "fl-complete", "complete a command", complete);
        el_set(el, EL_BIND, "^I", "fl-complete", NULL);
        el_source(el, NULL);
        while ((line = el_gets(el, &count)) != NULL && count > 0) {
            char text[1024];
            snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\r\n"), line);
            if (!text[strspn(text, " \t")])
                continue;
            history(past, &event, H_ENTER, line);
            one_command(c, text);
            fflush(stdout);
        }
    }
    if (past)
        history_end(past);
    if (el)
        el_end(el);
}

static int batch(struct client *c)
{
    char line[4096];
    int status = 0;

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[strspn(line, " \t")] && one_command(c, line))
            status = FAILED;
    }
    return status;
}

int ctl_main(int argc, char **argv)
{
    struct client client = {0};
    struct buffer line = {0};
    int status = 0;

    if (argc < 1 || !strcmp(argv[0], "--help")) {
        fputs("usage: faultline ctl SOCKET [COMMAND...]\n"
              "       faultline ctl SOCKET top\n"
              "SOCKET is what --monitor unix:PATH or -qmp unix:PATH made.  Without COMMAND:\n"
              "a prompt, or the lines of standard input.  top: a full-screen view that follows\n"
              "faults, memory and processes.\n",
              argc < 1 ? stderr : stdout);
        return argc < 1 ? TROUBLE : 0;
    }
    client.fd = connect_to(argv[0]);
    if (client.fd < 0)
        return TROUBLE;
    if (!read_greeting(&client)) {
        fprintf(stderr, "faultline: %s does not answer as a monitor\n", argv[0]);
        status = TROUBLE;
    } else if (argc == 2 && !strcmp(argv[1], "top")) {
        status = top_run(&client);
    } else if (argc > 1) {
        for (int i = 1; i < argc; i++)
            buffer_printf(&line, "%s%s", i > 1 ? " " : "", argv[i]);
        buffer_byte(&line, 0);
        status = one_command(&client, (const char *)line.data);
    } else if (isatty(STDIN_FILENO)) {
        converse(&client);
    } else {
        status = batch(&client);
    }
    fflush(stdout);
    buffer_free(&line);
    buffer_free(&client.input);
    close(client.fd);
    return status;
}
