/* SPDX-License-Identifier: MIT */
/* events.h - descriptors to wait on: epoll, timerfd, signalfd.  Source: Linux UAPI. */
#ifndef ABI_EVENTS_H
#define ABI_EVENTS_H

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

struct abi_epoll_event {
    unsigned int events; /* POLL*, EPOLL* */
    unsigned long data;
};

#define TFD_TIMER_ABSTIME 1u
#define TFD_TIMER_CANCEL_ON_SET 2u

/* What a signalfd gives for each signal. */
struct abi_signalfd_siginfo {
    unsigned int signo;
    int error, code;
    unsigned int pid, uid;
    int fd;
    unsigned int tid, band, overrun, trap;
    int status, value_int;
    unsigned long value, user_time, system_time, address;
    unsigned char unused[48];
};

_Static_assert(sizeof(struct abi_signalfd_siginfo) == 128, "as Linux has it");

#endif
