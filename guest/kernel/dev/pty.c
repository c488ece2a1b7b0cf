/* SPDX-License-Identifier: MIT */
/*
 * pty.c - pseudo-terminals: a terminal whose other end is a program.
 *
 *     script, tmux  --write-->  line discipline  --read-->   the shell
 *       (master)    <--read---   ring of output  <--write--  (/dev/pts/N)
 *
 * Opening /dev/ptmx makes a pair and gives its master; the terminal is /dev/pts/N.  There are
 * PTY_COUNT at most, and all names are always there.  When the master is closed the terminal has
 * hung up: its session gets SIGHUP, reads end, writes fail.  A terminal is used again when nobody
 * has it open and it is no session's.
 *
 * Locks: tty->lock for the terminal and the ring; ptys_lock for who is in use.
 * Source: POSIX.1-2017 posix_openpt(), Linux pty(7).
 */
#include "dev/pty.h"

#include "abi/signal.h"
#include "dev/chardev.h"
#include "dev/tty.h"
#include "dev/tty_control.h"
#include "fs/job.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/uaccess.h"

#define PTY_COUNT 16u
#define RING_SIZE 16384u
#define CHUNK 256u
#define DEVICE_PTMX DEV_MAKE(5, 2)
#define DEVICE_PTS(index) DEV_MAKE(136, index)

#define TIOCGPTN 0x80045430u
#define TIOCSPTLCK 0x40045431u

struct pty {
    struct tty tty; /* first */
    u32 index;
    bool has_master; /* ptys_lock */
    bool is_locked;  /* until unlockpt() */
    bool was_opened; /* from then on a master without terminals is at its end */
    u32 users;       /* open files of the terminal */
    u8 *ring;        /* output for the master: head..tail */
    u32 head, tail;
    struct wait_queue masters;
    struct poll_source master_poll;
    char name[12];
};

static struct spinlock ptys_lock = SPINLOCK("pseudo-terminals");
static struct pty *ptys[PTY_COUNT];

static struct pty *pty_of(struct tty *tty)
{
    return container_of(tty, struct pty, tty);
}

/* --- the terminal's driver; tty->lock is held ------------------------------------------------- */

static size_t pty_output(struct tty *tty, const u8 *bytes, size_t size)
{
    struct pty *pty = pty_of(tty);
    size_t count = min_u64(size, RING_SIZE - (pty->tail - pty->head));

    if (tty->hung_up) {
        return size; /* nobody will read it */
    }
    for (size_t i = 0; i < count; i++) {
        pty->ring[pty->tail++ % RING_SIZE] = bytes[i];
    }
    wait_wake_all(&pty->masters);
    poll_wake(&pty->master_poll);
    return count;
}

static void pty_change_users(struct tty *tty, int change)
{
    struct pty *pty = pty_of(tty);

    spin_lock(&ptys_lock);
    pty->users += (u32)change;
    pty->was_opened = true;
    spin_unlock(&ptys_lock);
    spin_lock(&tty->lock);
    wait_wake_all(&pty->masters);
    spin_unlock(&tty->lock);
    poll_wake(&pty->master_poll);
}

static void pty_input_taken(struct tty *tty)
{
    wait_wake_all(&pty_of(tty)->masters);
    poll_wake(&pty_of(tty)->master_poll);
}

static const struct tty_driver pty_driver = {.write = pty_output,
                                             .change_users = pty_change_users,
                                             .input_taken = pty_input_taken,
                                             .may_lose = true};

/* --- the master ------------------------------------------------------------------------------ */

static bool has_ended(const struct pty *pty)
{
    return pty->was_opened && pty->users == 0;
}

static ssize_t master_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct tty *tty = file->private;
    struct pty *pty = pty_of(tty);
    u8 bytes[CHUNK];
    size_t count = 0;
    int error = 0;

    (void)offset;
    spin_lock(&tty->lock);
    while (pty->head == pty->tail && !error) {
        error = has_ended(pty)               ? -EIO
                : (file->flags & O_NONBLOCK) ? -EAGAIN
                                             : wait_sleep_interruptible(&pty->masters, &tty->lock);
    }
    while (!error && pty->head != pty->tail && count < min_u64(size, CHUNK)) {
        bytes[count++] = pty->ring[pty->head++ % RING_SIZE];
    }
    wait_wake_all(&tty->writers);
    spin_unlock(&tty->lock);
    poll_wake(&tty->poll);
    if (error) {
        return error;
    }
    return copy_to_user(user, bytes, count) ? -EFAULT : (ssize_t)count;
}

/* Room for bytes that are typed and not yet read. */
static u32 input_room(const struct tty *tty)
{
    u32 held = tty->line.tail - tty->line.head;

    return held + 1 < LINE_SIZE ? LINE_SIZE - 1 - held : 0;
}

static ssize_t master_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct tty *tty = file->private;
    struct pty *pty = pty_of(tty);
    u8 bytes[CHUNK];
    size_t done = 0;
    int error = 0;

    (void)offset;
    while (done < size && !error) {
        size_t chunk = min_u64(size - done, CHUNK);

        spin_lock(&tty->lock);
        /* A line that is too long is cut off; one that is whole waits for its reader. */
        while (!error && input_room(tty) < chunk && line_readable(&tty->line)) {
            error = file->flags & O_NONBLOCK ? -EAGAIN
                                             : wait_sleep_interruptible(&pty->masters, &tty->lock);
        }
        spin_unlock(&tty->lock);
        if (!error && copy_from_user(bytes, user + done, chunk) != 0) {
            error = -EFAULT;
        }
        if (!error) {
            tty_input(tty, bytes, chunk);
            done += chunk;
        }
    }
    return done > 0 ? (ssize_t)done : error;
}

