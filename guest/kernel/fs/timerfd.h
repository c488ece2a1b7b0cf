/* SPDX-License-Identifier: MIT */
/* timerfd.h - a timer to wait on.  See timerfd.c. */
#ifndef KERNEL_FS_TIMERFD_H
#define KERNEL_FS_TIMERFD_H

#include "lib/types.h"

struct file;

/* In ns; value 0 = not armed, interval 0 = once. */
struct timerfd_time {
    u64 value, interval;
};

/* flags: O_NONBLOCK, O_CLOEXEC (the caller's business).  => 0, -ENOMEM */
int timerfd_create(u32 flags, bool is_realtime, struct file **out);
/* Sets it; with `absolute` the value is a time of its clock.  old may be NULL.
 * => 0, -EINVAL (no timer) */
int timerfd_set(struct file *file, bool absolute, const struct timerfd_time *time,
                struct timerfd_time *old);
/* => 0, -EINVAL (no timer) */
int timerfd_get(struct file *file, struct timerfd_time *left);

#endif
