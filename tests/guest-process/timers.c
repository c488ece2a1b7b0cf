/* SPDX-License-Identifier: MIT */
/* timers.c - timers that tell by a signal: once, again and again, late, to a thread. */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int came, value, overrun;
static volatile long came_to;

static void handler(int number, siginfo_t *info, void *unused)
{
    (void)number;
    (void)unused;
    came++;
    value = info->si_value.sival_int;
    overrun = info->si_overrun;
    came_to = syscall(SYS_gettid);
}

static struct itimerspec in_ms(long first, long interval)
{
    return (struct itimerspec){{interval / 1000, interval % 1000 * 1000000},
                               {first / 1000, first % 1000 * 1000000}};
}

static void wait_for(int count)
{
    for (int i = 0; i < 5000 && came < count; i++) {
        usleep(2000);
    }
}

static void plain(int signal)
{
    struct sigevent event = {.sigev_signo = signal, .sigev_value.sival_int = 5};
    struct itimerspec time = in_ms(90000, 0), left;
    timer_t timer;

    came = 0;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec == 0);
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec > 0);
    time = in_ms(20, 0);
    CHECK(timer_settime(timer, 0, &time, &left) == 0 && left.it_value.tv_sec > 0);
    wait_for(1);
    CHECK(came == 1 && value == 5 && overrun == 0 && timer_getoverrun(timer) == 0);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec == 0);
    time = in_ms(5, 5);
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    wait_for(5);
    CHECK(came >= 5);
    CHECK(timer_delete(timer) == 0);
    FAILS(timer_delete(timer), EINVAL);
    came = 0;
    usleep(20000);
    CHECK(came == 0);
}

/* Blocked, its signal comes once, and tells how many times it would have come. */
static void late(int signal)
{
    struct sigevent event = {.sigev_signo = signal};
    struct itimerspec time = in_ms(5, 5);
    sigset_t set;
    timer_t timer;

    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    came = 0;
    CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    usleep(52000);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(came == 1 && overrun >= 8 && timer_getoverrun(timer) == overrun);
    wait_for(2);
    CHECK(came >= 2);
    time.it_value.tv_nsec = 1;
    time.it_interval.tv_nsec = 200000;
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    came = 0;
    wait_for(3);
    CHECK(came >= 3);
    CHECK(timer_delete(timer) == 0);
}

static void *in_thread(void *unused)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 2};
    struct itimerspec time = in_ms(5, 0);
    timer_t timer;

    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    came = 0;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    wait_for(1);
    CHECK(came == 1 && came_to == event.sigev_notify_thread_id);
    CHECK(timer_delete(timer) == 0);
    return unused;
}

static void child(void)
{
    struct itimerspec left;

    FAILS(timer_gettime(0, &left), EINVAL); /* the parent's are not the child's */
}

void test_timers(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_signo = 99};
    struct timespec now;
    struct itimerspec time = in_ms(0, 0);
    pthread_t thread;
    timer_t timer;

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN + 2, &action, NULL);
    plain(SIGUSR1);
    plain(SIGRTMIN + 2);
    late(SIGUSR1);
    late(SIGRTMIN + 2);
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);

    FAILS(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
    FAILS(timer_create(99, NULL, &timer), EINVAL);
    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    clock_gettime(CLOCK_REALTIME, &now);
    time.it_value = (struct timespec){now.tv_sec + 100, now.tv_nsec};
    CHECK(timer_settime(timer, TIMER_ABSTIME, &time, NULL) == 0);
    CHECK(timer_gettime(timer, &time) == 0 && time.it_value.tv_sec >= 98 &&
          time.it_value.tv_sec <= 100);
    time.it_value.tv_nsec = -1;
    FAILS(timer_settime(timer, 0, &time, NULL), EINVAL);
    CHECK(in_child(child) == 0);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGRTMIN + 2, SIG_DFL);
}
