/* SPDX-License-Identifier: MIT */
/* socket.c - making, naming and connecting sockets, and their options.  See fs/socket.h. */
#include "fs/socket.h"

#include "abi/errno.h"
#include "abi/time.h"
#include "fs/context.h"
#include "lib/string.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/install.h"
#include "sys/socket_call.h"
#include "sys/sys.h"

#define FAMILY_SIZE sizeof(u16)
#define SOCK_FLAGS (O_NONBLOCK | O_CLOEXEC)
#define NS_PER_SECOND 1000000000ull
#define SMALLEST_ROOM 4608u

/* => 0: a reference is in call->file */
int socket_call_begin(struct socket_call *call, u64 fd)
{
    call->file = sys_file(fd);
    if (!call->file) {
        return -EBADF;
    }
    call->socket = socket_of(call->file);
    if (!call->socket) {
        int error = call->file->flags & O_PATH ? -EBADF : -ENOTSOCK;

        file_put(call->file);
        return error;
    }
    call->start.root = fs_context_root(current_process()->fs);
    call->start.base = fs_context_cwd(current_process()->fs);
    return 0;
}

i64 socket_call_end(struct socket_call *call, i64 result)
{
    inode_put(call->start.root);
    inode_put(call->start.base);
    file_put(call->file);
    return result;
}

int socket_get_name(u64 user, u64 length, struct socket_name *name)
{
    struct abi_sockaddr_un address = {0};

    name->length = 0;
    if (length < FAMILY_SIZE || length > sizeof address) {
        return -EINVAL;
    }
    if (copy_from_user(&address, user, length) != 0) {
        return -EFAULT;
    }
    if (address.family == AF_UNSPEC) {
        return 0;
    }
    if (address.family != AF_UNIX || length == FAMILY_SIZE) {
        return address.family != AF_UNIX ? -EAFNOSUPPORT : -EINVAL;
    }
    length -= FAMILY_SIZE;
    memset(name->text, 0, sizeof name->text);
    memcpy(name->text, address.path, length);
    if (name->text[0] != '\0') { /* a path: up to the zero, which counts */
        length = 0;
        while (length < SOCKET_NAME_MAX && name->text[length] != '\0') {
            length++;
        }
        if (length == SOCKET_NAME_MAX) {
            return -ENAMETOOLONG;
        }
        length++;
    }
    name->length = (u32)length;
    return 0;
}

int socket_put_name(u64 user, u64 user_length, const struct socket_name *name)
{
    struct abi_sockaddr_un address = {.family = AF_UNIX};
    u32 room, length = (u32)FAMILY_SIZE + name->length;

    if (get_user_u32(user_length, &room) != 0) {
        return -EFAULT;
    }
    if ((i32)room < 0) {
        return -EINVAL;
    }
    memcpy(address.path, name->text, name->length);
    if (copy_to_user(user, &address, min_u64(room, length)) != 0) {
        return -EFAULT;
    }
    return put_user_u32(user_length, length);
}

/* --- making ---------------------------------------------------------------------------------- */

/* The kind of a socket that is asked for.  => 0, -EAFNOSUPPORT, -ESOCKTNOSUPPORT... */
static int get_kind(const u64 *a, u32 *type)
{
    *type = (u32)a[1] & SOCK_TYPE_MASK;
    if (a[1] & ~(u64)(SOCK_TYPE_MASK | SOCK_FLAGS)) {
        return -EINVAL;
    }
    if ((i32)a[0] != AF_UNIX) {
        return -EAFNOSUPPORT;
    }
    if (a[2] != 0 && (i32)a[2] != AF_UNIX) {
        return -EPROTONOSUPPORT;
    }
    *type = *type == SOCK_RAW ? SOCK_DGRAM : *type;
    return *type == SOCK_STREAM || *type == SOCK_DGRAM || *type == SOCK_SEQPACKET
               ? 0
               : -ESOCKTNOSUPPORT;
}

