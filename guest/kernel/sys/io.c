/* SPDX-License-Identifier: MIT */
/* io.c - reading, writing and positioning of open files. */
#include "sys/file_limit.h"
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/termios.h"
#include "abi/stat.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/pagecache.h"
#include "mm/uaccess.h"
#include "mm/writeback.h"
#include "proc/process.h"

/* One transfer moves less than 2 GiB, as on Linux. */
#define TRANSFER_MAX 0x7ffff000ull

/*
 * The file of a descriptor for the time of a call.  While the process has one thread and shares its
 * descriptors with no other, nobody can close the file meanwhile, and no reference is taken.
 * => NULL: it does have, or there is no such file
 */
static always_inline struct file *borrow_file(u64 fd)
{
    const struct process *process = current_process();
    struct file_table *files = process->files;

    if (likely(process->live_threads == 1 &&
               __atomic_load_n(&files->refs, __ATOMIC_RELAXED) == 1)) {
        return fd_peek(files, fd);
    }
    return NULL;
}

static rarely i64 read_slowly(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = file_read(file, a[1], a[2]);
        file_put(file);
    }
    return result;
}

i64 sys_read(const u64 *a)
{
    struct file *file = borrow_file(a[0]);

    if (likely(file != NULL && file_is_readable_stream(file))) {
        return file->ops->read(file, a[1], min_u64(a[2], TRANSFER_MAX), NULL);
    }
    return file != NULL ? file_read(file, a[1], a[2]) : read_slowly(a);
}

/* Of regular files only, for only they have a limit. */
static rarely i64 write_within_limit(struct file *file, u64 user, u64 size)
{
    i64 result;

    size = min_u64(size, TRANSFER_MAX);
    result = file_limit_write(file, file_limit_offset(file), &size);
    return result ? result : file_write(file, user, size);
}

static rarely i64 write_slowly(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = file->ops->is_stream ? file_write(file, a[1], a[2])
                                      : write_within_limit(file, a[1], a[2]);
        file_put(file);
    }
    return result;
}

i64 sys_write(const u64 *a)
{
    struct file *file = borrow_file(a[0]);

    if (likely(file != NULL && file_is_writable_stream(file))) {
        return file->ops->write(file, a[1], min_u64(a[2], TRANSFER_MAX), NULL);
    }
    return write_slowly(a);
}

i64 sys_pread64(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result =
            (i64)a[3] < 0 ? -EINVAL : file_pread(file, a[1], min_u64(a[2], TRANSFER_MAX), a[3]);
        file_put(file);
    }
    return result;
}

i64 sys_pwrite64(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        u64 size = min_u64(a[2], TRANSFER_MAX);

        result = (i64)a[3] < 0 ? -EINVAL : file_limit_write(file, a[3], &size);
        result = result ? result : file_pwrite(file, a[1], size, a[3]);
        file_put(file);
    }
    return result;
}

int sys_get_vector(u64 user, u64 count, struct abi_iovec **out)
{
    struct abi_iovec *vector;
    u64 total = 0;

    *out = NULL;
    if (count > IOV_MAX) {
        return -EINVAL;
    }
    vector = kalloc(count ? count * sizeof *vector : 1);
    if (!vector) {
        return -ENOMEM;
    }
    if (copy_from_user(vector, user, count * sizeof *vector) != 0) {
        kfree(vector);
        return -EFAULT;
    }
    for (u64 i = 0; i < count; i++) {
        if (__builtin_add_overflow(total, vector[i].length, &total) || total > INT64_MAX) {
            kfree(vector);
            return -EINVAL;
        }
    }
    *out = vector;
    return 0;
}

/* Shortens the buffers of a write to what RLIMIT_FSIZE allows. */
static i64 limit_vector(const struct file *file, struct abi_iovec *vector, u64 count)
{
    u64 total = 0, allowed;
    i64 result;

    for (u64 i = 0; i < count; i++) {
        total += vector[i].length;
    }
    allowed = total;
    result = file_limit_write(file, file_limit_offset(file), &allowed);
    for (u64 i = 0; allowed < total && i < count; i++) {
        vector[i].length = min_u64(vector[i].length, allowed);
        allowed -= vector[i].length;
    }
    return result;
}

