/* SPDX-License-Identifier: MIT */
/*
 * socket.c - sockets: their life, names, listening and connecting.
 *
 *     bind, listen             socket, connect
 *          |                        |
 *     LISTENING <- - - - - - - - - -+   connect makes the other end, puts it in the listener's
 *          |                        |   backlog, and is done: it may send before it is accepted
 *     accept: CONNECTED <=====> CONNECTED
 *
 * A name is a file of type socket, found by its inode, or (behind a zero byte) any text.
 * Whoever points at a socket holds a reference; a closed one is SOCKET_CLOSED until the last
 * of them is gone.
 *
 * Lock: socket_lock.  Source: POSIX.1-2017, Linux unix(7).
 */
#include "fs/socket.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/permission.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "sync/time.h"

struct spinlock socket_lock = SPINLOCK("sockets");

static struct list bound_sockets = {&bound_sockets, &bound_sockets};

static struct socket *socket_new(u32 type)
{
    struct socket *socket = kalloc(sizeof *socket);

    if (socket) {
        socket->refs = 1;
        socket->type = type;
        socket->room = SOCKET_ROOM_DEFAULT;
        list_init(&socket->messages);
        list_init(&socket->backlog);
        list_init(&socket->waiting);
        list_init(&socket->bound);
        poll_source_init(&socket->changed);
        mutex_init(&socket->reading, "socket reader");
    }
    return socket;
}

void socket_put(struct socket *socket)
{
    if (socket && atomic_add_u32(&socket->refs, (u32)-1) == 1) {
        kfree(socket);
    }
}

static struct socket *socket_get(struct socket *socket)
{
    atomic_add_u32(&socket->refs, 1);
    return socket;
}

/* The two become each other's peer.  socket_lock, or nobody knows them yet. */
static void join(struct socket *a, struct socket *b)
{
    a->peer = socket_get(b);
    b->peer = socket_get(a);
    if (a->type != SOCK_DGRAM) {
        a->state = b->state = SOCKET_CONNECTED;
    }
}

int socket_sleep(struct socket *of, bool may_sleep, u64 deadline)
{
    int error = -EAGAIN;

    if (may_sleep) {
        error = wait_sleep_timeout(&of->changed.queue, &socket_lock, deadline, true);
    }
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

/* --- the end --------------------------------------------------------------------------------- */

/* What a socket gives up at its end, to be put without the lock. */
static void close_socket(struct socket *socket)
{
    struct list messages = {&messages, &messages};
    struct socket *peer, *waiting;
    struct inode *place;

    spin_lock(&socket_lock);
    while (!list_empty(&socket->messages)) {
        list_push_back(&messages, list_pop_front(&socket->messages));
    }
    socket->held = 0;
    socket->state = SOCKET_CLOSED;
    list_remove(&socket->bound);
    peer = socket->peer;
    socket->peer = NULL;
    place = socket->place;
    socket->place = NULL;
    if (peer && peer->peer == socket && socket->type != SOCK_DGRAM) {
        peer->read_ends = peer->write_ends = true;
        peer->error = list_empty(&messages) ? peer->error : ECONNRESET;
    }
    spin_unlock(&socket_lock);

    poll_wake(&socket->changed); /* who wrote to it */
    if (peer) {
        poll_wake(&peer->changed);
        socket_put(peer);
    }
    inode_put(place);
    socket_drop_messages(&messages);
    for (;;) { /* nobody will accept these */
        spin_lock(&socket_lock);
        waiting = list_empty(&socket->backlog)
                      ? NULL
                      : list_first(&socket->backlog, struct socket, waiting);
        if (waiting) {
            list_remove(&waiting->waiting);
        }
        spin_unlock(&socket_lock);
        if (!waiting) {
            break;
        }
        close_socket(waiting); /* has no backlog of its own */
    }
    socket_put(socket);
}

static void socket_release(struct file *file)
{
    close_socket(file->private);
}

/* --- files ----------------------------------------------------------------------------------- */

static ssize_t move(struct file *file, u64 user, size_t size, bool sends)
{
    struct abi_iovec vector = {user, size};
    struct socket_message message = {.vector = &vector, .count = 1, .size = size};

    ssize_t result = sends ? socket_send(file->private, file->flags, 0, &message)
                           : socket_receive(file->private, file->flags, 0, &message);

    socket_drop_files(&message); /* there is no place to tell of them */
    return result;
}

static ssize_t socket_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)offset;
    return move(file, user, size, false);
}

static ssize_t socket_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)offset;
    return move(file, user, size, true);
}

static i64 socket_ioctl(struct file *file, u32 command, u64 argument)
{
    const struct socket *socket = file->private;
    u64 held;

    if (command != FIONREAD) {
        return -ENOTTY;
    }
    spin_lock(&socket_lock);
    held = socket->held;
    spin_unlock(&socket_lock);
    return put_user_u32(argument, (u32)held);
}

