/* SPDX-License-Identifier: MIT */
/* descriptor.c - making, copying and closing descriptors; fcntl; record locks. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/record_lock.h"
#include "fs/seal.h"
#include "mm/shm.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/install.h"

static u32 descriptor_limit(void)
{
    return (u32)min_u64(current_process()->limits[RLIMIT_NOFILE].current, FD_LIMIT);
}

i64 sys_install(struct file *file, u32 from, bool close_on_exec)
{
    int fd = fd_install(current_process()->files, file, from, close_on_exec, descriptor_limit());

    if (fd < 0) {
        file_put(file);
    }
    return fd;
}

i64 sys_close(const u64 *a)
{
    return fd_close(current_process()->files, (int)a[0]);
}

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

/* A table of descriptors of one's own, if others share it. */
static int unshare_files(struct process *process)
{
    struct file_table *old = process->files, *own = file_table_copy(old);

    if (!own) {
        return -ENOMEM;
    }
    spin_lock(&process_lock);
    process->files = own;
    spin_unlock(&process_lock);
    file_table_put(old);
    return 0;
}

i64 sys_close_range(const u64 *a)
{
    struct file_table *files;
    u32 last = (u32)a[1];
    int fd;

    if ((u32)a[0] > last || (a[2] & ~(u64)(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE))) {
        return -EINVAL;
    }
    if ((a[2] & CLOSE_RANGE_UNSHARE) && unshare_files(current_process()) != 0) {
        return -ENOMEM;
    }
    files = current_process()->files;
    for (fd = fd_next(files, (u32)a[0]); fd >= 0 && (u32)fd <= last;
         fd = fd_next(files, (u32)fd + 1)) {
        if (a[2] & CLOSE_RANGE_CLOEXEC) {
            (void)fd_set_cloexec(files, fd, true);
        } else {
            (void)fd_close(files, fd);
        }
    }
    return 0;
}

i64 sys_dup(const u64 *a)
{
    struct file *file = sys_file(a[0]);

    return file ? sys_install(file, 0, false) : -EBADF;
}

i64 sys_dup3(const u64 *a)
{
    struct file *file;
    int fd;

    if ((a[2] & ~(u64)O_CLOEXEC) || (u32)a[0] == (u32)a[1]) {
        return -EINVAL;
    }
    file = sys_file(a[0]);
    if (!file) {
        return -EBADF;
    }
    fd = fd_replace(current_process()->files, file, (u32)a[1], (a[2] & O_CLOEXEC) != 0,
                    descriptor_limit());
    if (fd < 0) {
        file_put(file);
    }
    return fd;
}

/* From whence, start and length to the first and last byte.  => 0, -EINVAL, -EOVERFLOW */
static i64 record_range(const struct file *file, const struct abi_flock *lock,
                        struct record_request *request)
{
    i64 base = lock->whence == SEEK_CUR   ? (i64)file->offset
               : lock->whence == SEEK_END ? (i64)file->inode->size
                                          : 0;
    i64 start, end;

    if (lock->whence < SEEK_SET || lock->whence > SEEK_END) {
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, lock->start, &start)) {
        return -EOVERFLOW;
    }
    end = (i64)RECORD_END;
    if (lock->length > 0 && __builtin_add_overflow(start, lock->length - 1, &end)) {
        return -EOVERFLOW;
    }
    if (lock->length < 0) { /* the bytes before */
        end = start - 1;
        start += lock->length;
    }
    request->start = (u64)start;
    request->end = (u64)end;
    return start < 0 ? -EINVAL : 0;
}

static i64 tell_record(u64 user, const struct record_request *request, struct abi_flock *lock)
{
    lock->type = (i16)request->type;
    if (request->type != F_UNLCK) {
        lock->whence = SEEK_SET;
        lock->start = (i64)request->start;
        lock->length = request->end == RECORD_END ? 0 : (i64)(request->end - request->start + 1);
        lock->pid = request->by_file ? -1 : (i32)request->pid;
    }
    return copy_to_user(user, lock, sizeof *lock);
}

