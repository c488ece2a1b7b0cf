/* SPDX-License-Identifier: MIT */
/*
 * job.h - what a terminal asks about processes (the process code is above fs).
 *
 * proc/ fills the table at boot; until then job_ops is NULL and nobody runs.
 * Source: POSIX.1-2017 "General Terminal Interface".
 */
#ifndef KERNEL_FS_JOB_H
#define KERNEL_FS_JOB_H

#include "lib/types.h"

struct tty;

struct job_ops {
    u32 (*current_group)(void);
    u32 (*current_session)(void);
    bool (*current_is_leader)(void); /* leader of its session */
    /* The terminal that controls the current process, or NULL. */
    struct tty *(*current_tty)(void);
    /* TIOCSCTTY by a session leader: the whole session gets it.  NULL takes it away. */
    void (*set_tty)(u32 session, struct tty *tty);
    /* Is there a process in this group and this session? */
    bool (*group_in_session)(u32 group, u32 session);
    /*
     * The current process, in a background group, reads (SIGTTIN) or changes (SIGTTOU)
     * its terminal.  Sends the signal to its group.
     * => -EINTR: signal sent, return it and the call is restarted once continued
     *    -EIO: blocked, ignored or orphaned: a read fails so
     *    0: SIGTTOU is blocked or ignored: go on
     */
    int (*background)(u32 signo);
    /* From interrupts too. */
    void (*signal_group)(u32 group, u32 signo);
};

extern const struct job_ops *job_ops;

#endif
