/* SPDX-License-Identifier: MIT */
/* directory.c - the current directory, the root, umask; mounting. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "dev/block.h"
#include "fs/context.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/swap.h"
#include "mm/uaccess.h"
#include "proc/process.h"

/* The directory at a path, with a reference. */
static int directory_at(u64 user, struct inode **out)
{
    struct sys_path path;
    int error = sys_path_get(&path, (u64)AT_FDCWD, user);

    if (!error) {
        error = path_lookup(&path.start, path.text, PATH_DIRECTORY, out);
    }
    sys_path_put(&path);
    if (!error) {
        error = vfs_access(*out, X_OK);
        if (error) {
            inode_put(*out);
        }
    }
    return error;
}

i64 sys_chdir(const u64 *a)
{
    struct inode *directory;
    int error = directory_at(a[0], &directory);

    if (!error) {
        fs_context_set_cwd(current_process()->fs, directory);
    }
    return error;
}

i64 sys_chroot(const u64 *a)
{
    struct inode *directory;
    int error = directory_at(a[0], &directory);

    if (!error && current_process()->ids.euid != 0) {
        inode_put(directory);
        error = -EPERM;
    }

    if (!error) {
        fs_context_set_root(current_process()->fs, directory);
    }
    return error;
}

i64 sys_fchdir(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    int error = 0;

    if (!file || !file->inode) {
        error = -EBADF;
    } else if (!S_ISDIR(file->inode->mode)) {
        error = -ENOTDIR;
    } else {
        error = vfs_access(file->inode, X_OK);
    }
    if (!error) {
        fs_context_set_cwd(current_process()->fs, inode_get(file->inode));
    }
    file_put(file);
    return error;
}

i64 sys_getcwd(const u64 *a)
{
    struct fs_context *context = current_process()->fs;
    struct inode *cwd = fs_context_cwd(context), *root = fs_context_root(context);
    char *text = page_alloc();
    i64 length = text ? path_of_inode(cwd, root, text, PAGE_SIZE) : -ENOMEM;

    if (cwd->links == 0) {
        length = -ENOENT; /* removed */
    }
    if (length >= 0) {
        length++; /* the zero */
        if ((u64)length > a[1]) {
            length = -ERANGE;
        } else if (copy_to_user(a[0], text, (size_t)length) != 0) {
            length = -EFAULT;
        }
    }
    if (text) {
        page_free(text);
    }
    inode_put(cwd);
    inode_put(root);
    return length;
}

i64 sys_umask(const u64 *a)
{
    struct fs_context *context = current_process()->fs;
    u32 old = context->umask;

    context->umask = (u32)a[0] & 0777u;
    return old;
}

/* A short string argument; NULL is "".  => 0, -EFAULT, -EINVAL if it is too long */
static int short_string(u64 user, char *out, size_t size)
{
    ssize_t length;

    out[0] = '\0';
    if (user == 0) {
        return 0;
    }
    length = strncpy_from_user(out, user, size);
    if (length == -ENAMETOOLONG) {
        return -EINVAL;
    }
    return length < 0 ? (int)length : 0;
}

i64 sys_mount(const u64 *a)
{
    char source[128], type[32], options[256];
    struct sys_path target;
    int error = short_string(a[0], source, sizeof source);

    if (!error) {
        error = short_string(a[2], type, sizeof type);
    }
    if (!error) {
        error = short_string(a[4], options, sizeof options);
    }
    if (error) {
        return error;
    }
    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    error = sys_path_get(&target, (u64)AT_FDCWD, a[1]);
    if (!error) {
        error = vfs_mount(&target.start, source, target.text, type, (u32)a[3], options);
    }
    sys_path_put(&target);
    return error;
}

i64 sys_umount2(const u64 *a)
{
    struct sys_path target;
    int error;

    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    error = sys_path_get(&target, (u64)AT_FDCWD, a[0]);
    if (!error) {
        error = vfs_unmount(&target.start, target.text, (u32)a[1]);
    }
    sys_path_put(&target);
    return error;
}

i64 sys_sync(const u64 *a)
{
    (void)a;
    (void)vfs_sync();
    return 0;
}

i64 sys_syncfs(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    int error = -EBADF;

    if (file) {
        error = file->inode && file->inode->fs ? vfs_sync_filesystem(file->inode->fs) : 0;
        file_put(file);
    }
    return error;
}

/* The disk that a path names.  => 0, -ENOTBLK, -ENXIO... */
static int disk_at(u64 user, struct block_device **out)
{
    struct inode *inode;
    int error;

    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    error = sys_path_inode((u64)AT_FDCWD, user, 0, &inode);
    if (error) {
        return error;
    }
    if (!S_ISBLK(inode->mode)) {
        error = S_ISDIR(inode->mode) ? -EINVAL : -ENOTBLK;
    } else {
        *out = block_find_device(inode->rdev);
        error = *out ? 0 : -ENXIO;
    }
    inode_put(inode);
    return error;
}

i64 sys_swapon(const u64 *a)
{
    struct block_device *disk;
    int error = disk_at(a[0], &disk);

    return error ? error : swap_on(disk, &block_swap_ops, disk->sectors / 8, disk->name);
}

i64 sys_swapoff(const u64 *a)
{
    struct block_device *disk;
    int error = disk_at(a[0], &disk);

    return error ? error : swap_off(disk);
}
