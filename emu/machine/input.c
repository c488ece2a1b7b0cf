/* SPDX-License-Identifier: MIT */
/* input.c - see input.h. */
#include "emu/machine/input.h"

#include <stdio.h>
#include <string.h>

#include "devices/virtio/console.h"
#include "emu/machine/keys.h"
#include "emu/machine/state.h"

#define READ_DELAY_NS 10000u /* guest time from wanting to getting */
#define PATIENCE_MS 1000
#define TYPED_MAX 4096u
#define END_OF_TRANSMISSION 4

static void deliver(struct channel *c, const u8 *data, size_t size)
{
    struct input *input = &c->machine->input;
    if (input->log.input) {
        input->log.input(input->log.ctx, clock_now(&c->machine->clock), c->id, data, size);
    }
    if (size > 0) {
        c->middle_of_line = data[size - 1] != '\n';
        c->port->receive(c->port->device, data, size);
    } else {
        c->port->hangup(c->port->device);
    }
}

static void ended(struct channel *c)
{
    static const u8 end_byte = END_OF_TRANSMISSION;
    if (c->ended) {
        return;
    }
    c->ended = true;
    if (c->id == CHANNEL_SERIAL && c->machine->config.serial_end_byte) {
        /* A last line without its newline is a line all the same. */
        if (c->middle_of_line && c->port->room(c->port->device) > 1) {
            deliver(c, (const u8 *)"\n", 1);
        }
        deliver(c, &end_byte, 1);
    } else {
        deliver(c, NULL, 0);
    }
}

static bool live(const struct channel *c)
{
    return c->backend && c->port && !c->ended;
}

/* Bytes come when they come. */
static bool asynchronous(const struct channel *c)
{
    return chardev_input_kind(c->backend) == CHARDEV_INTERACTIVE || c->slow;
}

static size_t room(const struct channel *c)
{
    return c->port->room(c->port->device);
}

/* The clock event of a stream: waits for a line, as long as patience lasts. */
static void stream_due(void *ctx, u64 now)
{
    struct channel *c = ctx;
    struct machine *m = c->machine;
    u8 bytes[4096];
    (void)now;
    if (!live(c) || asynchronous(c)) {
        return;
    }
    size_t space = room(c);
    space = space < sizeof bytes ? space : sizeof bytes;
    if (space == 0) {
        return;
    }
    input_flush(m);
    long n = chardev_read_line(c->backend, bytes, space, PATIENCE_MS);
    if (n > 0) {
        deliver(c, bytes, (size_t)n);
    } else if (n < 0) {
        ended(c);
    } else if (m->signal == 0) {
        c->slow = true;
    }
}

/* The device made room, or the guest looks for input. */
static void wanted(void *owner)
{
    struct channel *c = owner;
    if (!live(c)) {
        return;
    }
    if (asynchronous(c)) {
        if (c->typed.size > 0) {
            machine_break_slice(c->machine);
        }
    } else if (clock_deadline(&c->machine->clock, c->event) == CLOCK_NEVER) {
        clock_schedule(&c->machine->clock, c->event, clock_now(&c->machine->clock) + READ_DELAY_NS);
    }
}

/* Ctrl-A t: each line of the terminal starts with the guest time. */
static void write_stamped(struct input *input, struct chardev *out, u64 now, const u8 *data,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (input->line_start) {
            char stamp[40];
            int length = snprintf(stamp, sizeof stamp, "[%5llu.%06llu] ",
                                  (unsigned long long)(now / 1000000000u),
                                  (unsigned long long)(now / 1000u % 1000000u));
            chardev_write(out, stamp, (size_t)length);
        }
        chardev_write(out, data + i, 1);
        input->line_start = data[i] == '\n';
    }
}

static void write_output(struct machine *m, struct chardev *out, const u8 *data, size_t n)
{
    struct input *input = &m->input;
    if (input->last_output && input->last_output != out) {
        chardev_flush(input->last_output);
    }
    input->last_output = out;
    if (input->timestamps && input->terminal && input->terminal->backend == out) {
        write_stamped(input, out, clock_now(&m->clock), data, n);
    } else {
        chardev_write(out, data, n);
    }
}

static void transmit(void *owner, const u8 *data, size_t n)
{
    struct channel *c = owner;
    if (c->backend) {
        write_output(c->machine, c->backend, data, n);
    }
}

static void transmit_error(void *owner, const u8 *data, size_t n)
{
    struct machine *m = owner;
    if (m->input.error_output) {
        write_output(m, m->input.error_output, data, n);
    }
}

