/* SPDX-License-Identifier: MIT */
/*
 * socket_data.c - what sockets send and receive.
 *
 * A sender copies bytes into a message of its own, then hangs it at the receiver's list; a
 * receiver takes a message off the list, then copies out of it.  So nobody touches user memory
 * with the lock held.  A stream's message may be read piece by piece: who reads a stream holds
 * socket->reading meanwhile, and puts back what it did not want.
 *
 * Descriptors travel as references to open files, and end where a message is thrown away.  (A
 * socket that is sent through itself and closed is never freed: there is no search for such
 * circles.)
 *
 * Lock: socket_lock.  Source: POSIX.1-2017 sendmsg(), recvmsg(); Linux unix(7).
 */
#include "fs/socket.h"

#include "abi/errno.h"
#include "fs/permission.h"
#include "fs/pipe.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "sync/task.h"
#include "sync/time.h"

#define STREAM_PIECE (4096u - sizeof(struct message)) /* a page for a message of a stream */

struct message {
    struct list link;
    u32 size, done; /* bytes, and those already read */
    struct socket_sender sender;
    struct socket *from; /* of a datagram: a reference */
    struct file **files;
    u32 file_count;
    u8 bytes[];
};

struct socket_sender socket_caller(void)
{
    const struct credentials *ids = current()->ids;

    return (struct socket_sender){current()->pid, ids ? ids->euid : 0, ids ? ids->egid : 0};
}

static void message_free(struct message *message)
{
    for (u32 i = 0; i < message->file_count; i++) {
        file_put(message->files[i]);
    }
    kfree(message->files);
    socket_put(message->from);
    kfree(message);
}

/*
 * The last reference to a file may be in a message, the file a socket, and in its messages more
 * of the kind: all go to one list, and whoever is at it already frees them.
 */
void socket_drop_messages(struct list *messages)
{
    static struct list doomed = {&doomed, &doomed};
    static bool busy; /* both under socket_lock */
    struct list *link;
    bool mine;

    spin_lock(&socket_lock);
    while ((link = list_pop_front(messages)) != NULL) {
        list_push_back(&doomed, link);
    }
    mine = !busy;
    busy = true;
    while (mine && (link = list_pop_front(&doomed)) != NULL) {
        spin_unlock(&socket_lock);
        message_free(list_entry(link, struct message, link));
        spin_lock(&socket_lock);
    }
    busy = busy && !mine;
    spin_unlock(&socket_lock);
}

/* Copies `size` bytes between a kernel buffer and the vector, from byte `from` of it on. */
static int move(const struct socket_message *m, size_t from, void *bytes, size_t size, bool sends)
{
    u8 *at = bytes;

    for (u32 i = 0; i < m->count && size > 0; i++) {
        size_t length = m->vector[i].length, step;
        u64 user = m->vector[i].base + from;

        if (from >= length) {
            from -= length;
            continue;
        }
        step = min_u64(length - from, size);
        if (sends ? copy_from_user(at, user, step) : copy_to_user(user, at, step)) {
            return -EFAULT;
        }
        at += step;
        size -= step;
        from = 0;
    }
    return 0;
}

/* --- sending --------------------------------------------------------------------------------- */

static struct message *message_new(struct socket *socket, const struct socket_message *m,
                                   size_t from, size_t size, int *error)
{
    struct message *message = kalloc(sizeof *message + size);

    if (!message) {
        *error = -ENOBUFS;
        return NULL;
    }
    message->size = (u32)size;
    message->sender = socket_caller();
    *error = move(m, from, message->bytes, size, true);
    if (*error) {
        kfree(message);
        return NULL;
    }
    if (socket->type == SOCK_DGRAM) {
        atomic_add_u32(&socket->refs, 1);
        message->from = socket;
    }
    return message;
}

