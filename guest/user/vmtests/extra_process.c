/* SPDX-License-Identifier: MIT */
/*
 * extra_process.c - several processes: vfork, futexes, pipes, generations.
 */
#include "vm.h"
#include <linux/futex.h>
#include <linux/sched.h>

enum { PAGES = 8 };

struct borrowed {
    u8 *page;
    char *argv[3], *envp[1];
};

/*
 * The child of vfork runs in the parent's memory on a stack of its own; the parent
 * sleeps until it calls exec or exits.
 */
static int borrow(void *arg)
{
    struct borrowed *b = arg;

    b->page[0] = 0x5e;
    if (b->argv[0] != NULL)
        sys_execve(b->argv[0], b->argv, b->envp);
    return 3;
}

static int vfork_run(struct borrowed *b)
{
    u8 *stack = pages_private(4);
    static int tid;
    long pid;

    if (stack == NULL)
        return -ENOMEM;
    pid = thread_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + 4 * PAGE, &tid, borrow, b);
    sys_munmap(stack, 4 * PAGE);
    return pid < 0 ? (int)pid : child_wait((int)pid);
}

int vm_vfork(void)
{
    struct borrowed b = {pages_private(1), {NULL, NULL, NULL}, {NULL}};

    EXPECT(b.page != NULL);
    if (under_user_emulation())
        return vm_skip("user-mode emulation makes it a fork");
    EXPECT(vfork_run(&b) == 3);
    EXPECT(b.page[0] == 0x5e);
    b.page[0] = 0;
    b.argv[0] = vm_program;
    b.argv[1] = (char *)"--exec-true";
    EXPECT(vfork_run(&b) == 0);
    EXPECT(b.page[0] == 0x5e);
    return VM_OK;
}

static int count_with_lock(void *arg)
{
    volatile int *word = arg;

    for (int i = 0; i < 300; i++) {
        while (__atomic_exchange_n(&word[0], 1, __ATOMIC_ACQUIRE) != 0)
            SYS(futex, &word[0], FUTEX_WAIT, 1, 0, 0, 0);
        word[1]++;
        __atomic_store_n(&word[0], 0, __ATOMIC_RELEASE);
        SYS(futex, &word[0], FUTEX_WAKE, 1, 0, 0, 0);
    }
    return VM_OK;
}

int vm_shared_futex(void)
{
    volatile int *word = (volatile int *)(void *)pages_shared(1);
    int pids[3];

    EXPECT(word != NULL);
    for (int i = 0; i < 3; i++)
        pids[i] = child_start(count_with_lock, (void *)word);
    for (int i = 0; i < 3; i++)
        EXPECT(child_wait(pids[i]) == VM_OK);
    EXPECT(word[1] == 900);
    return VM_OK;
}

struct stream {
    u8 *at;
    size_t size;
    int fds[2];
};

static int send_all(void *arg)
{
    struct stream *s = arg;

    sys_close(s->fds[0]);
    pattern_fill(s->at, s->size, 19);
    for (size_t sent = 0; sent < s->size;) {
        long n = sys_write(s->fds[1], s->at + sent, s->size - sent);

        EXPECT(n > 0);
        sent += (size_t)n;
    }
    return VM_OK;
}

