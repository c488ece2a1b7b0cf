/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - pages that appear before they are asked for: around a page of a file, and (booted with
 * vm.fault_ahead=on) behind sequential stores.  What a program sees must not depend on it; how many
 * faults there are does, and is checked where the kernel is ours.
 */
#include "vm.h"

enum { PAGES = 64, MOST = 16, AROUND = 16 };

static bool ahead_is_on(void)
{
    return kernel_option("vm.fault_ahead=", "on");
}

/* 1 + 1 + 1 + 2 ... pages, then MOST at a time. */
static u64 sequential_faults(u64 pages)
{
    u64 faults = 0;

    for (u64 page = 0, more = 0; page < pages; page += 1 + more, faults++) {
        more = faults == 0 ? 0 : more == 0 ? 1 : more * 2 > MOST ? MOST : more * 2;
    }
    return ahead_is_on() ? faults : pages;
}

static bool is_zero(const u8 *at, u64 size)
{
    for (u64 i = 0; i < size; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Fresh pages in one leaf table, so that the counts are those of one run. */
static u8 *pages_in_one_table(u64 count)
{
    u64 table = 2ull << 20;
    u8 *at = pages_private(2 * table / PAGE);

    return at == NULL ? NULL : (u8 *)(((u64)at + table - 1) & ~(table - 1)) + 8 * count;
}

int vm_ahead_stores(void)
{
    u8 *at = pages_in_one_table(PAGES);
    struct faults before;

    EXPECT(at != NULL);
    at = (u8 *)((u64)at & ~(PAGE - 1));
    vm_measure(&before);
    for (u64 i = 0; i < PAGES; i++) {
        at[i * PAGE + 5] = (u8)(i + 1);
    }
    if (vm_lazy("mmap")) {
        u64 expected = sequential_faults(PAGES);

        EXPECT(faults_of(&before, FAULT_ZERO_FILL, expected) == expected);
    }
    for (u64 i = 0; i < PAGES; i++) {
        EXPECT(at[i * PAGE + 5] == (u8)(i + 1) && is_zero(at + i * PAGE, 5) &&
               is_zero(at + i * PAGE + 6, PAGE - 6));
    }
    EXPECT(is_zero(at + PAGES * PAGE, (2 * MOST) * PAGE));
    return VM_OK;
}

/* Stores here and there, and where MADV_RANDOM was said, are one fault each in any case. */
int vm_ahead_scattered(void)
{
    u8 *at = pages_in_one_table(PAGES), *random = pages_in_one_table(PAGES);
    struct faults before;

    EXPECT(at != NULL && random != NULL);
    at = (u8 *)((u64)at & ~(PAGE - 1));
    random = (u8 *)((u64)random & ~(PAGE - 1));
    EXPECT(SYS(madvise, random, PAGES * PAGE, MADV_RANDOM) == 0);
    vm_measure(&before);
    for (u64 i = 0; i < PAGES; i++) {
        at[i * 29 % PAGES * PAGE] = 1;
    }
    for (u64 i = PAGES; i-- > 0;) {
        EXPECT(at[i * PAGE] == 1);
    }
    for (u64 i = 0; i < PAGES; i++) {
        random[i * PAGE] = 2;
    }
    if (vm_lazy("mmap")) {
        EXPECT(faults_of(&before, FAULT_ZERO_FILL, 2 * PAGES) == 2 * PAGES);
    }
    return VM_OK;
}

/* The zero page is replaced ahead, too; it stays zero for everybody else. */
int vm_ahead_after_loads(void)
{
    u8 *at = pages_private(PAGES), *other = pages_private(PAGES);

    EXPECT(at != NULL && other != NULL);
    EXPECT(pages_read(at, PAGES) == 0 && pages_read(other, PAGES) == 0);
    for (u64 i = 0; i < PAGES; i++) {
        at[i * PAGE] = (u8)(i + 1);
        EXPECT(is_zero(other + i * PAGE, PAGE) && (i + 1 == PAGES || at[(i + 1) * PAGE] == 0));
    }
    for (u64 i = 0; i < PAGES; i++) {
        EXPECT(at[i * PAGE] == (u8)(i + 1) && is_zero(at + i * PAGE + 1, PAGE - 1));
    }
    return VM_OK;
}

/* The end of an area is the end: what lies behind it has other rights, or is a file. */
int vm_ahead_edges(void)
{
    u8 *at = pages_private(PAGES);
    int fd = file_make(8 * PAGE);
    u8 byte;

    EXPECT(at != NULL && fd >= 0);
    EXPECT(sys_mprotect(at + 10 * PAGE, PAGE, PROT_NONE) == 0);
    EXPECT(sys_mprotect(at + 21 * PAGE, PAGE, PROT_READ) == 0);
    EXPECT(sys_mmap(at + 32 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
                    0) == at + 32 * PAGE);
    for (u64 i = 0; i < PAGES; i++) {
        if (i != 10 && i != 21) {
            at[i * PAGE + 1] = (u8)i;
        }
    }
    EXPECT_FAULT(try_load(at + 10 * PAGE, &byte), at + 10 * PAGE, SIGSEGV, SEGV_ACCERR);
    EXPECT_FAULT(try_store(at + 21 * PAGE, 1), at + 21 * PAGE, SIGSEGV, SEGV_ACCERR);
    EXPECT(at[21 * PAGE + 1] == 0);
    for (u64 i = 32; i < 40; i++) {
        EXPECT(at[i * PAGE] == pattern_byte((i - 32) * PAGE, 1) && at[i * PAGE + 1] == (u8)i);
    }
    EXPECT(sys_munmap(at + 40 * PAGE, 4 * PAGE) == 0);
    EXPECT_FAULT(try_load(at + 40 * PAGE, &byte), at + 40 * PAGE, SIGSEGV, SEGV_MAPERR);
    sys_close(fd);
    file_remove();
    return VM_OK;
}

struct forked {
    u8 *at;
    u64 depth;
};

/* Each generation finds what the one before had, changes half, and ends before or after its child.
 */
static int generation(void *arg)
{
    struct forked *f = arg;
    struct forked next = {f->at, f->depth + 1};
    int first, second;

    for (u64 i = 0; i < PAGES; i++) {
        u8 expected = i < 8 * f->depth ? (u8)(i / 8 + 1) : 0;

        EXPECT(f->at[i * PAGE] == expected && f->at[i * PAGE + PAGE - 1] == 0);
    }
    if (f->depth == 5) {
        return VM_OK;
    }
    for (u64 i = 8 * f->depth; i < 8 * f->depth + 8; i++) {
        f->at[i * PAGE] = (u8)(f->depth + 1);
    }
    first = child_start(generation, &next);
    second = child_start(generation, &next);
    EXPECT(first > 0 && second > 0);
    f->at[(8 * f->depth + 9) * PAGE] = 99; /* where the children's ahead pages may be: ours alone */
    EXPECT(child_wait(f->depth % 2 ? second : first) == VM_OK);
    f->at[PAGES * PAGE - 1 - PAGE] = 98;
    EXPECT(child_wait(f->depth % 2 ? first : second) == VM_OK);
    return VM_OK;
}

int vm_ahead_fork(void)
{
    struct forked f = {pages_private(PAGES), 0};

    EXPECT(f.at != NULL);
    return generation(&f);
}

/* A file that is in memory: one fault for each window, and the contents are the file's. */
int vm_around_file(void)
{
    u64 window = kernel_option("vm.fault_around=", "1")     ? 1
                 : kernel_option("vm.fault_around=", "all") ? PAGES
                                                            : AROUND;
    int fd = file_make(PAGES * PAGE);
    struct faults before;
    u8 *room = pages_private(4 * 512), *at;

    EXPECT(fd >= 0 && room != NULL);
    at = (u8 *)(((u64)room + (2ull << 20) - 1) & ~((2ull << 20) - 1));
    EXPECT(sys_mmap(at, PAGES * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == at);
    vm_measure(&before);
    EXPECT(pages_read(at, PAGES) != 0);
    if (vm_lazy("mmap")) {
        EXPECT(faults_of(&before, FAULT_FILE_MAP, PAGES / window) == PAGES / window);
    }
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    EXPECT(sys_munmap(at, PAGES * PAGE) == 0);
    sys_close(fd);
    file_remove();
    return VM_OK;
}