i64 sys_socket(const u64 *a)
{
    struct file *file;
    u32 type;
    int error = get_kind(a, &type);

    if (!error) {
        error = socket_create(type, (u32)a[1], &file);
    }
    return error ? error : sys_install(file, 0, (a[1] & O_CLOEXEC) != 0);
}

i64 sys_socketpair(const u64 *a)
{
    struct file *ends[2];
    u32 type;
    i64 result = get_kind(a, &type);

    if (!result) {
        result = socket_create_pair(type, (u32)a[1], ends);
    }
    return result ? result : sys_install_pair(ends[0], ends[1], (a[1] & O_CLOEXEC) != 0, a[3]);
}

i64 sys_bind(const u64 *a)
{
    struct socket_name name;
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    result = socket_get_name(a[1], a[2], &name);
    if (result == 0 && name.length == 0) {
        result = -EINVAL;
    } else if (result == -EAFNOSUPPORT) {
        result = -EINVAL; /* so says Linux */
    }
    if (result == 0) {
        result = socket_bind(call.socket, &call.start, &name, 0777 & ~current_process()->fs->umask);
    }
    return socket_call_end(&call, result);
}

i64 sys_listen(const u64 *a)
{
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    return result ? result : socket_call_end(&call, socket_listen(call.socket, (i32)a[1]));
}

static i64 accept(const u64 *a, u64 flags)
{
    struct socket_call call;
    struct socket_name name = {0};
    struct file *file;
    i64 result;

    if (flags & ~(u64)SOCK_FLAGS) {
        return -EINVAL;
    }
    result = socket_call_begin(&call, a[0]);
    if (result) {
        return result;
    }
    result = socket_accept(call.socket, call.file->flags, (u32)flags, &file);
    if (result == 0 && a[1] != 0) {
        spin_lock(&socket_lock);
        if (socket_of(file)->peer) {
            name = socket_of(file)->peer->name;
        }
        spin_unlock(&socket_lock);
        result = socket_put_name(a[1], a[2], &name);
        if (result) {
            file_put(file);
        }
    }
    result = result ? result : sys_install(file, 0, (flags & O_CLOEXEC) != 0);
    return socket_call_end(&call, result);
}

i64 sys_accept(const u64 *a)
{
    return accept(a, 0);
}

i64 sys_accept4(const u64 *a)
{
    return accept(a, a[3]);
}

i64 sys_connect(const u64 *a)
{
    struct socket_name name;
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    result = socket_get_name(a[1], a[2], &name);
    if (result == 0) {
        result = socket_connect(call.socket, call.file->flags, &call.start, &name);
    }
    return socket_call_end(&call, result);
}

i64 sys_shutdown(const u64 *a)
{
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    return result ? result : socket_call_end(&call, socket_shutdown(call.socket, (u32)a[1]));
}

static i64 tell_name(const u64 *a, bool of_peer)
{
    struct socket_name name = {0};
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    if (result) {
        return result;
    }
    spin_lock(&socket_lock);
    if (!of_peer) {
        name = call.socket->name;
    } else if (call.socket->peer) {
        name = call.socket->peer->name;
    } else {
        result = -ENOTCONN;
    }
    spin_unlock(&socket_lock);
    result = result ? result : socket_put_name(a[1], a[2], &name);
    return socket_call_end(&call, result);
}

i64 sys_getsockname(const u64 *a)
{
    return tell_name(a, false);
}

i64 sys_getpeername(const u64 *a)
{
    return tell_name(a, true);
}

/* --- options --------------------------------------------------------------------------------- */

