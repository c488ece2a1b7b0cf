/* SPDX-License-Identifier: MIT */
/* memory.c - what the memory calls refuse and how: flags, locks and their limits, sealed files. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2u
#endif
#define MIB (1ul << 20)
#define NOBODY 65534

static const size_t page = 4096;

static void *map(size_t size, int prot, int flags)
{
    return mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static bool map_fails(void *at, size_t size, int prot, int flags, int fd, int error)
{
    errno = 0;
    return mmap(at, size, prot, flags, fd, 0) == MAP_FAILED && errno == error;
}

static void mmap_errors(void)
{
    char path[] = "/tmp/memory-test.XXXXXX";
    int fd = mkstemp(path), only_write = open(path, O_WRONLY), pathname = open(path, O_PATH);
    const int rw = PROT_READ | PROT_WRITE;

    CHECK(fd >= 0 && only_write >= 0 && pathname >= 0 && ftruncate(fd, 8 * (off_t)page) == 0);
    unlink(path);
    CHECK(map_fails(NULL, 0, rw, MAP_SHARED, only_write, EINVAL));
    CHECK(map_fails(NULL, page, rw, 0, only_write, EINVAL));
    CHECK(map_fails(NULL, page, PROT_READ, MAP_PRIVATE, only_write, EACCES));
    CHECK(map_fails(NULL, page, PROT_READ, MAP_SHARED, pathname, EBADF));
    CHECK(map_fails(NULL, page, rw, MAP_SHARED_VALIDATE | 0x800000, fd, EOPNOTSUPP));
    CHECK(map_fails(NULL, page, rw, MAP_PRIVATE | MAP_GROWSDOWN, fd, EINVAL));
    CHECK(map_fails(NULL, page, rw, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, EINVAL));
    close(fd);
    close(only_write);
    close(pathname);
}

static void locks_of_root(void)
{
    struct rlimit limit = {MIB, MIB};
    char *area = map(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(mlock(area, 4 * MIB) == 0); /* the limit is not for the privileged */
    CHECK(munlock(area, 4 * MIB) == 0);
}

static void locks_of_users(void)
{
    struct rlimit limit = {MIB, MIB}, none = {0, 0};
    char *area = map(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(setuid(NOBODY) == 0);
    FAILS(mlock(area, 4 * MIB), ENOMEM);
    CHECK(mlock(area, MIB / 2) == 0);
    CHECK(
        map_fails(NULL, 4 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, EAGAIN));
    CHECK(munlock(area, MIB / 2) == 0);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    FAILS(mlock(area, page), EPERM);
    FAILS(mlockall(MCL_CURRENT), EPERM);
    CHECK(map_fails(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, EPERM));
}

static void advice(void)
{
    char *area = map(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK(munmap(area + page, page) == 0);
    FAILS(madvise(area, 3 * page, MADV_DONTDUMP), ENOMEM);
    FAILS(madvise(area, 3 * page, MADV_COLD), ENOMEM);
    CHECK(madvise(area, page, MADV_DONTDUMP) == 0);
    FAILS(madvise(area, page, 12345), EINVAL);
    CHECK(madvise(area, 0, MADV_DONTNEED) == 0);
}

/* Linux keeps this call for old programs: pages of a shared file in another order. */
static void remapped_pages(void)
{
    int fd = memfd_create("pages", 0);
    char *area;

    CHECK(fd >= 0 && ftruncate(fd, 4 * (off_t)page) == 0);
    area = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (int i = 0; i < 4; i++) {
        area[(size_t)i * page] = (char)('a' + i);
    }
    CHECK(remap_file_pages(area, page, 0, 3, 0) == 0);
    CHECK(remap_file_pages(area + 3 * page, page, 0, 0, 0) == 0);
    CHECK(area[0] == 'd' && area[page] == 'b' && area[2 * page] == 'c' && area[3 * page] == 'a');
    FAILS(remap_file_pages(area, page, PROT_READ, 0, 0), EINVAL);
    FAILS(remap_file_pages(map(page, PROT_READ, MAP_PRIVATE), page, 0, 0, 0), EINVAL);
    close(fd);
}

static void seals(void)
{
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING), open_one = memfd_create("open", 0);
    char *area, long_name[300];

    CHECK(fcntl(open_one, F_GET_SEALS) == F_SEAL_SEAL);
    FAILS(fcntl(open_one, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    CHECK(fcntl(fd, F_GET_SEALS) == 0 && ftruncate(fd, (off_t)page) == 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0);
    FAILS(ftruncate(fd, 2 * (off_t)page), EPERM);
    FAILS(ftruncate(fd, 0), EPERM);
    FAILS(pwrite(fd, "x", 1, (off_t)page), EPERM);
    CHECK(pwrite(fd, "x", 1, 0) == 1);
    area = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(area, page);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
    FAILS(pwrite(fd, "y", 1, 0), EPERM);
    CHECK(map_fails(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EPERM));
    area = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(area != MAP_FAILED && area[0] == 'x');
    area = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(area != MAP_FAILED && area[0] == 'x');
    FAILS(mprotect(area, page, PROT_READ | PROT_WRITE), EACCES);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) == 0);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    CHECK(fcntl(fd, F_GET_SEALS) == (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL));
    memset(long_name, 'n', sizeof long_name);
    long_name[250] = 0;
    FAILS(memfd_create(long_name, 0), EINVAL);
    fd = memfd_create("room", MFD_ALLOW_SEALING);
    CHECK(posix_fallocate(fd, 0, 3 * (off_t)page) == 0 && lseek(fd, 0, SEEK_END) == 12288);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);
    CHECK(posix_fallocate(fd, 0, 2 * (off_t)page) == 0);
    CHECK(posix_fallocate(fd, 0, 4 * (off_t)page) == EPERM);
    long_name[249] = 0;
    CHECK(memfd_create(long_name, 0) >= 0);
    FAILS(memfd_create("flags", 0x8000), EINVAL);
}

