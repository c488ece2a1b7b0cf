/* SPDX-License-Identifier: MIT */
/*
 * tty.c - terminals as files: reading lines, writing, and waiting for either.
 * What ioctl does is in tty_control.c.
 *
 * Locks: tty->lock is taken in interrupts; under it, only the driver's own lock, the
 * poll source's and the wait queues' are taken.  Signals to process groups take
 * the process lock, whose holders may write to terminals; they are therefore sent
 * after tty->lock is released.
 */
#include "dev/tty.h"
#include "abi/signal.h"
#include "dev/chardev.h"
#include "dev/tty_control.h"
#include "fs/job.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "sync/time.h"

#define CHUNK 256u /* bytes moved at a time between user and line */

static struct tty *console;
static struct list ttys = {&ttys, &ttys}; /* filled at boot */

/* --- what the line discipline asks for --------------------------------------------------- */

struct input_context {
    struct tty *tty;
    u32 signals; /* bit set of signal numbers to be sent */
};

static void echo(void *context, const u8 *bytes, size_t size)
{
    struct input_context *input = context;

    input->tty->driver->write(input->tty, bytes, size); /* a full line loses echo, not input */
}

static void note_signal(void *context, u32 signo)
{
    struct input_context *input = context;

    input->signals |= 1u << signo;
}

void tty_input(struct tty *tty, const u8 *bytes, size_t size)
{
    struct input_context input = {.tty = tty};
    struct line_output output = {echo, note_signal, &input};
    u32 foreground;

    spin_lock(&tty->lock);
    for (size_t i = 0; i < size; i++) {
        line_input(&tty->line, bytes[i], &output);
    }
    foreground = tty->foreground;
    wait_wake_all(&tty->readers);
    if (!tty->line.stopped) {
        wait_wake_all(&tty->writers);
    }
    spin_unlock(&tty->lock);
    poll_wake(&tty->poll);
    for (u32 signo = 1; job_ops && foreground && input.signals >> signo; signo++) {
        if ((input.signals >> signo) & 1) {
            job_ops->signal_group(foreground, signo);
        }
    }
}

void tty_writable(struct tty *tty)
{
    spin_lock(&tty->lock);
    wait_wake_all(&tty->writers);
    spin_unlock(&tty->lock);
    poll_wake(&tty->poll);
}

void tty_resize(struct tty *tty, u16 rows, u16 columns)
{
    u32 foreground;
    bool changed;

    spin_lock(&tty->lock);
    changed = tty->window.rows != rows || tty->window.columns != columns;
    tty->window.rows = rows;
    tty->window.columns = columns;
    foreground = tty->foreground;
    spin_unlock(&tty->lock);
    if (changed && foreground && job_ops) {
        job_ops->signal_group(foreground, SIGWINCH);
    }
}

/* --- job control ------------------------------------------------------------------------- */

int tty_check_background(struct tty *tty, u32 signo)
{
    u32 group, foreground;

    if (!job_ops || job_ops->current_tty() != tty) {
        return 0;
    }
    group = job_ops->current_group();
    foreground = tty->foreground;
    if (foreground == 0 || group == foreground) {
        return 0;
    }
    return job_ops->background(signo);
}

/* --- files ------------------------------------------------------------------------------- */

struct tty *tty_of_file(const struct file *file)
{
    return file->private;
}

/*
 * Sleep until a read can return something.
 * => 0 (lock held throughout), 1 = VTIME ran out, -EAGAIN, -EINTR
 */
static int wait_readable(struct tty *tty, bool nonblocking)
{
    const struct abi_termios *termios = &tty->line.termios;
    u64 tenths = termios->cc[VTIME];
    u64 deadline = WAIT_FOREVER;

    while (!line_readable(&tty->line)) {
        bool raw = !(termios->lflag & ICANON);
        int error;

        if (tty->hung_up || (raw && termios->cc[VMIN] == 0 && tenths == 0)) {
            return 1;
        }
        if (nonblocking) {
            return -EAGAIN;
        }
        if (raw && termios->cc[VMIN] == 0 && deadline == WAIT_FOREVER) {
            deadline = time_now_ns() + tenths * 100000000ull;
        }
        error = wait_sleep_timeout(&tty->readers, &tty->lock, deadline, true);
        if (error) {
            return error == -ETIMEDOUT ? 1 : error;
        }
    }
    return 0;
}

static ssize_t tty_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct tty *tty = tty_of_file(file);
    u8 bytes[CHUNK];
    size_t done = 0;
    bool end = false;
    int error = tty_check_background(tty, SIGTTIN);

    (void)offset;
    if (error || size == 0) {
        return error;
    }
    spin_lock(&tty->lock);
    error = wait_readable(tty, (file->flags & O_NONBLOCK) != 0);
    while (error == 0 && done < size) {
        size_t count = line_read(&tty->line, bytes, min_u64(CHUNK, size - done), &end);
        bool line_ended = (tty->line.termios.lflag & ICANON) &&
                          (end || count < CHUNK || bytes[count - 1] == '\n');

        if (tty->driver->input_taken) {
            tty->driver->input_taken(tty);
        }
        spin_unlock(&tty->lock);
        if (count == 0) {
            return (ssize_t)done;
        }
        if (copy_to_user(user + done, bytes, count)) {
            return done ? (ssize_t)done : -EFAULT;
        }
        done += count;
        if (line_ended) {
            return (ssize_t)done;
        }
        spin_lock(&tty->lock);
    }
    spin_unlock(&tty->lock);
    return error < 0 ? error : (ssize_t)done;
}

/*
 * Send bytes of a kernel buffer, sleeping for room.
 * => bytes sent, or -EAGAIN, -EINTR if none
 */