const struct file_ops socket_ops = {
    .read = socket_read,
    .write = socket_write,
    .ioctl = socket_ioctl,
    .poll = socket_poll,
    .release = socket_release,
    .is_stream = true,
};

/* Takes over the reference.  => 0 or -ENOMEM; then it is closed */
static int make_file(struct socket *socket, u32 flags, struct file **out)
{
    struct inode *inode = nameless_inode_create(S_IFSOCK | 0777);

    *out = inode ? file_create(inode, O_RDWR | (flags & O_NONBLOCK), &socket_ops, socket) : NULL;
    inode_put(inode);
    if (!*out) {
        close_socket(socket);
        return -ENOMEM;
    }
    return 0;
}

int socket_create(u32 type, u32 flags, struct file **out)
{
    struct socket *socket = socket_new(type);

    return socket ? make_file(socket, flags, out) : -ENOMEM;
}

int socket_create_pair(u32 type, u32 flags, struct file *out[2])
{
    int error = socket_create(type, flags, &out[0]);

    if (error) {
        return error;
    }
    error = socket_create(type, flags, &out[1]);
    if (error) {
        file_put(out[0]);
        return error;
    }
    join(out[0]->private, out[1]->private);
    socket_of(out[0])->owner = socket_of(out[1])->owner = socket_caller();
    return 0;
}

/* --- names ----------------------------------------------------------------------------------- */

static bool is_path(const struct socket_name *name)
{
    return name->text[0] != '\0';
}

/* socket_lock.  => the socket with this name of no file; each type has its own names */
static struct socket *find_abstract(const struct socket_name *name, u32 type)
{
    list_for_each(link, &bound_sockets)
    {
        struct socket *socket = list_entry(link, struct socket, bound);

        if (!socket->place && socket->type == type && socket->name.length == name->length &&
            memcmp(socket->name.text, name->text, name->length) == 0) {
            return socket;
        }
    }
    return NULL;
}

static struct socket *find_place(const struct inode *place)
{
    list_for_each(link, &bound_sockets)
    {
        struct socket *socket = list_entry(link, struct socket, bound);

        if (socket->place == place) {
            return socket;
        }
    }
    return NULL;
}

int socket_find(const struct path_start *start, const struct socket_name *name, u32 type,
                struct socket **out)
{
    struct inode *place = NULL;
    int error = 0;

    if (is_path(name)) {
        error = path_lookup(start, name->text, 0, &place);
        if (error) {
            return error;
        }
        error = (place->mode & S_IFMT) == S_IFSOCK ? vfs_access(place, W_OK) : -ECONNREFUSED;
    }
    if (!error) {
        spin_lock(&socket_lock);
        *out = place ? find_place(place) : find_abstract(name, type);
        if (*out) {
            socket_get(*out);
        }
        spin_unlock(&socket_lock);
        error = *out ? 0 : -ECONNREFUSED;
    }
    inode_put(place);
    return error;
}

/* The file that is its name.  => 0, -EADDRINUSE... */
static int make_place(const struct path_start *start, const struct socket_name *name, u32 mode,
                      struct inode **out)
{
    int error = vfs_mknod(start, name->text, S_IFSOCK | mode, 0);

    if (error) {
        return error == -EEXIST ? -EADDRINUSE : error;
    }
    return path_lookup(start, name->text, PATH_NOFOLLOW, out);
}

int socket_bind(struct socket *socket, const struct path_start *start,
                const struct socket_name *name, u32 mode)
{
    struct inode *place = NULL;
    int error = 0;

    if (socket->name.length > 0) {
        return -EINVAL;
    }
    if (is_path(name)) {
        error = make_place(start, name, mode, &place);
        if (error) {
            return error;
        }
    }
    spin_lock(&socket_lock);
    if (socket->name.length > 0) {
        error = -EINVAL;
    } else if (!place && find_abstract(name, socket->type)) {
        error = -EADDRINUSE;
    } else {
        socket->name = *name;
        socket->place = place;
        list_push_back(&bound_sockets, &socket->bound);
        place = NULL;
    }
    spin_unlock(&socket_lock);
    inode_put(place);
    return error;
}

/* --- connections ----------------------------------------------------------------------------- */

int socket_listen(struct socket *socket, i32 backlog)
{
    int error = 0;

    if (socket->type == SOCK_DGRAM) {
        return -EOPNOTSUPP;
    }
    spin_lock(&socket_lock);
    if (socket->name.length == 0 ||
        (socket->state != SOCKET_FRESH && socket->state != SOCKET_LISTENING)) {
        error = -EINVAL;
    } else {
        socket->state = SOCKET_LISTENING;
        socket->backlog_limit = backlog < 0 || backlog > 4096 ? 4096 : (u32)backlog;
        socket->owner = socket_caller();
    }
    spin_unlock(&socket_lock);
    return error;
}

