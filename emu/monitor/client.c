/* SPDX-License-Identifier: MIT */
/* client.c - see client.h. */
#include "emu/monitor/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu/monitor/command.h"
#include "emu/monitor/value.h"

#define PROMPT "(fl) "
#define CLEAR "\r\x1b[K"

static bool more(struct client *c)
{
    char bytes[4096];
    ssize_t n;

    do
        n = read(c->fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    c->closed = n <= 0 || !buffer_append(&c->input, bytes, (size_t)n);
    return !c->closed;
}

static bool send_text(struct client *c, const char *text, size_t size)
{
    while (size) {
        ssize_t n = send(c->fd, text, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            c->closed = true;
            return false;
        }
        text += n;
        size -= (size_t)n;
    }
    return true;
}

bool client_open(struct client *c, const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, ENAMETOOLONG, "the socket's path is too long");
    strcpy(address.sun_path, path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address))
        return error_set(err, errno, "cannot connect to %s: %s", path, strerror(errno));
    while (!c->input.size)
        if (!more(c))
            return error_set(err, EPROTO, "%s does not answer as a monitor", path);
    c->json = c->input.data[0] == '{';
    while (c->json ? !memchr(c->input.data, '\n', c->input.size)
                   : c->input.size < sizeof PROMPT - 1)
        if (!more(c))
            return error_set(err, EPROTO, "%s does not answer as a monitor", path);
    buffer_clear(&c->input);
    return true;
}

void client_close(struct client *c)
{
    buffer_free(&c->input);
    if (c->fd >= 0)
        close(c->fd);
}

/* A text socket writes prompts, and clears the line for news. */
static const char *without_prompt(const char *line)
{
    for (;;) {
        if (!strncmp(line, PROMPT, sizeof PROMPT - 1))
            line += sizeof PROMPT - 1;
        else if (!strncmp(line, CLEAR, sizeof CLEAR - 1))
            line += sizeof CLEAR - 1;
        else
            return line;
    }
}

static void tell(struct client *c, const char *text)
{
    if (c->news && *text)
        c->news(c->ctx, text);
}

/* One line that is there: an answer, which is returned, or news. */
static json_t *take_line(struct client *c, bool *there)
{
    u8 *end = c->input.size ? memchr(c->input.data, '\n', c->input.size) : NULL;
    json_t *object = NULL;

    *there = end != NULL;
    if (!end)
        return NULL;
    *end = 0;
    size_t length = (size_t)(end - c->input.data) + 1;
    const char *line = without_prompt((const char *)c->input.data);
    if (*line == '{')
        object = json_loads(line, 0, NULL);
    if (!object && !c->json) {
        tell(c, line);
    } else if (json_object_get(object, "event")) {
        const json_t *data = json_object_get(object, "data");
        if (!strcmp(value_string(object, "event"), "stop")) {
            tell(c, value_string(data, "reason"));
            tell(c, value_string(data, "where"));
        }
        json_decref(object);
        object = NULL;
    }
    buffer_consume(&c->input, length);
    return object;
}

bool client_listen(struct client *c)
{
    bool there = true;

    if (!more(c))
        return false;
    while (there)
        json_decref(take_line(c, &there));
    return true;
}

static json_t *next_answer(struct client *c)
{
    json_t *object;
    bool there;

    for (;;) {
        object = take_line(c, &there);
        if (object)
            return object;
        if (!there && !more(c))
            return NULL;
    }
}

static bool send_request(struct client *c, const char *line, struct error *err)
{
    const char *rest;
    struct buffer request = {0};
    const struct command *command = command_find(line, &rest, err);
    json_t *arguments = command ? command_arguments(command, rest, err) : NULL;

    if (!arguments)
        return false;
    if (c->json) {
        json_t *object = json_object();
        json_object_set_new(object, "execute", json_string(command->name));
        json_object_set(object, "arguments", arguments);
        char *text = json_dumps(object, JSON_COMPACT);
        buffer_printf(&request, "%s\n", text ? text : "{}");
        free(text);
        json_decref(object);
    } else {
        buffer_printf(&request, "-j %s\n", line);
    }
    json_decref(arguments);
    bool ok = send_text(c, (const char *)request.data, request.size);
    buffer_free(&request);
    return ok || error_set(err, EPIPE, "the machine has ended");
}

json_t *client_call(struct client *c, const char *line, struct error *err)
{
    if (!send_request(c, line, err))
        return NULL;
    json_t *whole = next_answer(c);
    if (!whole) {
        error_set(err, EPIPE, "the machine has ended");
        return NULL;
    }
    const json_t *failure = json_object_get(whole, "error");
    json_t *value = c->json ? json_object_get(whole, "return") : whole;
    if (failure) {
        error_set(err, EINVAL, "%s",
                  json_is_string(failure) ? json_string_value(failure)
                                          : value_string(failure, "desc"));
        value = NULL;
    }
    json_incref(value);
    json_decref(whole);
    return value;
}

json_t *client_ask(struct client *c, const char *line)
{
    struct error ignored = {0};

    return c->closed ? NULL : client_call(c, line, &ignored);
}
