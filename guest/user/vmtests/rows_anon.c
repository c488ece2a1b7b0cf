/* SPDX-License-Identifier: MIT */
/*
 * rows_anon.c - the rows of anonymous memory: zero page, fill, copy-on-write, and
 * the rows that end without a page of their own (access, spurious, raced).
 */
#include "vm.h"

enum { PAGES = 16 };

/*
 * Accessed and dirty bits are cleared behind the program's back when pages are
 * aged; here by asking for it (clear_refs), which not every kernel offers.
 */
int vm_access(void)
{
    u8 *at = pages_private(PAGES);
    int fd;

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 7);
    fd = sys_open("/proc/self/clear_refs", O_WRONLY, 0);
    if (fd >= 0) {
        sys_write(fd, "1\n", 2);
        sys_close(fd);
    }
    EXPECT(pattern_check(at, PAGES * PAGE, 7) == -1);
    pattern_fill(at, PAGES * PAGE, 8);
    EXPECT(pattern_check(at, PAGES * PAGE, 8) == -1);
    return VM_OK;
}

struct toggler {
    u8 *page;
    volatile int stop;
    volatile u64 stores;
};

static int store_always(void *arg)
{
    struct toggler *t = arg;

    while (!t->stop) {
        *(volatile u64 *)(void *)t->page = t->stores;
        t->stores++;
    }
    return 0;
}

static struct toggler toggler;

static bool wait_until_writable(int signal, u64 address)
{
    (void)address;
    SYS(sched_yield);
    return signal == SIGSEGV;
}

/* Rights come and go; the storing thread repeats until they are there. */
int vm_spurious(void)
{
    struct thread thread;
    u64 before;

    toggler.page = pages_private(1);
    EXPECT(toggler.page != NULL);
    fault_repair = wait_until_writable;
    EXPECT(thread_start(&thread, store_always, &toggler));
    for (int i = 0; i < 200; i++) {
        EXPECT(sys_mprotect(toggler.page, PAGE, PROT_READ) == 0);
        EXPECT(sys_mprotect(toggler.page, PAGE, PROT_READ | PROT_WRITE) == 0);
        if (i % 64 == 0)
            SYS(sched_yield);
    }
    before = toggler.stores;
    while (toggler.stores == before)
        SYS(sched_yield);
    toggler.stop = 1;
    thread_join(&thread);
    EXPECT(*(u64 *)(void *)toggler.page == toggler.stores - 1);
    return VM_OK;
}

enum { RACE_PAGES = 64, RACERS = 3 };

struct racer {
    u8 *at;
    int number;
    volatile int *go;
};

/* Each thread stores its own byte of every page. */
static int race(void *arg)
{
    struct racer *r = arg;

    word_wait(r->go, 0);
    for (size_t i = 0; i < RACE_PAGES; i++)
        ((volatile u8 *)r->at)[i * PAGE + (size_t)r->number] = (u8)(r->number + 1);
    return 0;
}

int vm_raced(void)
{
    struct thread threads[RACERS];
    struct racer racers[RACERS];
    static volatile int go;
    u8 *at = pages_private(RACE_PAGES);

    EXPECT(at != NULL);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){at, i, &go};
        EXPECT(thread_start(&threads[i], race, &racers[i]));
    }
    go = 1;
    word_wake(&go);
    for (int i = 0; i < RACERS; i++)
        thread_join(&threads[i]);
    for (size_t i = 0; i < RACE_PAGES * PAGE; i++)
        EXPECT(at[i] == (i % PAGE < RACERS ? i % PAGE + 1 : 0));
    return VM_OK;
}

int vm_zero_map(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES);
    u64 first, frames = 0;

    EXPECT(at != NULL);
    vm_measure(&before);
    EXPECT(pages_read(at, PAGES) == 0);
    if (vm_lazy("mmap") && !kernel_option("vm.zeropage=", "off")) {
        EXPECT(faults_of(&before, FAULT_ZERO_MAP, PAGES) == PAGES);
        first = page_frame(at);
        for (size_t i = 0; i < PAGES; i++)
            frames += page_frame(at + i * PAGE) == first;
        EXPECT(frames == PAGES);
    }
    for (size_t i = 0; i < PAGES * PAGE; i++)
        EXPECT(at[i] == 0);
    return VM_OK;
}

