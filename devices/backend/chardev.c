/* SPDX-License-Identifier: MIT */
/* chardev.c - see chardev.h. */
#include "devices/backend/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "emu/base/buffer.h"

#define OUTPUT_LIMIT 4096u /* bytes kept back before they are written anyway */

struct chardev {
    char name[64];
    enum chardev_input kind;
    int in, out;  /* -1: none */
    bool owned;   /* close them */
    bool regular; /* input is a file: whole blocks may be read */
    bool memory;  /* output stays in `output` */
    bool ended;   /* of input; what is in `input` comes first */
    bool broken;  /* of output */
    size_t keep;  /* with memory: bytes kept, 0: all */
    struct buffer input, output;
    void (*listener)(void *ctx, const void *data, size_t n); /* NULL: nobody */
    void *listener_ctx;
};

static struct chardev *create(const char *name, enum chardev_input kind)
{
    struct chardev *c = calloc(1, sizeof *c);
    if (c) {
        snprintf(c->name, sizeof c->name, "%s", name);
        c->kind = kind;
        c->in = c->out = -1;
        c->ended = kind == CHARDEV_NO_INPUT;
    }
    return c;
}

struct chardev *chardev_null(void)
{
    return create("null", CHARDEV_NO_INPUT);
}

struct chardev *chardev_buffer(void)
{
    struct chardev *c = create("buffer", CHARDEV_STREAM);
    if (c) {
        c->memory = true;
    }
    return c;
}

struct chardev *chardev_tail(size_t size)
{
    struct chardev *c = create("tail", CHARDEV_NO_INPUT);
    if (c) {
        c->memory = true;
        c->keep = size;
    }
    return c;
}

void chardev_feed(struct chardev *c, const void *data, size_t n, bool then_end)
{
    buffer_append(&c->input, data, n);
    c->ended = c->ended || then_end;
}

const u8 *chardev_output(const struct chardev *c, size_t *n)
{
    *n = c->output.size;
    return c->output.data;
}

struct chardev *chardev_fds(int in, int out)
{
    struct stat status;
    enum chardev_input kind = in < 0 ? CHARDEV_NO_INPUT : CHARDEV_STREAM;
    if (in >= 0 && isatty(in)) {
        kind = CHARDEV_INTERACTIVE;
    }
    struct chardev *c = create(in >= 0 ? "stdio" : "output", kind);
    if (c) {
        c->in = in;
        c->out = out;
        c->regular = in >= 0 && fstat(in, &status) == 0 && S_ISREG(status.st_mode);
    }
    return c;
}

struct chardev *chardev_file(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
        return NULL;
    }
    struct chardev *c = create(path, CHARDEV_NO_INPUT);
    if (!c) {
        close(fd);
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    c->out = fd;
    c->owned = true;
    return c;
}

struct chardev *chardev_pty(struct error *err)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64] = "";
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, sizeof name) != 0) {
        error_set(err, errno, "cannot make a pseudo-terminal: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    struct termios raw;
    if (tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct chardev *c = create(name, CHARDEV_INTERACTIVE);
    if (!c) {
        close(fd);
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    c->in = c->out = fd;
    c->owned = true;
    return c;
}

void chardev_destroy(struct chardev *c)
{
    if (!c) {
        return;
    }
    chardev_flush(c);
    if (c->owned) {
        close(c->out);
    }
    buffer_free(&c->input);
    buffer_free(&c->output);
    free(c);
}

const char *chardev_name(const struct chardev *c)
{
    return c->name;
}

enum chardev_input chardev_input_kind(const struct chardev *c)
{
    return c->kind;
}

int chardev_poll_fd(const struct chardev *c)
{
    return c->ended ? -1 : c->in;
}

static long take(struct chardev *c, void *buffer, size_t size)
{
    size_t n = c->input.size < size ? c->input.size : size;
    memcpy(buffer, c->input.data, n);
    buffer_consume(&c->input, n);
    return (long)n;
}

static bool readable(const struct chardev *c, int timeout_ms)
{
    struct pollfd p = {.fd = c->in, .events = POLLIN};
    return poll(&p, 1, timeout_ms) > 0;
}

/* One read of the descriptor into `input`; a pseudo-terminal nobody has opened is not an end. */
static void refill(struct chardev *c, size_t want)
{
    u8 chunk[4096];
    ssize_t n = read(c->in, chunk, want < sizeof chunk ? want : sizeof chunk);
    if (n > 0) {
        buffer_append(&c->input, chunk, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->ended = c->ended || !(c->owned && n < 0 && errno == EIO);
    }
}

long chardev_read(struct chardev *c, void *buffer, size_t size)
{
    if (c->input.size == 0 && !c->ended && c->in >= 0 && readable(c, 0)) {
        refill(c, size);
    }
    if (c->input.size > 0) {
        return take(c, buffer, size);
    }
    return c->ended ? -1 : 0;
}

static u64 host_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

long chardev_read_line(struct chardev *c, void *buffer, size_t size, int patience_ms)
{
    u64 start = host_ms();
    size_t checked = 0;
    for (;;) {
        size_t held = c->input.size < size ? c->input.size : size;
        const u8 *end = NULL;
        if (!c->regular && held > checked) {
            end = memchr(c->input.data + checked, '\n', held - checked);
        }
        if (end) {
            return take(c, buffer, (size_t)(end - c->input.data) + 1);
        }
        if (held == size || c->ended || c->in < 0) {
            return held > 0 ? take(c, buffer, size) : c->ended ? -1 : 0;
        }
        checked = held;
        int wait = -1;
        if (patience_ms >= 0) {
            u64 passed = host_ms() - start;
            wait = passed >= (u64)patience_ms ? 0 : (int)((u64)patience_ms - passed);
        }
        struct pollfd p = {.fd = c->in, .events = POLLIN};
        int ready = poll(&p, 1, wait);
        if (ready == 0 || (ready < 0 && errno == EINTR)) {
            return held > 0 ? take(c, buffer, size) : 0; /* a signal: the run loop wants to look */
        }
        refill(c, size - held);
    }
}

bool chardev_broken(const struct chardev *c)
{
    return c->broken;
}

void chardev_flush(struct chardev *c)
{
    if (c->memory || c->out < 0) {
        return;
    }
    size_t done = 0;
    while (done < c->output.size && !c->broken) {
        ssize_t n = write(c->out, c->output.data + done, c->output.size - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            if (c->owned) {
                break; /* a pseudo-terminal that nobody reads must not stop the guest */
            }
            struct pollfd p = {.fd = c->out, .events = POLLOUT};
            poll(&p, 1, 1000);
        } else if (n < 0 && errno != EINTR) {
            c->broken = !c->owned;
            break;
        }
    }
    buffer_clear(&c->output);
}

void chardev_listen(struct chardev *c, void (*fn)(void *ctx, const void *data, size_t n),
                    void *ctx)
{
    c->listener = fn;
    c->listener_ctx = ctx;
}

void chardev_write(struct chardev *c, const void *data, size_t n)
{
    if (c->listener) {
        c->listener(c->listener_ctx, data, n);
    }
    if (c->out < 0 && !c->memory) {
        return;
    }
    buffer_append(&c->output, data, n);
    if (c->keep && c->output.size > 2 * c->keep) {
        buffer_consume(&c->output, c->output.size - c->keep);
    }
    if (!c->memory && c->output.size >= OUTPUT_LIMIT) {
        chardev_flush(c);
    }
}
