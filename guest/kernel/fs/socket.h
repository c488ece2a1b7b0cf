/* SPDX-License-Identifier: MIT */
/*
 * socket.h - sockets between processes of this machine (AF_UNIX).  There is no network.
 *
 * All that a socket is belongs to one lock, socket_lock (spin); user memory is touched without it.
 * socket.c has names and connections, socket_data.c what is sent and received.
 */
#ifndef KERNEL_FS_SOCKET_H
#define KERNEL_FS_SOCKET_H

#include "abi/fcntl.h"
#include "abi/socket.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/poll.h"
#include "sync/mutex.h"

#define SOCKET_NAME_MAX sizeof(((struct abi_sockaddr_un *)0)->path)
#define SOCKET_ROOM_DEFAULT 212992u /* bytes that may wait to be read, as on Linux */

enum socket_state {
    SOCKET_FRESH,
    SOCKET_LISTENING,
    SOCKET_CONNECTED, /* has, or had, a peer: SOCK_STREAM and SOCK_SEQPACKET */
    SOCKET_CLOSED
};

struct socket_name {
    u32 length; /* 0 = none */
    char text[SOCKET_NAME_MAX];
};

struct socket_sender {
    u32 pid, uid, gid;
};

struct socket {
    u32 refs; /* atomic: its file, the peer, messages that it sent */
    u32 type;
    enum socket_state state;
    struct socket *peer; /* a reference; where sent data goes */
    bool read_ends, write_ends;
    i32 error; /* told once */

    struct list messages; /* received; of struct message */
    u64 held, room;       /* bytes of them; how many there may be */

    struct list backlog; /* of a listener: sockets that wait for accept */
    struct list waiting; /* in that list */
    u32 backlog_count, backlog_limit;

    struct socket_name name;
    struct inode *place; /* bound to this file: a reference */
    struct list bound;   /* in the list of sockets that have a name */

    struct socket_sender owner;        /* who listens or connected: SO_PEERCRED of the other */
    bool passes_sender;                /* SO_PASSCRED */
    u64 receive_timeout, send_timeout; /* ns; 0 = none */

    struct poll_source changed; /* who reads, accepts, connects or writes to it sleeps here */
    struct mutex reading;       /* one reader of a stream at a time */
};

/* What moves in one call. */
struct socket_message {
    const struct abi_iovec *vector;
    u32 count;
    size_t size; /* of all of it */
    struct path_start *start;
    struct socket_name name; /* sending: to whom; received: from whom */
    struct file **files;     /* references; taken over by sending */
    u32 file_count;
    struct socket_sender sender; /* received */
    u32 flags;                   /* received: MSG_TRUNC */
};

extern struct spinlock socket_lock;
extern const struct file_ops socket_ops;

/* The socket of a file, or NULL. */
static inline struct socket *socket_of(const struct file *file)
{
    return file->ops == &socket_ops ? file->private : NULL;
}

static inline bool socket_is_stream(const struct socket *socket)
{
    return socket->type == SOCK_STREAM;
}

/* type: SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET; flags: O_NONBLOCK.  => 0 or -ENOMEM */
int socket_create(u32 type, u32 flags, struct file **out);
int socket_create_pair(u32 type, u32 flags, struct file *out[2]);
/* mode: of the file that is made.  => 0, -EINVAL (has a name), -EADDRINUSE, or as mknod */
int socket_bind(struct socket *socket, const struct path_start *start,
                const struct socket_name *name, u32 mode);
/* => 0, -EINVAL (no name), -EOPNOTSUPP */
int socket_listen(struct socket *socket, i32 backlog);
/* file_flags: of `socket`.  => 0, -EINVAL, -EAGAIN, -EINTR, -ENOMEM */
int socket_accept(struct socket *socket, u32 file_flags, u32 new_flags, struct file **out);
/* name->length 0: SOCK_DGRAM forgets its peer.  => 0, -ECONNREFUSED -EISCONN -EPROTOTYPE... */
int socket_connect(struct socket *socket, u32 file_flags, const struct path_start *start,
                   const struct socket_name *name);
int socket_shutdown(struct socket *socket, u32 how);

/* file_flags: O_NONBLOCK; flags: MSG_*.  => bytes or -errno; sending takes over m->files */
ssize_t socket_send(struct socket *socket, u32 file_flags, u32 flags, struct socket_message *m);
ssize_t socket_receive(struct socket *socket, u32 file_flags, u32 flags, struct socket_message *m);

/* The files that were received, or not sent, are not wanted. */
void socket_drop_files(struct socket_message *m);

/* --- between the two files ------------------------------------------------------------------- */

void socket_put(struct socket *socket);
/* The socket that listens or receives by this name, with a reference.  => 0, -ECONNREFUSED... */
int socket_find(const struct path_start *start, const struct socket_name *name, u32 type,
                struct socket **out);
/* Sleeps for a change of `of`.  socket_lock.  => 0, -EAGAIN, -EINTR */
int socket_sleep(struct socket *of, bool may_sleep, u64 deadline);
struct socket_sender socket_caller(void);
/* Throws away what was not read. */
void socket_drop_messages(struct list *messages);
u32 socket_poll(struct file *file, struct poll_table *table);

#endif
