/* SPDX-License-Identifier: MIT */
/* terminal.c - see terminal.h. */
#include "emu/cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "emu/machine/control.h"

#define ESCAPE 1 /* Ctrl-A ends a line, so that it can be seen at once */

static struct {
    volatile sig_atomic_t wanted;   /* between enter and leave */
    volatile sig_atomic_t entered;  /* and the mode has been changed */
    volatile sig_atomic_t base_raw; /* raw is the normal state */
    volatile sig_atomic_t raw;
    struct termios saved;
    struct machine *volatile machine;
} terminal;

static void apply(bool raw)
{
    struct termios mode = terminal.saved;
    if (raw) {
        cfmakeraw(&mode);
    } else {
        mode.c_cc[VEOL] = ESCAPE;
    }
    terminal.raw = raw;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

/*
 * A job in the background must leave the terminal alone, or it would be stopped.  A terminal that
 * does not control us (no group at all) is ours to use.
 */
static bool foreground(void)
{
    pid_t group = tcgetpgrp(STDIN_FILENO);
    return group < 0 || group == getpgrp();
}

static void take(void)
{
    if (foreground() && tcgetattr(STDIN_FILENO, &terminal.saved) == 0) {
        terminal.entered = 1;
        apply(terminal.base_raw);
    }
}

void terminal_enter(bool raw)
{
    if (!isatty(STDIN_FILENO)) {
        return;
    }
    if (!terminal.wanted) {
        atexit(terminal_leave);
    }
    terminal.base_raw = raw;
    terminal.wanted = 1;
    take();
}

void terminal_set_raw(bool raw)
{
    if (terminal.entered && terminal.raw != (raw || terminal.base_raw)) {
        apply(raw || terminal.base_raw);
    }
}

void terminal_leave(void)
{
    terminal.wanted = 0;
    if (terminal.entered) {
        terminal.entered = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.saved);
    }
}

/* The run loop ends at the next slice; a second signal of the kind does not wait for it. */
static void on_end(int number)
{
    struct machine *m = terminal.machine;
    if (m) {
        terminal.machine = NULL;
        machine_interrupt(m, number);
        return;
    }
    terminal_leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_crash(int number)
{
    terminal_leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_stop(int number)
{
    int kept = errno;
    if (terminal.entered) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.saved);
        terminal.entered = 0;
    }
    (void)number;
    raise(SIGSTOP); /* SIGCONT takes the terminal again */
    errno = kept;
}

static void on_continue(int number)
{
    int kept = errno;
    (void)number;
    if (terminal.wanted && !terminal.entered) {
        take();
    }
    errno = kept;
}

static void on(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void terminal_catch_signals(struct machine *m)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    terminal.machine = m;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        on(ends[i], on_end);
    }
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        on(crashes[i], on_crash);
    }
    on(SIGTSTP, on_stop);
    on(SIGCONT, on_continue);
    on(SIGPIPE, SIG_IGN);
}
