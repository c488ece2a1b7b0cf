/* SPDX-License-Identifier: MIT */
/*
 * client.h - the client's side of a monitor socket, for ctl and top.
 *
 * Answers are always asked for as JSON, whatever the socket speaks, and written as the user wants
 * them by the same table: so success and failure are known.
 */
#ifndef FAULTLINE_MONITOR_CLIENT_H
#define FAULTLINE_MONITOR_CLIENT_H

#include <jansson.h>

#include "emu/base/buffer.h"
#include "emu/base/error.h"

struct client {
    int fd;
    bool json;   /* the socket speaks JSON; else text, where "-j" asks for JSON */
    bool closed; /* the machine has ended */
    struct buffer input;
    /* News that nobody asked for (the guest has stopped); NULL: dropped. */
    void (*news)(void *ctx, const char *text);
    void *ctx;
};

/* Connects and reads the greeting.  False with *err set. */
bool client_open(struct client *client, const char *path, struct error *err);
void client_close(struct client *client);
/*
 * A command's value (a new reference); NULL with *err set when it failed or the connection is gone
 * (client->closed).
 */
json_t *client_call(struct client *client, const char *line, struct error *err);
/* The same without the reason. */
json_t *client_ask(struct client *client, const char *line);
/* Takes in what has come unasked; false: the connection is gone. */
bool client_listen(struct client *client);

/* The full-screen view; returns the exit status. */
int top_run(struct client *client);

/* The prompt; each line is given to `line`, which returns false to end.  Returns the exit status.
 */
int prompt_run(struct client *client, bool (*line)(struct client *client, const char *text));

#endif
