/* SPDX-License-Identifier: MIT */
/* client.h - the client's side of a monitor socket, for ctl and top. */
#ifndef FAULTLINE_MONITOR_CLIENT_H
#define FAULTLINE_MONITOR_CLIENT_H

#include <jansson.h>

#include "emu/base/buffer.h"

struct client {
    int fd;
    bool json;   /* the socket speaks JSON; else text, where "-j" asks for JSON */
    bool closed; /* the machine has ended */
    struct buffer input;
};

/* A command's value; NULL when the connection is gone or the command failed.  A new reference. */
json_t *client_ask(struct client *client, const char *line);

/* The full-screen view; returns the exit status. */
int top_run(struct client *client);

#endif
