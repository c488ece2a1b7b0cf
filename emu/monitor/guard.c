/* SPDX-License-Identifier: MIT */
/* guard.c - see guard.h.  Signal handlers reach nothing but what is static. */
#include "emu/monitor/guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define GOODBYE 64

static struct {
    volatile sig_atomic_t on;
    struct termios mode;
    char goodbye[GOODBYE];
    size_t length;
} guard;

static const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGHUP, SIGQUIT};

static void put_back(void)
{
    if (!guard.on)
        return;
    guard.on = 0;
    ssize_t ignored = write(STDOUT_FILENO, guard.goodbye, guard.length);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &guard.mode);
}

static void on_death(int number)
{
    put_back();
    signal(number, SIG_DFL);
    raise(number);
}

void guard_goodbye(const char *text)
{
    guard.length = 0; /* a signal in between sends nothing */
    snprintf(guard.goodbye, sizeof guard.goodbye, "%s", text);
    guard.length = strlen(guard.goodbye);
}

void guard_begin(void)
{
    struct sigaction action = {.sa_handler = on_death};

    if (tcgetattr(STDIN_FILENO, &guard.mode))
        return;
    guard.length = 0;
    guard.on = 1;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        sigaction(deadly[i], &action, NULL);
}

void guard_end(void)
{
    put_back();
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL);
}
