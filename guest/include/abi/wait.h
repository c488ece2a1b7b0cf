/* SPDX-License-Identifier: MIT */
/* wait.h - wait4, waitid, clone and futex numbers.  Source: Linux UAPI, linux/wait.h,
 * linux/sched.h, linux/futex.h. */
#ifndef ABI_WAIT_H
#define ABI_WAIT_H

#define WNOHANG 0x00000001u
#define WUNTRACED 0x00000002u
#define WSTOPPED WUNTRACED
#define WEXITED 0x00000004u
#define WCONTINUED 0x00000008u
#define WNOWAIT 0x01000000u
#define WNOTHREAD 0x20000000u
#define WALL 0x40000000u
#define WCLONE 0x80000000u

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

/* Wait status words. */
#define WAIT_EXITED(code) (((uint32_t)(code)&0xffu) << 8)
#define WAIT_SIGNALED(sig) ((uint32_t)(sig)&0x7fu)
#define WAIT_DUMPED 0x80u /* besides: there is a core file */
#define WAIT_STOPPED(sig) ((((uint32_t)(sig)&0xffu) << 8) | 0x7fu)
#define WAIT_CONTINUED 0xffffu

#define CSIGNAL 0x000000ffu
#define CLONE_VM 0x00000100u
#define CLONE_FS 0x00000200u
#define CLONE_FILES 0x00000400u
#define CLONE_SIGHAND 0x00000800u
#define CLONE_PIDFD 0x00001000u
#define CLONE_PTRACE 0x00002000u
#define CLONE_VFORK 0x00004000u
#define CLONE_PARENT 0x00008000u
#define CLONE_THREAD 0x00010000u
#define CLONE_NEWNS 0x00020000u
#define CLONE_SYSVSEM 0x00040000u
#define CLONE_SETTLS 0x00080000u
#define CLONE_PARENT_SETTID 0x00100000u
#define CLONE_CHILD_CLEARTID 0x00200000u
#define CLONE_DETACHED 0x00400000u
#define CLONE_UNTRACED 0x00800000u
#define CLONE_CHILD_SETTID 0x01000000u
#define CLONE_CLEAR_SIGHAND 0x100000000ull /* clone3 only */
#define CLONE_NAMESPACES 0x7e020080u       /* every CLONE_NEW* */

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_LOCK_PI 6
#define FUTEX_UNLOCK_PI 7
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE_FLAG 128u
#define FUTEX_CLOCK_REALTIME 256u
#define FUTEX_CMD_MASK (~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

#endif
