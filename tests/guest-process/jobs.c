/* SPDX-License-Identifier: MIT */
/* jobs.c - wait in all its forms, stopping, groups, sessions, orphans. */
#define _GNU_SOURCE
#include "check.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start_pauser(void)
{
    pid_t child = fork();

    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    return child;
}

static void stop_and_continue(void)
{
    pid_t child = start_pauser();
    int status;

    CHECK(kill(child, SIGSTOP) == 0);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) &&
          WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED | WNOHANG) == 0); /* told once */
    CHECK(kill(child, SIGTERM) == 0);                         /* waits for SIGCONT */
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
          WTERMSIG(status) == SIGTERM);
    child = start_pauser();
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    kill(child, SIGCONT);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    kill(child, SIGKILL); /* reaches a stopped process too */
    CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
    FAILS(waitpid(child, &status, 0), ECHILD);
}

static void wait_forms(void)
{
    siginfo_t info = {0};
    struct rusage usage;
    int status;
    pid_t child = fork();

    if (child == 0) {
        _exit(9);
    }
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child &&
          info.si_status == 9 && info.si_code == CLD_EXITED);
    CHECK(wait4(child, &status, 0, &usage) == child && WEXITSTATUS(status) == 9 &&
          usage.ru_minflt > 0);
    FAILS(wait4(-1, &status, 1u << 20, NULL), EINVAL);
    child = start_pauser();
    CHECK(setpgid(child, child) == 0);
    CHECK(getpgid(child) == child);
    CHECK(kill(-child, SIGKILL) == 0);
    CHECK(waitpid(-child, &status, 0) == child);
    signal(SIGCHLD, SIG_IGN); /* children vanish by themselves */
    if (fork() == 0) {
        _exit(1);
    }
    FAILS(wait(&status), ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

/* Leaves a grandchild behind; the subreaper inherits it. */
static void orphan(void)
{
    pid_t parent = getpid();

    if (fork() == 0) {
        while (getppid() == parent) {
            usleep(1000);
        }
        _exit(33);
    }
}

static void orphans(void)
{
    int status = 0;

    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    CHECK(in_child(orphan) == 0);
    CHECK(wait(&status) > 0 && WEXITSTATUS(status) == 33);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void sessions(void)
{
    CHECK(setsid() == getpid());
    CHECK(getsid(0) == getpid() && getpgrp() == getpid());
    FAILS(setsid(), EPERM);
    FAILS(setpgid(0, 0), EPERM);
}

static volatile int shared_by_vfork;

static void vforked(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0) {
        shared_by_vfork = 5;
        _exit(7);
    }
    CHECK(shared_by_vfork == 5);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
}

void test_jobs(void)
{
    stop_and_continue();
    wait_forms();
    orphans();
    CHECK(in_child(sessions) == 0);
    vforked();
}
