/* SPDX-License-Identifier: MIT */
/* signals.c - masks, pending sets, queues, restarted calls, timers. */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t got;
static volatile double number;

static void note(int signal)
{
    got = signal;
    number = number * 3.0 + 1.0;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};

    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void alarm_in(int milliseconds)
{
    struct itimerval timer = {.it_value = {0, milliseconds * 1000}};

    got = 0;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void masks(void)
{
    struct timespec soon = {0, 20000000};
    sigset_t set, old, pending;
    siginfo_t info;

    handle(SIGUSR1, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    got = 0;
    kill(getpid(), SIGUSR1);
    CHECK(got == 0);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1));
    FAILS(sigsuspend(&old), EINTR);
    CHECK(got == SIGUSR1);
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1));
    kill(getpid(), SIGUSR1);
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == getpid() &&
          info.si_code == SI_USER);
    FAILS(sigtimedwait(&set, &info, &soon), EAGAIN);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void real_time_signals_queue(void)
{
    sigset_t set, old;
    siginfo_t info;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 3; i++) {
        union sigval value = {.sival_int = i + 10};

        CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_code == SI_QUEUE &&
              info.si_value.sival_int == i + 10);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void flags(void)
{
    struct sigaction now;
    double keep = 1.25;

    number = 2.0;
    got = 0;
    raise(SIGUSR1);
    CHECK(got == SIGUSR1 && number == 7.0 && keep == 1.25);
    handle(SIGUSR1, SA_RESETHAND | SA_NODEFER);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
    FAILS(sigaction(SIGKILL, &now, NULL), EINVAL);
    FAILS(kill(getpid(), 65), EINVAL);
    FAILS(kill(999999, 0), ESRCH);
    CHECK(kill(getpid(), 0) == 0);
}

static void write_later(int fd)
{
    if (fork() == 0) {
        usleep(60000);
        _exit(write(fd, "k", 1) != 1);
    }
}

static void restarting(void)
{
    struct timespec second = {1, 0}, left = {0, 0};
    int ends[2];
    char byte = 0;

    CHECK(pipe(ends) == 0);
    handle(SIGALRM, SA_RESTART);
    write_later(ends[1]);
    alarm_in(20);
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'k' && got == SIGALRM);
    wait(NULL);
    handle(SIGALRM, 0);
    alarm_in(20);
    FAILS(read(ends[0], &byte, 1), EINTR);
    alarm_in(20);
    FAILS(nanosleep(&second, &left), EINTR);
    CHECK(left.tv_sec == 0 && left.tv_nsec > 800000000 && left.tv_nsec < 985000000);
    handle(SIGALRM, SA_RESTART); /* poll is never restarted */
    alarm_in(20);
    FAILS(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 1000), EINTR);
    close(ends[0]);
    close(ends[1]);
}

/* A sleep that is stopped and continued ends when it would have ended. */
static void stopped_sleep(void)
{
    struct timespec start, end;
    long ms;
    pid_t child;

    clock_gettime(CLOCK_MONOTONIC, &start);
    child = fork();
    if (child == 0) {
        struct timespec time = {0, 120000000};

        _exit(nanosleep(&time, NULL) != 0);
    }
    usleep(20000);
    kill(child, SIGSTOP);
    usleep(20000);
    kill(child, SIGCONT);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    CHECK(ms >= 119 && ms < 1000);
}

static void timers(void)
{
    struct itimerval timer = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}}, left;
    int count = 0;

    handle(SIGALRM, 0);
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    while (count < 3) {
        got = 0;
        pause();
        count += got == SIGALRM;
    }
    CHECK(setitimer(ITIMER_REAL, &off, &left) == 0 && left.it_interval.tv_usec == 10000);
    handle(SIGVTALRM, 0);
    got = 0;
    timer.it_interval.tv_usec = 0;
    CHECK(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0);
    for (volatile long spin = 0; got == 0 && spin < 4000000000l; spin++) {
    }
    CHECK(got == SIGVTALRM);
    CHECK(alarm(100) == 0);
    CHECK(alarm(0) == 100);
}

void test_signals(void)
{
    masks();
    real_time_signals_queue();
    flags();
    restarting();
    stopped_sleep();
    timers();
}
