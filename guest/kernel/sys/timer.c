/* SPDX-License-Identifier: MIT */
/* timer.c - the system calls of timers that tell by a signal.  See proc/posix_timer.c. */
#include "abi/errno.h"
#include "abi/time.h"
#include "mm/uaccess.h"
#include "proc/posix_timer.h"
#include "proc/signal.h"
#include "sys/sys.h"

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD_ID 4

struct abi_sigevent {
    u64 value;
    i32 signo, notify;
    u32 tid, unused[11];
};
_Static_assert(sizeof(struct abi_sigevent) == 64, "struct sigevent");

static i64 get_event(u64 user, struct posix_timer_request *request)
{
    struct abi_sigevent event = {.signo = SIGALRM};

    request->value_is_id = user == 0;
    if (user != 0 && copy_from_user(&event, user, sizeof event) != 0) {
        return -EFAULT;
    }
    if (event.notify != SIGEV_SIGNAL && event.notify != SIGEV_NONE &&
        event.notify != SIGEV_THREAD_ID) {
        return -EINVAL;
    }
    request->is_silent = event.notify == SIGEV_NONE;
    if (!request->is_silent && (event.signo < 1 || event.signo > (i32)SIGNAL_COUNT)) {
        return -EINVAL;
    }
    request->signo = event.signo;
    request->value = event.value;
    request->tid = event.notify == SIGEV_THREAD_ID ? event.tid : 0;
    return event.notify == SIGEV_THREAD_ID && event.tid == 0 ? -EINVAL : 0;
}

i64 sys_timer_create(const u64 *a)
{
    struct posix_timer_request request = {0};
    i64 result;

    switch ((i32)a[0]) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM:
        request.is_realtime = true;
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        break;
    case CLOCK_PROCESS_CPUTIME_ID: /* setitimer(2) has one of these */
    case CLOCK_THREAD_CPUTIME_ID:
        return -EOPNOTSUPP;
    default:
        return -EINVAL;
    }
    result = get_event(a[1], &request);
    result = result ? result : posix_timer_create(&request);
    if (result >= 0 && put_user_u32(a[2], (u32)result) != 0) {
        (void)posix_timer_delete((i32)result);
        return -EFAULT;
    }
    return result < 0 ? result : 0;
}

/* struct itimerspec: the interval comes first. */
static i64 put_time(u64 user, const struct posix_timer_time *time)
{
    i64 error = sys_put_time(user, time->interval);

    return error ? error : sys_put_time(user + sizeof(struct abi_timespec), time->value);
}

i64 sys_timer_settime(const u64 *a)
{
    struct posix_timer_time time, old;
    i64 error = a[2] == 0 ? -EINVAL : sys_get_time(a[2], &time.interval);

    error = error ? error : sys_get_time(a[2] + sizeof(struct abi_timespec), &time.value);
    error = error ? error : posix_timer_set((i32)a[0], (a[1] & TIMER_ABSTIME) != 0, &time, &old);
    return error || a[3] == 0 ? error : put_time(a[3], &old);
}

i64 sys_timer_gettime(const u64 *a)
{
    struct posix_timer_time left;
    i64 error = posix_timer_get((i32)a[0], &left);

    return error ? error : put_time(a[1], &left);
}

i64 sys_timer_getoverrun(const u64 *a)
{
    return posix_timer_overrun((i32)a[0]);
}

i64 sys_timer_delete(const u64 *a)
{
    return posix_timer_delete((i32)a[0]);
}
