/* SPDX-License-Identifier: MIT */
/*
 * eventfd.c - a counter that threads add to and wait on through a descriptor.
 *
 * Lock: event->lock.  Source: Linux eventfd(2).
 */
#include "fs/eventfd.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/misc.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

#define COUNT_MAX (~0ull - 1)

struct event {
    struct spinlock lock;
    u64 count;
    bool is_semaphore;
    struct wait_queue changed;
    struct poll_source poll;
};

/* Sleeps until `ready`, or not if the file does not block.  event->lock. */
static int wait_until(struct file *file, bool (*ready)(const struct event *, u64), u64 value)
{
    struct event *event = file->private;
    int error = 0;

    while (!error && !ready(event, value)) {
        error = (file->flags & O_NONBLOCK)
                    ? -EAGAIN
                    : wait_sleep_interruptible(&event->changed, &event->lock);
    }
    return error;
}

static bool has_count(const struct event *event, u64 value)
{
    (void)value;
    return event->count > 0;
}

static bool has_room(const struct event *event, u64 value)
{
    return COUNT_MAX - event->count >= value;
}

static void changed(struct event *event)
{
    wait_wake_all(&event->changed);
    spin_unlock(&event->lock);
    poll_wake(&event->poll);
}

static ssize_t event_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct event *event = file->private;
    u64 value;
    int error;

    (void)offset;
    if (size < sizeof value) {
        return -EINVAL;
    }
    spin_lock(&event->lock);
    error = wait_until(file, has_count, 0);
    if (error) {
        spin_unlock(&event->lock);
        return error;
    }
    value = event->is_semaphore ? 1 : event->count;
    event->count -= value;
    changed(event);
    return put_user_u64(user, value) ? -EFAULT : (ssize_t)sizeof value;
}

static ssize_t event_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct event *event = file->private;
    u64 value;
    int error;

    (void)offset;
    if (size < sizeof value) {
        return -EINVAL;
    }
    if (get_user_u64(user, &value) != 0) {
        return -EFAULT;
    }
    if (value == ~0ull) {
        return -EINVAL;
    }
    spin_lock(&event->lock);
    error = wait_until(file, has_room, value);
    if (error) {
        spin_unlock(&event->lock);
        return error;
    }
    event->count += value;
    changed(event);
    return sizeof value;
}

static u32 event_poll(struct file *file, struct poll_table *table)
{
    struct event *event = file->private;
    u32 events = 0;

    poll_wait(table, &event->poll);
    spin_lock(&event->lock);
    if (event->count > 0) {
        events |= POLLIN;
    }
    if (event->count < COUNT_MAX) {
        events |= POLLOUT;
    }
    spin_unlock(&event->lock);
    return events;
}

static void event_release(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops event_ops = {
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .release = event_release,
    .is_stream = true,
};

int eventfd_create(u32 value, u32 flags, struct file **out)
{
    struct event *event;

    if (flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC)) {
        return -EINVAL;
    }
    event = kalloc(sizeof *event);
    if (!event) {
        return -ENOMEM;
    }
    spin_init(&event->lock, "eventfd");
    wait_init(&event->changed);
    poll_source_init(&event->poll);
    event->count = value;
    event->is_semaphore = (flags & EFD_SEMAPHORE) != 0;
    return nameless_file_create(O_RDWR | (flags & O_NONBLOCK), &event_ops, event, out);
}
