/* SPDX-License-Identifier: MIT */
/*
 * corner_map.c - corner cases 21 to 26: areas split, lose and regain rights.
 */
#include "vm.h"

int vm_corner_21(void)
{
    u8 *at = pages_private(9);
    int fd = file_make(9 * PAGE);
    u8 *file;

    EXPECT(at != NULL && fd >= 0);
    pattern_fill(at, 9 * PAGE, 15);
    EXPECT(sys_munmap(at + 3 * PAGE, 3 * PAGE) == 0);
    EXPECT(pattern_check(at, 3 * PAGE, 15) == -1);
    for (size_t i = 6 * PAGE; i < 9 * PAGE; i += 97)
        EXPECT(at[i] == pattern_byte(i, 15));
    for (size_t i = 3; i < 6; i++)
        EXPECT_FAULT(try_load(at + i * PAGE, NULL), at + i * PAGE, SIGSEGV, SEGV_MAPERR);
    EXPECT(sys_munmap(at + 3 * PAGE, 3 * PAGE) == 0); /* nothing there is no error */
    /* The upper part of a split file mapping keeps its place in the file. */
    file = sys_mmap(NULL, 9 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(file));
    EXPECT(sys_munmap(file + PAGE, PAGE) == 0);
    EXPECT(file[8 * PAGE] == pattern_byte(8 * PAGE, 1) && file[0] == pattern_byte(0, 1));
    EXPECT(try_load(file + PAGE, NULL) == SIGSEGV);
    return VM_OK;
}

struct watcher {
    volatile u8 *page;
    volatile int stop, seen_old, seen_new;
};

static struct watcher watcher;

static bool skip_missing(int signal, u64 address)
{
    (void)address;
    SYS(sched_yield);
    return signal == SIGSEGV && !watcher.stop;
}

/* After generation 2 began, the byte of generation 1 must never be seen again. */
static int watch(void *arg)
{
    struct watcher *w = arg;

    while (!w->stop) {
        int generation = w->seen_new;
        u8 value = *w->page;

        if (generation != 0 && value == 1)
            w->seen_old = 1;
    }
    return 0;
}

int vm_corner_22(void)
{
    struct thread thread;
    u8 *at = pages_private(1), *other;

    EXPECT(at != NULL);
    at[0] = 1;
    watcher.page = at;
    fault_repair = skip_missing;
    EXPECT(thread_start(&thread, watch, &watcher));
    sys_sleep_ms(15);
    EXPECT(sys_munmap(at, PAGE) == 0);
    other =
        sys_mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(other == at);
    watcher.seen_new = 1;
    at[0] = 2;
    sys_sleep_ms(15);
    watcher.stop = 1;
    thread_join(&thread);
    fault_repair = NULL;
    EXPECT(watcher.seen_old == 0 && at[0] == 2);
    /* A dirty shared file page survives its mapping. */
    int fd = file_make(PAGE);
    u8 byte = 0, *file;

    EXPECT(fd >= 0);
    file = sys_mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(!sys_failed(file));
    file[9] = 0x61;
    EXPECT(sys_munmap(file, PAGE) == 0);
    drop_caches();
    EXPECT(SYS(pread64, fd, &byte, 1, 9) == 1 && byte == 0x61);
    return VM_OK;
}

static int protect_and_store(void *arg)
{
    u8 *at = arg;

    EXPECT(sys_mprotect(at, 4 * PAGE, PROT_READ) == 0);
    EXPECT(try_store(at, 1) == SIGSEGV);
    EXPECT(sys_mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
    pattern_fill(at, 4 * PAGE, 26);
    return VM_OK;
}

int vm_corner_23(void)
{
    u8 *zero = sys_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    u8 *other = pages_private(1), *cow = pages_private(4), *file, byte;
    int fd = file_make(PAGE);

    EXPECT(!sys_failed(zero) && other != NULL && cow != NULL && fd >= 0);
    EXPECT(*zero == 0 && *other == 0);
    EXPECT(sys_mprotect(zero, PAGE, PROT_READ | PROT_WRITE) == 0);
    *zero = 1;
    EXPECT(*other == 0);
    pattern_fill(cow, 4 * PAGE, 25);
    EXPECT(child_run(protect_and_store, cow) == VM_OK);
    EXPECT(pattern_check(cow, 4 * PAGE, 25) == -1);
    file = sys_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(file) && file[0] == pattern_byte(0, 1));
    EXPECT(sys_mprotect(file, PAGE, PROT_READ | PROT_WRITE) == 0);
    file[0] ^= 0xff;
    EXPECT(SYS(pread64, fd, &byte, 1, 0) == 1 && byte == pattern_byte(0, 1));
    return VM_OK;
}