int socket_accept(struct socket *socket, u32 file_flags, u32 new_flags, struct file **out)
{
    u64 deadline = socket->receive_timeout ? time_now_ns() + socket->receive_timeout : WAIT_FOREVER;
    struct socket *accepted = NULL;
    int error = 0;

    if (socket->type == SOCK_DGRAM) {
        return -EOPNOTSUPP;
    }
    spin_lock(&socket_lock);
    while (!error && !accepted) {
        if (socket->state != SOCKET_LISTENING || socket->read_ends) {
            error = -EINVAL;
        } else if (list_empty(&socket->backlog)) {
            error = socket_sleep(socket, !(file_flags & O_NONBLOCK), deadline);
        } else {
            accepted = list_first(&socket->backlog, struct socket, waiting);
            list_remove(&accepted->waiting);
            socket->backlog_count--;
        }
    }
    spin_unlock(&socket_lock);
    if (error) {
        return error;
    }
    poll_wake(&socket->changed); /* who found the backlog full */
    return make_file(accepted, new_flags, out);
}

/* socket_lock.  => 0: in the backlog; -EAGAIN: it is full; -ECONNREFUSED, -EPROTOTYPE... */
static int try_connect(struct socket *socket, struct socket *listener, struct socket *other)
{
    if (socket->state != SOCKET_FRESH) {
        return socket->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
    }
    if (listener->type != socket->type) {
        return -EPROTOTYPE;
    }
    if (listener->state != SOCKET_LISTENING || listener->read_ends) {
        return -ECONNREFUSED;
    }
    if (listener->backlog_count > listener->backlog_limit) {
        return -EAGAIN;
    }
    join(socket, other);
    socket->owner = socket_caller();
    other->owner = listener->owner;
    other->name = listener->name;
    other->passes_sender = listener->passes_sender;
    list_push_back(&listener->backlog, &other->waiting);
    listener->backlog_count++;
    return 0;
}

static int connect_stream(struct socket *socket, u32 file_flags, struct socket *listener)
{
    u64 deadline = socket->send_timeout ? time_now_ns() + socket->send_timeout : WAIT_FOREVER;
    struct socket *other = socket_new(socket->type);
    int error;

    if (!other) {
        return -ENOMEM;
    }
    spin_lock(&socket_lock);
    for (;;) {
        error = try_connect(socket, listener, other);
        if (error != -EAGAIN) {
            break;
        }
        error = socket_sleep(listener, !(file_flags & O_NONBLOCK), deadline);
        if (error) {
            break;
        }
    }
    spin_unlock(&socket_lock);
    if (error) {
        socket_put(other);
    } else {
        poll_wake(&listener->changed);
        poll_wake(&socket->changed);
    }
    return error;
}

/* Where datagrams go from now on; NULL: nowhere.  Takes over the reference. */
static int set_peer(struct socket *socket, struct socket *peer)
{
    struct socket *before = NULL;
    int error = 0;

    spin_lock(&socket_lock);
    if (peer && peer->type != socket->type) {
        error = -EPROTOTYPE;
    } else if (peer && peer->peer && peer->peer != socket) {
        error = -EPERM; /* it listens to one only */
    } else {
        before = socket->peer;
        socket->peer = peer;
        peer = NULL;
    }
    spin_unlock(&socket_lock);
    socket_put(before);
    socket_put(peer);
    return error;
}

int socket_connect(struct socket *socket, u32 file_flags, const struct path_start *start,
                   const struct socket_name *name)
{
    struct socket *other;
    int error;

    if (name->length == 0) {
        return socket->type == SOCK_DGRAM ? set_peer(socket, NULL) : -EINVAL;
    }
    error = socket_find(start, name, socket->type, &other);
    if (error) {
        return error;
    }
    if (socket->type == SOCK_DGRAM) {
        return set_peer(socket, other);
    }
    error = connect_stream(socket, file_flags, other);
    socket_put(other);
    return error;
}

int socket_shutdown(struct socket *socket, u32 how)
{
    struct socket *peer;
    bool reads = how != SHUT_WR, writes = how != SHUT_RD;

    if (how > SHUT_RDWR) {
        return -EINVAL;
    }
    spin_lock(&socket_lock);
    if (socket->state == SOCKET_FRESH && !socket->peer) {
        spin_unlock(&socket_lock);
        return -ENOTCONN;
    }
    socket->read_ends |= reads;
    socket->write_ends |= writes;
    peer = socket->peer && socket->type != SOCK_DGRAM ? socket_get(socket->peer) : NULL;
    if (peer) {
        peer->read_ends |= writes;
        peer->write_ends |= reads;
    }
    spin_unlock(&socket_lock);
    poll_wake(&socket->changed);
    if (peer) {
        poll_wake(&peer->changed);
        socket_put(peer);
    }
    return 0;
}
