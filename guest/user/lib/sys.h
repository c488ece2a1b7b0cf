/* SPDX-License-Identifier: MIT */
/*
 * sys.h - the Linux riscv64 system calls, as freestanding programs use them.
 *
 * Every call returns what the kernel returns: a value, or a negative errno.
 * Constants and structures come from the kernel's own headers (linux/, asm/).
 */
#ifndef USER_LIB_SYS_H
#define USER_LIB_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <asm/unistd.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/time_types.h>
#include <linux/wait.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;

#define PAGE 4096ul

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = number;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return a0;
}

/* Any call by number; missing arguments are zero, pointers are converted. */
#define SYS_PAD_(n, a, b, c, d, e, f, ...) \
    sys_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS(name, ...) SYS_PAD_(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* Resource usage as getrusage(2) fills it. */
struct usage {
    i64 user_seconds, user_micros, system_seconds, system_micros;
    i64 maxrss, ixrss, idrss, isrss;
    i64 minflt, majflt;
    i64 nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};

/* What sysinfo(2) fills; memory in units of `unit` bytes. */
struct sysinfo_data {
    i64 uptime;
    u64 loads[3];
    u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    u16 procs, pad;
    u64 totalhigh, freehigh;
    u32 unit;
    u32 reserved;
};

static inline long sys_write(int fd, const void *data, size_t size)
{
    return SYS(write, fd, data, size);
}

static inline long sys_read(int fd, void *data, size_t size)
{
    return SYS(read, fd, data, size);
}

static inline int sys_open(const char *path, int flags, unsigned mode)
{
    return (int)SYS(openat, AT_FDCWD, path, flags, mode);
}

static inline int sys_close(int fd)
{
    return (int)SYS(close, fd);
}

static inline long sys_seek(int fd, long offset, int whence)
{
    return SYS(lseek, fd, offset, whence);
}

static inline int sys_unlink(const char *path)
{
    return (int)SYS(unlinkat, AT_FDCWD, path, 0);
}

/* A new process that shares nothing; 0 in the child, its pid in the parent. */
static inline int sys_fork(void)
{
    return (int)SYS(clone, SIGCHLD);
}

static inline int sys_getpid(void)
{
    return (int)SYS(getpid);
}

static inline int sys_wait(int pid, int *status, int options)
{
    return (int)SYS(wait4, pid, status, options, 0);
}

static inline int sys_kill(int pid, int signal)
{
    return (int)SYS(kill, pid, signal);
}

static inline int sys_execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)SYS(execve, path, argv, envp);
}

static inline __attribute__((noreturn)) void sys_exit(int status)
{
    for (;;)
        SYS(exit_group, status);
}

/* The address, or a negative errno as a pointer: see sys_failed. */
static inline void *sys_mmap(void *address, size_t size, int prot, int flags, int fd, long offset)
{
    return (void *)SYS(mmap, address, size, prot, flags, fd, offset);
}

static inline bool sys_failed(const void *address)
{
    return (unsigned long)address > -4096ul;
}

static inline int sys_munmap(void *address, size_t size)
{
    return (int)SYS(munmap, address, size);
}

static inline int sys_mprotect(void *address, size_t size, int prot)
{
    return (int)SYS(mprotect, address, size, prot);
}

/* The end of the heap after the attempt to move it to `end` (0 asks only). */
static inline u8 *sys_brk(const void *end)
{
    return (u8 *)SYS(brk, end);
}

static inline int sys_pipe(int fds[2])
{
    return (int)SYS(pipe2, fds, 0);
}

static inline void sys_sleep_ms(u64 ms)
{
    struct __kernel_timespec t = {(i64)(ms / 1000), (long long)(ms % 1000) * 1000000};

    SYS(nanosleep, &t, 0);
}

/* Monotonic time in nanoseconds. */
static inline u64 sys_now(void)
{
    struct __kernel_timespec t = {0, 0};

    SYS(clock_gettime, 1, &t);
    return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

/* Wait status in words (the encoding of wait4). */
static inline bool status_exited(int status)
{
    return (status & 0x7f) == 0;
}

static inline int status_code(int status)
{
    return (status >> 8) & 0xff;
}

static inline int status_signal(int status)
{
    return status & 0x7f;
}

/* crt.S */
extern long thread_clone(unsigned long flags, void *stack_top, int *tid, int (*fn)(void *),
                         void *arg);

/* Set by start.c before main. */
extern char **user_environment;
extern const u64 *user_auxv;

#endif
