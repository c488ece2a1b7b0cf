/* SPDX-License-Identifier: MIT */
/*
 * tty.h - terminals: a line of characters to a user, with the line discipline that
 * turns keys into lines and signals (POSIX.1-2017, 11 "General Terminal Interface").
 *
 * The driver calls tty_input() with bytes that came in, from its interrupt; the
 * discipline (dev/line.h) decides; readers sleep on `readers`.  Output goes through
 * `write`, which may sleep only when called from a process.
 */
#ifndef DEV_TTY_H
#define DEV_TTY_H

#include "dev/line.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "sync/spin.h"
#include "sync/wait.h"

struct tty;

struct tty_driver {
    /* Sends bytes.  Never sleeps; => how many were taken (the rest: wait for tty_writable) */
    size_t (*write)(struct tty *tty, const u8 *bytes, size_t size);
    /* Members that may be NULL: a file of the terminal was opened (+1) or closed (-1); */
    void (*change_users)(struct tty *tty, int change);
    /* bytes that were typed have been read (tty->lock). */
    void (*input_taken)(struct tty *tty);
    bool may_lose; /* a signal may end the wait for room, and the output with it */
};

struct tty {
    const char *name;
    u64 device;
    const struct tty_driver *driver;
    void *private; /* the driver's */

    struct spinlock lock; /* everything below */
    struct line line;     /* discipline: termios, edited line, bytes to be read */
    struct wait_queue readers, writers;
    struct poll_source poll;
    struct abi_winsize window;
    u32 foreground; /* process group, 0 = none */
    u32 session;    /* whose controlling terminal it is, 0 = nobody's */
    bool hung_up;   /* the other end is gone */
    struct list link;
};

/* Sets up lock, line and queues and makes it known.  => name, device, driver, private are set */
void tty_register(struct tty *tty);
/* The same without making it known, for one that comes and goes. */
void tty_reset(struct tty *tty);
/* The driver has received bytes.  => from interrupts */
void tty_input(struct tty *tty, const u8 *bytes, size_t size);
/* The driver can take more output.  => from interrupts */
void tty_writable(struct tty *tty);
/* The other end has changed its size: SIGWINCH. */
void tty_resize(struct tty *tty, u16 rows, u16 columns);

struct tty *tty_find(u64 device); /* NULL if there is none */
/* The terminal that /dev/console means; the first registered unless set (NULL is ignored). */
struct tty *tty_console(void);
void tty_set_console(struct tty *tty);

/* proc/: the session has ended, its terminal is free.  SIGHUP is proc/'s business. */
void tty_release_session(struct tty *tty, u32 session);
/* For /proc/PID/stat field tty_nr. */
u64 tty_device(const struct tty *tty);

extern const struct file_ops tty_file_ops;
/* /dev/tty, /dev/console. */
void tty_init(void);

#endif
