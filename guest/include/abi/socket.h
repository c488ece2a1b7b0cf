/* SPDX-License-Identifier: MIT */
/* socket.h - sockets between processes.  Source: Linux UAPI. */
#ifndef ABI_SOCKET_H
#define ABI_SOCKET_H

#define AF_UNSPEC 0
#define AF_UNIX 1

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3 /* of AF_UNIX: the same as SOCK_DGRAM */
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 0xf

struct abi_sockaddr_un {
    unsigned short family;
    char path[108]; /* a path, or behind a zero byte a name of no file */
};

#define MSG_OOB 0x1u
#define MSG_PEEK 0x2u
#define MSG_CTRUNC 0x8u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_WAITALL 0x100u
#define MSG_NOSIGNAL 0x4000u
#define MSG_CMSG_CLOEXEC 0x40000000u

struct abi_msghdr {
    unsigned long name;
    unsigned int name_length, pad;
    unsigned long vector, vector_count;
    unsigned long control, control_length;
    unsigned int flags, pad_end;
};

struct abi_mmsghdr {
    struct abi_msghdr header;
    unsigned int length, pad;
};

struct abi_cmsghdr {
    unsigned long length; /* this header included */
    int level, type;
};

struct abi_ucred {
    int pid;
    unsigned int uid, gid;
};

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD 253

#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_LINGER 13
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#endif
