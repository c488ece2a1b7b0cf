/* SPDX-License-Identifier: MIT */
/*
 * corner_copy.c - corner cases 1 to 4 and 8: the kernel itself touches user memory.
 */
#include "vm.h"

/* One system call that reads from, and one that writes to, each sort of page. */
static int check_lazy_copies(int fd)
{
    u8 *at = pages_private(8);
    int fds[2];

    EXPECT(at != NULL && sys_pipe(fds) == 0);
    /* into a lazy page, across a page border */
    EXPECT(SYS(pread64, fd, at + PAGE - 10, 100, 0) == 100);
    EXPECT(pattern_check(at + PAGE - 10, 96, 1) == -1 || at[PAGE - 10] == pattern_byte(0, 1));
    /* from a lazy page: zeroes */
    EXPECT(sys_write(fds[1], at + 4 * PAGE + 5, 16) == 16);
    EXPECT(sys_read(fds[0], at + 5 * PAGE, 16) == 16);
    for (int i = 0; i < 16; i++)
        EXPECT(at[5 * PAGE + (size_t)i] == 0);
    /* into a page that maps the zero page */
    EXPECT(at[6 * PAGE] == 0);
    EXPECT(SYS(pread64, fd, at + 6 * PAGE, 8, 0) == 8);
    EXPECT(at[6 * PAGE] == pattern_byte(0, 1));
    EXPECT(at[7 * PAGE] == 0);
    return VM_OK;
}

static int check_bad_addresses(int fd)
{
    u8 *at = pages_private(3);
    int fds[2];
    long n;

    EXPECT(at != NULL && sys_pipe(fds) == 0);
    EXPECT(sys_munmap(at + 2 * PAGE, PAGE) == 0);
    EXPECT(SYS(pread64, fd, at + 2 * PAGE, 8, 0) == -EFAULT);
    EXPECT(sys_write(fds[1], at + 2 * PAGE, 8) == -EFAULT);
    EXPECT(SYS(openat, AT_FDCWD, at + 2 * PAGE, O_RDONLY, 0) == -EFAULT);
    EXPECT(SYS(openat, AT_FDCWD, 8, O_RDONLY, 0) == -EFAULT);
    EXPECT(SYS(getrusage, 0, at + 2 * PAGE) == -EFAULT);
    /* A path that ends where the memory ends is fine; one that goes on is not. */
    memcpy(at + 2 * PAGE - 10, "/dev/null", 10);
    n = SYS(openat, AT_FDCWD, at + 2 * PAGE - 10, O_RDONLY, 0);
    EXPECT(n >= 0);
    sys_close((int)n);
    at[2 * PAGE - 1] = 'x';
    EXPECT(SYS(openat, AT_FDCWD, at + 2 * PAGE - 10, O_RDONLY, 0) == -EFAULT);
    /* Half of the buffer is there: a short count or EFAULT, never a signal. */
    n = SYS(pread64, fd, at + 2 * PAGE - 8, 16, 0);
    EXPECT(n == 8 || n == -EFAULT);
    return VM_OK;
}

int vm_corner_1(void)
{
    int fd = file_make(4 * PAGE);
    u8 *file, *path;
    long opened;

    EXPECT(fd >= 0);
    EXPECT(check_lazy_copies(fd) == VM_OK);
    EXPECT(check_bad_addresses(fd) == VM_OK);
    /* into a private file page, not yet there: the file stays as it is */
    file = sys_mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(file));
    EXPECT(SYS(pread64, fd, file + PAGE, 64, 0) == 64);
    EXPECT(file[PAGE] == pattern_byte(0, 1) && file[PAGE + 64] == pattern_byte(PAGE + 64, 1));
    EXPECT(SYS(pread64, fd, file + 2 * PAGE, 1, PAGE) == 1);
    EXPECT(file[2 * PAGE] == pattern_byte(PAGE, 1));
    /* a path string in a file page that is not there yet */
    EXPECT(SYS(pwrite64, fd, "/dev/null", 10, 3 * PAGE) == 10);
    EXPECT(SYS(fsync, fd) == 0);
    drop_caches();
    path = sys_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 3 * PAGE);
    EXPECT(!sys_failed(path));
    opened = SYS(openat, AT_FDCWD, path, O_RDONLY, 0);
    EXPECT(opened >= 0);
    return VM_OK;
}

struct cow_buffers {
    u8 *at;
    int fd;
};

