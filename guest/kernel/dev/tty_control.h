/* SPDX-License-Identifier: MIT */
/* tty_control.h - between tty.c and tty_control.c. */
#ifndef DEV_TTY_CONTROL_H
#define DEV_TTY_CONTROL_H

#include "dev/tty.h"

struct tty *tty_of_file(const struct file *file);
i64 tty_ioctl(struct file *file, u32 command, u64 argument);
/* The current process's session gets the terminal, its group becomes the foreground. */
void tty_take(struct tty *tty);
/*
 * May the current process act on its terminal from its group?
 * => 0: go on; -EINTR, -EIO: see job_ops->background
 */
int tty_check_background(struct tty *tty, u32 signo);

#endif
