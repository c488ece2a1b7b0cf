/* SPDX-License-Identifier: MIT */
/*
 * rows_file.c - the rows of file mappings.
 */
#include "vm.h"

enum { PAGES = 8 };

static u8 *map_file(int fd, size_t count, int prot, int flags)
{
    u8 *at = sys_mmap(NULL, count * PAGE, prot, flags, fd, 0);

    return sys_failed(at) ? NULL : at;
}

/* What read(2) sees of the file at an offset; -1 on trouble. */
static int file_byte(int fd, long offset)
{
    u8 byte;

    return SYS(pread64, fd, &byte, 1, offset) == 1 ? byte : -1;
}

int vm_cow_file(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_file(fd, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    EXPECT(at != NULL);
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    vm_measure(&before);
    for (size_t i = 0; i < PAGES; i++)
        at[i * PAGE + 5] ^= 0xa5;
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_COW_FILE, PAGES) == PAGES);
    for (size_t i = 0; i < PAGES; i++) {
        EXPECT(file_byte(fd, (long)(i * PAGE + 5)) == pattern_byte(i * PAGE + 5, 1));
        EXPECT((at[i * PAGE + 5] ^ 0xa5) == pattern_byte(i * PAGE + 5, 1));
        EXPECT(at[i * PAGE + 6] == pattern_byte(i * PAGE + 6, 1));
    }
    return VM_OK;
}

int vm_file_map(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_file(fd, PAGES, PROT_READ, MAP_SHARED);
    EXPECT(at != NULL);
    vm_measure(&before);
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    /* Neighbours may be mapped in the same fault, so one at least. */
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_FILE_MAP, 1) >= 1);
    EXPECT(faults_of(&before, FAULT_FILE_READ, 0) == 0);
    return VM_OK;
}

int vm_file_read(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    bool dropped;
    u8 *at;

    EXPECT(fd >= 0);
    EXPECT(SYS(fsync, fd) == 0);
    dropped = drop_caches();
    at = map_file(fd, PAGES, PROT_READ, MAP_SHARED);
    EXPECT(at != NULL);
    vm_measure(&before);
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    if (dropped && vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_FILE_READ, 1) >= 1);
    return VM_OK;
}

struct waiters {
    int fd;
    volatile int *go;
};

static int wait_and_check(void *arg)
{
    struct waiters *w = arg;
    u8 *at = map_file(w->fd, PAGES, PROT_READ, MAP_SHARED);

    EXPECT(at != NULL);
    word_wait(w->go, 0);
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    return VM_OK;
}

int vm_file_wait(void)
{
    volatile int *go = (volatile int *)(void *)pages_shared(1);
    struct waiters w = {file_make(PAGES * PAGE), go};
    int pids[4];

    EXPECT(go != NULL && w.fd >= 0);
    EXPECT(SYS(fsync, w.fd) == 0);
    for (size_t i = 0; i < 4; i++)
        pids[i] = child_start(wait_and_check, &w);
    sys_sleep_ms(20);
    drop_caches();
    *go = 1;
    word_wake(go);
    for (size_t i = 0; i < 4; i++)
        EXPECT(child_wait(pids[i]) == VM_OK);
    return VM_OK;
}

int vm_file_cow(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_file(fd, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    EXPECT(at != NULL);
    vm_measure(&before);
    pages_write(at, PAGES, 0x11);
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_FILE_COW, PAGES) == PAGES);
    for (size_t i = 0; i < PAGES; i++) {
        EXPECT(file_byte(fd, (long)(i * PAGE)) == pattern_byte(i * PAGE, 1));
        EXPECT(at[i * PAGE + 1] == pattern_byte(i * PAGE + 1, 1));
    }
    return VM_OK;
}

int vm_file_write(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_file(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
    EXPECT(at != NULL);
    vm_measure(&before);
    pages_write(at, PAGES, 0x22);
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_FILE_WRITE, PAGES) == PAGES);
    for (size_t i = 0; i < PAGES; i++) {
        EXPECT(file_byte(fd, (long)(i * PAGE)) == 0x22);
        EXPECT(file_byte(fd, (long)(i * PAGE + 1)) == pattern_byte(i * PAGE + 1, 1));
    }
    EXPECT(sys_munmap(at, PAGES * PAGE) == 0);
    EXPECT(SYS(fsync, fd) == 0);
    drop_caches();
    EXPECT(file_byte(fd, PAGE) == 0x22);
    return VM_OK;
}

int vm_mkwrite(void)
{
    static struct faults before;
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    EXPECT(SYS(fsync, fd) == 0);
    at = map_file(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
    EXPECT(at != NULL);
    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    vm_measure(&before);
    pages_write(at, PAGES, 0x33);
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_MKWRITE, PAGES) == PAGES);
    EXPECT(SYS(msync, at, PAGES * PAGE, MS_SYNC) == 0);
    EXPECT(sys_munmap(at, PAGES * PAGE) == 0);
    drop_caches();
    for (size_t i = 0; i < PAGES; i++)
        EXPECT(file_byte(fd, (long)(i * PAGE)) == 0x33);
    return VM_OK;
}

int vm_bus_eof(void)
{
    int fd = file_make(PAGE + 100);
    u8 *shared, *private, value;

    EXPECT(fd >= 0);
    shared = map_file(fd, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
    private = map_file(fd, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    EXPECT(shared != NULL && private != NULL);
    EXPECT(try_load(shared + PAGE + 99, &value) == 0 && value == pattern_byte(PAGE + 99, 1));
    EXPECT_FAULT(try_load(shared + 2 * PAGE, NULL), shared + 2 * PAGE, SIGBUS, BUS_ADRERR);
    EXPECT_FAULT(try_store(shared + 3 * PAGE + 8, 1), shared + 3 * PAGE + 8, SIGBUS, BUS_ADRERR);
    EXPECT_FAULT(try_load(private + 2 * PAGE, NULL), private + 2 * PAGE, SIGBUS, BUS_ADRERR);
    EXPECT_FAULT(try_store(private + 2 * PAGE, 1), private + 2 * PAGE, SIGBUS, BUS_ADRERR);
    return VM_OK;
}

/* A disk made by disk-images/make-unreadable, mounted on /mnt: its file cannot be read. */
int vm_bus_io(void)
{
    int fd = sys_open("/mnt/unreadable", O_RDONLY, 0);
    u8 *at, byte;

    if (fd < 0)
        return vm_skip("needs a disk that fails");
    at = map_file(fd, 1, PROT_READ, MAP_SHARED);
    EXPECT(at != NULL);
    EXPECT_FAULT(try_load(at + 5, NULL), at + 5, SIGBUS, BUS_ADRERR);
    EXPECT(SYS(pread64, fd, &byte, 1, 0) == -EIO);
    EXPECT(SYS(pread64, fd, &byte, 1, PAGE) == 1); /* its other page is fine */
    return VM_OK;
}