int vm_zero_fill(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES);

    EXPECT(at != NULL);
    vm_measure(&before);
    pages_write(at, PAGES, 0x5a);
    if (vm_each_page_faults())
        EXPECT(faults_of(&before, FAULT_ZERO_FILL, PAGES) == PAGES);
    for (size_t i = 0; i < PAGES * PAGE; i++)
        EXPECT(at[i] == (i % PAGE == 0 ? 0x5a : 0));
    return VM_OK;
}

int vm_zero_copy(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES), *other = pages_private(1);

    EXPECT(at != NULL && other != NULL);
    EXPECT(pages_read(at, PAGES) == 0 && *other == 0);
    vm_measure(&before);
    pages_write(at, PAGES, 9);
    if (vm_each_page_faults() && !kernel_option("vm.zeropage=", "off"))
        EXPECT(faults_of(&before, FAULT_ZERO_COPY, PAGES) == PAGES);
    EXPECT(pages_read(at, PAGES) == 9 * PAGES);
    for (size_t i = 0; i < PAGE; i++)
        EXPECT(other[i] == 0);
    return VM_OK;
}

static int only_exit(void *arg)
{
    (void)arg;
    return 0;
}

int vm_cow_reuse(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES);
    u64 frame;

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 3);
    EXPECT(child_run(only_exit, NULL) == 0);
    frame = page_frame(at);
    vm_measure(&before);
    pages_write(at, PAGES, 1);
    if (vm_lazy("fork"))
        EXPECT(faults_of(&before, FAULT_COW_REUSE, PAGES) == PAGES);
    EXPECT(page_frame(at) == frame);
    for (size_t i = 0; i < PAGES; i++)
        at[i * PAGE] = pattern_byte(i * PAGE, 3);
    EXPECT(pattern_check(at, PAGES * PAGE, 3) == -1);
    return VM_OK;
}

struct copy_case {
    u8 *at;
    int to_parent[2], to_child[2];
};

static bool tell(int fd)
{
    return sys_write(fd, "x", 1) == 1;
}

static bool hear(int fd)
{
    u8 byte;

    return sys_read(fd, &byte, 1) == 1;
}

/* The child stores first into pages 0-3; the parent then into pages 4-7. */
static int copy_child(void *arg)
{
    struct copy_case *c = arg;

    sys_close(c->to_parent[0]);
    sys_close(c->to_child[1]);
    pattern_fill(c->at, 4 * PAGE, 50);
    EXPECT(pattern_check(c->at + 4 * PAGE, 4 * PAGE, 41) == -1);
    EXPECT(tell(c->to_parent[1]));
    EXPECT(hear(c->to_child[0]));
    EXPECT(pattern_check(c->at, 4 * PAGE, 50) == -1);
    EXPECT(pattern_check(c->at + 4 * PAGE, 4 * PAGE, 41) == -1);
    return VM_OK;
}

int vm_cow_copy(void)
{
    static struct faults before;
    struct copy_case c;
    int pid;

    c.at = pages_private(8);
    EXPECT(c.at != NULL && sys_pipe(c.to_parent) == 0 && sys_pipe(c.to_child) == 0);
    pattern_fill(c.at, 4 * PAGE, 40);
    pattern_fill(c.at + 4 * PAGE, 4 * PAGE, 41);
    pid = child_start(copy_child, &c);
    EXPECT(pid > 0);
    sys_close(c.to_parent[1]);
    sys_close(c.to_child[0]);
    EXPECT(hear(c.to_parent[0]));
    EXPECT(pattern_check(c.at, 4 * PAGE, 40) == -1);
    vm_measure(&before);
    pattern_fill(c.at + 4 * PAGE, 4 * PAGE, 60);
    if (vm_lazy("fork"))
        EXPECT(faults_of(&before, FAULT_COW_COPY, 4) == 4);
    EXPECT(tell(c.to_child[1]));
    EXPECT(child_wait(pid) == VM_OK);
    EXPECT(pattern_check(c.at, 4 * PAGE, 40) == -1);
    EXPECT(pattern_check(c.at + 4 * PAGE, 4 * PAGE, 60) == -1);
    return VM_OK;
}