int vm_pipe_lazy(void)
{
    struct stream s = {NULL, 200 * 1024 + 13, {0, 0}};
    size_t got = 0;
    int pid;

    s.at = pages_private(s.size / PAGE + 1);
    EXPECT(s.at != NULL && sys_pipe(s.fds) == 0);
    pid = child_start(send_all, &s);
    sys_close(s.fds[1]);
    for (;;) {
        long n = sys_read(s.fds[0], s.at + got, s.size - got);

        EXPECT(n >= 0);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    EXPECT(got == s.size);
    EXPECT(child_wait(pid) == VM_OK);
    EXPECT(pattern_check(s.at, s.size, 19) == -1);
    return VM_OK;
}

static int fault_much(void *arg)
{
    u8 *at = pages_private(64);

    (void)arg;
    EXPECT(at != NULL);
    pages_write(at, 64, 1);
    return VM_OK;
}

int vm_rusage(void)
{
    struct usage before, after;
    u8 *at = pages_private(64);

    EXPECT(at != NULL);
    SYS(getrusage, 0, &before);
    pages_write(at, 64, 1);
    SYS(getrusage, 0, &after);
    if (on_faultline() && vm_each_page_faults())
        EXPECT(after.minflt - before.minflt == 64);
    EXPECT(after.minflt >= before.minflt);
    if (on_faultline()) { /* the most that ever was resident, though it is gone */
        long peak = after.maxrss;

        at = pages_private(300);
        EXPECT(at != NULL);
        pages_write(at, 300, 1);
        sys_munmap(at, 300 * PAGE);
        SYS(getrusage, 0, &after);
        EXPECT(after.maxrss >= 300 * 4 && after.maxrss >= peak);
    }
    SYS(getrusage, -1, &before);
    EXPECT(child_run(fault_much, NULL) == VM_OK);
    SYS(getrusage, -1, &after);
    if (on_faultline() && vm_each_page_faults())
        EXPECT(after.minflt - before.minflt >= 64);
    return VM_OK;
}

struct orphan {
    u8 *at;
    volatile int *flag;
};

static int check_when_alone(void *arg)
{
    struct orphan *o = arg;

    for (int i = 0; i < 200 && SYS(getppid) == o->flag[1]; i++)
        sys_sleep_ms(5);
    if (SYS(getppid) == o->flag[1])
        o->flag[0] = 3;
    else if (pattern_check(o->at, PAGES * PAGE, 55) != -1)
        o->flag[0] = 4;
    else {
        pattern_fill(o->at, PAGES * PAGE, 56);
        o->flag[0] = pattern_check(o->at, PAGES * PAGE, 56) == -1 ? 1 : 5;
    }
    word_wake(&o->flag[0]);
    return 0;
}

static int leave_orphan(void *arg)
{
    struct orphan *o = arg;

    o->flag[1] = sys_getpid();
    EXPECT(child_start(check_when_alone, o) > 0);
    return VM_OK;
}

int vm_orphan(void)
{
    struct orphan o = {pages_private(PAGES), (volatile int *)(void *)pages_shared(1)};

    EXPECT(o.at != NULL && o.flag != NULL);
    pattern_fill(o.at, PAGES * PAGE, 55);
    EXPECT(child_run(leave_orphan, &o) == VM_OK);
    word_wait(&o.flag[0], 0);
    EXPECT(o.flag[0] == 1);
    EXPECT(pattern_check(o.at, PAGES * PAGE, 55) == -1);
    return VM_OK;
}

static int generation(void *arg)
{
    u8 *at = arg;
    u8 number = at[0];

    for (size_t i = 0; i < PAGES; i++)
        EXPECT(at[i * PAGE] == number);
    pages_write(at, PAGES, (u8)(number + 1));
    if (number < 5) {
        EXPECT(child_run(generation, at) == VM_OK);
        EXPECT(child_run(generation, at) == VM_OK);
    }
    for (size_t i = 0; i < PAGES; i++)
        EXPECT(at[i * PAGE] == number + 1);
    return VM_OK;
}

int vm_fork_tree(void)
{
    u8 *at = pages_private(PAGES);

    EXPECT(at != NULL);
    pages_write(at, PAGES, 1);
    EXPECT(child_run(generation, at) == VM_OK);
    EXPECT(pages_read(at, PAGES) == PAGES);
    return VM_OK;
}

static int find_wiped(void *arg)
{
    u8 *at = arg;

    EXPECT(at[0] == 7);
    EXPECT(at[PAGE] == 0 && at[PAGE + 100] == 0);
    EXPECT(try_load(at + 2 * PAGE, NULL) == SIGSEGV);
    at[PAGE] = 1;
    return VM_OK;
}

int vm_wipe_on_fork(void)
{
    u8 *at = pages_private(3);

    if (under_user_emulation())
        return vm_skip("user-mode emulation takes it as a hint");
    EXPECT(at != NULL);
    pages_write(at, 3, 7);
    if (SYS(madvise, at + PAGE, PAGE, MADV_WIPEONFORK) < 0 ||
        SYS(madvise, at + 2 * PAGE, PAGE, MADV_DONTFORK) < 0)
        return vm_skip("not offered");
    EXPECT(child_run(find_wiped, at) == VM_OK);
    EXPECT(pages_read(at, 3) == 21);
    return VM_OK;
}

/* The address space as a file: pages come as they are asked for, with the rights that they have. */
int vm_memory_file(void)
{
    u8 *at = pages_private(3), back[2] = {0, 0};
    int fd = sys_open("/proc/self/mem", O_RDWR, 0);

    if (fd < 0 || under_user_emulation())
        return vm_skip("needs /proc/self/mem");
    EXPECT(at != NULL && sys_munmap(at + 2 * PAGE, PAGE) == 0);
    EXPECT(SYS(pread64, fd, back, 2, at) == 2 && back[0] == 0);
    EXPECT(SYS(pwrite64, fd, "ab", 2, at + PAGE - 1) == 2); /* over the zero page and a lazy one */
    EXPECT(at[PAGE - 1] == 'a' && at[PAGE] == 'b');
    EXPECT(SYS(pread64, fd, back, 2, at + PAGE - 1) == 2 && back[0] == 'a' && back[1] == 'b');
    EXPECT(SYS(pwrite64, fd, "cd", 2, at + 2 * PAGE - 1) == 1 && at[2 * PAGE - 1] == 'c');
    EXPECT(SYS(pread64, fd, back, 1, at + 2 * PAGE) == -EIO);
    sys_close(fd);
    return VM_OK;
}
