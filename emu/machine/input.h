/* SPDX-License-Identifier: MIT */
/*
 * input.h - what enters the machine from outside, when, and who is told; and the terminal's escape
 * keys.
 *
 * A stream (pipe, file) is read when the guest wants input, at a clock event, and the host waits
 * for it: the guest cannot tell how fast it came.  A stream that has kept us waiting for a second
 * is taken for somebody's conversation and from then on treated like a terminal: its bytes come
 * when they come, and waiting guests are paced to real time.  Every delivery is reported to the
 * input log with its guest time.
 */
#ifndef FAULTLINE_MACHINE_INPUT_H
#define FAULTLINE_MACHINE_INPUT_H

#include <poll.h>

#include "devices/charport.h"
#include "emu/base/buffer.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"

struct channel {
    struct machine *machine;
    unsigned id;             /* enum machine_channel */
    struct chardev *backend; /* NULL: nothing connected */
    struct charport *port;
    u32 event;
    bool ended;          /* no more input */
    bool slow;           /* a stream that is treated like a terminal */
    bool middle_of_line; /* the last byte delivered was no newline */
    struct buffer typed; /* from a terminal, not yet taken by the guest */
};

struct input {
    struct channel channel[CHANNEL_COUNT];
    struct chardev *error_output; /* of the port "stderr" */
    struct chardev *last_output;  /* written last: flushed before another one is written */
    struct input_log log;
    struct channel *terminal; /* the one with escape keys, or NULL */
    struct terminal_monitor monitor;
    bool has_monitor, monitor_focus, escape, timestamps, line_start;
};

/* Connects m->config's chardevs to the devices' ports; registers the clock events. */
void input_init(struct machine *m);
void input_destroy(struct machine *m);
/* Adds descriptors worth polling; returns the new count. */
unsigned input_poll_fds(struct machine *m, struct pollfd *fds, unsigned count, unsigned limit);
/* Reads what is there and gives the guest what it has room for; never waits. */
void input_serve(struct machine *m);
/* True while something outside may still bring input that the guest has room for. */
bool input_awaited(struct machine *m);
/* The guest waits for ever: reads streams that it has not asked for.  False: there are none. */
bool input_offer(struct machine *m);
void input_flush(struct machine *m);
/* Somebody closed the pipe we write to. */
bool input_broken_pipe(const struct machine *m);
void input_save(const struct machine *m, struct serial_writer *writer);
bool input_load(struct machine *m, struct serial_reader *reader, struct error *err);

#endif
