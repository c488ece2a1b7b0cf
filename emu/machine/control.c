/* SPDX-License-Identifier: MIT */
/* control.c - see control.h; and machine_poll, the one place where a machine waits for the host. */
#include "emu/machine/control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "emu/machine/state.h"

u64 machine_host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

void machine_break_slice(struct machine *m)
{
    if (m->running) {
        m->running->stop |= STOP_RETURN;
    }
}

void machine_end(struct machine *m, enum machine_result result, int status, const char *format, ...)
{
    if (m->ended) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->exit.text, sizeof m->exit.text, format, arguments);
    va_end(arguments);
    m->exit.result = result;
    m->exit.status = status;
    m->ended = true;
    machine_break_slice(m);
}

void machine_power_off(void *machine, int status)
{
    machine_end(machine, MACHINE_POWEROFF, status, "%s", "");
}

void machine_request_reset(void *machine)
{
    struct machine *m = machine;
    if (m->config.no_reboot) {
        machine_power_off(m, 0);
        return;
    }
    m->reset_wanted = true;
    machine_break_slice(m);
}

void machine_stop(struct machine *m)
{
    if (!m->stopped) {
        m->stopped = true;
        machine_break_slice(m);
    }
}

void machine_continue(struct machine *m)
{
    m->stopped = false;
    m->stepping = false;
}

void machine_step(struct machine *m, unsigned hart, u64 count)
{
    if (hart < m->harts && count > 0) {
        m->step_hart = hart;
        m->step_until = hart_executed(m->hart[hart]) + count;
        m->stepping = true;
        m->stopped = false;
    }
}

void machine_single_step(struct machine *m, bool on)
{
    m->single_step = on ? m->single_step + 1 : m->single_step - (m->single_step > 0);
    machine_break_slice(m);
}

void machine_stop_at(struct machine *m, u64 instructions)
{
    m->stop_at = instructions;
    machine_break_slice(m);
}

unsigned machine_turn(const struct machine *m)
{
    return m->schedule.turn;
}

bool machine_is_stopped(const struct machine *m)
{
    return m->stopped;
}

void machine_quit(struct machine *m, int status)
{
    machine_end(m, MACHINE_QUIT, status, "%s", "");
}

void machine_interrupt(struct machine *m, int signal)
{
    const u64 one = 1;
    m->signal = signal;
    /* A full eventfd wakes as well; there is nothing else to do in a signal handler. */
    ssize_t ignored = write(m->wake_fd, &one, sizeof one);
    (void)ignored;
}

static unsigned listen(struct machine *m, enum listener_kind kind, void (*fn)(void *), void *ctx)
{
    for (unsigned i = 0; i < MACHINE_MAX_LISTENERS; i++) {
        if (m->listener[i].kind == LISTENER_NONE) {
            m->listener[i] = (struct listener){kind, fn, ctx};
            return i;
        }
    }
    return MACHINE_MAX_LISTENERS;
}

unsigned machine_on_slice(struct machine *m, void (*fn)(void *ctx), void *ctx)
{
    return listen(m, LISTENER_SLICE, fn, ctx);
}

unsigned machine_on_stop(struct machine *m, void (*fn)(void *ctx), void *ctx)
{
    return listen(m, LISTENER_STOP, fn, ctx);
}

void machine_unlisten(struct machine *m, unsigned id)
{
    if (id < MACHINE_MAX_LISTENERS) {
        m->listener[id] = (struct listener){0};
    }
}

void machine_call_listeners(struct machine *m, enum listener_kind kind)
{
    for (unsigned i = 0; i < MACHINE_MAX_LISTENERS; i++) {
        if (m->listener[i].kind == kind) {
            m->listener[i].fn(m->listener[i].ctx);
        }
    }
}

void machine_watch_fd(struct machine *m, int fd, void (*fn)(void *ctx, int fd), void *ctx)
{
    machine_unwatch_fd(m, fd);
    for (unsigned i = 0; i < MACHINE_MAX_WATCHES; i++) {
        if (m->watch[i].fd < 0) {
            m->watch[i] = (struct fd_watch){fd, fn, ctx};
            return;
        }
    }
}

void machine_unwatch_fd(struct machine *m, int fd)
{
    for (unsigned i = 0; i < MACHINE_MAX_WATCHES; i++) {
        if (m->watch[i].fd == fd) {
            m->watch[i].fd = -1;
        }
    }
}

/* The callback may unwatch any descriptor, so each is looked up again. */
static void serve_watch(struct machine *m, int fd)
{
    for (unsigned i = 0; i < MACHINE_MAX_WATCHES; i++) {
        if (m->watch[i].fd == fd) {
            m->watch[i].fn(m->watch[i].ctx, fd);
            return;
        }
    }
}

void machine_poll(struct machine *m, u64 timeout_ns)
{
    struct pollfd fds[1 + MACHINE_MAX_WATCHES + CHANNEL_COUNT];
    unsigned count = 0;
    input_flush(m);
    fds[count++] = (struct pollfd){.fd = m->wake_fd, .events = POLLIN};
    for (unsigned i = 0; i < MACHINE_MAX_WATCHES; i++) {
        if (m->watch[i].fd >= 0) {
            fds[count++] = (struct pollfd){.fd = m->watch[i].fd, .events = POLLIN};
        }
    }
    unsigned watches = count;
    count = input_poll_fds(m, fds, count, (unsigned)ARRAY_LENGTH(fds));
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                               .tv_nsec = (long)(timeout_ns % 1000000000u)};
    u64 before = machine_host_ns();
    int ready = ppoll(fds, count, timeout_ns == CLOCK_NEVER ? NULL : &timeout, NULL);
    m->polled_ns = machine_host_ns();
    if (m->pace_until > clock_now(&m->clock)) {
        u64 passed = ready == 0 ? timeout_ns : m->polled_ns - before;
        u64 left = m->pace_until - clock_now(&m->clock);
        clock_jump(&m->clock, clock_now(&m->clock) + (passed < left ? passed : left));
    }
    if (ready <= 0) {
        return;
    }
    if (fds[0].revents) {
        u64 drained;
        ssize_t ignored = read(m->wake_fd, &drained, sizeof drained);
        (void)ignored;
    }
    for (unsigned i = 1; i < watches; i++) {
        if (fds[i].revents) {
            serve_watch(m, fds[i].fd);
        }
    }
    input_serve(m);
}
