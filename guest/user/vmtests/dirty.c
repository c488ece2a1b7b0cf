/* SPDX-License-Identifier: MIT */
/*
 * dirty.c - a page that came back from swap keeps its slot while nobody writes it.  Whoever writes
 * it, and by whatever way that mapping then changes or goes: the slot's contents are old.
 */
#include "vm.h"

enum { PAGES = 4 };

/* Out and in again: in memory, with a slot that holds the same. */
static bool clean_in_swap(u8 *at, u8 value)
{
    for (size_t i = 0; i < PAGES; i++)
        at[i * PAGE] = value;
    if (!page_out(at, PAGES * PAGE))
        return false;
    for (size_t i = 0; i < PAGES; i++) {
        if (((volatile u8 *)at)[i * PAGE] != value)
            return false;
    }
    return true;
}

static int holds(volatile u8 *at, u8 value)
{
    for (size_t i = 0; i < PAGES; i++)
        EXPECT(at[i * PAGE] == value);
    return VM_OK;
}

static int write_pages(void *arg)
{
    for (size_t i = 0; i < PAGES; i++)
        ((volatile u8 *)arg)[i * PAGE] = 2;
    return VM_OK;
}

/* Only a process that has gone since wrote the pages of shared memory. */
int vm_dirty_exit(void)
{
    u8 *at = pages_shared(PAGES), *other;

    EXPECT(at != NULL);
    if (!clean_in_swap(at, 1))
        return vm_skip("pages cannot be moved out here");
    EXPECT(child_run(write_pages, at) == VM_OK);
    EXPECT(page_out(at, PAGES * PAGE) && holds(at, 2) == VM_OK);
    /* The same with a second mapping of one's own. */
    EXPECT(clean_in_swap(at, 1));
    other = (u8 *)SYS(mremap, at, 0, PAGES * PAGE, MREMAP_MAYMOVE, 0);
    EXPECT(!sys_failed(other));
    write_pages(other);
    EXPECT(sys_munmap(other, PAGES * PAGE) == 0);
    EXPECT(page_out(at, PAGES * PAGE));
    return holds(at, 2);
}

/* The pages leave while nobody may touch them. */
int vm_dirty_away(void)
{
    u8 *at[2] = {pages_private(PAGES), pages_shared(PAGES)};

    for (int i = 0; i < 2; i++) {
        EXPECT(at[i] != NULL);
        if (!clean_in_swap(at[i], 1))
            return vm_skip("pages cannot be moved out here");
        write_pages(at[i]);
        EXPECT(sys_mprotect(at[i], PAGES * PAGE, PROT_NONE) == 0);
        EXPECT(page_out(at[i], PAGES * PAGE));
        EXPECT(sys_mprotect(at[i], PAGES * PAGE, PROT_READ) == 0);
        EXPECT(holds(at[i], 2) == VM_OK);
    }
    return VM_OK;
}

static int out_and_check(void *arg)
{
    u8 *at = arg;

    word_wait((volatile int *)(void *)(at + PAGES * PAGE), 0);
    EXPECT(page_out(at, PAGES * PAGE));
    return holds(at, 2);
}

/* The parent wrote them before the fork, and moves its own elsewhere after it. */
int vm_dirty_moved(void)
{
    u8 *at = sys_mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    u8 *go, *moved;
    int pid;

    EXPECT(!sys_failed(at));
    go = sys_mmap(at + PAGES * PAGE, PAGE, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(!sys_failed(go));
    if (!clean_in_swap(at, 1))
        return vm_skip("pages cannot be moved out here");
    write_pages(at);
    pid = child_start(out_and_check, at);
    EXPECT(pid > 0);
    moved = (u8 *)SYS(mremap, at, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    EXPECT(!sys_failed(moved));
    *(volatile int *)(void *)go = 1;
    word_wake((volatile int *)(void *)go);
    EXPECT(child_wait(pid) == VM_OK);
    return holds(moved, 2);
}

/* Pages of a file that nobody may touch are written back like others, and stay where they are. */
int vm_dirty_away_file(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at, back[PAGE];

    EXPECT(fd >= 0);
    at = sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(!sys_failed(at));
    write_pages(at);
    EXPECT(sys_mprotect(at, PAGES * PAGE, PROT_NONE) == 0);
    EXPECT(SYS(fsync, fd) == 0);
    EXPECT(sys_mprotect(at, PAGES * PAGE, PROT_READ | PROT_WRITE) == 0);
    EXPECT(holds(at, 2) == VM_OK);
    at[0] = 3; /* it must be noticed again */
    EXPECT(SYS(fsync, fd) == 0);
    EXPECT(SYS(pread64, fd, back, PAGE, 0) == PAGE && back[0] == 3);
    return VM_OK;
}

static volatile int *verdict;

/* The grandchild: once its parent has gone it has the pages alone. */
static int outlive(void *arg)
{
    u8 *at = arg;

    for (int i = 0; i < 1000 && SYS(getppid) != 1; i++)
        sys_sleep_ms(1);
    *verdict = page_out(at, PAGES * PAGE) && holds(at, 2) == VM_OK ? 1 : 2;
    word_wake(verdict);
    return 0;
}

static int write_and_fork(void *arg)
{
    EXPECT(clean_in_swap(arg, 1));
    write_pages(arg);
    child_start(outlive, arg);
    return VM_OK;
}

/* Whoever wrote them forks and goes: the D bits were in its table. */
int vm_dirty_orphan(void)
{
    u8 *at = pages_private(PAGES);

    verdict = (volatile int *)(void *)pages_shared(1);
    EXPECT(at != NULL && verdict != NULL);
    *verdict = 0;
    if (!clean_in_swap(at, 3))
        return vm_skip("pages cannot be moved out here");
    EXPECT(child_run(write_and_fork, at) == VM_OK);
    word_wait(verdict, 0);
    EXPECT(*verdict == 1);
    return holds(at, 3);
}
