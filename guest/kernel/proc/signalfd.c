/* SPDX-License-Identifier: MIT */
/*
 * signalfd.c - a descriptor that gives the reader's own pending signals.
 *
 * It holds a set of numbers and nothing else: what is pending belongs to the thread and process
 * that read or poll, which need not be who made it.  Who waits does so on process->readers.
 *
 * Lock: process_lock.  Source: Linux signalfd(2).
 */
#include "proc/signalfd.h"

#include "abi/errno.h"
#include "abi/events.h"
#include "abi/fcntl.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/pending.h"
#include "proc/process.h"

struct signal_file {
    u64 set;
};

static const struct file_ops signal_file_ops;

static void describe(const struct signal_info *info, struct abi_signalfd_siginfo *out)
{
    *out = (struct abi_signalfd_siginfo){.signo = (u32)info->signo,
                                         .code = info->code,
                                         .pid = (u32)info->pid,
                                         .uid = info->uid,
                                         .status = (i32)info->value,
                                         .value_int = (i32)info->value,
                                         .value = info->value,
                                         .user_time = info->user_ns / 10000000,
                                         .system_time = info->system_ns / 10000000};
    if (info->signo == SIGSEGV || info->signo == SIGBUS) {
        out->address = info->value;
    }
}

/* => 0, -EAGAIN, -EINTR */
static int take(const struct file *file, bool may_sleep, struct signal_info *info)
{
    const struct signal_file *own = file->private;
    struct thread *thread = current_thread();
    int error = 0;

    spin_lock(&process_lock);
    while (!signal_take_locked(thread, own->set, info) && !error) {
        error = may_sleep ? wait_sleep_interruptible(&thread->process->readers.queue, &process_lock)
                          : -EAGAIN;
    }
    signal_refresh_locked(thread);
    spin_unlock(&process_lock);
    return error;
}

static ssize_t signal_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct abi_signalfd_siginfo out;
    struct signal_info info;
    size_t done = 0;

    (void)offset;
    if (size < sizeof out) {
        return -EINVAL;
    }
    for (; size - done >= sizeof out; done += sizeof out) {
        int error = take(file, done == 0 && !(file->flags & O_NONBLOCK), &info);

        if (error) {
            return done > 0 ? (ssize_t)done : error;
        }
        describe(&info, &out);
        if (copy_to_user(user + done, &out, sizeof out) != 0) {
            return -EFAULT;
        }
    }
    return (ssize_t)done;
}

static u32 signal_poll(struct file *file, struct poll_table *table)
{
    const struct signal_file *own = file->private;
    struct thread *thread = current_thread();
    u64 pending;

    poll_wait(table, &thread->process->readers);
    spin_lock(&process_lock);
    pending = thread->pending.set | thread->process->pending.set;
    spin_unlock(&process_lock);
    return pending & own->set ? POLLIN | POLLRDNORM : 0;
}

static void signal_release(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops signal_file_ops = {
    .read = signal_read,
    .poll = signal_poll,
    .release = signal_release,
    .is_stream = true,
};

int signalfd_create(u64 set, u32 flags, struct file **out)
{
    struct signal_file *own = kalloc(sizeof *own);

    if (!own) {
        return -ENOMEM;
    }
    own->set = set & ~SIGNALS_UNBLOCKABLE;
    return nameless_file_create(O_RDWR | (flags & O_NONBLOCK), &signal_file_ops, own, out);
}

int signalfd_change(struct file *file, u64 set)
{
    struct signal_file *own = file->private;

    if (file->ops != &signal_file_ops) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    own->set = set & ~SIGNALS_UNBLOCKABLE;
    spin_unlock(&process_lock);
    poll_wake(&current_process()->readers);
    return 0;
}
