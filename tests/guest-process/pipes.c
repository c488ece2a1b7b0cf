/* SPDX-License-Identifier: MIT */
/* pipes.c - pipes, FIFOs, and waiting for several descriptors. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2];

static void write_broken(void)
{
    close(ends[0]);
    (void)!write(ends[1], "x", 1);
}

static void ends_of_a_pipe(void)
{
    static char block[70000];
    int status, held = 0;
    char byte;

    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    FAILS(read(ends[0], &byte, 1), EAGAIN);
    CHECK(write(ends[1], block, sizeof block) == 65536);
    FAILS(write(ends[1], block, 1), EAGAIN);
    CHECK(ioctl(ends[0], FIONREAD, &held) == 0 && held == 65536);
    CHECK(read(ends[0], block, 10) == 10);
    FAILS(write(ends[1], block, 4096), EAGAIN); /* all or nothing up to PIPE_BUF */
    FAILS(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    FAILS(read(ends[1], &byte, 1), EBADF);
    FAILS(write(ends[0], &byte, 1), EBADF);
    FAILS(read(ends[0], nowhere, 1), EFAULT);
    close(ends[0]);
    close(ends[1]);

    CHECK(pipe(ends) == 0);
    status = in_child(write_broken);
    CHECK(WIFSIGNALED(status) == 0); /* the parent still reads */
    close(ends[0]);
    status = in_child(write_broken);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(ends[1], "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
}

/* Much more than the pipe holds goes through, in order. */
static void through(void)
{
    enum { TOTAL = 1 << 20 };
    unsigned char *bytes = malloc(TOTAL);
    size_t got = 0;
    int wrong = 0, status;
    pid_t child;

    CHECK(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < TOTAL; i++) {
            bytes[i] = (unsigned char)(i * 7 + (i >> 8));
        }
        _exit(write(ends[1], bytes, TOTAL) != TOTAL);
    }
    close(ends[1]);
    for (;;) {
        ssize_t step = read(ends[0], bytes, 10007);

        if (step <= 0) {
            CHECK(step == 0);
            break;
        }
        for (ssize_t i = 0; i < step; i++, got++) {
            wrong += bytes[i] != (unsigned char)(got * 7 + (got >> 8));
        }
    }
    CHECK(got == TOTAL && wrong == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(ends[0]);
    free(bytes);
}

static void polling(void)
{
    struct pollfd poll_set[2];
    struct timeval none = {0, 0};
    struct timespec start, end;
    fd_set readable, writable;
    char byte;
    long ms;

    CHECK(pipe(ends) == 0);
    poll_set[0] = (struct pollfd){ends[0], POLLIN, 0};
    poll_set[1] = (struct pollfd){ends[1], POLLOUT, 0};
    CHECK(poll(poll_set, 2, -1) == 1 && poll_set[0].revents == 0 && poll_set[1].revents == POLLOUT);
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK(poll(poll_set, 1, 30) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    CHECK(ms >= 29 && ms < 500);
    if (fork() == 0) {
        usleep(10000);
        _exit(write(ends[1], "w", 1) != 1);
    }
    CHECK(poll(poll_set, 1, 5000) == 1 && poll_set[0].revents == POLLIN);
    wait(NULL);
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(ends[0], &readable);
    FD_SET(ends[1], &writable);
    CHECK(select(ends[1] + 1, &readable, &writable, NULL, &none) == 2);
    CHECK(read(ends[0], &byte, 1) == 1);
    FD_SET(ends[0], &readable);
    CHECK(select(ends[0] + 1, &readable, NULL, NULL, &none) == 0 && !FD_ISSET(ends[0], &readable));
    close(ends[1]);
    CHECK(poll(poll_set, 1, 0) == 1 && (poll_set[0].revents & POLLHUP));
    close(ends[0]);
    CHECK(poll(poll_set, 1, 0) == 1 && poll_set[0].revents == POLLNVAL);
    FD_SET(ends[0], &readable);
    FAILS(select(ends[0] + 1, &readable, NULL, NULL, &none), EBADF);
}

static void fifos(void)
{
    const char *name = "/tmp/proctest-fifo";
    int fd, status;
    char byte = 0;

    unlink(name);
    CHECK(mkfifo(name, 0600) == 0);
    FAILS(open(name, O_WRONLY | O_NONBLOCK), ENXIO);
    if (fork() == 0) {
        fd = open(name, O_WRONLY); /* waits for the reader */
        _exit(write(fd, "f", 1) != 1);
    }
    fd = open(name, O_RDONLY);
    CHECK(fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'f');
    CHECK(wait(&status) > 0 && status == 0);
    CHECK(read(fd, &byte, 1) == 0);
    close(fd);
    unlink(name);
}

/* A pipe by its place in /proc: its data is there, its writer may be gone. */
static void by_number(void)
{
    char name[64], text[8];
    int fd;

    CHECK(pipe(ends) == 0 && write(ends[1], "left", 4) == 4);
    close(ends[1]);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    fd = open(name, O_RDONLY);
    CHECK(fd >= 0 && read(fd, text, 8) == 4 && read(fd, text, 8) == 0);
    close(fd);
    close(ends[0]);
}

static void events(void)
{
    int fd = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 4;

    CHECK(write(fd, &value, 8) == 8);
    CHECK(read(fd, &value, 8) == 8 && value == 7);
    FAILS(read(fd, &value, 8), EAGAIN);
    FAILS(read(fd, &value, 4), EINVAL);
    close(fd);
}

static void descriptors(void)
{
    struct iovec vector[2] = {{"ab", 2}, {"cd", 2}};
    char text[4];
    int fd;

    CHECK(pipe(ends) == 0);
    CHECK(writev(ends[1], vector, 2) == 4);
    CHECK(read(ends[0], text, 4) == 4 && memcmp(text, "abcd", 4) == 0);
    fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
    CHECK(fd == 100 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(dup2(fd, 150) == 150 && fcntl(150, F_GETFD) == 0);
    CHECK(dup2(150, 150) == 150);
    FAILS(dup3(150, 150, 0), EINVAL);
    FAILS(dup2(ends[0], 1 << 20), EBADF);
    FAILS(close(99), EBADF);
    close(fd);
    close(150);
    close(ends[0]);
    close(ends[1]);
}

void test_pipes(void)
{
    ends_of_a_pipe();
    through();
    polling();
    fifos();
    by_number();
    events();
    descriptors();
}
