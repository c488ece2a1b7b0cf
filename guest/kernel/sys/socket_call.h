/* SPDX-License-Identifier: MIT */
/* socket_call.h - what the system calls about sockets share. */
#ifndef KERNEL_SYS_SOCKET_CALL_H
#define KERNEL_SYS_SOCKET_CALL_H

#include "fs/socket.h"

/* A call about one socket: its file, and where paths start. */
struct socket_call {
    struct file *file;
    struct socket *socket;
    struct path_start start;
};

/* => 0, -EBADF, -ENOTSOCK; after 0 it is ended by: */
int socket_call_begin(struct socket_call *call, u64 fd);
i64 socket_call_end(struct socket_call *call, i64 result); /* => result */

/* A struct sockaddr of user memory; AF_UNSPEC is the length 0.
 * => 0, -EINVAL, -EFAULT, -EAFNOSUPPORT */
int socket_get_name(u64 user, u64 length, struct socket_name *name);
/* The other way; *user_length is the room and becomes the length.  => 0, -EINVAL, -EFAULT */
int socket_put_name(u64 user, u64 user_length, const struct socket_name *name);

#endif