static void connect(struct machine *m, unsigned id, struct chardev *backend, struct charport *port)
{
    static const char *const events[CHANNEL_COUNT] = {"input-serial", "input-console",
                                                      "input-stdio"};
    struct channel *c = &m->input.channel[id];
    *c = (struct channel){.machine = m, .id = id, .backend = backend, .port = port};
    /* A UART cannot tell that nobody is there; a port has to be told, when it asks. */
    c->ended = id == CHANNEL_SERIAL && backend && chardev_input_kind(backend) == CHARDEV_NO_INPUT;
    c->event = clock_register(&m->clock, events[id], stream_due, c);
    if (port) {
        port->owner = c;
        port->transmit = transmit;
        port->wanted = wanted;
    }
    if (backend && port && chardev_input_kind(backend) == CHARDEV_INTERACTIVE &&
        m->config.escape_keys && !m->input.terminal && chardev_poll_fd(backend) == 0) {
        m->input.terminal = c;
    }
}

void input_init(struct machine *m)
{
    struct virtio *console = m->slot[BOARD_CONSOLE_SLOT];
    bool ports = m->config.port_stdio || m->config.port_stderr;
    m->input.line_start = true;
    connect(m, CHANNEL_SERIAL, m->config.serial, &m->uart->port);
    connect(m, CHANNEL_CONSOLE, m->config.console, console ? console_port(console, 0) : NULL);
    connect(m, CHANNEL_STDIO, m->config.port_stdio, ports ? console_port(console, 1) : NULL);
    if (ports) {
        m->input.error_output = m->config.port_stderr;
        struct charport *port = console_port(console, 2);
        port->owner = m;
        port->transmit = transmit_error;
    }
}

void input_destroy(struct machine *m)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        buffer_free(&m->input.channel[i].typed);
    }
}

static bool worth_polling(const struct machine *m, const struct channel *c)
{
    return live(c) && asynchronous(c) &&
           (c == m->input.terminal ? c->typed.size < TYPED_MAX : room(c) > 0);
}

unsigned input_poll_fds(struct machine *m, struct pollfd *fds, unsigned count, unsigned limit)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        const struct channel *c = &m->input.channel[i];
        if (worth_polling(m, c) && count < limit && chardev_poll_fd(c->backend) >= 0) {
            fds[count++] = (struct pollfd){.fd = chardev_poll_fd(c->backend), .events = POLLIN};
        }
    }
    return count;
}

/* Gives the guest of what was typed as much as it takes now. */
static void give_typed(struct channel *c)
{
    size_t space;
    while (c->typed.size > 0 && (space = room(c)) > 0) {
        size_t n = c->typed.size < space ? c->typed.size : space;
        deliver(c, c->typed.data, n);
        buffer_consume(&c->typed, n);
    }
}

static void serve(struct machine *m, struct channel *c)
{
    u8 bytes[1024];
    if (!live(c) || !asynchronous(c)) {
        return;
    }
    if (worth_polling(m, c)) {
        long n = chardev_read(c->backend, bytes, sizeof bytes);
        if (n > 0 && c == m->input.terminal) {
            keys_typed(m, bytes, (size_t)n);
        } else if (n > 0) {
            buffer_append(&c->typed, bytes, (size_t)n);
        } else if (n < 0 && c->typed.size == 0) {
            ended(c);
            return;
        }
    }
    give_typed(c);
}

void input_serve(struct machine *m)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        serve(m, &m->input.channel[i]);
    }
}

bool input_awaited(struct machine *m)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        const struct channel *c = &m->input.channel[i];
        if (live(c) && asynchronous(c) && room(c) > 0) {
            return true;
        }
    }
    return false;
}

bool input_offer(struct machine *m)
{
    bool any = false;
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        struct channel *c = &m->input.channel[i];
        if (live(c) && !asynchronous(c) && room(c) > 0) {
            wanted(c);
            any = true;
        }
    }
    return any;
}

void input_flush(struct machine *m)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        if (m->input.channel[i].backend) {
            chardev_flush(m->input.channel[i].backend);
        }
    }
    if (m->input.error_output) {
        chardev_flush(m->input.error_output);
    }
}

bool input_broken_pipe(const struct machine *m)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        const struct chardev *c = m->input.channel[i].backend;
        if (c && chardev_broken(c)) {
            return true;
        }
    }
    return false;
}

void input_save(const struct machine *m, struct serial_writer *writer)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        serial_put_bool(writer, "ended", m->input.channel[i].ended);
    }
}

bool input_load(struct machine *m, struct serial_reader *reader, struct error *err)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        m->input.channel[i].ended = serial_get_bool(reader, "ended");
    }
    return serial_ok(reader, err);
}

void machine_log_command(struct machine *m, const char *text)
{
    const struct input_log *log = &m->input.log;
    if (log->input) {
        log->input(log->ctx, clock_now(&m->clock), CHANNEL_MONITOR, (const u8 *)text, strlen(text));
    }
}

void machine_set_input_log(struct machine *m, const struct input_log *log)
{
    m->input.log = log ? *log : (struct input_log){0};
}