/* read, pipe, getrusage, wait4 and getcwd store into pages that the parent shares. */
static int store_by_kernel(void *arg)
{
    struct cow_buffers *b = arg;
    int fds[2], pid;

    EXPECT(SYS(pread64, b->fd, b->at, 100, 0) == 100);
    EXPECT(sys_pipe(fds) == 0 && sys_write(fds[1], "pipe", 4) == 4);
    EXPECT(sys_read(fds[0], b->at + PAGE, 4) == 4);
    EXPECT(SYS(getrusage, 0, b->at + 2 * PAGE) == 0);
    pid = sys_fork();
    if (pid == 0)
        sys_exit(5);
    EXPECT(SYS(wait4, pid, b->at + 3 * PAGE, 0, 0) == pid);
    EXPECT(b->at[3 * PAGE + 1] == 5);
    EXPECT(SYS(getcwd, b->at + 4 * PAGE, 100) > 0);
    EXPECT(b->at[4 * PAGE] == '/');
    EXPECT(SYS(pipe2, b->at + 5 * PAGE, 0) == 0);
    EXPECT(SYS(clock_gettime, 1, b->at + 6 * PAGE) == 0);
    EXPECT(SYS(uname, b->at + 7 * PAGE) == 0);
    EXPECT(b->at[PAGE] == 'p' && b->at[0] == pattern_byte(0, 1));
    return VM_OK;
}

int vm_corner_2(void)
{
    struct cow_buffers b = {pages_private(8), file_make(PAGE)};

    EXPECT(b.at != NULL && b.fd >= 0);
    pattern_fill(b.at, 8 * PAGE, 66);
    EXPECT(child_run(store_by_kernel, &b) == VM_OK);
    EXPECT(pattern_check(b.at, 8 * PAGE, 66) == -1);
    return VM_OK;
}

int vm_corner_3(void)
{
    int fd = file_make(4 * PAGE);
    u8 *at;

    EXPECT(fd >= 0 && SYS(fsync, fd) == 0);
    drop_caches();
    at = sys_mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(!sys_failed(at));
    /* the page is its own source */
    EXPECT(SYS(pwrite64, fd, at, PAGE, 0) == PAGE);
    EXPECT(pattern_check(at, 4 * PAGE, 1) == -1);
    /* its neighbour, not yet there, is the source; whole and shifted */
    EXPECT(SYS(pwrite64, fd, at + 2 * PAGE, PAGE, PAGE) == PAGE);
    EXPECT(memcmp(at + PAGE, at + 2 * PAGE, PAGE) == 0);
    EXPECT(SYS(pwrite64, fd, at + 3 * PAGE + 1, 100, 3 * PAGE) == 100);
    for (u64 i = 0; i < 98; i++)
        EXPECT(at[3 * PAGE + i] == pattern_byte(3 * PAGE + i + 1, 1));
    /* read into the mapping of the file that is read */
    EXPECT(SYS(pread64, fd, at, PAGE, 2 * PAGE) == PAGE);
    EXPECT(memcmp(at, at + 2 * PAGE, PAGE) == 0);
    return VM_OK;
}

int vm_corner_4(void)
{
    int fd = file_make(2 * PAGE);
    u8 *none, *read_only;

    EXPECT(fd >= 0);
    none = sys_mmap(NULL, 2 * PAGE, PROT_NONE, MAP_SHARED, fd, 0);
    read_only = sys_mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    EXPECT(!sys_failed(none) && !sys_failed(read_only));
    EXPECT(SYS(pread64, fd, none, 100, 0) == -EFAULT);
    EXPECT(SYS(pread64, fd, read_only, 100, 0) == -EFAULT);
    EXPECT(read_only[0] == pattern_byte(0, 1));
    EXPECT(SYS(pread64, fd, read_only, 100, PAGE) == -EFAULT);
    EXPECT(SYS(pwrite64, fd, none, 100, 0) == -EFAULT);
    EXPECT(SYS(pwrite64, fd, read_only + PAGE, 100, 0) == 100);
    return VM_OK;
}

struct reader {
    u8 *buffer;
    int fd;
    volatile int started;
    volatile long result;
};

static int read_into(void *arg)
{
    struct reader *r = arg;

    r->started = 1;
    word_wake(&r->started);
    r->result = sys_read(r->fd, r->buffer, 3 * PAGE);
    return 0;
}

static int store_in_buffer(void *arg)
{
    u8 *buffer = arg;

    pattern_fill(buffer, 3 * PAGE, 5);
    sys_sleep_ms(30);
    EXPECT(pattern_check(buffer, 3 * PAGE, 5) == -1);
    return VM_OK;
}

/* The data belongs to the process that asked, although the pages became COW meanwhile. */
int vm_corner_8(void)
{
    static struct reader reader;
    static u8 data[3 * PAGE];
    struct thread thread;
    int fds[2], pid;

    reader.buffer = pages_private(3);
    EXPECT(reader.buffer != NULL && sys_pipe(fds) == 0);
    pages_write(reader.buffer, 3, 1);
    pattern_fill(data, sizeof data, 44);
    reader.fd = fds[0];
    EXPECT(thread_start(&thread, read_into, &reader));
    word_wait(&reader.started, 0);
    sys_sleep_ms(5);
    pid = child_start(store_in_buffer, reader.buffer);
    EXPECT(pid > 0);
    EXPECT(sys_write(fds[1], data, sizeof data) == (long)sizeof data);
    thread_join(&thread);
    EXPECT(reader.result > 0);
    EXPECT(memcmp(reader.buffer, data, (size_t)reader.result) == 0);
    EXPECT(child_wait(pid) == VM_OK);
    EXPECT(memcmp(reader.buffer, data, (size_t)reader.result) == 0);
    return VM_OK;
}
