/* SPDX-License-Identifier: MIT */
/*
 * timerfd.c - a timer that tells by a descriptor how often it has expired.
 *
 * A timer with an interval is not armed again before somebody asks for it; what has passed
 * meanwhile is counted then.  So an interval of a nanosecond does no harm to anybody else.
 *
 * Lock: timer->lock.  Source: Linux timerfd_create(2).
 */
#include "fs/timerfd.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "sync/time.h"
#include "sync/timer.h"

struct timer_file {
    struct spinlock lock;
    struct timer timer;
    u64 deadline, interval; /* ns, monotonic; 0: not set */
    u64 expirations;        /* not yet read */
    bool is_realtime;
    bool stands; /* has expired, and is not armed until advance() */
    struct poll_source poll;
};

static const struct file_ops timer_ops;

static void fire(struct timer *timer)
{
    struct timer_file *own = container_of(timer, struct timer_file, timer);

    spin_lock(&own->lock);
    if (own->deadline != 0 && time_now_ns() >= own->deadline) { /* else it was set anew */
        own->expirations++;
        own->stands = true;
    }
    spin_unlock(&own->lock);
    poll_wake(&own->poll);
}

/* Counts the intervals that have passed since it fired, and arms it for the next.  own->lock. */
static void advance(struct timer_file *own)
{
    u64 more;

    if (!own->stands || own->interval == 0) {
        return;
    }
    more = (time_now_ns() - own->deadline) / own->interval;
    own->expirations += more;
    own->deadline += (more + 1) * own->interval;
    own->stands = false;
    timer_arm(&own->timer, own->deadline);
}

static void get_left(struct timer_file *own, struct timerfd_time *left)
{
    u64 now = time_now_ns();

    advance(own);
    left->interval = own->interval;
    left->value = 0;
    if (own->deadline != 0 && !own->stands) {
        left->value = own->deadline > now ? own->deadline - now : 1; /* 0 would say "not armed" */
    }
}

static ssize_t timer_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct timer_file *own = file->private;
    u64 expirations;
    int error = 0;

    (void)offset;
    if (size < sizeof expirations) {
        return -EINVAL;
    }
    spin_lock(&own->lock);
    while (own->expirations == 0 && !error) {
        error = (file->flags & O_NONBLOCK) ? -EAGAIN
                                           : wait_sleep_interruptible(&own->poll.queue, &own->lock);
    }
    if (!error) {
        advance(own);
    }
    expirations = own->expirations;
    own->expirations = error ? own->expirations : 0;
    spin_unlock(&own->lock);
    if (error) {
        return error;
    }
    return put_user_u64(user, expirations) ? -EFAULT : (ssize_t)sizeof expirations;
}

static u32 timer_poll(struct file *file, struct poll_table *table)
{
    struct timer_file *own = file->private;
    u32 events;

    poll_wait(table, &own->poll);
    spin_lock(&own->lock);
    events = own->expirations > 0 ? POLLIN | POLLRDNORM : 0;
    spin_unlock(&own->lock);
    return events;
}

static void timer_release(struct file *file)
{
    struct timer_file *own = file->private;

    timer_cancel(&own->timer);
    kfree(own);
}

static const struct file_ops timer_ops = {
    .read = timer_read,
    .poll = timer_poll,
    .release = timer_release,
    .is_stream = true,
};

int timerfd_create(u32 flags, bool is_realtime, struct file **out)
{
    struct timer_file *own = kalloc(sizeof *own);

    if (!own) {
        return -ENOMEM;
    }
    spin_init(&own->lock, "timerfd");
    timer_setup(&own->timer, fire);
    poll_source_init(&own->poll);
    own->is_realtime = is_realtime;
    return nameless_file_create(O_RDWR | (flags & O_NONBLOCK), &timer_ops, own, out);
}

/* A time of the timer's clock as one of the monotonic clock; what has passed is now. */
static u64 monotonic(const struct timer_file *own, u64 value)
{
    u64 now = time_now_ns(), clock_now = own->is_realtime ? time_realtime_ns() : now;

    return value > clock_now ? now + (value - clock_now) : now;
}

int timerfd_set(struct file *file, bool absolute, const struct timerfd_time *time,
                struct timerfd_time *old)
{
    struct timer_file *own = file->private;
    struct timerfd_time before;

    if (file->ops != &timer_ops) {
        return -EINVAL;
    }
    timer_cancel(&own->timer); /* not with the lock, for which fire() may be waiting */
    spin_lock(&own->lock);
    get_left(own, &before);
    own->expirations = 0;
    own->stands = false;
    own->interval = time->interval;
    own->deadline = time->value == 0 ? 0
                    : absolute       ? monotonic(own, time->value)
                                     : time_now_ns() + time->value;
    if (own->deadline != 0) {
        timer_arm(&own->timer, own->deadline);
    }
    spin_unlock(&own->lock);
    if (old) {
        *old = before;
    }
    return 0;
}

int timerfd_get(struct file *file, struct timerfd_time *left)
{
    struct timer_file *own = file->private;

    if (file->ops != &timer_ops) {
        return -EINVAL;
    }
    spin_lock(&own->lock);
    get_left(own, left);
    spin_unlock(&own->lock);
    return 0;
}
