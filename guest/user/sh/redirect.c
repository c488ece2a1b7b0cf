/* SPDX-License-Identifier: MIT */
/*
 * redirect.c - redirections, and putting things back after a builtin.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Replaced descriptors, newest last; copy = -1: it was closed. */
struct saved_fd {
    int fd, copy;
};
static struct saved_fd saved[64];
static size_t saved_count;

enum { HERE_PIPE_MAX = 4096 /* fits every pipe */ };

static void save_fd(int fd)
{
    if (saved_count < sizeof saved / sizeof saved[0]) {
        saved[saved_count].fd = fd;
        saved[saved_count].copy = fcntl(fd, F_DUPFD_CLOEXEC, 20);
        saved_count++;
    }
}

size_t redirect_mark(void)
{
    return saved_count;
}

void redirect_restore(size_t mark)
{
    fflush(stdout);
    while (saved_count > mark) {
        struct saved_fd *s = &saved[--saved_count];

        if (s->copy >= 0) {
            dup2(s->copy, s->fd);
            close(s->copy);
        } else {
            close(s->fd);
        }
    }
}

/* A descriptor from which the text can be read. */
static int open_here(const struct redirect *r)
{
    char *text = r->body_quoted ? sh_copy(r->body) : expand_here(r->body);
    size_t length = strlen(text);
    int fds[2];

    if (length <= HERE_PIPE_MAX) {
        if (pipe(fds) < 0) {
            free(text);
            return -1;
        }
        if (write(fds[1], text, length) != (ssize_t)length)
            sh_error("here-document: %s", strerror(errno));
        close(fds[1]);
    } else {
        char path[] = "/tmp/sh-hereXXXXXX";

        fds[0] = mkstemp(path);
        if (fds[0] >= 0) {
            unlink(path);
            if (write(fds[0], text, length) != (ssize_t)length)
                sh_error("here-document: %s", strerror(errno));
            lseek(fds[0], 0, SEEK_SET);
        }
    }
    free(text);
    return fds[0];
}

/* Opens what the redirection names; -2 means "close", -1 an error that was told. */
static int open_target(const struct redirect *r)
{
    static const int flags[] = {
        [REDIRECT_IN] = O_RDONLY,
        [REDIRECT_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
        [REDIRECT_BOTH] = O_RDWR | O_CREAT,
    };
    char *target;
    int fd;

    if (r->kind == REDIRECT_HERE)
        return open_here(r);
    target = expand_one(r->raw);
    if (r->kind == REDIRECT_DUP_IN || r->kind == REDIRECT_DUP_OUT) {
        char *end;
        long number = strtol(target, &end, 10);

        if (strcmp(target, "-") == 0)
            fd = -2;
        else if (*target == '\0' || *end != '\0' || number < 0 || number > 1023)
            fd = -1;
        else
            fd = fcntl((int)number, F_DUPFD, 20);
    } else {
        fd = open(target, flags[r->kind], 0666);
    }
    if (fd == -1)
        sh_error("%s: %s", target, strerror(errno));
    free(target);
    return fd;
}

bool redirect_apply(struct redirect *list, bool keep_saved)
{
    fflush(stdout);
    for (struct redirect *r = list; r != NULL; r = r->next) {
        int fd = open_target(r);

        if (fd == -1)
            return false;
        if (keep_saved)
            save_fd(r->fd);
        if (fd == -2) {
            close(r->fd);
        } else if (fd != r->fd) {
            dup2(fd, r->fd);
            close(fd);
        }
    }
    return true;
}
