/* SPDX-License-Identifier: MIT */
/*
 * message.c - sending and receiving through sockets: data, names, and beside them open files
 * (SCM_RIGHTS) and who the sender is (SCM_CREDENTIALS).
 */
#include "abi/errno.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/install.h"
#include "sys/socket_call.h"
#include "sys/sys.h"

#define CONTROL_MAX 20480u
#define CONTROL_ALIGN 8u

/* --- one buffer ------------------------------------------------------------------------------ */

i64 sys_sendto(const u64 *a)
{
    struct abi_iovec vector = {a[1], min_u64(a[2], 0x7ffff000)};
    struct socket_message message = {.vector = &vector, .count = 1, .size = vector.length};
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    message.start = &call.start;
    result = a[4] != 0 ? socket_get_name(a[4], a[5], &message.name) : 0;
    if (result == 0) {
        result = socket_send(call.socket, call.file->flags, (u32)a[3], &message);
    }
    return socket_call_end(&call, result);
}

i64 sys_recvfrom(const u64 *a)
{
    struct abi_iovec vector = {a[1], min_u64(a[2], 0x7ffff000)};
    struct socket_message message = {.vector = &vector, .count = 1, .size = vector.length};
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    result = socket_receive(call.socket, call.file->flags, (u32)a[3], &message);
    socket_drop_files(&message); /* there is no place to tell of them */
    if (result >= 0 && a[4] != 0) {
        i64 error = socket_put_name(a[4], a[5], &message.name);

        result = error ? error : result;
    }
    return socket_call_end(&call, result);
}

/* --- sendmsg --------------------------------------------------------------------------------- */

/* Takes references to the files of an array of descriptors. */
static i64 take_files(const u32 *fds, u64 count, struct socket_message *message)
{
    struct file **files;

    if (count > SCM_MAX_FD || message->files) {
        return -EINVAL;
    }
    files = kalloc((count + 1) * sizeof *files);
    if (!files) {
        return -ENOMEM;
    }
    message->files = files;
    for (u64 i = 0; i < count; i++) {
        files[i] = sys_file(fds[i]);
        if (!files[i]) {
            return -EBADF;
        }
        message->file_count++;
    }
    return 0;
}

/* Nobody but root may say to be another. */
static i64 check_sender(const struct abi_ucred *sender)
{
    const struct credentials *ids = &current_process()->ids;
    bool is_own = sender->pid == (i32)current_process()->pid &&
                  (sender->uid == ids->uid || sender->uid == ids->euid) &&
                  (sender->gid == ids->gid || sender->gid == ids->egid);

    return is_own || ids->euid == 0 ? 0 : -EPERM;
}

static i64 take_control(const u8 *control, u64 size, struct socket_message *message)
{
    u64 at = 0;
    i64 error = 0;

    while (!error && size - at >= sizeof(struct abi_cmsghdr)) {
        const struct abi_cmsghdr *header = (const struct abi_cmsghdr *)(control + at);
        const void *data = header + 1;
        u64 length = header->length - sizeof *header;

        if (header->length < sizeof *header || header->length > size - at) {
            return -EINVAL;
        }
        if (header->level == SOL_SOCKET && header->type == SCM_RIGHTS) {
            error = take_files(data, length / sizeof(u32), message);
        } else if (header->level == SOL_SOCKET && header->type == SCM_CREDENTIALS) {
            error = length == sizeof(struct abi_ucred) ? check_sender(data) : -EINVAL;
        } else {
            error = -EINVAL;
        }
        at = min_u64(at + round_up(header->length, CONTROL_ALIGN), size);
    }
    return error;
}

static i64 get_control(const struct abi_msghdr *header, struct socket_message *message)
{
    u8 *control;
    i64 error;

    if (header->control_length == 0) {
        return 0;
    }
    if (header->control_length > CONTROL_MAX) {
        return -ENOBUFS;
    }
    control = kalloc(header->control_length);
    if (!control) {
        return -ENOMEM;
    }
    error = copy_from_user(control, header->control, header->control_length) ? -EFAULT : 0;
    if (!error) {
        error = take_control(control, header->control_length, message);
    }
    kfree(control);
    return error;
}

/* The buffers that a message is in.  => 0 or -errno; kfree message->vector */
static i64 get_buffers(const struct abi_msghdr *header, struct socket_message *message)
{
    struct abi_iovec *vector;
    i64 error = header->vector_count > IOV_MAX
                    ? -EMSGSIZE
                    : sys_get_vector(header->vector, header->vector_count, &vector);

    if (error) {
        return error;
    }
    message->vector = vector;
    message->count = (u32)header->vector_count;
    for (u32 i = 0; i < message->count; i++) {
        message->size += vector[i].length;
    }
    return 0;
}

