/* SPDX-License-Identifier: MIT */
/*
 * corner_file.c - corner cases 16 to 20: files that are mapped, written, cut.
 */
#include "vm.h"

static u8 *map_shared(int fd, size_t count)
{
    u8 *at = sys_mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return sys_failed(at) ? NULL : at;
}

static int file_byte(int fd, long offset)
{
    u8 byte;

    return SYS(pread64, fd, &byte, 1, offset) == 1 ? byte : -1;
}

int vm_corner_16(void)
{
    int fd = file_make(3 * PAGE);
    u8 *at, *again;

    EXPECT(fd >= 0);
    at = map_shared(fd, 3);
    again = map_shared(fd, 3);
    EXPECT(at != NULL && again != NULL);
    EXPECT(at[10] == pattern_byte(10, 1));
    EXPECT(SYS(pwrite64, fd, "written", 7, 10) == 7);
    EXPECT(memcmp(at + 10, "written", 7) == 0);
    memcpy(at + PAGE + 20, "mapped", 6);
    EXPECT(file_byte(fd, PAGE + 20) == 'm' && file_byte(fd, PAGE + 25) == 'd');
    EXPECT(memcmp(again + PAGE + 20, "mapped", 6) == 0);
    again[2 * PAGE] = 0x99;
    EXPECT(at[2 * PAGE] == 0x99);
    /* growing by write is seen by a mapping made before */
    EXPECT(SYS(ftruncate, fd, PAGE) == 0);
    EXPECT(try_load(at + PAGE, NULL) == SIGBUS);
    EXPECT(SYS(pwrite64, fd, "grown", 5, PAGE) == 5);
    EXPECT(memcmp(at + PAGE, "grown", 5) == 0 && at[PAGE + 5] == 0);
    return VM_OK;
}

int vm_corner_17(void)
{
    int fd = file_make(PAGE + 100);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_shared(fd, 2);
    EXPECT(at != NULL);
    for (size_t i = 100; i < PAGE; i++)
        EXPECT(at[PAGE + i] == 0);
    memset(at + PAGE + 100, 0xee, PAGE - 100);
    EXPECT(SYS(msync, at, 2 * PAGE, MS_SYNC) == 0);
    EXPECT(sys_munmap(at, 2 * PAGE) == 0);
    EXPECT(sys_seek(fd, 0, 2) == (long)PAGE + 100);
    /* When the file grows over it, what was stored behind its end must not appear. */
    EXPECT(SYS(ftruncate, fd, 2 * PAGE) == 0);
    at = map_shared(fd, 2);
    EXPECT(at != NULL);
    EXPECT(at[PAGE + 99] == pattern_byte(PAGE + 99, 1));
    for (size_t i = 100; i < PAGE; i++)
        EXPECT(at[PAGE + i] == 0);
    drop_caches();
    EXPECT(file_byte(fd, PAGE + 100) == 0 && file_byte(fd, 2 * PAGE - 1) == 0);
    return VM_OK;
}

int vm_corner_18(void)
{
    int fd = file_make(4 * PAGE);
    u8 *shared, *private;

    EXPECT(fd >= 0);
    shared = map_shared(fd, 4);
    private = sys_mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(shared != NULL && !sys_failed(private));
    pages_write(private, 4, 0x44);
    EXPECT(pages_read(shared, 4) != 0);
    EXPECT(SYS(ftruncate, fd, PAGE + 10) == 0);
    EXPECT(try_load(shared + PAGE, NULL) == 0);
    EXPECT_FAULT(try_load(shared + 2 * PAGE, NULL), shared + 2 * PAGE, SIGBUS, BUS_ADRERR);
    EXPECT(try_load(private + PAGE, NULL) == 0 && private[PAGE] == 0x44);
    EXPECT_FAULT(try_load(private + 2 * PAGE, NULL), private + 2 * PAGE, SIGBUS, BUS_ADRERR);
    EXPECT(shared[PAGE + 9] == pattern_byte(PAGE + 9, 1) && shared[PAGE + 10] == 0);
    EXPECT(SYS(ftruncate, fd, 4 * PAGE) == 0);
    EXPECT(shared[2 * PAGE] == 0 && private[3 * PAGE] == 0 && shared[PAGE + 10] == 0);
    shared[3 * PAGE] = 8;
    EXPECT(file_byte(fd, 3 * PAGE) == 8);
    return VM_OK;
}

