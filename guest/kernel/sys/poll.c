/* SPDX-License-Identifier: MIT */
/*
 * poll.c - ppoll and pselect6: waiting for several descriptors.
 *
 * Each round registers with every file (first round only) and asks for its state; if
 * nothing is ready it sleeps until one of them calls poll_wake.  Asking after
 * registering makes sure that no change is missed.
 */
#include "fs/poll.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sync/time.h"
#include "sys/sys.h"

#define POLL_MAX 4096u
#define SELECT_MAX 1024u

/* What one call waits for, whatever its form. */
struct poll_call {
    struct abi_pollfd *entries;
    struct file **files;
    u32 count;
    u64 deadline; /* ns, WAIT_FOREVER */
};

static int call_init(struct poll_call *call, u32 count)
{
    *call = (struct poll_call){.count = count, .deadline = WAIT_FOREVER};
    call->entries = kalloc((count + 1) * sizeof *call->entries);
    call->files = kalloc((count + 1) * sizeof(struct file *));
    return call->entries && call->files ? 0 : -ENOMEM;
}

static void call_destroy(struct poll_call *call)
{
    for (u32 i = 0; call->files && i < call->count; i++) {
        file_put(call->files[i]);
    }
    kfree(call->files);
    kfree(call->entries);
}

static void find_files(struct poll_call *call)
{
    for (u32 i = 0; i < call->count; i++) {
        if (call->entries[i].fd >= 0) {
            call->files[i] = sys_file((u64)(i64)call->entries[i].fd);
        }
    }
}

/* Asks every file.  => how many entries have something to say */
static u32 ask(struct poll_call *call, struct poll_table *table)
{
    u32 ready = 0;

    for (u32 i = 0; i < call->count; i++) {
        struct abi_pollfd *entry = &call->entries[i];
        u32 wanted = (u16)entry->events | POLLERR | POLLHUP;

        entry->revents = 0;
        if (entry->fd < 0) {
            continue;
        }
        entry->revents =
            call->files[i] ? (i16)(file_poll(call->files[i], table) & wanted) : (i16)POLLNVAL;
        ready += entry->revents != 0;
    }
    return ready;
}

/* => entries ready, 0 when the deadline passed, -EINTR, -ENOMEM */
static i64 wait_ready(struct poll_call *call)
{
    struct poll_table table;
    int error = poll_table_init(&table, call->count);
    i64 ready;

    if (error) {
        return error;
    }
    ready = ask(call, &table);
    while (ready == 0 && call->deadline != 0) {
        error = poll_table_sleep(&table, call->deadline);
        if (error) {
            ready = error == -ETIMEDOUT ? 0 : error;
            break;
        }
        poll_table_rearm(&table);
        ready = ask(call, NULL);
    }
    poll_table_destroy(&table);
    return ready;
}

/* The deadline of a timeout argument; a call that is restarted keeps its first one. */
static int get_deadline(u64 user, u64 *deadline)
{
    struct thread *thread = current_thread();
    u64 ns;
    int error;

    if (user == 0) {
        return 0;
    }
    error = sys_get_time(user, &ns);
    if (error) {
        return error;
    }
    if (thread->restart_armed) {
        *deadline = thread->restart_deadline;
    } else {
        *deadline = ns == 0 ? 0 : time_now_ns() + ns;
    }
    thread->restart_armed = false;
    return 0;
}

static i64 finish(struct poll_call *call, i64 result)
{
    if (result == -EINTR && call->deadline != WAIT_FOREVER) {
        current_thread()->restart_armed = true;
        current_thread()->restart_deadline = call->deadline;
    }
    call_destroy(call);
    return result;
}

int sys_temporary_mask(u64 user, u64 size)
{
    u64 mask;

    if (user == 0) {
        return 0;
    }
    if (size != sizeof mask) {
        return -EINVAL;
    }
    if (get_user_u64(user, &mask) != 0) {
        return -EFAULT;
    }
    signal_set_temporary_mask(mask);
    return 0;
}