i64 sys_sendmsg(const u64 *a)
{
    struct socket_message message = {0};
    struct abi_msghdr header;
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    message.start = &call.start;
    result = copy_from_user(&header, a[1], sizeof header) ? -EFAULT : 0;
    if (!result && header.name != 0 && header.name_length != 0) {
        result = socket_get_name(header.name, header.name_length, &message.name);
    }
    result = result ? result : get_buffers(&header, &message);
    result = result ? result : get_control(&header, &message);
    if (result) {
        socket_drop_files(&message);
    } else {
        result = socket_send(call.socket, call.file->flags, (u32)a[2], &message);
    }
    kfree((void *)message.vector);
    return socket_call_end(&call, result);
}

/* --- recvmsg --------------------------------------------------------------------------------- */

/* Room in the caller's buffer for control messages. */
struct control {
    u64 user, left, used;
    u32 flags;
};

/* One control message.  => 0 or -EFAULT; what does not fit is cut off and told */
static int put_control(struct control *control, i32 type, const void *data, u64 size)
{
    struct abi_cmsghdr header = {sizeof header + size, SOL_SOCKET, type};
    u64 space;

    if (control->left < sizeof header) {
        control->flags |= MSG_CTRUNC;
        return 0;
    }
    if (header.length > control->left) {
        control->flags |= MSG_CTRUNC;
        header.length = control->left;
    }
    if (copy_to_user(control->user, &header, sizeof header) != 0 ||
        copy_to_user(control->user + sizeof header, data, header.length - sizeof header) != 0) {
        return -EFAULT;
    }
    space = min_u64(round_up(header.length, CONTROL_ALIGN), control->left);
    control->user += space;
    control->left -= space;
    control->used += space;
    return 0;
}

/* Gives the received files descriptors, as many as there is room for. */
static int put_files(struct control *control, struct socket_message *message, bool close_on_exec)
{
    u32 fds[SCM_MAX_FD], count = 0;
    u64 room = control->left < sizeof(struct abi_cmsghdr)
                   ? 0
                   : (control->left - sizeof(struct abi_cmsghdr)) / sizeof(u32);

    for (u32 i = 0; i < message->file_count; i++) {
        i64 fd = -1;

        if (i < room && count == i) {
            fd = sys_install(file_get(message->files[i]), 0, close_on_exec);
        }
        if (fd >= 0) {
            fds[count++] = (u32)fd;
        }
    }
    if (count < message->file_count) {
        control->flags |= MSG_CTRUNC;
    }
    return count > 0 ? put_control(control, SCM_RIGHTS, fds, count * sizeof(u32)) : 0;
}

static int put_extras(const struct socket *socket, const struct abi_msghdr *header, u32 flags,
                      struct socket_message *message, struct control *control)
{
    const struct abi_ucred sender = {(i32)message->sender.pid, message->sender.uid,
                                     message->sender.gid};
    int error = 0;

    control->user = header->control;
    control->left = header->control != 0 ? header->control_length : 0;
    if (socket->passes_sender) {
        error = put_control(control, SCM_CREDENTIALS, &sender, sizeof sender);
    }
    if (!error && message->file_count > 0) {
        error = put_files(control, message, (flags & MSG_CMSG_CLOEXEC) != 0);
    }
    return error;
}

i64 sys_recvmsg(const u64 *a)
{
    struct socket_message message = {0};
    struct control control = {0};
    struct abi_msghdr header;
    struct socket_call call;
    i64 size, error, result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    result = copy_from_user(&header, a[1], sizeof header) ? -EFAULT : 0;
    result = result ? result : get_buffers(&header, &message);
    if (!result) {
        result = socket_receive(call.socket, call.file->flags, (u32)a[2], &message);
    }
    size = result;
    if (size >= 0) {
        error = put_extras(call.socket, &header, (u32)a[2], &message, &control);
        if (!error && header.name != 0) {
            error = socket_put_name(header.name, a[1] + offsetof(struct abi_msghdr, name_length),
                                    &message.name);
        }
        header.control_length = control.used;
        header.flags = message.flags | control.flags | ((u32)a[2] & MSG_CMSG_CLOEXEC);
        if (!error &&
            (put_user_u64(a[1] + offsetof(struct abi_msghdr, control_length),
                          header.control_length) != 0 ||
             put_user_u32(a[1] + offsetof(struct abi_msghdr, flags), header.flags) != 0)) {
            error = -EFAULT;
        }
        result = error ? error : size;
    }
    socket_drop_files(&message);
    kfree((void *)message.vector);
    return socket_call_end(&call, result);
}