/* socket_lock.  => 0: `to` takes a message of this size now; -EAGAIN: later; else never */
static int may_send(const struct socket *socket, const struct socket *to, size_t size)
{
    if (socket->write_ends || (to->state == SOCKET_CLOSED && to->type != SOCK_DGRAM)) {
        return -EPIPE;
    }
    if (to->state == SOCKET_CLOSED) {
        return -ECONNREFUSED;
    }
    if (to->type != socket->type) {
        return -EPROTOTYPE;
    }
    if (socket->type == SOCK_DGRAM && to->peer && to->peer != socket) {
        return -EPERM;
    }
    if (to->read_ends) {
        return -EPIPE;
    }
    /* What is larger than all the room goes alone. */
    return to->held > 0 && to->held + size > to->room ? -EAGAIN : 0;
}

/* Hangs the message at `to`, when there is room.  => 0: taken over; or -errno */
static int deliver(struct socket *socket, struct socket *to, struct message *message,
                   bool may_sleep)
{
    u64 deadline = socket->send_timeout ? time_now_ns() + socket->send_timeout : WAIT_FOREVER;
    int error;

    spin_lock(&socket_lock);
    while ((error = may_send(socket, to, message->size)) == -EAGAIN) {
        error = socket_sleep(to, may_sleep, deadline);
        if (error) {
            break;
        }
    }
    if (!error) {
        list_push_back(&to->messages, &message->link);
        to->held += message->size;
    }
    spin_unlock(&socket_lock);
    if (!error) {
        poll_wake(&to->changed);
    }
    return error;
}

/* Where it goes: the peer or the name given, with a reference. */
static int find_target(struct socket *socket, const struct socket_message *m, struct socket **out)
{
    int error = 0;

    if (m->name.length > 0) {
        if (socket->type != SOCK_DGRAM) {
            return socket->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
        }
        return socket_find(m->start, &m->name, socket->type, out);
    }
    spin_lock(&socket_lock);
    *out = socket->peer;
    if (socket->error) {
        error = -socket->error;
        socket->error = 0;
    } else if (!*out) {
        error = socket->write_ends ? -EPIPE : -ENOTCONN;
    } else {
        atomic_add_u32(&(*out)->refs, 1);
    }
    spin_unlock(&socket_lock);
    return error;
}

void socket_drop_files(struct socket_message *m)
{
    for (u32 i = 0; i < m->file_count; i++) {
        file_put(m->files[i]);
    }
    kfree(m->files);
    m->files = NULL;
    m->file_count = 0;
}

/* One message.  Its files go with it.  => 0 or -errno */
static int send_piece(struct socket *socket, struct socket *to, struct socket_message *m,
                      size_t from, size_t size, bool may_sleep)
{
    int error;
    struct message *message = message_new(socket, m, from, size, &error);

    if (!message) {
        return error;
    }
    message->files = m->files;
    message->file_count = m->file_count;
    error = deliver(socket, to, message, may_sleep);
    if (error) {
        message->file_count = 0; /* still the caller's */
        message->files = NULL;
        message_free(message);
    } else {
        m->files = NULL;
        m->file_count = 0;
    }
    return error;
}

static ssize_t send_stream(struct socket *socket, struct socket *to, struct socket_message *m,
                           bool may_sleep)
{
    size_t done = 0;

    while (done < m->size) {
        size_t piece = min_u64(m->size - done, STREAM_PIECE);
        int error = send_piece(socket, to, m, done, piece, may_sleep);

        if (error) {
            return done > 0 ? (ssize_t)done : error;
        }
        done += piece;
    }
    return (ssize_t)done;
}

