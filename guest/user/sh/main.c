/* SPDX-License-Identifier: MIT */
/*
 * main.c - the shell: sh [-efuxin] [-c COMMAND [NAME]] [FILE] [ARGUMENT...]
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shell shell;
extern char **environ;

void sh_error(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", shell.name != NULL ? shell.name : "sh");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void sh_fail(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", shell.name != NULL ? shell.name : "sh");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    shell.status = 2;
    if (shell.failure == NULL)
        sh_exit(2);
    longjmp(*shell.failure, 1);
}

void sh_exit(int status)
{
    shell.status = status;
    trap_run_exit();
    fflush(NULL);
    _exit(shell.exiting ? shell.status : status);
}

static const char *take_flags(int argc, char **argv, int *at, bool *force_interactive)
{
    bool command = false;

    for (; *at < argc && argv[*at][0] == '-' && argv[*at][1] != '\0'; (*at)++) {
        if (strcmp(argv[*at], "--") == 0) {
            (*at)++;
            break;
        }
        for (const char *s = argv[*at] + 1; *s != '\0'; s++) {
            switch (*s) {
            case 'c':
                command = true;
                break;
            case 'e':
                shell.flag_e = true;
                break;
            case 'x':
                shell.flag_x = true;
                break;
            case 'u':
                shell.flag_u = true;
                break;
            case 'f':
                shell.flag_f = true;
                break;
            case 'n':
                shell.flag_n = true;
                break;
            case 'i':
                *force_interactive = true;
                break;
            case 'l':
            case 's':
                break;
            default:
                sh_error("-%c: unknown option", *s);
                sh_exit(2);
            }
        }
    }
    if (!command)
        return NULL;
    if (*at >= argc) {
        sh_error("-c: a command is missing");
        sh_exit(2);
    }
    return argv[(*at)++];
}

static int open_script(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), high;

    if (fd < 0) {
        sh_error("%s: %s", path, strerror(errno));
        sh_exit(errno == ENOENT ? 127 : 126);
    }
    high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (high >= 0) {
        close(fd);
        fd = high;
    }
    return fd;
}

static void run_profile(void)
{
    struct source source;
    int fd = open("/etc/profile", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    source_from_fd(&source, fd, false);
    run_source(&source, 0);
    source_free(&source);
    close(fd);
    shell.exiting = shell.returning = false;
}

static void set_start_values(void)
{
    char *now = getcwd(NULL, 0);

    vars_import(environ);
    if (now != NULL)
        var_set("PWD", now);
    free(now);
    if (var_get("PATH") == NULL)
        var_set("PATH", "/bin:/sbin:/faultlab");
    var_unset("IFS");
    var_set("IFS", " \t\n");
    shell.pid = getpid();
}

int main(int argc, char **argv)
{
    bool login = argc > 0 && argv[0][0] == '-', force_interactive = false;
    struct source source;
    const char *command;
    int at = 1;

    shell.name = "sh";
    set_start_values();
    command = take_flags(argc, argv, &at, &force_interactive);
    if (command != NULL) {
        source_from_string(&source, command);
        if (at < argc)
            shell.name = argv[at++];
    } else if (at < argc) {
        shell.name = argv[at];
        source_from_fd(&source, open_script(argv[at++]), false);
    } else {
        shell.interactive = force_interactive || (isatty(0) && isatty(2));
        source_from_fd(&source, 0, shell.interactive);
    }
    shell.arguments = argv + at;
    shell.argument_count = at < argc ? (size_t)(argc - at) : 0;
    if (shell.interactive) {
        trap_interactive();
        jobs_set_up();
        if (login)
            run_profile();
    }
    sh_exit(run_source(&source, RUN_LAST));
}
