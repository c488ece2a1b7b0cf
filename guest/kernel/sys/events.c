/* SPDX-License-Identifier: MIT */
/* events.c - descriptors that are made to be waited on: eventfd, timerfd, signalfd, epoll. */
#include "abi/errno.h"
#include "abi/events.h"
#include "abi/fcntl.h"
#include "abi/time.h"
#include "fs/epoll.h"
#include "fs/eventfd.h"
#include "fs/file.h"
#include "fs/timerfd.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/signalfd.h"
#include "sync/time.h"
#include "sync/wait.h"
#include "sys/install.h"
#include "sys/sys.h"

i64 sys_eventfd2(const u64 *a)
{
    struct file *file;
    int error = eventfd_create((u32)a[0], (u32)a[1], &file);

    return error ? error : sys_install(file, 0, (a[1] & O_CLOEXEC) != 0);
}

/* --- timerfd --------------------------------------------------------------------------------- */

i64 sys_timerfd_create(const u64 *a)
{
    bool is_realtime = (u32)a[0] == CLOCK_REALTIME || (u32)a[0] == CLOCK_REALTIME_ALARM;
    struct file *file;
    int error;

    if (!is_realtime && (u32)a[0] != CLOCK_MONOTONIC && (u32)a[0] != CLOCK_BOOTTIME &&
        (u32)a[0] != CLOCK_BOOTTIME_ALARM) {
        return -EINVAL;
    }
    if (a[1] & ~(u64)(O_NONBLOCK | O_CLOEXEC)) {
        return -EINVAL;
    }
    error = timerfd_create((u32)a[1], is_realtime, &file);
    return error ? error : sys_install(file, 0, (a[1] & O_CLOEXEC) != 0);
}

/* struct itimerspec: the interval comes first. */
static i64 put_timer(u64 user, const struct timerfd_time *time)
{
    i64 error = sys_put_time(user, time->interval);

    return error ? error : sys_put_time(user + sizeof(struct abi_timespec), time->value);
}

i64 sys_timerfd_settime(const u64 *a)
{
    struct timerfd_time time, old;
    struct file *file;
    i64 error = sys_get_time(a[2], &time.interval);

    if (!error) {
        error = sys_get_time(a[2] + sizeof(struct abi_timespec), &time.value);
    }
    if (error) {
        return error;
    }
    if (a[1] & ~(u64)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) {
        return -EINVAL;
    }
    file = sys_file(a[0]);
    if (!file) {
        return -EBADF;
    }
    error = timerfd_set(file, (a[1] & TFD_TIMER_ABSTIME) != 0, &time, &old);
    file_put(file);
    return error || a[3] == 0 ? error : put_timer(a[3], &old);
}

i64 sys_timerfd_gettime(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    struct timerfd_time left;
    int error;

    if (!file) {
        return -EBADF;
    }
    error = timerfd_get(file, &left);
    file_put(file);
    return error ? error : put_timer(a[1], &left);
}

/* --- signalfd -------------------------------------------------------------------------------- */

i64 sys_signalfd4(const u64 *a)
{
    struct file *file;
    u64 set;
    int error;

    if (a[2] != sizeof set || (a[3] & ~(u64)(O_NONBLOCK | O_CLOEXEC))) {
        return -EINVAL;
    }
    if (get_user_u64(a[1], &set) != 0) {
        return -EFAULT;
    }
    if ((i32)a[0] == -1) {
        error = signalfd_create(set, (u32)a[3], &file);
        return error ? error : sys_install(file, 0, (a[3] & O_CLOEXEC) != 0);
    }
    file = sys_file(a[0]);
    if (!file) {
        return -EBADF;
    }
    error = signalfd_change(file, set);
    file_put(file);
    return error ? error : (i64)(i32)a[0];
}

/* --- epoll ----------------------------------------------------------------------------------- */

i64 sys_epoll_create1(const u64 *a)
{
    struct file *file;
    int error;

    if (a[0] & ~(u64)O_CLOEXEC) {
        return -EINVAL;
    }
    error = epoll_create(&file);
    return error ? error : sys_install(file, 0, (a[0] & O_CLOEXEC) != 0);
}

i64 sys_epoll_ctl(const u64 *a)
{
    struct abi_epoll_event event = {0};
    struct file *epoll, *watched;
    i64 error = -EBADF;

    if ((u32)a[1] != EPOLL_CTL_DEL && copy_from_user(&event, a[3], sizeof event) != 0) {
        return -EFAULT;
    }
    epoll = sys_file(a[0]);
    watched = sys_file(a[2]);
    if (epoll && watched && !((epoll->flags | watched->flags) & O_PATH)) {
        error = epoll_control(epoll, (u32)a[1], (i32)a[2], watched, &event);
    }
    file_put(watched);
    file_put(epoll);
    return error;
}

static i64 wait_for_events(u64 fd, u64 user, i32 limit, u64 deadline)
{
    struct file *file;
    struct abi_epoll_event *events;
    i64 result;

    if (limit <= 0 || (u32)limit > 0x7fffffff / sizeof *events) {
        return -EINVAL;
    }
    if (user > ~0ull >> 1) {
        return -EFAULT;
    }
    file = sys_file(fd);
    if (!file) {
        return -EBADF;
    }
    result = epoll_size(file);
    if (result >= 0) { /* more may come while it waits: the next call gets those */
        u32 room = (u32)min_u64(min_u64((u64)result + 16, (u32)limit), 4096);

        events = kalloc(room * sizeof *events);
        result = events ? epoll_wait(file, events, room, deadline) : -ENOMEM;
        if (result > 0 && copy_to_user(user, events, (u64)result * sizeof *events) != 0) {
            result = -EFAULT;
        }
        kfree(events);
    }
    file_put(file);
    return result;
}

static i64 epoll_call(const u64 *a, u64 deadline)
{
    i64 error = sys_temporary_mask(a[4], a[5]);

    return error ? error : wait_for_events(a[0], a[1], (i32)a[2], deadline);
}

i64 sys_epoll_pwait(const u64 *a)
{
    i32 ms = (i32)a[3];

    return epoll_call(a, ms < 0 ? WAIT_FOREVER : ms == 0 ? 0 : time_now_ns() + (u64)ms * 1000000);
}

i64 sys_epoll_pwait2(const u64 *a)
{
    u64 ns = 0;
    i64 error = a[3] ? sys_get_time(a[3], &ns) : 0;

    return error ? error
                 : epoll_call(a, a[3] == 0 ? WAIT_FOREVER
                                 : ns == 0 ? 0
                                           : time_now_ns() + ns);
}
