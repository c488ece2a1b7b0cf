/* SPDX-License-Identifier: MIT */
/* epoll.h - waiting for many files with one descriptor.  See epoll.c. */
#ifndef KERNEL_FS_EPOLL_H
#define KERNEL_FS_EPOLL_H

#include "abi/events.h"
#include "lib/types.h"

struct file;

/* => 0 or -ENOMEM */
int epoll_create(struct file **out);
/* epoll_ctl(2); `fd` is the number the caller knows `file` by.
 * => 0, -EINVAL -EEXIST -ENOENT -EPERM (it cannot be polled) -ELOOP -ENOMEM */
int epoll_control(struct file *epoll, u32 operation, i32 fd, struct file *file,
                  const struct abi_epoll_event *event);
/* Sleeps until there are events or the deadline (ns, monotonic; 0 = do not sleep) has passed.
 * => how many of at most `limit` were stored, -EINVAL (no epoll), -EINTR */
int epoll_wait(struct file *epoll, struct abi_epoll_event *events, u32 limit, u64 deadline);
/* How many files it watches, -EINVAL if it is no epoll. */
int epoll_size(const struct file *epoll);
/* The last descriptor of a file that somebody watches is gone: so is the watching. */
void epoll_file_closed(struct file *file);

#endif