int vm_corner_24(void)
{
    u8 *at = pages_private(4);

    EXPECT(at != NULL);
    pattern_fill(at, 4 * PAGE, 35);
    EXPECT(sys_mprotect(at + PAGE, 2 * PAGE, PROT_READ) == 0);
    EXPECT(try_store(at + PAGE, 1) == SIGSEGV && try_store(at + 2 * PAGE, 1) == SIGSEGV);
    EXPECT(try_load(at + PAGE, NULL) == 0);
    EXPECT(sys_mprotect(at + PAGE, 2 * PAGE, PROT_NONE) == 0);
    EXPECT_FAULT(try_load(at + 2 * PAGE, NULL), at + 2 * PAGE, SIGSEGV, SEGV_ACCERR);
    EXPECT(try_store(at + 3 * PAGE, pattern_byte(3 * PAGE, 35)) == 0);
    EXPECT(sys_mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
    EXPECT(pattern_check(at, 4 * PAGE, 35) == -1);
    pattern_fill(at, 4 * PAGE, 36);
    EXPECT(pattern_check(at, 4 * PAGE, 36) == -1);
    return VM_OK;
}

int vm_corner_25(void)
{
    u8 *at = pages_private(3);

    EXPECT(at != NULL);
    pages_write(at, 3, 1);
    EXPECT(sys_munmap(at + PAGE, PAGE) == 0);
    EXPECT(sys_mprotect(at, 3 * PAGE, PROT_READ) == -ENOMEM);
    EXPECT(sys_mprotect(at, 3 * PAGE, PROT_READ | PROT_WRITE) == -ENOMEM);
    if (under_user_emulation())
        return VM_OK; /* it answers the rest by itself */
    EXPECT(SYS(madvise, at, 3 * PAGE, MADV_DONTNEED) == -ENOMEM);
    EXPECT(at[0] == 0 && at[2 * PAGE] == 0); /* the mapped parts were done */
    EXPECT(SYS(mlock, at, 3 * PAGE) == -ENOMEM);
    EXPECT(SYS(mincore, at, 3 * PAGE, at) == -ENOMEM);
    return VM_OK;
}

/* Lines of /proc/self/maps that overlap a range. */
static int areas_in(const u8 *from, const u8 *to)
{
    static char text[8192];
    const char *at = text;
    int count = 0;

    if (text_read_file("/proc/self/maps", text, sizeof text) <= 0)
        return -1;
    while (*at != '\0') {
        u64 start = 0, end = 0;

        for (; *at != '-' && *at != '\0'; at++)
            start = start * 16 + (u64)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        for (at += *at == '-'; *at != ' ' && *at != '\0'; at++)
            end = end * 16 + (u64)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        if (start < (u64)to && end > (u64)from)
            count++;
        while (*at != '\0' && *at++ != '\n')
            continue;
    }
    return count;
}

int vm_corner_26(void)
{
    u8 *at = pages_private(6);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

    EXPECT(at != NULL);
    EXPECT(sys_munmap(at, 6 * PAGE) == 0);
    EXPECT(sys_mmap(at + PAGE, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == at + PAGE);
    EXPECT(sys_mmap(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == at + 2 * PAGE);
    EXPECT(sys_mmap(at + 3 * PAGE, PAGE, PROT_READ, flags, -1, 0) == at + 3 * PAGE);
    pages_write(at + PAGE, 2, 5);
    EXPECT(sys_mprotect(at + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    pages_write(at + PAGE, 3, 6);
    if (areas_in(at + PAGE, at + 4 * PAGE) >= 0)
        EXPECT(areas_in(at + PAGE, at + 4 * PAGE) == 1);
    EXPECT(sys_mprotect(at + 2 * PAGE, PAGE, PROT_READ) == 0);
    if (areas_in(at + PAGE, at + 4 * PAGE) >= 0)
        EXPECT(areas_in(at + PAGE, at + 4 * PAGE) == 3);
    EXPECT(pages_read(at + PAGE, 3) == 18);
    EXPECT(try_store(at + 2 * PAGE, 1) == SIGSEGV);
    EXPECT(sys_munmap(at + PAGE, 3 * PAGE) == 0);
    EXPECT(areas_in(at + PAGE, at + 4 * PAGE) <= 0);
    return VM_OK;
}