static i64 transfer_vector(const u64 *a, bool writes,
                           ssize_t (*move)(struct file *, const struct abi_iovec *, u32))
{
    struct file *file = sys_file(a[0]);
    struct abi_iovec *vector;
    i64 result;

    if (!file) {
        return -EBADF;
    }
    result = sys_get_vector(a[1], a[2], &vector);
    if (result == 0) {
        result = writes ? limit_vector(file, vector, a[2]) : 0;
        result = result ? result : move(file, vector, (u32)a[2]);
        kfree(vector);
    }
    file_put(file);
    return result;
}

i64 sys_readv(const u64 *a)
{
    return transfer_vector(a, false, file_readv);
}

i64 sys_writev(const u64 *a)
{
    return transfer_vector(a, true, file_writev);
}

/* preadv and pwritev: buffer after buffer at a moving offset. */
static i64 transfer_vector_at(const u64 *a, ssize_t (*move)(struct file *, u64, size_t, u64))
{
    struct file *file = sys_file(a[0]);
    struct abi_iovec *vector = NULL;
    i64 result, done = 0;

    if (!file) {
        return -EBADF;
    }
    result = (i64)a[3] < 0 ? -EINVAL : sys_get_vector(a[1], a[2], &vector);
    for (u64 i = 0; result >= 0 && i < a[2]; i++) {
        result = move(file, vector[i].base, vector[i].length, a[3] + (u64)done);
        if (result > 0) {
            done += result;
        }
        if (result < 0 || (u64)result < vector[i].length) {
            break;
        }
    }
    kfree(vector);
    file_put(file);
    return done > 0 ? done : result;
}

i64 sys_preadv(const u64 *a)
{
    return transfer_vector_at(a, file_pread);
}

i64 sys_pwritev(const u64 *a)
{
    return transfer_vector_at(a, file_pwrite);
}

i64 sys_lseek(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = file_seek(file, (i64)a[1], (u32)a[2]);
        file_put(file);
    }
    return result;
}

static i64 send_between(struct file *out, struct file *in, u64 user_offset, u64 size)
{
    u64 offset;
    i64 result;

    if (user_offset == 0) {
        return file_send(out, in, NULL, size);
    }
    if (get_user_u64(user_offset, &offset) != 0) {
        return -EFAULT;
    }
    result = file_send(out, in, &offset, size);
    if (result >= 0 && put_user_u64(user_offset, offset) != 0) {
        result = -EFAULT;
    }
    return result;
}

i64 sys_sendfile(const u64 *a)
{
    struct file *out = sys_file(a[0]), *in = sys_file(a[1]);
    i64 result = -EBADF;

    if (out && in) {
        result = send_between(out, in, a[2], min_u64(a[3], TRANSFER_MAX));
    }
    file_put(out);
    file_put(in);
    return result;
}

/* An offset of copy_file_range: the user's, or with 0 the file's own. */
static i64 copy_offset(const struct file *file, u64 user, u64 *offset)
{
    *offset = file->offset;
    if (user != 0 && get_user_u64(user, offset) != 0) {
        return -EFAULT;
    }
    return *offset > ~0ull >> 1 ? -EINVAL : 0;
}

static i64 store_offset(struct file *file, u64 user, u64 offset)
{
    if (user == 0) {
        file->offset = offset;
        return 0;
    }
    return put_user_u64(user, offset) != 0 ? -EFAULT : 0;
}

static i64 copy_range(struct file *in, u64 user_from, struct file *out, u64 user_to, u64 size)
{
    u64 from, to;
    i64 result = copy_offset(in, user_from, &from), error;

    result = result ? result : copy_offset(out, user_to, &to);
    if (result) {
        return result;
    }
    if (out->flags & O_APPEND) {
        return -EBADF;
    }
    if (in->inode && in->inode == out->inode && from < to + size && to < from + size) {
        return -EINVAL; /* they overlap */
    }
    result = file_copy(out, &to, in, &from, size);
    error = store_offset(in, user_from, from);
    error = error ? error : store_offset(out, user_to, to);
    return result >= 0 && error ? error : result;
}

i64 sys_copy_file_range(const u64 *a)
{
    struct file *in = sys_file(a[0]), *out = sys_file(a[2]);
    i64 result = -EBADF;

    if (in && out) {
        result = a[5] != 0 ? -EINVAL : copy_range(in, a[1], out, a[3], min_u64(a[4], TRANSFER_MAX));
    }
    file_put(in);
    file_put(out);
    return result;
}