static i64 set_option(struct socket *socket, const u64 *a)
{
    struct abi_timeval time;
    u32 value;
    bool is_time = a[2] == SO_RCVTIMEO || a[2] == SO_SNDTIMEO;

    if (a[1] != SOL_SOCKET) {
        return -ENOPROTOOPT;
    }
    if (a[4] < (is_time ? sizeof time : sizeof value)) {
        return -EINVAL;
    }
    if (is_time ? copy_from_user(&time, a[3], sizeof time) != 0 : get_user_u32(a[3], &value) != 0) {
        return -EFAULT;
    }
    switch (a[2]) {
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
        if (time.usec < 0 || time.usec >= 1000000) {
            return -EDOM;
        }
        *(a[2] == SO_RCVTIMEO ? &socket->receive_timeout : &socket->send_timeout) =
            time.sec < 0 ? 0
                         : min_u64((u64)time.sec, 1u << 30) * NS_PER_SECOND + (u64)time.usec * 1000;
        return 0;
    case SO_PASSCRED:
        socket->passes_sender = value != 0;
        return 0;
    case SO_SNDBUF: /* all the room is the receiver's */
        return 0;
    case SO_RCVBUF:
        socket->room = max_u64(min_u64(value, SOCKET_ROOM_DEFAULT) * 2ull, SMALLEST_ROOM);
        return 0;
    case SO_DEBUG:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
    case SO_LINGER:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

i64 sys_setsockopt(const u64 *a)
{
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    return result ? result : socket_call_end(&call, set_option(call.socket, a));
}

union option_value {
    u32 number;
    struct abi_timeval time;
    struct abi_ucred sender;
};

static struct abi_timeval timeval(u64 ns)
{
    return (struct abi_timeval){(i64)(ns / NS_PER_SECOND), (i64)(ns % NS_PER_SECOND / 1000)};
}

/* socket_lock.  => its size, or -ENOPROTOOPT */
static i64 get_option(struct socket *socket, u64 option, union option_value *value)
{
    const struct socket *peer = socket->peer;

    switch (option) {
    case SO_TYPE:
        value->number = socket->type;
        break;
    case SO_ERROR:
        value->number = (u32)socket->error;
        socket->error = 0;
        break;
    case SO_SNDBUF:
        value->number = SOCKET_ROOM_DEFAULT;
        break;
    case SO_RCVBUF:
        value->number = (u32)socket->room;
        break;
    case SO_PASSCRED:
        value->number = socket->passes_sender;
        break;
    case SO_ACCEPTCONN:
        value->number = socket->state == SOCKET_LISTENING;
        break;
    case SO_DOMAIN:
        value->number = AF_UNIX;
        break;
    case SO_DEBUG:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
    case SO_PROTOCOL:
        value->number = 0;
        break;
    case SO_PEERCRED:
        value->sender = (struct abi_ucred){0, ~0u, ~0u};
        if (peer && socket->type != SOCK_DGRAM) {
            value->sender =
                (struct abi_ucred){(i32)peer->owner.pid, peer->owner.uid, peer->owner.gid};
        }
        return sizeof value->sender;
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
        value->time =
            timeval(option == SO_RCVTIMEO ? socket->receive_timeout : socket->send_timeout);
        return sizeof value->time;
    default:
        return -ENOPROTOOPT;
    }
    return sizeof value->number;
}

static i64 tell_option(struct socket *socket, const u64 *a)
{
    union option_value value = {0};
    u32 room;
    i64 size;

    if (get_user_u32(a[4], &room) != 0) {
        return -EFAULT;
    }
    if ((i32)room < 0) {
        return -EINVAL;
    }
    if (a[1] != SOL_SOCKET) {
        return -EOPNOTSUPP;
    }
    spin_lock(&socket_lock);
    size = get_option(socket, a[2], &value);
    spin_unlock(&socket_lock);
    if (size < 0) {
        return size;
    }
    room = (u32)min_u64(room, (u64)size);
    return copy_to_user(a[3], &value, room) != 0 ? -EFAULT : put_user_u32(a[4], room);
}

i64 sys_getsockopt(const u64 *a)
{
    struct socket_call call;
    i64 result = socket_call_begin(&call, a[0]);

    return result ? result : socket_call_end(&call, tell_option(call.socket, a));
}
