/* SPDX-License-Identifier: MIT */
/* ptys.c - pseudo-terminals: a terminal whose other end is this program. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master, terminal;

/* Reads from the master until `text` has come.  => false: it did not */
static bool comes(const char *text)
{
    static char seen[4096];
    size_t length = 0;

    while (length < sizeof seen - 1) {
        struct pollfd wait_for = {master, POLLIN, 0};
        ssize_t got;

        if (poll(&wait_for, 1, 2000) != 1) {
            break;
        }
        got = read(master, seen + length, sizeof seen - 1 - length);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
        seen[length] = '\0';
        if (strstr(seen, text)) {
            return true;
        }
    }
    seen[length] = '\0';
    printf("not \"%s\" but \"%s\"\n", text, seen);
    return false;
}

static void pair(void)
{
    struct winsize size = {30, 100, 0, 0}, got;
    struct termios modes;
    char name[64], text[64];

    CHECK(openpty(&master, &terminal, name, NULL, &size) == 0);
    CHECK(strncmp(name, "/dev/pts/", 9) == 0 && isatty(master) && isatty(terminal));
    CHECK(strcmp(ttyname(terminal), name) == 0);
    CHECK(ioctl(terminal, TIOCGWINSZ, &got) == 0 && got.ws_row == 30 && got.ws_col == 100);
    CHECK(write(terminal, "out\n", 4) == 4 && comes("out\r\n"));
    CHECK(write(master, "typed\n", 6) == 6 && comes("typed\r\n")); /* the echo */
    CHECK(read(terminal, text, sizeof text) == 6 && memcmp(text, "typed\n", 6) == 0);
    CHECK(tcgetattr(terminal, &modes) == 0);
    cfmakeraw(&modes);
    CHECK(tcsetattr(terminal, TCSANOW, &modes) == 0);
    CHECK(write(master, "r\003", 2) == 2 && read(terminal, text, sizeof text) == 2);
    CHECK(write(terminal, "a\nb", 3) == 3 && comes("a\nb"));
    close(terminal);
    FAILS(read(master, text, 1), EIO);
    terminal = open(name, O_RDWR | O_NOCTTY);
    CHECK(terminal >= 0);
    close(master);
    CHECK(read(terminal, text, 1) == 0);
    FAILS(write(terminal, "x", 1), EIO);
    close(terminal);
    CHECK(open(name, O_RDWR | O_NOCTTY) == -1);
}

static volatile int resized;

static void on_resize(int signal)
{
    (void)signal;
    resized = 1;
}

/* A program on the terminal: its session, its signals, its end. */
static void session(void)
{
    struct winsize size = {10, 20, 0, 0};
    int status;
    pid_t child = forkpty(&master, NULL, NULL, NULL);

    if (child == 0) {
        char line[64];

        signal(SIGWINCH, on_resize);
        printf("ready %d\n", tcgetpgrp(0) == getpid() && getsid(0) == getpid());
        while (!resized) {
            pause();
        }
        printf("resized\n");
        if (fgets(line, sizeof line, stdin)) {
            printf("got %s", line);
        }
        for (;;) {
            pause(); /* ^C ends it */
        }
    }
    CHECK(child > 0 && comes("ready 1\r\n"));
    CHECK(ioctl(master, TIOCSWINSZ, &size) == 0 && comes("resized"));
    CHECK(write(master, "hello\r", 6) == 6 && comes("got hello"));
    CHECK(write(master, "\003", 1) == 1);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGINT);
    close(master);

    /* Hanging up ends who does not care. */
    child = forkpty(&master, NULL, NULL, NULL);
    if (child == 0) {
        printf("here\n");
        for (;;) {
            pause();
        }
    }
    CHECK(comes("here"));
    close(master);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGHUP);
}

/* More than the ring holds, and more than a line: nothing is lost. */
static void flood(void)
{
    enum { TOTAL = 100000 };
    char *bytes = malloc(TOTAL);
    struct termios modes;
    long sum = 0, expected = 0, got;
    int status;

    CHECK(openpty(&master, &terminal, NULL, NULL, NULL) == 0);
    tcgetattr(terminal, &modes);
    cfmakeraw(&modes);
    tcsetattr(terminal, TCSANOW, &modes);
    for (int i = 0; i < TOTAL; i++) {
        bytes[i] = (char)(1 + i % 100);
        expected += bytes[i];
    }
    if (fork() == 0) {
        ssize_t out = write(terminal, bytes, TOTAL);

        for (long total = 0; total < TOTAL; total += got) {
            got = read(terminal, bytes, 1000);
            for (long i = 0; i < got; i++) {
                sum += bytes[i];
            }
        }
        _exit(out != TOTAL || sum != expected);
    }
    for (long total = 0; total < TOTAL; total += got) {
        char part[1000];

        got = read(master, part, sizeof part);
        CHECK(got > 0);
        for (long i = 0; i < got; i++) {
            sum += part[i];
        }
    }
    CHECK(sum == expected);
    CHECK(write(master, bytes, TOTAL) == TOTAL);
    CHECK(wait(&status) > 0 && status == 0);
    close(terminal);
    close(master);
    free(bytes);
}

static void many(void)
{
    int masters[64], count = 0;

    while (count < 64 && (masters[count] = posix_openpt(O_RDWR | O_NOCTTY)) >= 0) {
        count++;
    }
    CHECK(count >= 8);
    while (count > 0) {
        close(masters[--count]);
    }
    CHECK(openpty(&master, &terminal, NULL, NULL, NULL) == 0);
    close(master);
    close(terminal);
}

void test_ptys(void)
{
    pair();
    session();
    flood();
    many();
}
