/* SPDX-License-Identifier: MIT */
/*
 * session.h - from options to a machine that runs, and to an exit status.
 *
 * Every file and socket is opened before the machine runs.
 */
#ifndef FAULTLINE_CLI_SESSION_H
#define FAULTLINE_CLI_SESSION_H

#include "emu/base/buffer.h"
#include "emu/cli/options.h"
#include "emu/machine/config.h"

enum exit_status {
    EXIT_USAGE = 2,
    EXIT_LIMIT = 124,
    EXIT_TROUBLE = 125,
    EXIT_PANIC = 126,
};

/* Told about the machine: when it is made, and when its run is over. */
struct machine;
struct machine_exit;
struct session_watch {
    void (*begins)(void *ctx, struct machine *m);
    void (*ends)(void *ctx, const struct machine_exit *e);
    void *ctx;
};

/* What a machine is made of, and the memory that holds it. */
struct session {
    const struct options *options;
    struct machine_config config;
    struct buffer kernel, firmware, initrd, device_tree; /* owned bytes */
    struct buffer command_line;
    const struct session_watch *watch; /* NULL: nobody; set after session_prepare */
    bool command;    /* run or --exec: the guest ends with a command's status */
    bool throw_away; /* the root disk is a throw-away overlay worth a message */
};

/* Opens everything.  False with *err set: nothing is left open. */
bool session_prepare(struct session *s, const struct options *o, struct error *err);
void session_free(struct session *s);
/* Makes the machine, runs it and returns the process's exit status.  argv: for the trace. */
int session_run(struct session *s, int argc, char *const *argv);

#endif
