/* SPDX-License-Identifier: MIT */
/*
 * pidfd.c - processes by descriptor: made by clone3, waited for, signalled, advised about memory.
 */
#include "vm.h"

#include <linux/poll.h>

enum { PAGES = 4, CALL_CLONE3 = 435, CALL_PIDFD_OPEN = 434, CALL_SEND = 424, CALL_MADVISE = 440 };
enum { FLAG_PIDFD = 0x1000, ID_PIDFD = 3, WAIT_ENDED = 4 };

struct arguments {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static bool has_ended(int pidfd)
{
    struct pollfd poll = {.fd = pidfd, .events = POLLIN};
    struct __kernel_timespec now = {0, 0};

    return SYS(ppoll, &poll, 1, &now, 0, 0) == 1 && (poll.revents & POLLIN) != 0;
}

static volatile int *word;

static int wait_for_word(void *arg)
{
    word_wait(word, 0);
    return pattern_check(arg, PAGES * PAGE, 9) == -1 ? 0 : 1;
}

int vm_pidfd(void)
{
    struct {
        u64 base, size;
    } piece;
    siginfo_t info;
    u8 *at = pages_private(PAGES);
    int pid, pidfd;

    word = (volatile int *)(void *)pages_shared(1);
    EXPECT(at != NULL && word != NULL);
    pattern_fill(at, PAGES * PAGE, 9);
    *word = 0;
    pid = child_start(wait_for_word, at);
    pidfd = (int)SYS_PAD_(CALL_PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
    if (pidfd == -ENOSYS) {
        *word = 1;
        word_wake(word);
        child_wait(pid);
        return vm_skip("this kernel has no pidfd_open");
    }
    EXPECT(pidfd >= 0 && !has_ended(pidfd));
    EXPECT(SYS_PAD_(CALL_PIDFD_OPEN, -1, 0, 0, 0, 0, 0) == -EINVAL);
    EXPECT(SYS_PAD_(CALL_SEND, pidfd, 0, 0, 0, 0, 0) == 0);
    piece.base = (u64)at;
    piece.size = PAGES * PAGE;
    if (!under_user_emulation()) {
        EXPECT(SYS_PAD_(CALL_MADVISE, pidfd, &piece, 1, MADV_PAGEOUT, 0, 0) == PAGES * PAGE);
        EXPECT(SYS_PAD_(CALL_MADVISE, pidfd, &piece, 1, MADV_DONTNEED, 0, 0) == -EINVAL);
    }
    *word = 1;
    word_wake(word);
    EXPECT(SYS(waitid, ID_PIDFD, pidfd, &info, WAIT_ENDED, 0) == 0);
    EXPECT(info.si_pid == pid && info.si_status == 0);
    EXPECT(has_ended(pidfd));
    EXPECT(SYS_PAD_(CALL_SEND, pidfd, SIGKILL, 0, 0, 0, 0) == -ESRCH);
    sys_close(pidfd);
    return VM_OK;
}

int vm_clone3(void)
{
    int pidfd = -1, status = 0;
    struct arguments arguments = {
        .flags = FLAG_PIDFD, .pidfd = (u64)&pidfd, .exit_signal = SIGCHLD, .stack_size = PAGE};
    u8 *at = pages_private(1);
    long pid = SYS_PAD_(CALL_CLONE3, &arguments, sizeof arguments, 0, 0, 0, 0);

    EXPECT(at != NULL);
    if (pid == -ENOSYS)
        return vm_skip("this kernel has no clone3");
    EXPECT(pid == -EINVAL); /* a size without a stack */
    arguments.stack_size = 0;
    EXPECT(SYS_PAD_(CALL_CLONE3, &arguments, 63, 0, 0, 0, 0) == -EINVAL);
    at[0] = 1;
    pid = SYS_PAD_(CALL_CLONE3, &arguments, sizeof arguments, 0, 0, 0, 0);
    if (pid == 0) {
        at[0] = 2;
        sys_exit(pidfd == -1 ? 5 : 6); /* the number is the parent's */
    }
    EXPECT(pid > 0 && pidfd >= 0);
    EXPECT(sys_wait((int)pid, &status, 0) == pid && status == 5 << 8);
    EXPECT(at[0] == 1 && has_ended(pidfd));
    sys_close(pidfd);
    return VM_OK;
}