static ssize_t send(struct tty *tty, const u8 *bytes, size_t size, bool nonblocking)
{
    u8 out[2 * CHUNK];
    size_t done = 0;
    int error = 0;

    spin_lock(&tty->lock);
    while (done < size && !error) {
        size_t made = sizeof(out);
        size_t sent = 0;

        if (tty->line.stopped) {
            error = nonblocking ? -EAGAIN : wait_sleep_interruptible(&tty->writers, &tty->lock);
            continue;
        }
        done += line_process_output(&tty->line, bytes + done, min_u64(size - done, CHUNK / 4), out,
                                    &made);
        /* What was processed must go out whole, else columns and CR would come apart. */
        for (;;) {
            sent += tty->driver->write(tty, out + sent, made - sent);
            if (sent == made) {
                break;
            }
            if (!tty->driver->may_lose) {
                wait_sleep(&tty->writers, &tty->lock);
            } else if (nonblocking) {
                error = -EAGAIN;
            } else {
                error = wait_sleep_interruptible(&tty->writers, &tty->lock);
            }
            if (error) {
                break;
            }
        }
    }
    spin_unlock(&tty->lock);
    return done > 0 ? (ssize_t)done : error;
}

static ssize_t tty_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct tty *tty = tty_of_file(file);
    u8 bytes[CHUNK];
    size_t done = 0;
    int error = 0;

    (void)offset;
    if (tty->hung_up) {
        return -EIO;
    }
    if (tty->line.termios.lflag & TOSTOP) {
        error = tty_check_background(tty, SIGTTOU);
    }
    while (!error && done < size) {
        size_t chunk = min_u64(CHUNK, size - done);
        ssize_t sent;

        if (copy_from_user(bytes, user + done, chunk)) {
            error = -EFAULT;
            break;
        }
        sent = send(tty, bytes, chunk, (file->flags & O_NONBLOCK) != 0);
        if (sent < 0) {
            error = (int)sent;
            break;
        }
        done += (size_t)sent;
        if ((size_t)sent < chunk) {
            break;
        }
    }
    return done > 0 ? (ssize_t)done : error;
}

static u32 tty_poll(struct file *file, struct poll_table *table)
{
    struct tty *tty = tty_of_file(file);
    u32 events = 0;

    poll_wait(table, &tty->poll);
    spin_lock(&tty->lock);
    if (line_readable(&tty->line)) {
        events |= POLLIN | POLLRDNORM;
    }
    if (!tty->line.stopped) {
        events |= POLLOUT | POLLWRNORM;
    }
    if (tty->hung_up) {
        events |= POLLIN | POLLHUP;
    }
    spin_unlock(&tty->lock);
    return events;
}

/* A session leader without a terminal that opens one gets it, unless O_NOCTTY says no. */
static int tty_open(struct file *file)
{
    struct tty *tty = file->private;

    if (!tty) {
        return -ENXIO;
    }
    if (!(file->flags & O_NOCTTY) && tty->session == 0 && job_ops && job_ops->current_is_leader() &&
        !job_ops->current_tty()) {
        tty_take(tty);
    }
    if (tty->driver->change_users) {
        tty->driver->change_users(tty, 1);
    }
    return 0;
}

static void tty_close(struct file *file)
{
    struct tty *tty = file->private;

    if (tty && tty->driver->change_users) {
        tty->driver->change_users(tty, -1);
    }
}

const struct file_ops tty_file_ops = {
    .read = tty_read,
    .write = tty_write,
    .ioctl = tty_ioctl,
    .poll = tty_poll,
    .open = tty_open,
    .release = tty_close,
    .is_stream = true,
};

/* /dev/console: the terminal chosen as such. */
static int console_open(struct file *file)
{
    file->private = console;
    file->ops = &tty_file_ops;
    return console ? 0 : -ENODEV;
}

/* /dev/tty: the controlling terminal of who opens it. */
static int controlling_open(struct file *file)
{
    struct tty *tty = job_ops ? job_ops->current_tty() : NULL;

    if (!tty) {
        return -ENXIO;
    }
    file->private = tty;
    file->ops = &tty_file_ops;
    if (tty->driver->change_users) {
        tty->driver->change_users(tty, 1);
    }
    return 0;
}

static const struct file_ops console_ops = {.open = console_open};
static const struct file_ops controlling_ops = {.open = controlling_open};

/* --- the terminals there are ------------------------------------------------------------- */

void tty_reset(struct tty *tty)
{
    spin_init(&tty->lock, tty->name);
    line_init(&tty->line);
    wait_init(&tty->readers);
    wait_init(&tty->writers);
    poll_source_init(&tty->poll);
    tty->window.rows = 24;
    tty->window.columns = 80;
    tty->foreground = tty->session = 0;
    tty->hung_up = false;
}

void tty_register(struct tty *tty)
{
    tty_reset(tty);
    list_push_back(&ttys, &tty->link);
    if (!console) {
        console = tty;
    }
}

struct tty *tty_find(u64 device)
{
    list_for_each(link, &ttys)
    {
        struct tty *tty = list_entry(link, struct tty, link);

        if (tty->device == device) {
            return tty;
        }
    }
    return NULL;
}

struct tty *tty_console(void)
{
    return console;
}

void tty_set_console(struct tty *tty)
{
    if (tty) {
        console = tty;
    }
}

u64 tty_device(const struct tty *tty)
{
    return tty->device;
}

void tty_init(void)
{
    static const struct char_device nodes[] = {
        {.name = "console", .device = DEVICE_CONSOLE, .mode = 0600, .ops = &console_ops},
        {.name = "tty", .device = DEVICE_TTY, .mode = 0666, .ops = &controlling_ops},
    };

    chardev_register(&nodes[0]);
    chardev_register(&nodes[1]);
}
