/* SPDX-License-Identifier: MIT */
/* file_limit.c - see file_limit.h. */
#include "sys/file_limit.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "mm/object.h"
#include "proc/process.h"

static u64 limit(void)
{
    return current_process()->limits[RLIMIT_FSIZE].current;
}

static int refuse(void)
{
    const struct signal_info info = {.signo = SIGXFSZ, .code = SI_KERNEL};

    spin_lock(&process_lock);
    (void)signal_send_thread_locked(current_thread(), &info);
    spin_unlock(&process_lock);
    return -EFBIG;
}

int file_limit_size(u64 size)
{
    return size > limit() ? refuse() : 0;
}

int file_limit_write(const struct file *file, u64 offset, u64 *size)
{
    if (likely(limit() == RLIM_INFINITY) || !file->inode || !S_ISREG(file->inode->mode) ||
        *size == 0) {
        return 0;
    }
    if (offset >= limit()) {
        return refuse();
    }
    *size = min_u64(*size, limit() - offset);
    return 0;
}

u64 file_limit_offset(const struct file *file)
{
    return file->inode && (file->flags & O_APPEND) ? file->inode->size : file->offset;
}
