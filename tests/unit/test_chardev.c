/* SPDX-License-Identifier: MIT */
/* test_chardev.c - host ends of character channels: lines, patience, ends, closed pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "devices/backend/chardev.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A pipe whose writer is a child that sends `pieces` with pauses of `pause_ms`. */
static int feed(const char *const *pieces, unsigned pause_ms, pid_t *child)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    *child = fork();
    if (*child == 0) {
        close(fds[0]);
        for (; *pieces; pieces++) {
            if (write(fds[1], *pieces, strlen(*pieces)) < 0) {
                _exit(1);
            }
            usleep(pause_ms * 1000);
        }
        _exit(0);
    }
    close(fds[1]);
    return fds[0];
}

static void expect_read(struct chardev *c, size_t size, const char *text)
{
    char buffer[64] = "";
    long n = chardev_read_line(c, buffer, size, 2000);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(buffer, text, (size_t)n);
}

static void test_lines_do_not_depend_on_pieces(void **state)
{
    static const char *const ways[][6] = {
        {"one\ntwo\nthree", NULL},
        {"o", "ne\nt", "wo", "\nthree", NULL},
        {"one\n", "two\nth", "r", "ee", NULL},
    };
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pid_t child;
        int fd = feed(ways[i], 20, &child);
        struct chardev *c = chardev_fds(fd, -1);
        assert_int_equal(chardev_input_kind(c), CHARDEV_STREAM);
        expect_read(c, 16, "one\n");
        expect_read(c, 2, "tw"); /* no more than wanted */
        expect_read(c, 16, "o\n");
        expect_read(c, 16, "three");
        assert_int_equal(chardev_read_line(c, (char[4]){0}, 4, 2000), -1);
        assert_int_equal(chardev_read(c, (char[4]){0}, 4), -1);
        assert_int_equal(chardev_poll_fd(c), -1);
        chardev_destroy(c);
        close(fd);
        waitpid(child, NULL, 0);
    }
}

static void test_patience(void **state)
{
    static const char *const pieces[] = {"unfinished", NULL};
    pid_t child;
    (void)state;
    int fd = feed(pieces, 1500, &child);
    struct chardev *c = chardev_fds(fd, -1);
    char buffer[32];
    double start = seconds();
    assert_int_equal(chardev_read_line(c, buffer, sizeof buffer, 200), 10);
    assert_true(seconds() - start > 0.15);
    assert_int_equal(chardev_read_line(c, buffer, sizeof buffer, 100), 0);
    assert_true(seconds() - start < 1.2);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 0);
    chardev_destroy(c);
    close(fd);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void test_file_in_blocks(void **state)
{
    char name[] = "/tmp/test-chardev-XXXXXX";
    char buffer[16];
    (void)state;
    int fd = mkstemp(name);
    unlink(name);
    assert_int_equal(write(fd, "a\nb\nc\nd\n", 8), 8);
    lseek(fd, 0, SEEK_SET);
    struct chardev *c = chardev_fds(fd, -1);
    assert_int_equal(chardev_read_line(c, buffer, 5, 1000), 5); /* lines mean nothing here */
    assert_memory_equal(buffer, "a\nb\nc", 5);
    assert_int_equal(chardev_read_line(c, buffer, sizeof buffer, 1000), 3);
    assert_int_equal(chardev_read_line(c, buffer, sizeof buffer, 1000), -1);
    chardev_destroy(c);
    close(fd);
}

static void test_buffer(void **state)
{
    struct chardev *c = chardev_buffer();
    char buffer[16];
    size_t n;
    (void)state;
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 0);
    chardev_feed(c, "xyz", 3, false);
    assert_int_equal(chardev_read(c, buffer, 2), 2);
    chardev_feed(c, "", 0, true);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 1);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), -1);
    chardev_write(c, "out", 3);
    chardev_flush(c);
    assert_memory_equal(chardev_output(c, &n), "out", 3);
    assert_int_equal(n, 3);
    chardev_destroy(c);
    c = chardev_tail(10);
    assert_int_equal(chardev_input_kind(c), CHARDEV_NO_INPUT);
    for (unsigned i = 0; i < 100; i++) {
        chardev_write(c, "abcdefg", 7);
    }
    const u8 *tail = chardev_output(c, &n);
    assert_true(n >= 10 && n <= 20);
    assert_memory_equal(tail + n - 7, "abcdefg", 7);
    chardev_destroy(c);
    c = chardev_null();
    chardev_write(c, "gone", 4);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), -1);
    chardev_destroy(c);
}

static void test_closed_pipe(void **state)
{
    int fds[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(fds), 0);
    struct chardev *c = chardev_fds(-1, fds[1]);
    chardev_write(c, "a", 1);
    chardev_flush(c);
    assert_false(chardev_broken(c));
    close(fds[0]);
    chardev_write(c, "b", 1);
    chardev_flush(c);
    assert_true(chardev_broken(c));
    chardev_write(c, "c", 1);
    chardev_flush(c);
    chardev_destroy(c);
    close(fds[1]);
}

static void test_pty(void **state)
{
    struct error err = {0};
    char buffer[16];
    (void)state;
    struct chardev *c = chardev_pty(&err);
    if (!c) {
        skip();
    }
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 0); /* nobody there is no end */
    chardev_write(c, "lost", 4);
    chardev_flush(c);
    int slave = open(chardev_name(c), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(write(slave, "key", 3), 3);
    usleep(20000);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 3);
    /* A reader that never reads does not stop the guest. */
    for (unsigned i = 0; i < 100; i++) {
        static const char block[4096];
        chardev_write(c, block, sizeof block);
    }
    close(slave);
    assert_int_equal(chardev_read(c, buffer, sizeof buffer), 0);
    chardev_destroy(c);
}

static void test_output_file(void **state)
{
    struct error err = {0};
    char name[] = "/tmp/test-chardev-XXXXXX", text[8] = "";
    (void)state;
    int fd = mkstemp(name);
    struct chardev *c = chardev_file(name, &err);
    chardev_write(c, "log\n", 4);
    chardev_destroy(c);
    assert_int_equal(read(fd, text, sizeof text), 4);
    assert_string_equal(text, "log\n");
    close(fd);
    unlink(name);
    assert_null(chardev_file("/nosuch/folder/file", &err));
    assert_true(err.text[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_do_not_depend_on_pieces),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_file_in_blocks),
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_pty),
        cmocka_unit_test(test_output_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
