/* SPDX-License-Identifier: MIT */
/* exec.c - what a new program gets, what it loses, and why it may not start. */
#define _GNU_SOURCE
#include "check.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char script[] = "/tmp/proctest-script";
static char nested[] = "/tmp/proctest-nested";

static int check_environment(int argc, char **argv)
{
    sigset_t blocked;
    struct sigaction action;

    CHECK(argc == 4 && strcmp(argv[2], "") == 0 && strlen(argv[3]) == 100000);
    CHECK(environ[0] && strcmp(environ[0], "ONE=1") == 0 && environ[1] == NULL);
    CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    CHECK(getauxval(AT_ENTRY) != 0 && getauxval(AT_RANDOM) != 0 && getauxval(AT_CLKTCK) == 100);
    CHECK(strcmp((char *)getauxval(AT_EXECFN), argv[0]) == 0);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    CHECK(sigismember(&blocked, SIGUSR2)); /* kept */
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL); /* a handler is gone */
    sigaction(SIGHUP, NULL, &action);
    CHECK(action.sa_handler == SIG_IGN); /* ignoring stays */
    CHECK(fcntl(200, F_GETFD) == 0);
    FAILS(fcntl(201, F_GETFD), EBADF);
    return failures;
}

static int check_script(int argc, char **argv)
{
    CHECK(argc == 5 && strcmp(argv[1], "--exec-script one") == 0 && strcmp(argv[2], script) == 0 &&
          strcmp(argv[3], "a") == 0 && strcmp(argv[4], "b") == 0);
    return failures;
}

int exec_helper(int argc, char **argv)
{
    if (strcmp(argv[1], "--exec-status") == 0) {
        return atoi(argv[2]);
    }
    if (strcmp(argv[1], "--exec-environment") == 0) {
        return check_environment(argc, argv);
    }
    return check_script(argc, argv);
}

static void nothing(int signal)
{
    (void)signal;
}

static void exec_with_everything(void)
{
    char *words = malloc(100001);
    char *argv[] = {own_path, "--exec-environment", "", words, NULL};
    char *envp[] = {"ONE=1", NULL};
    sigset_t set;

    memset(words, 'w', 100000);
    words[100000] = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, nothing);
    signal(SIGHUP, SIG_IGN);
    dup2(1, 200);
    dup3(1, 201, O_CLOEXEC);
    execve(own_path, argv, envp);
}

static void exec_script(void)
{
    execl(script, "not used", "a", "b", NULL);
}

static void exec_nested(void)
{
    execl(nested, nested, NULL);
}

static void make(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CHECK(fchmod(fd, mode) == 0);
    close(fd);
}

static void scripts(void)
{
    char line[4200];

    snprintf(line, sizeof line, "#! %s --exec-script one\n", own_path);
    make(script, line, 0700);
    CHECK(in_child(exec_script) == 0);
    snprintf(line, sizeof line, "#!%s\n", nested);
    make(nested, line, 0700); /* its own interpreter */
    FAILS(execl(nested, nested, NULL), ELOOP);
    (void)exec_nested;
}

static void refused(void)
{
    char *argv[] = {"x", NULL};
    int fd;

    FAILS(execv("/nonexistent", argv), ENOENT);
    FAILS(execv("/tmp", argv), EACCES);
    make(nested, "neither\n", 0700);
    FAILS(execve(nested, argv, environ), ENOEXEC);
    make(nested, "", 0700);
    FAILS(execve(nested, argv, environ), ENOEXEC);
    make(nested, "\177ELF and then nothing that could be one", 0700);
    FAILS(execve(nested, argv, environ), ENOEXEC);
    make(nested, "#!/nonexistent\n", 0700);
    FAILS(execve(nested, argv, environ), ENOENT);
    make(nested, "#!/bin/sh\n", 0600);
    FAILS(execve(nested, argv, environ), EACCES);
    FAILS(execve(own_path, (char **)nowhere, environ), EFAULT);
    fd = open(own_path, O_WRONLY); /* the program is running */
    CHECK(fd == -1 && (errno == ETXTBSY || errno == EROFS));
    make(nested, "#!/bin/sh\n", 0700);
    fd = open(nested, O_WRONLY);
    FAILS(execve(nested, argv, environ), ETXTBSY);
    close(fd);
}

void test_exec(void)
{
    CHECK(in_child(exec_with_everything) == 0);
    scripts();
    refused();
    unlink(script);
    unlink(nested);
}
