/* SPDX-License-Identifier: MIT */
/*
 * fcntl.h - open flags, fcntl commands, *at flags, seek, access, poll and mount flags.
 *
 * Source: Linux UAPI, asm-generic/fcntl.h, linux/fcntl.h, asm-generic/poll.h.
 */
#ifndef ABI_FCNTL_H
#define ABI_FCNTL_H

#include <stdint.h>

#define O_ACCMODE 00000003u
#define O_RDONLY 00000000u
#define O_WRONLY 00000001u
#define O_RDWR 00000002u
#define O_CREAT 00000100u
#define O_EXCL 00000200u
#define O_NOCTTY 00000400u
#define O_TRUNC 00001000u
#define O_APPEND 00002000u
#define O_NONBLOCK 00004000u
#define O_DSYNC 00010000u
#define O_ASYNC 00020000u
#define O_DIRECT 00040000u
#define O_LARGEFILE 00100000u
#define O_DIRECTORY 00200000u
#define O_NOFOLLOW 00400000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_SYNC 04010000u
#define O_PATH 010000000u
#define O_TMPFILE 020200000u

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1u
#define F_SEAL_SHRINK 2u
#define F_SEAL_GROW 4u
#define F_SEAL_WRITE 8u
#define F_SEAL_FUTURE_WRITE 16u
#define F_SEAL_EXEC 32u
#define FD_CLOEXEC 1u

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EACCESS 0x200u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define R_OK 4u
#define W_OK 2u
#define X_OK 1u
#define F_OK 0u

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u

#define POLLIN 0x0001u
#define POLLPRI 0x0002u
#define POLLOUT 0x0004u
#define POLLERR 0x0008u
#define POLLHUP 0x0010u
#define POLLNVAL 0x0020u
#define POLLRDNORM 0x0040u
#define POLLRDBAND 0x0080u
#define POLLWRNORM 0x0100u
#define POLLWRBAND 0x0200u
#define POLLRDHUP 0x2000u

struct abi_pollfd {
    int32_t fd;
    int16_t events, revents;
};

struct abi_iovec {
    uint64_t base, length;
};
#define IOV_MAX 1024

struct abi_flock {
    int16_t type, whence;
    int64_t start, length;
    int32_t pid;
};
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define MS_RDONLY 1u
#define MS_NOSUID 2u
#define MS_NODEV 4u
#define MS_NOEXEC 8u
#define MS_SYNCHRONOUS 16u
#define MS_REMOUNT 32u
#define MS_NOATIME 1024u
#define MS_BIND 4096u
#define MNT_FORCE 1u
#define MNT_DETACH 2u

#define PATH_MAX 4096
#define NAME_MAX 255
#define PIPE_BUF 4096

#endif
