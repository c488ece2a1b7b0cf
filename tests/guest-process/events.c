/* SPDX-License-Identifier: MIT */
/* events.c - descriptors that are made to be waited on: timerfd, signalfd, epoll. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct itimerspec in_ms(long value, long interval)
{
    return (struct itimerspec){{interval / 1000, interval % 1000 * 1000000},
                               {value / 1000, value % 1000 * 1000000}};
}

static void timers(void)
{
    struct itimerspec time = in_ms(90000, 0), old;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct pollfd wait_for = {fd, POLLIN, 0};
    long start = now_ms(CLOCK_MONOTONIC), passed;
    uint64_t count = 0;

    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FAILS(timerfd_create(99, 0), EINVAL);
    FAILS(timerfd_create(CLOCK_MONOTONIC, -1), EINVAL);
    FAILS(timerfd_settime(0, 0, &time, NULL), EINVAL);
    FAILS(timerfd_settime(-1, 0, &time, NULL), EBADF);
    FAILS(timerfd_settime(fd, -1, &time, NULL), EINVAL);
    CHECK(timerfd_settime(fd, 0, &time, &old) == 0 && old.it_value.tv_nsec == 0);
    FAILS(read(fd, &count, 8), EAGAIN);
    FAILS(read(fd, &count, 7), EINVAL);
    CHECK(timerfd_gettime(fd, &old) == 0 && old.it_value.tv_sec > 0);
    time = in_ms(20, 0);
    start = now_ms(CLOCK_MONOTONIC);
    CHECK(timerfd_settime(fd, 0, &time, NULL) == 0);
    CHECK(poll(&wait_for, 1, 5000) == 1 && wait_for.revents == POLLIN);
    passed = now_ms(CLOCK_MONOTONIC) - start;
    CHECK(passed >= 19);
    CHECK(read(fd, &count, 8) == 8 && count == 1);
    CHECK(timerfd_gettime(fd, &old) == 0 && old.it_value.tv_nsec == 0);
    FAILS(read(fd, &count, 8), EAGAIN);

    time = in_ms(10, 10); /* several pass before anybody reads */
    CHECK(timerfd_settime(fd, 0, &time, NULL) == 0);
    usleep(55000);
    CHECK(read(fd, &count, 8) == 8 && count >= 5);
    CHECK(timerfd_gettime(fd, &old) == 0 && old.it_interval.tv_nsec == 10000000);
    CHECK(fcntl(fd, F_SETFL, 0) == 0 && read(fd, &count, 8) == 8 && count >= 1);
    time.it_value.tv_nsec = 1000000000;
    FAILS(timerfd_settime(fd, 0, &time, NULL), EINVAL);
    close(fd);

    fd = timerfd_create(CLOCK_REALTIME, 0);
    time = in_ms(now_ms(CLOCK_REALTIME) + 20, 0);
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL) == 0);
    CHECK(read(fd, &count, 8) == 8 && count == 1);
    time = in_ms(1, 0); /* long ago */
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL) == 0);
    CHECK(read(fd, &count, 8) == 8 && count == 1);
    close(fd);
}

