/* SPDX-License-Identifier: MIT */
/*
 * trap.c - `trap`, the names of signals, and `kill`.
 *
 * A handler only notes the signal; the command runs between two commands.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNALS = 65 };

static char *commands[SIGNALS]; /* [0] is EXIT; "" means ignored */
static volatile sig_atomic_t pending[SIGNALS];
static volatile sig_atomic_t any_pending;

static const struct {
    int number;
    const char *name;
} names[] = {
    {0, "EXIT"},       {SIGHUP, "HUP"},   {SIGINT, "INT"},     {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
    {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},     {SIGFPE, "FPE"},   {SIGKILL, "KILL"},
    {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},   {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},
    {SIGTERM, "TERM"}, {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"},   {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"},
    {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"}, {SIGWINCH, "WINCH"},
};

int signal_number(const char *name)
{
    if (isdigit((unsigned char)name[0])) {
        long number = strtol(name, NULL, 10);

        return number < SIGNALS ? (int)number : -1;
    }
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].number;
    }
    return -1;
}

const char *signal_text(int signal)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number == signal)
            return names[i].name;
    }
    return "?";
}

static void on_signal(int signal)
{
    if (signal == SIGINT && commands[SIGINT] == NULL) {
        shell.interrupted = 1;
        return;
    }
    pending[signal] = 1;
    any_pending = 1;
}

static void run_one(int signal)
{
    int status = shell.status;
    char *command = sh_copy(commands[signal]);
    bool exiting = shell.exiting;

    shell.exiting = false;
    run_string(command, 0);
    if (!shell.exiting) {
        shell.exiting = exiting;
        shell.status = status;
    }
    free(command);
}

void trap_run_pending(void)
{
    if (!any_pending)
        return;
    any_pending = 0;
    for (int i = 1; i < SIGNALS; i++) {
        if (pending[i] && commands[i] != NULL) {
            pending[i] = 0;
            run_one(i);
        }
    }
}

void trap_run_exit(void)
{
    if (commands[0] != NULL) {
        char *command = commands[0];

        commands[0] = NULL;
        shell.exiting = false;
        shell.returning = false;
        shell.interrupted = 0;
        run_string(command, 0);
        free(command);
    }
}

/* In a child: traps are gone, ignored signals stay ignored. */
void trap_forget(void)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (commands[i] == NULL || (i > 0 && commands[i][0] == '\0'))
            continue;
        if (i > 0)
            signal(i, SIG_DFL);
        free(commands[i]);
        commands[i] = NULL;
    }
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigaction(number, &action, NULL);
}

static int set_trap(const char *command, const char *name)
{
    int number = signal_number(name);

    if (number < 0) {
        sh_error("trap: %s: unknown signal", name);
        return 1;
    }
    free(commands[number]);
    commands[number] = command != NULL ? sh_copy(command) : NULL;
    if (number == 0)
        return 0;
    if (command == NULL)
        install(number, number == SIGINT && shell.interactive ? on_signal : SIG_DFL);
    else
        install(number, command[0] == '\0' ? SIG_IGN : on_signal);
    return 0;
}

int builtin_trap(int argc, char **argv)
{
    int status = 0;

    if (argc == 1) {
        for (int i = 0; i < SIGNALS; i++) {
            if (commands[i] != NULL)
                printf("trap -- '%s' %s\n", commands[i], signal_text(i));
        }
        return 0;
    }
    if (strcmp(argv[1], "--") == 0) {
        argv++;
        argc--;
    }
    if (argc == 2)
        return set_trap(NULL, argv[1]);
    for (int i = 2; i < argc; i++)
        status |= set_trap(strcmp(argv[1], "-") == 0 ? NULL : argv[1], argv[i]);
    return status;
}

/* The interactive shell's Ctrl-C: unwinds to the prompt. */
void trap_interactive(void)
{
    install(SIGINT, on_signal);
}

static int kill_one(const char *target, int signal)
{
    pid_t pid;

    if (target[0] == '%') {
        struct job *job = job_find(target);

        if (job == NULL) {
            sh_error("kill: %s: no such job", target);
            return 1;
        }
        pid = shell.job_control ? -job->group : job->pids[job->count - 1];
        if (kill(pid, signal) == 0 && job->state == JOB_STOPPED && signal != SIGCONT)
            kill(pid, SIGCONT);
        return 0;
    }
    pid = (pid_t)strtol(target, NULL, 10);
    if (kill(pid, signal) < 0) {
        sh_error("kill: %s: %s", target, strerror(errno));
        return 1;
    }
    return 0;
}

int builtin_kill(int argc, char **argv)
{
    int signal = SIGTERM, status = 0, i = 1;

    if (argc > 1 && strcmp(argv[1], "-l") == 0) {
        for (size_t n = 1; n < sizeof names / sizeof names[0]; n++)
            printf("%2d %s\n", names[n].number, names[n].name);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        signal = signal_number(argv[2]);
        i = 3;
    } else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
        signal = signal_number(argv[1] + 1);
        i = 2;
    }
    if (i < argc && strcmp(argv[i], "--") == 0)
        i++;
    if (signal < 0 || i >= argc) {
        sh_error("usage: kill [-SIGNAL] PID|%%JOB...");
        return 2;
    }
    for (; i < argc; i++)
        status |= kill_one(argv[i], signal);
    return status;
}