/* F_GETLK, F_SETLK, F_SETLKW, and the same of open files. */
static i64 record_lock(struct file *file, u32 command, u64 user)
{
    bool by_file = command >= F_OFD_GETLK && command <= F_OFD_SETLKW;
    struct record_request request = {.by_file = by_file, .pid = current()->pid};
    struct abi_flock lock;
    i64 error;

    if (copy_from_user(&lock, user, sizeof lock) != 0) {
        return -EFAULT;
    }
    if (lock.type < F_RDLCK || lock.type > F_UNLCK || (by_file && lock.pid != 0)) {
        return -EINVAL;
    }
    if (!file->inode || (file->flags & O_PATH)) {
        return -EBADF;
    }
    error = record_range(file, &lock, &request);
    if (error) {
        return error;
    }
    request.owner = by_file ? (const void *)file : current_process()->files;
    request.type = (u16)lock.type;
    if (command == F_GETLK || command == F_OFD_GETLK) {
        if (lock.type == F_UNLCK) {
            return -EINVAL;
        }
        record_lock_get(file->inode, &request);
        return tell_record(user, &request, &lock);
    }
    if ((lock.type == F_RDLCK && !file_can_read(file)) ||
        (lock.type == F_WRLCK && !file_can_write(file))) {
        return -EBADF;
    }
    return record_lock_set(file->inode, &request, command == F_SETLKW || command == F_OFD_SETLKW);
}

static i64 duplicate_from(struct file *file, u64 from, bool close_on_exec)
{
    if (from >= descriptor_limit()) {
        return -EINVAL;
    }
    return sys_install(file_get(file), (u32)from, close_on_exec);
}

static i64 control(struct file *file, u64 fd, u32 command, u64 argument)
{
    const u32 changeable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC;
    struct file_table *files = current_process()->files;

    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate_from(file, argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fd_get_cloexec(files, (int)fd);
    case F_SETFD:
        return fd_set_cloexec(files, (int)fd, (argument & FD_CLOEXEC) != 0);
    case F_GETFL:
        return file->flags | O_LARGEFILE;
    case F_SETFL:
        file->flags = (file->flags & ~changeable) | ((u32)argument & changeable);
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(file, command, argument);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
        return file->ops && file->ops->is_stream ? 16 * (i64)PAGE_SIZE : -EBADF;
    case F_ADD_SEALS:
        return seal_add(file, (u32)argument);
    case F_GET_SEALS:
        return seal_get(file);
    case F_GETOWN:
    case F_SETOWN:
        return 0;
    default:
        return -EINVAL;
    }
}

i64 sys_fcntl(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = control(file, a[0], (u32)a[1], a[2]);
        file_put(file);
    }
    return result;
}

i64 sys_install_pair(struct file *first, struct file *second, bool close_on_exec, u64 user)
{
    u32 fds[2];
    i64 fd = sys_install(first, 0, close_on_exec);

    if (fd < 0) {
        file_put(second);
        return fd;
    }
    fds[0] = (u32)fd;
    fd = sys_install(second, 0, close_on_exec);
    fds[1] = (u32)fd;
    if (fd >= 0 && copy_to_user(user, fds, sizeof fds) != 0) {
        (void)fd_close(current_process()->files, (int)fds[1]);
        fd = -EFAULT;
    }
    if (fd < 0) {
        (void)fd_close(current_process()->files, (int)fds[0]);
        return fd;
    }
    return 0;
}

i64 sys_pipe2(const u64 *a)
{
    struct file *read_end, *write_end;
    int error;

    if (a[1] & ~(u64)(O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
    }
    error = pipe_create((u32)a[1], &read_end, &write_end);
    return error ? error : sys_install_pair(read_end, write_end, (a[1] & O_CLOEXEC) != 0, a[0]);
}