static void signals(void)
{
    struct signalfd_siginfo info[3];
    struct pollfd wait_for;
    sigset_t set, old;
    union sigval value = {.sival_int = 77};
    int fd, status;
    pid_t child;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &old);
    fd = signalfd(-1, &set, SFD_NONBLOCK);
    wait_for = (struct pollfd){fd, POLLIN, 0};
    CHECK(fd >= 0);
    FAILS(signalfd(-1, &set, -1), EINVAL);
    FAILS(signalfd(0, &set, 0), EINVAL);
    FAILS(signalfd(-2, &set, 0), EBADF);
    FAILS(read(fd, info, sizeof info), EAGAIN);
    FAILS(read(fd, info, sizeof info[0] - 1), EINVAL);
    CHECK(poll(&wait_for, 1, 0) == 0);
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN, value);
    CHECK(poll(&wait_for, 1, 0) == 1);
    CHECK(read(fd, info, sizeof info) == 2 * (ssize_t)sizeof info[0]);
    CHECK(info[0].ssi_signo == SIGUSR1 && info[0].ssi_pid == (uint32_t)getpid());
    CHECK(info[0].ssi_code == SI_USER);
    CHECK((int)info[1].ssi_signo == SIGRTMIN && info[1].ssi_int == 77);
    CHECK(info[1].ssi_code == SI_QUEUE);
    child = fork();
    if (child == 0) {
        usleep(10000);
        _exit(5);
    }
    CHECK(fcntl(fd, F_SETFL, 0) == 0 && read(fd, info, sizeof info) == (ssize_t)sizeof info[0]);
    CHECK(info[0].ssi_signo == SIGCHLD && info[0].ssi_pid == (uint32_t)child);
    CHECK(info[0].ssi_status == 5 && info[0].ssi_code == CLD_EXITED);
    CHECK(waitpid(child, &status, 0) == child);
    sigdelset(&set, SIGUSR1);
    CHECK(signalfd(fd, &set, 0) == fd);
    kill(getpid(), SIGUSR1);
    CHECK(poll(&wait_for, 1, 0) == 0);
    sigaddset(&set, SIGUSR1);
    CHECK(signalfd(fd, &set, 0) == fd && poll(&wait_for, 1, 0) == 1);
    CHECK(read(fd, info, sizeof info) == (ssize_t)sizeof info[0]);
    close(fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static int watch(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {events, {.u64 = data}};

    return epoll_ctl(epoll, operation, fd, &event);
}

static int next(int epoll, int ms)
{
    struct epoll_event event = {0};
    int count = epoll_wait(epoll, &event, 1, ms);

    return count == 1 ? (int)(event.events << 8 | event.data.u32) : count;
}

static void epolls(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC), outer, ends[2], copy;
    struct epoll_event events[4];
    char byte;

    CHECK(pipe(ends) == 0 && fcntl(epoll, F_GETFD) == FD_CLOEXEC);
    FAILS(epoll_create(0), EINVAL);
    FAILS(epoll_create1(1), EINVAL);
    FAILS(watch(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN, 1), ENOENT);
    FAILS(watch(epoll, EPOLL_CTL_DEL, ends[0], EPOLLIN, 1), ENOENT);
    FAILS(watch(epoll, EPOLL_CTL_ADD, 999, EPOLLIN, 1), EBADF);
    FAILS(watch(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN, 1), EINVAL);
    FAILS(watch(ends[0], EPOLL_CTL_ADD, epoll, EPOLLIN, 1), EINVAL);
    FAILS(watch(epoll, 99, ends[0], EPOLLIN, 1), EINVAL);
    FAILS(epoll_wait(epoll, events, 0, 0), EINVAL);
    FAILS(epoll_wait(ends[0], events, 1, 0), EINVAL);
    copy = open("/proc/self/exe", O_RDONLY);
    FAILS(watch(epoll, EPOLL_CTL_ADD, copy, EPOLLIN, 1), EPERM); /* files are always ready */
    close(copy);

    CHECK(watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN, 1) == 0);
    FAILS(watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN, 1), EEXIST);
    CHECK(next(epoll, 0) == 0);
    CHECK(write(ends[1], "ab", 2) == 2);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 1) && next(epoll, 0) == (EPOLLIN << 8 | 1));
    CHECK(watch(epoll, EPOLL_CTL_ADD, ends[1], EPOLLOUT, 2) == 0);
    CHECK(epoll_wait(epoll, events, 4, 0) == 2);
    CHECK(next(epoll, 0) != next(epoll, 0)); /* each gets its turn */
    CHECK(watch(epoll, EPOLL_CTL_DEL, ends[1], 0, 0) == 0);

    /* Edge-triggered: told once, and again when more comes. */
    CHECK(watch(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 3) == 0);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 3) && next(epoll, 0) == 0);
    CHECK(write(ends[1], "c", 1) == 1);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 3) && next(epoll, 0) == 0);
    /* Once, and again after it was asked for. */
    CHECK(watch(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 4) == 0);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 4) && next(epoll, 0) == 0);
    CHECK(write(ends[1], "d", 1) == 1 && next(epoll, 0) == 0);
    CHECK(watch(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN, 5) == 0);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 5));

    /* An epoll that watches an epoll. */
    outer = epoll_create1(0);
    CHECK(watch(outer, EPOLL_CTL_ADD, epoll, EPOLLIN, 6) == 0);
    FAILS(watch(epoll, EPOLL_CTL_ADD, outer, EPOLLIN, 6), ELOOP);
    CHECK(next(outer, 0) == (EPOLLIN << 8 | 6));
    for (int i = 0; i < 4; i++) {
        CHECK(read(ends[0], &byte, 1) == 1);
    }
    CHECK(next(outer, 0) == 0 && next(epoll, 0) == 0);
    if (fork() == 0) {
        usleep(10000);
        _exit(write(ends[1], "e", 1) != 1);
    }
    CHECK(next(outer, 5000) == (EPOLLIN << 8 | 6));
    wait(NULL);
    close(outer);

    /* It is the open file that is watched, not the number. */
    copy = dup(ends[0]);
    close(ends[0]);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 5));
    close(copy);
    CHECK(next(epoll, 0) == 0);
    close(ends[1]);
    close(epoll);
}