static long futex(int *word, int operation, int value, long more, int *other, int compare)
{
    return syscall(SYS_futex, word, operation, value, more, other, compare);
}

static void futex_errors(void)
{
    int *closed = map(page, PROT_NONE, MAP_PRIVATE), *gone = map(page, PROT_READ, MAP_PRIVATE);
    int *word = map(page, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    munmap(gone, page);
    FAILS(futex(gone, FUTEX_WAKE, 1, 0, NULL, 0), EFAULT);
    FAILS(futex(closed, FUTEX_WAKE, 1, 0, NULL, 0), EFAULT);
    CHECK(futex(word, FUTEX_WAKE, 1, 0, NULL, 0) == 0);
    FAILS(futex(word, FUTEX_CMP_REQUEUE, -1, 1, word + 1, 0), EINVAL);
    FAILS(futex(word, FUTEX_CMP_REQUEUE, 1, -1, word + 1, 0), EINVAL);
    FAILS(futex(word, FUTEX_CMP_REQUEUE, 1, 1, gone, 0), EFAULT);
    FAILS(futex(word, FUTEX_WAIT, 1, 0, NULL, 0), EAGAIN);
}

/* As many areas as the limit says and one, and then none; pieces may still be taken off. */
static void many_areas(void)
{
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY);
    char text[32] = "";
    long most = fd >= 0 && read(fd, text, sizeof text - 1) > 0 ? atol(text) : 65530;
    size_t size = ((size_t)most + 4) * 2 * page;
    char *base = map(size, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
    long made = 0;

    close(fd);
    if (base == MAP_FAILED) {
        return;
    }
    while (made < most + 4 && mprotect(base + 2 * (size_t)made * page, page, PROT_READ) == 0) {
        made++;
    }
    CHECK(errno == ENOMEM && made > most / 2 - 50 && made < most);
    (void)munmap(base + 2 * (size_t)(made + 1) * page, page); /* perhaps there was room for one */
    FAILS(munmap(base + 2 * (size_t)(made + 2) * page, page), ENOMEM); /* a hole: one more */
    CHECK(munmap(base + size - page, page) == 0);                      /* the end: not */
    munmap(base, size);
}

/* Memory of a child, which sleeps meanwhile: lazy and copy-on-write pages, several buffers, ends.
 */
static void other_process(void)
{
    char *area = map(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE), here[3][8] = {"", "", ""};
    struct iovec own[3] = {{here[0], 4}, {here[1], 4}, {here[2], 4}};
    struct iovec other[2] = {{area + page - 6, 12}, {NULL, 0}};
    int gate[2], ready[2], status;
    pid_t child;

    memset(area, 'p', 2 * page);
    CHECK(munmap(area + 3 * page, page) == 0 && pipe(gate) == 0 && pipe(ready) == 0);
    child = fork();
    if (child == 0) {
        char byte;

        area[page] = 'c';
        (void)!write(ready[1], "r", 1);
        (void)!read(gate[0], &byte, 1);
        _exit(area[2 * page] == 'W' && area[page] == 'c' ? 0 : 1);
    }
    CHECK(read(ready[0], here[0], 1) == 1);
    close(ready[0]);
    close(ready[1]);
    CHECK(process_vm_readv(child, own, 3, other, 1, 0) == 12);
    CHECK(strcmp(here[0], "pppp") == 0 && memcmp(here[1], "ppcp", 4) == 0 && here[2][3] == 'p');
    CHECK(area[page] == 'p');
    memset(here[0], 'W', 4);
    other[0] = (struct iovec){area + 2 * page, 4};
    CHECK(process_vm_writev(child, own, 1, other, 1, 0) == 4 && area[2 * page] == 0);
    other[0] = (struct iovec){area + 3 * page - 4, 12}; /* runs into the hole */
    CHECK(process_vm_readv(child, own, 3, other, 1, 0) == 4);
    other[0] = (struct iovec){area + 3 * page, 12};
    FAILS(process_vm_readv(child, own, 3, other, 1, 0), EFAULT);
    FAILS(process_vm_readv(child, own, 3, other, 1, 1), EINVAL);
    FAILS(process_vm_readv(child, own, 1025, other, 1, 0), EINVAL);
    FAILS(process_vm_readv(0x3ffffff, own, 3, other, 1, 0), ESRCH);
    CHECK(write(gate[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && status == 0);
}

void test_memory(void)
{
    mmap_errors();
    CHECK(in_child(locks_of_root) == 0);
    CHECK(in_child(locks_of_users) == 0);
    advice();
    remapped_pages();
    seals();
    futex_errors();
    other_process();
    CHECK(in_child(many_areas) == 0);
}
