/* SPDX-License-Identifier: MIT */
/*
 * tty_control.c - ioctl on terminals: modes, window size, foreground group, session.
 * Source: POSIX.1-2017 chapter 11; ioctl_tty(2).
 */
#include "dev/tty_control.h"
#include "abi/signal.h"
#include "fs/job.h"
#include "lib/errno.h"
#include "mm/uaccess.h"

void tty_take(struct tty *tty)
{
    u32 session = job_ops->current_session();
    u32 group = job_ops->current_group();

    spin_lock(&tty->lock);
    tty->session = session;
    tty->foreground = group;
    spin_unlock(&tty->lock);
    job_ops->set_tty(session, tty);
}

void tty_release_session(struct tty *tty, u32 session)
{
    spin_lock(&tty->lock);
    if (tty->session == session) {
        tty->session = 0;
        tty->foreground = 0;
    }
    spin_unlock(&tty->lock);
}

static int get_termios(struct tty *tty, u64 argument)
{
    struct abi_termios termios;

    spin_lock(&tty->lock);
    termios = tty->line.termios;
    spin_unlock(&tty->lock);
    return copy_to_user(argument, &termios, sizeof(termios));
}

static int set_termios(struct tty *tty, u64 argument, bool flush)
{
    struct abi_termios termios;
    int error = tty_check_background(tty, SIGTTOU);

    if (error) {
        return error;
    }
    if (copy_from_user(&termios, argument, sizeof(termios))) {
        return -EFAULT;
    }
    spin_lock(&tty->lock);
    if (flush) {
        line_flush_input(&tty->line);
    }
    line_set_termios(&tty->line, &termios);
    wait_wake_all(&tty->readers);
    wait_wake_all(&tty->writers);
    spin_unlock(&tty->lock);
    poll_wake(&tty->poll);
    return 0;
}

static int get_window(struct tty *tty, u64 argument)
{
    struct abi_winsize window;

    spin_lock(&tty->lock);
    window = tty->window;
    spin_unlock(&tty->lock);
    return copy_to_user(argument, &window, sizeof(window));
}

static int set_window(struct tty *tty, u64 argument)
{
    struct abi_winsize window;

    if (copy_from_user(&window, argument, sizeof(window))) {
        return -EFAULT;
    }
    tty_resize(tty, window.rows, window.columns);
    return 0;
}

/* TIOCGPGRP and TIOCGSID: only for the terminal that controls the caller. */
static int get_owner(struct tty *tty, u64 argument, bool session)
{
    u32 value;

    if (!job_ops || job_ops->current_tty() != tty) {
        return -ENOTTY;
    }
    spin_lock(&tty->lock);
    value = session ? tty->session : tty->foreground;
    spin_unlock(&tty->lock);
    return put_user_u32(argument, value);
}

static int set_foreground(struct tty *tty, u64 argument)
{
    u32 group;
    int error;

    if (!job_ops || job_ops->current_tty() != tty || tty->session != job_ops->current_session()) {
        return -ENOTTY;
    }
    error = tty_check_background(tty, SIGTTOU);
    if (error) {
        return error;
    }
    if (get_user_u32(argument, &group)) {
        return -EFAULT;
    }
    if ((i32)group <= 0) {
        return -EINVAL;
    }
    if (!job_ops->group_in_session(group, tty->session)) {
        return -EPERM;
    }
    spin_lock(&tty->lock);
    tty->foreground = group;
    spin_unlock(&tty->lock);
    return 0;
}

/* TIOCSCTTY.  An argument of 1 takes it away from another session (we are root). */
static int set_controlling(struct tty *tty, u64 argument)
{
    u32 session;

    if (!job_ops) {
        return -ENOTTY;
    }
    session = job_ops->current_session();
    if (job_ops->current_is_leader() && tty->session == session) {
        return 0;
    }
    if (!job_ops->current_is_leader() || job_ops->current_tty()) {
        return -EPERM;
    }
    if (tty->session != 0 && tty->session != session) {
        if (argument != 1) {
            return -EPERM;
        }
        job_ops->set_tty(tty->session, NULL);
    }
    tty_take(tty);
    return 0;
}

static int give_up(struct tty *tty)
{
    u32 session;

    if (!job_ops || job_ops->current_tty() != tty) {
        return -ENOTTY;
    }
    session = job_ops->current_session();
    if (job_ops->current_is_leader()) {
        u32 foreground = tty->foreground;

        tty_release_session(tty, session);
        job_ops->set_tty(session, NULL);
        if (foreground) {
            job_ops->signal_group(foreground, SIGHUP);
            job_ops->signal_group(foreground, SIGCONT);
        }
    }
    return 0;
}

static int flush(struct tty *tty, u64 which)
{
    if (which > TCIOFLUSH) {
        return -EINVAL;
    }
    if (which != TCOFLUSH) { /* output is with the device already */
        spin_lock(&tty->lock);
        line_flush_input(&tty->line);
        spin_unlock(&tty->lock);
    }
    return 0;
}

/* tcflow(3): 0 TCOOFF, 1 TCOON; sending STOP and START characters is accepted. */
static int flow(struct tty *tty, u64 action)
{
    if (action > 3) {
        return -EINVAL;
    }
    if (action < 2) {
        spin_lock(&tty->lock);
        tty->line.stopped = action == 0;
        wait_wake_all(&tty->writers);
        spin_unlock(&tty->lock);
    }
    return 0;
}

static int count_input(struct tty *tty, u64 argument)
{
    u32 count;

    spin_lock(&tty->lock);
    count = line_available(&tty->line);
    spin_unlock(&tty->lock);
    return put_user_u32(argument, count);
}

i64 tty_ioctl(struct file *file, u32 command, u64 argument)
{
    struct tty *tty = tty_of_file(file);

    switch (command) {
    case TCGETS:
        return get_termios(tty, argument);
    case TCSETS:
    case TCSETSW:
        return set_termios(tty, argument, false);
    case TCSETSF:
        return set_termios(tty, argument, true);
    case TIOCGWINSZ:
        return get_window(tty, argument);
    case TIOCSWINSZ:
        return set_window(tty, argument);
    case TIOCGPGRP:
        return get_owner(tty, argument, false);
    case TIOCGSID:
        return get_owner(tty, argument, true);
    case TIOCSPGRP:
        return set_foreground(tty, argument);
    case TIOCSCTTY:
        return set_controlling(tty, argument);
    case TIOCNOTTY:
        return give_up(tty);
    case FIONREAD:
        return count_input(tty, argument);
    case TIOCOUTQ:
        return put_user_u32(argument, 0);
    case TCFLSH:
        return flush(tty, argument);
    case TCXONC:
        return flow(tty, argument);
    case TCSBRK:
    case TIOCEXCL:
    case TIOCNXCL:
        return 0;
    default:
        return -ENOTTY;
    }
}