/* ioctls that are about the descriptor, not the device.  => -ENOTTY: not one of them */
static i64 descriptor_ioctl(struct file *file, u64 fd, u32 command, u64 argument)
{
    u32 on;

    switch (command) {
    case FIOCLEX:
    case FIONCLEX:
        return fd_set_cloexec(current_process()->files, (int)fd, command == FIOCLEX);
    case FIONBIO:
        if (get_user_u32(argument, &on) != 0) {
            return -EFAULT;
        }
        file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    default:
        return -ENOTTY;
    }
}

i64 sys_ioctl(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = descriptor_ioctl(file, a[0], (u32)a[1], a[2]);
        if (result == -ENOTTY) {
            result = file_ioctl(file, (u32)a[1], a[2]);
        }
        file_put(file);
    }
    return result;
}

static i64 sync_file(u64 fd, bool datasync)
{
    struct file *file = sys_file(fd);
    i64 result = -EBADF;

    if (file) {
        result = file_fsync(file, datasync);
        file_put(file);
    }
    return result;
}

i64 sys_fsync(const u64 *a)
{
    return sync_file(a[0], false);
}

i64 sys_fdatasync(const u64 *a)
{
    return sync_file(a[0], true);
}

i64 sys_sync_file_range(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    u32 type;

    if (!file) {
        return -EBADF;
    }
    type = file->inode ? file->inode->mode & S_IFMT : 0;
    file_put(file);
    if ((i64)a[1] < 0 || (i64)a[2] < 0 || a[1] + a[2] > ~0ull >> 1 || (a[3] & ~7ull)) {
        return -EINVAL;
    }
    if (type != S_IFREG && type != S_IFBLK && type != S_IFDIR && type != S_IFLNK) {
        return -ESPIPE;
    }
    return sync_file(a[0], true);
}

i64 sys_ftruncate(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = (i64)a[1] < 0 ? -EINVAL : file_limit_size(a[1]);
        result = result ? result : file_truncate(file, a[1]);
        file_put(file);
    }
    return result;
}

i64 sys_fallocate(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = (i64)a[2] < 0 || (i64)a[3] <= 0 ? -EINVAL : file_limit_size(a[2] + a[3]);
        result = result ? result : file_allocate(file, (u32)a[1], a[2], a[3]);
        file_put(file);
    }
    return result;
}

i64 sys_flock(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = file_lock(file, (u32)a[1]);
        file_put(file);
    }
    return result;
}

i64 sys_getdents64(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = file_getdents64(file, a[1], (u32)a[2]);
        file_put(file);
    }
    return result;
}

/* Advice on a file that is read ahead of need: readahead, POSIX_FADV_WILLNEED. */
static i64 read_ahead(struct file *file, u64 offset, u64 length)
{
    struct inode *inode = file->inode;

    if (!file_can_read(file)) {
        return -EBADF;
    }
    if (!inode || !S_ISREG(inode->mode)) {
        return -EINVAL;
    }
    if (inode->size > 0 && offset < inode->size) {
        u64 end = min_u64(inode->size, length == 0 ? inode->size : offset + length);

        cache_read_ahead(inode, offset >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
    }
    return 0;
}

i64 sys_readahead(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = -EBADF;

    if (file) {
        result = a[2] == 0 ? 0 : read_ahead(file, a[1], min_u64(a[2], TRANSFER_MAX));
        file_put(file);
    }
    return result;
}

#define FADV_WILLNEED 3
#define FADV_DONTNEED 4
#define FADV_NOREUSE 5

i64 sys_fadvise64(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    i64 result = 0;

    if (!file) {
        return -EBADF;
    }
    if (file->ops && file->ops->is_stream) {
        result = -ESPIPE;
    } else if ((i64)a[2] < 0 || a[3] > FADV_NOREUSE) {
        result = -EINVAL;
    } else if (a[3] == FADV_WILLNEED) {
        (void)read_ahead(file, a[1], min_u64(a[2], TRANSFER_MAX));
    } else if (a[3] == FADV_DONTNEED && file->inode && S_ISREG(file->inode->mode)) {
        writeback_start(file->inode, 0, ~0ull, WRITEBACK_SYNC);
        (void)cache_drop_clean(file->inode);
    }
    file_put(file);
    return result;
}