static u32 master_poll(struct file *file, struct poll_table *table)
{
    struct tty *tty = file->private;
    struct pty *pty = pty_of(tty);
    u32 events = 0;

    poll_wait(table, &pty->master_poll);
    spin_lock(&tty->lock);
    if (pty->head != pty->tail) {
        events |= POLLIN | POLLRDNORM;
    }
    if (has_ended(pty)) {
        events |= POLLHUP;
    }
    if (input_room(tty) > CHUNK || !line_readable(&tty->line)) {
        events |= POLLOUT | POLLWRNORM;
    }
    spin_unlock(&tty->lock);
    return events;
}

static i64 master_ioctl(struct file *file, u32 command, u64 argument)
{
    struct pty *pty = pty_of(file->private);
    u32 value;

    switch (command) {
    case TIOCGPTN:
        return put_user_u32(argument, pty->index);
    case TIOCSPTLCK:
        if (get_user_u32(argument, &value) != 0) {
            return -EFAULT;
        }
        pty->is_locked = value != 0;
        return 0;
    default:
        return tty_ioctl(file, command, argument);
    }
}

/* The terminal has lost its other end. */
static void master_release(struct file *file)
{
    struct tty *tty = file->private;
    struct pty *pty = pty_of(tty);
    u32 session, foreground;

    spin_lock(&tty->lock);
    tty->hung_up = true;
    session = tty->session;
    foreground = tty->foreground;
    wait_wake_all(&tty->readers);
    wait_wake_all(&tty->writers);
    spin_unlock(&tty->lock);
    poll_wake(&tty->poll);
    if (session && job_ops) {
        job_ops->signal_group(session, SIGHUP);
        job_ops->signal_group(session, SIGCONT);
        if (foreground && foreground != session) {
            job_ops->signal_group(foreground, SIGHUP);
            job_ops->signal_group(foreground, SIGCONT);
        }
    }
    spin_lock(&ptys_lock);
    pty->has_master = false;
    spin_unlock(&ptys_lock);
}

static const struct file_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .ioctl = master_ioctl,
    .poll = master_poll,
    .release = master_release,
    .is_stream = true,
};

/* --- making and finding them ----------------------------------------------------------------- */

/* ptys_lock.  => one that nobody has, or NULL with *slot where a new one may go */
static struct pty *find_free(u32 *slot)
{
    for (*slot = 0; *slot < PTY_COUNT; (*slot)++) {
        struct pty *pty = ptys[*slot];

        if (!pty || (!pty->has_master && pty->users == 0 && pty->tty.session == 0)) {
            return pty;
        }
    }
    return NULL;
}

static struct pty *pty_new(void)
{
    struct pty *pty = kalloc(sizeof *pty);

    if (pty) {
        pty->ring = kalloc(RING_SIZE);
        if (!pty->ring) {
            kfree(pty);
            return NULL;
        }
        wait_init(&pty->masters);
        poll_source_init(&pty->master_poll);
        pty->tty.driver = &pty_driver;
    }
    return pty;
}

static int master_open(struct file *file)
{
    struct pty *fresh = pty_new(), *pty;
    u32 slot;

    if (!fresh) {
        return -ENOMEM;
    }
    spin_lock(&ptys_lock);
    pty = find_free(&slot);
    if (slot < PTY_COUNT) {
        if (!pty) {
            pty = ptys[slot] = fresh;
            fresh = NULL;
            pty->index = slot;
            snprintf(pty->name, sizeof pty->name, "pts/%u", slot);
            pty->tty.name = pty->name;
            pty->tty.device = DEVICE_PTS(slot);
        }
        tty_reset(&pty->tty);
        pty->head = pty->tail = 0;
        pty->was_opened = false;
        pty->is_locked = true;
        pty->has_master = true;
        file->private = &pty->tty;
        file->ops = &master_ops;
    }
    spin_unlock(&ptys_lock);
    if (fresh) {
        kfree(fresh->ring);
        kfree(fresh);
    }
    return slot < PTY_COUNT ? 0 : -ENOSPC;
}

static int terminal_open(struct file *file)
{
    u32 index = (u32)DEV_MINOR(file->inode->rdev);
    struct pty *pty;

    spin_lock(&ptys_lock);
    pty = index < PTY_COUNT ? ptys[index] : NULL;
    pty = pty && pty->has_master && !pty->is_locked ? pty : NULL;
    spin_unlock(&ptys_lock);
    if (!pty) {
        return -EIO;
    }
    file->private = &pty->tty;
    file->ops = &tty_file_ops;
    return tty_file_ops.open(file);
}

void pty_init(void)
{
    static const struct file_ops ptmx_ops = {.open = master_open};
    static const struct file_ops pts_ops = {.open = terminal_open};
    static const struct char_device ptmx = {
        .name = "ptmx", .device = DEVICE_PTMX, .mode = 0666, .ops = &ptmx_ops};
    static struct char_device nodes[PTY_COUNT];
    static char names[PTY_COUNT][8];

    chardev_register(&ptmx);
    for (u32 i = 0; i < PTY_COUNT; i++) {
        snprintf(names[i], sizeof names[i], "pts/%u", i);
        nodes[i] = (struct char_device){
            .name = names[i], .device = DEVICE_PTS(i), .mode = 0666, .ops = &pts_ops};
        chardev_register(&nodes[i]);
    }
}