enum { RINGS = 16, TURNS = 400 };
static int ring[RINGS][2];

static volatile int ended;

/* Passes whatever comes out of any pipe on to the next one, several at it at once. */
static void *pass_on(void *argument)
{
    int epoll = *(int *)argument, turn;
    struct epoll_event event;

    while (ended < 3) {
        if (epoll_wait(epoll, &event, 1, 20) != 1) {
            continue;
        }
        while (read(ring[event.data.u32][0], &turn, sizeof turn) == sizeof turn) {
            if (turn-- == 0) {
                __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
            } else if (write(ring[(event.data.u32 + 1) % RINGS][1], &turn, sizeof turn) < 0) {
                return NULL;
            }
        }
    }
    return NULL;
}

static void crowd(void)
{
    int epoll = epoll_create1(0), turn = TURNS;
    pthread_t threads[3];

    for (int i = 0; i < RINGS; i++) {
        CHECK(pipe2(ring[i], O_NONBLOCK) == 0);
        watch(epoll, EPOLL_CTL_ADD, ring[i][0], i % 2 ? EPOLLIN : EPOLLIN | EPOLLET, (uint64_t)i);
    }
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, pass_on, &epoll);
        CHECK(write(ring[i][1], &turn, sizeof turn) == sizeof turn);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(ended == 3);
    for (int i = 0; i < RINGS; i++) {
        close(ring[i][0]);
        close(ring[i][1]);
    }
    close(epoll);
}

/* Everything at once behind one epoll. */
static void all(void)
{
    int epoll = epoll_create1(0), event = eventfd(0, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec time = in_ms(30, 0);
    uint64_t one = 1;
    sigset_t set, old;
    int signal_fd;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    signal_fd = signalfd(-1, &set, 0);
    watch(epoll, EPOLL_CTL_ADD, event, EPOLLIN, 1);
    watch(epoll, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET, 2);
    watch(epoll, EPOLL_CTL_ADD, signal_fd, EPOLLIN | EPOLLET, 3);
    timerfd_settime(timer, 0, &time, NULL);
    CHECK(write(event, &one, 8) == 8 && next(epoll, 0) == (EPOLLIN << 8 | 1));
    CHECK(read(event, &one, 8) == 8 && next(epoll, 1000) == (EPOLLIN << 8 | 2));
    kill(getpid(), SIGUSR2);
    CHECK(next(epoll, 0) == (EPOLLIN << 8 | 3) && next(epoll, 0) == 0);
    if (fork() == 0) { /* the child's signals are its own, and its end is no harm to us */
        kill(getpid(), SIGUSR2);
        _exit(watch(epoll, EPOLL_CTL_MOD, signal_fd, EPOLLIN, 3) != 0 || next(epoll, 0) <= 0);
    }
    wait(NULL);
    kill(getpid(), SIGUSR2);
    CHECK(next(epoll, 100) == (EPOLLIN << 8 | 3));
    close(signal_fd);
    close(event);
    close(timer);
    close(epoll);
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGUSR2, SIG_DFL);
}

void test_events(void)
{
    timers();
    signals();
    epolls();
    crowd();
    all();
}