i64 sys_ppoll(const u64 *a)
{
    struct poll_call call;
    u64 bytes = a[1] * sizeof(struct abi_pollfd);
    i64 result;

    if (a[1] > POLL_MAX) {
        return -EINVAL;
    }
    result = call_init(&call, (u32)a[1]);
    if (result == 0 && copy_from_user(call.entries, a[0], bytes) != 0) {
        result = -EFAULT;
    }
    if (result == 0) {
        result = get_deadline(a[2], &call.deadline);
    }
    if (result == 0) {
        result = sys_temporary_mask(a[3], a[4]);
    }
    if (result == 0) {
        find_files(&call);
        result = wait_ready(&call);
    }
    if (result >= 0 && copy_to_user(a[0], call.entries, bytes) != 0) {
        result = -EFAULT;
    }
    return finish(&call, result);
}

/* --- pselect6: three bitmaps instead of an array --------------------------------------------- */

struct select_sets {
    u64 bits[3][SELECT_MAX / 64]; /* read, write, except */
};

static const u32 select_events[3] = {POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
                                     POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};
static const u32 select_request[3] = {POLLIN, POLLOUT, POLLPRI};

static int get_sets(const u64 *a, size_t bytes, struct select_sets *sets)
{
    for (u32 kind = 0; kind < 3; kind++) {
        if (a[1 + kind] != 0 && copy_from_user(sets->bits[kind], a[1 + kind], bytes) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

static int put_sets(const u64 *a, size_t bytes, const struct select_sets *sets)
{
    for (u32 kind = 0; kind < 3; kind++) {
        if (a[1 + kind] != 0 && copy_to_user(a[1 + kind], sets->bits[kind], bytes) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

static u32 requested(const struct select_sets *sets, u32 fd)
{
    u32 events = 0;

    for (u32 kind = 0; kind < 3; kind++) {
        if ((sets->bits[kind][fd / 64] >> (fd % 64)) & 1) {
            events |= select_request[kind];
        }
    }
    return events;
}

/* Sets to entries.  => 0, -EBADF if one is not open */
static int fill_entries(struct poll_call *call, const struct select_sets *sets, u32 limit)
{
    call->count = 0;
    for (u32 fd = 0; fd < limit; fd++) {
        u32 events = requested(sets, fd);
        struct file *file;

        if (events == 0) {
            continue;
        }
        file = sys_file(fd);
        if (!file) {
            return -EBADF;
        }
        call->files[call->count] = file;
        call->entries[call->count++] = (struct abi_pollfd){(i32)fd, (i16)events, 0};
    }
    return 0;
}

/* Entries to sets.  => bits set */
static i64 fill_sets(const struct poll_call *call, struct select_sets *sets)
{
    i64 bits = 0;

    memset(sets, 0, sizeof *sets);
    for (u32 i = 0; i < call->count; i++) {
        const struct abi_pollfd *entry = &call->entries[i];
        u32 fd = (u32)entry->fd;

        for (u32 kind = 0; kind < 3; kind++) {
            if (((u16)entry->events & select_request[kind]) &&
                ((u16)entry->revents & select_events[kind])) {
                sets->bits[kind][fd / 64] |= 1ull << (fd % 64);
                bits++;
            }
        }
    }
    return bits;
}

/* The sixth argument: { address of the mask, its size }. */
static int select_mask(u64 user)
{
    u64 pair[2];

    if (user == 0) {
        return 0;
    }
    if (copy_from_user(pair, user, sizeof pair) != 0) {
        return -EFAULT;
    }
    return sys_temporary_mask(pair[0], pair[1]);
}

i64 sys_pselect6(const u64 *a)
{
    struct select_sets *sets;
    struct poll_call call;
    u32 limit = (u32)min_u64(a[0], SELECT_MAX);
    size_t bytes = round_up(limit, 64) / 8;
    i64 result;

    if ((i32)a[0] < 0) {
        return -EINVAL;
    }
    sets = kalloc(sizeof *sets);
    result = call_init(&call, limit);
    if (!sets) {
        result = -ENOMEM;
    }
    if (result == 0) {
        result = get_sets(a, bytes, sets);
    }
    if (result == 0) {
        result = fill_entries(&call, sets, limit);
    }
    if (result == 0) {
        result = get_deadline(a[4], &call.deadline);
    }
    if (result == 0) {
        result = select_mask(a[5]);
    }
    if (result == 0) {
        result = wait_ready(&call);
    }
    if (result >= 0) {
        result = fill_sets(&call, sets);
        if (put_sets(a, bytes, sets) != 0) {
            result = -EFAULT;
        }
    }
    kfree(sets);
    return finish(&call, result);
}