ssize_t socket_send(struct socket *socket, u32 file_flags, u32 flags, struct socket_message *m)
{
    bool may_sleep = !(file_flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
    struct socket *to = NULL;
    ssize_t result = flags & MSG_OOB ? -EOPNOTSUPP : find_target(socket, m, &to);

    if (result == 0) {
        if (socket_is_stream(socket)) {
            result = send_stream(socket, to, m, may_sleep);
        } else if (m->size > socket->room) {
            result = -EMSGSIZE;
        } else {
            result = send_piece(socket, to, m, 0, m->size, may_sleep);
            result = result == 0 ? (ssize_t)m->size : result;
        }
        socket_put(to);
    }
    socket_drop_files(m); /* what was not sent */
    if (result == -EPIPE && socket->type != SOCK_DGRAM && !(flags & MSG_NOSIGNAL) && pipe_broken) {
        pipe_broken();
    }
    return result;
}

/* --- receiving ------------------------------------------------------------------------------- */

/* Takes the first message.  socket_lock.  => 0; *out NULL: there will be none any more */
static int take(struct socket *socket, struct message **out)
{
    int error = -socket->error;

    *out = NULL;
    if (!list_empty(&socket->messages)) {
        *out = list_entry(list_pop_front(&socket->messages), struct message, link);
        return 0;
    }
    if (error) {
        socket->error = 0;
        return error;
    }
    if (socket->read_ends) {
        return 0;
    }
    if (socket->type != SOCK_DGRAM && socket->state != SOCKET_CONNECTED) {
        return socket_is_stream(socket) ? -EINVAL : -ENOTCONN;
    }
    return -EAGAIN;
}

/* Sleeps until take() has something to say.  => 0, -EAGAIN, -EINTR */
static int wait_for_message(struct socket *socket, bool may_sleep, u64 deadline)
{
    int error = 0;

    spin_lock(&socket_lock);
    while (!error && list_empty(&socket->messages) && !socket->error && !socket->read_ends) {
        error = socket_sleep(socket, may_sleep, deadline);
    }
    spin_unlock(&socket_lock);
    return error;
}

/* A message, or what is left of it, goes back to where it was. */
static void put_back(struct socket *socket, struct message *message)
{
    spin_lock(&socket_lock);
    list_push_front(&socket->messages, &message->link);
    spin_unlock(&socket_lock);
}

/* The message was read: there is room for another. */
static void finish(struct socket *socket, struct message *message)
{
    struct socket *peer;

    spin_lock(&socket_lock);
    socket->held -= message->size;
    peer = socket->peer;
    if (peer) {
        atomic_add_u32(&peer->refs, 1);
    }
    spin_unlock(&socket_lock);
    poll_wake(&socket->changed); /* who sleeps to send to it */
    if (peer) {
        poll_wake(&peer->changed); /* who polls to send to it */
        socket_put(peer);
    }
    message_free(message);
}

/* Sender and files of a message become the caller's.  With MSG_PEEK the files stay here too. */
static int take_extras(struct message *message, u32 flags, struct socket_message *m)
{
    m->sender = message->sender;
    if (message->from) {
        m->name = message->from->name;
    }
    if (message->file_count == 0) {
        return 0;
    }
    if (flags & MSG_PEEK) {
        m->files = kalloc(message->file_count * sizeof(struct file *));
        if (!m->files) {
            return -ENOMEM;
        }
        for (u32 i = 0; i < message->file_count; i++) {
            m->files[i] = file_get(message->files[i]);
        }
    } else {
        m->files = message->files;
        message->files = NULL;
    }
    m->file_count = message->file_count;
    message->file_count = flags & MSG_PEEK ? message->file_count : 0;
    return 0;
}

/* One whole message; what does not fit is lost. */
static ssize_t receive_whole(struct socket *socket, struct message *message, u32 flags,
                             struct socket_message *m)
{
    size_t size = min_u64(message->size, m->size);
    ssize_t result = move(m, 0, message->bytes, size, false);

    if (result == 0) {
        result = take_extras(message, flags, m);
    }
    if (result == 0) {
        m->flags = message->size > m->size ? MSG_TRUNC : 0;
        result = (ssize_t)(flags & MSG_TRUNC ? message->size : size);
    }
    if (flags & MSG_PEEK) {
        put_back(socket, message);
    } else {
        finish(socket, message);
    }
    return result;
}

/* A part of the bytes of a stream.  => bytes, -EFAULT; *more: the next message may follow */
static ssize_t receive_part(struct socket *socket, struct message *message, u32 flags, size_t from,
                            struct socket_message *m, bool *more)
{
    size_t size = min_u64(message->size - message->done, m->size - from);
    bool had_files = message->file_count > 0;
    ssize_t result = move(m, from, message->bytes + message->done, size, false);

    if (result == 0 && (from == 0 || had_files)) {
        result = take_extras(message, flags, m);
    }
    if (result != 0 || (flags & MSG_PEEK)) {
        put_back(socket, message);
        *more = false;
        return result ? result : (ssize_t)size;
    }
    message->done += (u32)size;
    *more = !had_files;
    if (message->done < message->size) {
        put_back(socket, message);
    } else {
        finish(socket, message);
    }
    return (ssize_t)size;
}

/* What is there now, up to and with a message with files.  socket->reading.  => bytes, 0 (end),
 * -EAGAIN... */
static ssize_t receive_stream(struct socket *socket, u32 flags, size_t from,
                              struct socket_message *m)
{
    size_t done = from;
    bool more = true;

    while (done < m->size && more) {
        struct message *message;
        ssize_t result;

        spin_lock(&socket_lock);
        result = take(socket, &message);
        spin_unlock(&socket_lock);
        if (message) {
            result = receive_part(socket, message, flags, done, m, &more);
        }
        if (!message || result < 0) {
            return done > from ? (ssize_t)(done - from) : result;
        }
        done += (size_t)result;
    }
    return (ssize_t)(done - from);
}

/* One attempt; streams go on behind the `from` bytes that are there.  => bytes, 0, -EAGAIN... */
static ssize_t try_receive(struct socket *socket, u32 flags, size_t from, struct socket_message *m)
{
    struct message *message;
    ssize_t result;

    if (socket_is_stream(socket)) {
        mutex_lock(&socket->reading);
        result = receive_stream(socket, flags, from, m);
        mutex_unlock(&socket->reading);
        return result;
    }
    spin_lock(&socket_lock);
    result = take(socket, &message);
    spin_unlock(&socket_lock);
    return message ? receive_whole(socket, message, flags, m) : result;
}

ssize_t socket_receive(struct socket *socket, u32 file_flags, u32 flags, struct socket_message *m)
{
    bool may_sleep = !(file_flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
    bool wants_all = socket_is_stream(socket) && (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
    u64 deadline = socket->receive_timeout ? time_now_ns() + socket->receive_timeout : WAIT_FOREVER;
    size_t done = 0;

    if (flags & MSG_OOB) {
        return -EOPNOTSUPP;
    }
    for (;;) {
        ssize_t result = try_receive(socket, flags, done, m);

        if (result > 0) {
            done += (size_t)result;
        }
        if (result == 0 || (result < 0 && result != -EAGAIN) ||
            (done > 0 && (!wants_all || done == m->size || m->file_count > 0))) {
            return done > 0 ? (ssize_t)done : result;
        }
        result = wait_for_message(socket, may_sleep, deadline);
        if (result) {
            return done > 0 ? (ssize_t)done : result;
        }
    }
}

u32 socket_poll(struct file *file, struct poll_table *table)
{
    struct socket *socket = file->private;
    const struct socket *peer;
    u32 events = 0;

    poll_wait(table, &socket->changed);
    spin_lock(&socket_lock);
    peer = socket->peer;
    if (!list_empty(&socket->messages) || !list_empty(&socket->backlog) || socket->read_ends) {
        events |= POLLIN | POLLRDNORM;
    }
    if (socket->read_ends) {
        events |= POLLRDHUP;
    }
    if ((socket->read_ends && socket->write_ends) ||
        (socket->type != SOCK_DGRAM && socket->state == SOCKET_FRESH)) {
        events |= POLLHUP;
    }
    if (socket->error) {
        events |= POLLERR;
    }
    if (socket->state != SOCKET_LISTENING && (!peer || peer->held < peer->room)) {
        events |= POLLOUT | POLLWRNORM | POLLWRBAND;
    }
    spin_unlock(&socket_lock);
    return events;
}
