/* SPDX-License-Identifier: MIT */
/*
 * chardev.h - host ends of character channels: standard streams, files, pseudo-terminals, memory.
 *
 * Output is buffered; the run loop flushes when the guest has been quiet or before it waits.
 * Input is read by the run loop only (emu/machine/input.c), never by a device.
 */
#ifndef FAULTLINE_CHARDEV_H
#define FAULTLINE_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/error.h"
#include "emu/base/types.h"

enum chardev_input {
    CHARDEV_NO_INPUT, /* there is none and never will be */
    CHARDEV_STREAM,   /* pipe or file: the host may wait for it at moments the guest determines */
    CHARDEV_INTERACTIVE, /* terminal: bytes come when they come; guest time is paced meanwhile */
};

struct chardev;

struct chardev *chardev_null(void);
/* Output is appended to an unbounded buffer (tests, monitors); input is what chardev_feed gave. */
struct chardev *chardev_buffer(void);
void chardev_feed(struct chardev *c, const void *data, size_t n, bool then_end);
const u8 *chardev_output(const struct chardev *c, size_t *n);
/* No input; of the output the last `size` bytes (at least) are kept. */
struct chardev *chardev_tail(size_t size);
/* Descriptors stay the caller's; -1 = none.  Interactive when `in` is a terminal. */
struct chardev *chardev_fds(int in, int out);
/* Output to a file, truncated; no input.  NULL with *err set when it cannot be opened. */
struct chardev *chardev_file(const char *path, struct error *err);
/* A new pseudo-terminal; its name is for the user (chardev_name). */
struct chardev *chardev_pty(struct error *err);
void chardev_destroy(struct chardev *c);

const char *chardev_name(const struct chardev *c);
enum chardev_input chardev_input_kind(const struct chardev *c);
/* Descriptor to poll for input, -1 when there is none. */
int chardev_poll_fd(const struct chardev *c);
/*
 * Reads what is there without waiting.  Returns bytes read, 0 when nothing is there now, -1 when
 * the input has ended (and at every call after that).
 */
long chardev_read(struct chardev *c, void *buffer, size_t size);
/*
 * Reads for a guest that wants up to `size` bytes: waits until a line or `size` bytes are there or
 * the input ends, at most `patience_ms` (-1: for ever).  So what the guest gets does not depend on
 * how the host chopped the stream.  Same results as chardev_read.
 */
long chardev_read_line(struct chardev *c, void *buffer, size_t size, int patience_ms);
void chardev_write(struct chardev *c, const void *data, size_t n);
/* Somebody who is told of all output as it is written; fn NULL: nobody. */
void chardev_listen(struct chardev *c, void (*fn)(void *ctx, const void *data, size_t n),
                    void *ctx);
void chardev_flush(struct chardev *c);
/* True once writing failed because nobody reads any more (EPIPE). */
bool chardev_broken(const struct chardev *c);

#endif
