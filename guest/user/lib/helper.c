/* SPDX-License-Identifier: MIT */
/*
 * helper.c - see helper.h.
 */
#include "helper.h"
#include "text.h"
#include "measure.h"
#include <linux/futex.h>
#include <linux/sched.h>

static u8 *pages(size_t count, int flags)
{
    u8 *at = sys_mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

    return sys_failed(at) ? NULL : at;
}

u8 *pages_private(size_t count)
{
    return pages(count, MAP_PRIVATE);
}

u8 *pages_shared(size_t count)
{
    return pages(count, MAP_SHARED);
}

u64 pages_read(const volatile u8 *at, size_t count)
{
    u64 total = 0;

    for (size_t i = 0; i < count; i++)
        total += at[i * PAGE];
    return total;
}

void pages_write(volatile u8 *at, size_t count, u8 value)
{
    for (size_t i = 0; i < count; i++)
        at[i * PAGE] = value;
}

/* A multiplicative hash of the word's place; its bytes are the pattern. */
static u64 pattern_word(u64 index, u64 seed)
{
    u64 x = (index + seed * 0x9e3779b97f4a7c15ull + 1) * 0xbf58476d1ce4e5b9ull;

    return x ^ (x >> 29);
}

u8 pattern_byte(u64 offset, u64 seed)
{
    return (u8)(pattern_word(offset / 8, seed) >> (offset % 8 * 8));
}

void pattern_fill(u8 *at, size_t size, u64 seed)
{
    for (size_t i = 0; i + 8 <= size; i += 8)
        *(u64 *)(void *)(at + i) = pattern_word(i / 8, seed);
    for (size_t i = size & ~7ul; i < size; i++)
        at[i] = pattern_byte(i, seed);
}

long pattern_check(const u8 *at, size_t size, u64 seed)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        if (*(const u64 *)(const void *)(at + i) != pattern_word(i / 8, seed))
            return (long)i;
    }
    for (size_t i = size & ~7ul; i < size; i++) {
        if (at[i] != pattern_byte(i, seed))
            return (long)i;
    }
    return -1;
}

char file_path[64];

int file_make(size_t size)
{
    static u8 block[PAGE];
    const char *directory = on_faultline() ? "/root" : "/tmp";
    int fd;

    text_format(file_path, sizeof file_path, "%s/faultfile.%d", directory, sys_getpid());
    fd = sys_open(file_path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return fd;
    for (size_t at = 0; at < size; at += PAGE) {
        size_t part = size - at < PAGE ? size - at : PAGE;

        for (size_t i = 0; i < part; i++)
            block[i] = pattern_byte(at + i, 1);
        if (sys_write(fd, block, part) != (long)part) {
            sys_close(fd);
            file_remove();
            return -EIO;
        }
    }
    return fd;
}

void file_remove(void)
{
    if (file_path[0] != '\0')
        sys_unlink(file_path);
    file_path[0] = '\0';
}

int child_start(int (*fn)(void *), void *arg)
{
    int pid = sys_fork();

    if (pid == 0)
        sys_exit(fn(arg));
    return pid;
}

int child_wait(int pid)
{
    int status = 0, r;

    if (pid < 0)
        return pid;
    do {
        r = sys_wait(pid, &status, 0);
    } while (r == -EINTR);
    if (r < 0)
        return r;
    return status_exited(status) ? status_code(status) : 128 + status_signal(status);
}

int child_run(int (*fn)(void *), void *arg)
{
    return child_wait(child_start(fn, arg));
}

enum { THREAD_STACK_PAGES = 8 };

bool thread_start(struct thread *thread, int (*fn)(void *), void *arg)
{
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                          CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    long r;

    thread->stack = pages_private(THREAD_STACK_PAGES);
    if (thread->stack == NULL)
        return false;
    thread->tid = 1;
    r = thread_clone(flags, thread->stack + THREAD_STACK_PAGES * PAGE, &thread->tid, fn, arg);
    if (r < 0)
        sys_munmap(thread->stack, THREAD_STACK_PAGES * PAGE);
    return r >= 0;
}

void thread_join(struct thread *thread)
{
    volatile int *tid = &thread->tid;
    int now;

    while ((now = *tid) != 0)
        SYS(futex, tid, FUTEX_WAIT, now, 0, 0, 0);
    sys_munmap(thread->stack, THREAD_STACK_PAGES * PAGE);
}

void word_wait(volatile int *word, int value)
{
    while (*word == value)
        SYS(futex, word, FUTEX_WAIT, value, 0, 0, 0);
}

void word_wake(volatile int *word)
{
    SYS(futex, word, FUTEX_WAKE, 1000, 0, 0, 0);
}