int vm_corner_19(void)
{
    struct stat before, after;
    int fd = file_make(100);
    u8 *at;

    EXPECT(fd >= 0);
    EXPECT(SYS(ftruncate, fd, 64 * PAGE) == 0);
    at = map_shared(fd, 64);
    EXPECT(at != NULL);
    EXPECT(SYS(fstat, fd, &before) == 0);
    EXPECT(pages_read(at + PAGE, 63) == 0);
    at[40 * PAGE + 3] = 0x3c;
    at[63 * PAGE + 4095] = 0x3d;
    EXPECT(SYS(msync, at, 64 * PAGE, MS_SYNC) == 0);
    EXPECT(SYS(fsync, fd) == 0);
    EXPECT(SYS(fstat, fd, &after) == 0);
    if (vm_lazy("mmap")) { /* else the mapping filled every hole at once */
        EXPECT(after.st_blocks > before.st_blocks);
        EXPECT(after.st_blocks < 64 * (long)PAGE / 512);
    }
    EXPECT(sys_munmap(at, 64 * PAGE) == 0);
    drop_caches();
    EXPECT(file_byte(fd, 40 * PAGE + 3) == 0x3c && file_byte(fd, 64 * PAGE - 1) == 0x3d);
    EXPECT(file_byte(fd, 40 * PAGE + 2) == 0 && file_byte(fd, 10 * PAGE) == 0);
    return VM_OK;
}

int vm_corner_20(void)
{
    int fd = file_make(2 * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_shared(fd, 2);
    EXPECT(at != NULL);
    for (int round = 0; round < 5; round++) {
        at[5] = (u8)(10 + round);
        at[PAGE + 5] = (u8)(20 + round);
        EXPECT(SYS(msync, at, 2 * PAGE, MS_SYNC) == 0);
        at[6] = (u8)(30 + round);
        EXPECT(SYS(fsync, fd) == 0);
    }
    EXPECT(sys_munmap(at, 2 * PAGE) == 0);
    drop_caches();
    EXPECT(file_byte(fd, 5) == 14 && file_byte(fd, PAGE + 5) == 24 && file_byte(fd, 6) == 34);
    return VM_OK;
}

int vm_unlinked(void)
{
    int fd = file_make(4 * PAGE);
    u8 *at;

    EXPECT(fd >= 0);
    at = map_shared(fd, 4);
    EXPECT(at != NULL);
    file_remove();
    sys_close(fd);
    EXPECT(pattern_check(at, 4 * PAGE, 1) == -1);
    pattern_fill(at, 4 * PAGE, 2);
    EXPECT(SYS(msync, at, 4 * PAGE, MS_SYNC) == 0);
    EXPECT(pattern_check(at, 4 * PAGE, 2) == -1);
    return VM_OK;
}

int vm_memfd(void)
{
    long fd = SYS(memfd_create, "vmtest", 0);
    u8 *at, *again;

    if (fd == -ENOSYS)
        return vm_skip("no memfd_create");
    EXPECT(fd >= 0 && SYS(ftruncate, fd, 4 * PAGE) == 0);
    at = map_shared((int)fd, 4);
    again = map_shared((int)fd, 4);
    EXPECT(at != NULL && again != NULL);
    EXPECT(pages_read(at, 4) == 0);
    pattern_fill(at, 4 * PAGE, 6);
    EXPECT(pattern_check(again, 4 * PAGE, 6) == -1);
    EXPECT(file_byte((int)fd, PAGE) == pattern_byte(PAGE, 6));
    EXPECT(SYS(ftruncate, fd, PAGE) == 0);
    EXPECT(try_load(again + PAGE, NULL) == SIGBUS);
    EXPECT(SYS(ftruncate, fd, 2 * PAGE) == 0);
    EXPECT(again[PAGE] == 0 && again[PAGE - 1] == pattern_byte(PAGE - 1, 6));
    return VM_OK;
}

int vm_msync_errors(void)
{
    int fd = file_make(2 * PAGE);
    u8 *at, *hole;

    EXPECT(fd >= 0);
    at = map_shared(fd, 2);
    hole = pages_private(3);
    EXPECT(at != NULL && hole != NULL);
    EXPECT(SYS(msync, at + 1, PAGE, MS_SYNC) == -EINVAL);
    EXPECT(SYS(msync, at, PAGE, MS_SYNC | MS_ASYNC) == -EINVAL);
    EXPECT(SYS(msync, at, 2 * PAGE, MS_ASYNC) == 0);
    EXPECT(SYS(msync, at, 2 * PAGE, MS_SYNC | MS_INVALIDATE) == 0);
    EXPECT(sys_munmap(hole + PAGE, PAGE) == 0);
    EXPECT(SYS(msync, hole, 3 * PAGE, MS_SYNC) == -ENOMEM);
    return VM_OK;
}
