/* SPDX-License-Identifier: MIT */
/*
 * pidfd.c - descriptors that name processes.  See pidfd.h.
 * Lock: process_lock for the state; exit.c wakes process->ended under it.
 */
#include "proc/pidfd.h"

#include "abi/errno.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "proc/process.h"

static u32 pidfd_poll(struct file *file, struct poll_table *table)
{
    struct process *process = file->private;
    u32 state;

    poll_wait(table, &process->ended);
    spin_lock(&process_lock);
    state = process->state;
    spin_unlock(&process_lock);
    if (state == PROCESS_UNUSED) {
        return POLLIN | POLLHUP;
    }
    return state == PROCESS_ZOMBIE ? POLLIN : 0;
}

static void pidfd_release(struct file *file)
{
    process_put(file->private);
}

static const struct file_ops pidfd_ops = {
    .poll = pidfd_poll, .release = pidfd_release, .is_stream = true};

int pidfd_create(struct process *process, u32 flags, struct file **out)
{
    struct inode *inode = nameless_inode_create(0600);

    if (!inode) {
        return -ENOMEM;
    }
    *out = file_create(inode, O_RDWR | flags, &pidfd_ops, process);
    inode_put(inode);
    if (!*out) {
        return -ENOMEM;
    }
    process_get(process);
    return 0;
}

struct process *pidfd_process(const struct file *file)
{
    return file->ops == &pidfd_ops ? file->private : NULL;
}

i64 pidfd_install(struct process *process, u64 user)
{
    struct process *owner = current_process();
    struct file *file;
    int fd = pidfd_create(process, 0, &file);

    if (fd < 0) {
        return fd;
    }
    fd = fd_install(owner->files, file, 0, true, (u32)owner->limits[RLIMIT_NOFILE].current);
    if (fd < 0) {
        file_put(file);
    } else if (put_user_u32(user, (u32)fd) != 0) {
        (void)fd_close(owner->files, fd);
        fd = -EFAULT;
    }
    return fd;
}

bool process_is_gone(const struct process *process)
{
    return __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) == PROCESS_UNUSED;
}
