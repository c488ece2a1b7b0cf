/* SPDX-License-Identifier: MIT */
/*
 * fstest.c - what programs rely on in a file system, checked call by call.
 *
 * usage: fstest DIRECTORY
 * Runs on a real Linux as well as in the guest, on a disk as well as on tmpfs; each check
 * that fails is printed, and their number (at most 100) is the exit status.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
static void *volatile no_memory =
    (void *)8; /* volatile: the compiler must not see that it is wrong */

static void check_at(int line, int ok, const char *what)
{
    if (!ok) {
        printf("fstest.c:%d: %s (errno %d)\n", line, what, errno);
        failures++;
    }
}

#define CHECK(condition) check_at(__LINE__, (condition), #condition)
#define FAILS(call, number) \
    check_at(__LINE__, (call) == -1 && errno == (number), #call " -> " #number)

/* Bytes that tell where they belong. */
static void pattern(unsigned char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)((i * 7 + i / 256 * 13 + seed) & 0xff);
    }
}

static int make(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);

    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

static void make_closed(const char *name, const char *text)
{
    close(make(name, text));
}

static int contains(const char *name, const char *text)
{
    char buffer[256] = "";
    int fd = open(name, O_RDONLY);
    ssize_t count = read(fd, buffer, sizeof(buffer) - 1);

    close(fd);
    return count == (ssize_t)strlen(text) && strcmp(buffer, text) == 0;
}

static long links(const char *name)
{
    struct stat status;

    return lstat(name, &status) ? -1 : (long)status.st_nlink;
}

static long long size_of(const char *name)
{
    struct stat status;

    return stat(name, &status) ? -1 : (long long)status.st_size;
}

/* --- the tests --------------------------------------------------------------------------- */

static void reading_and_writing(void)
{
    static unsigned char out[300000], in[300000];
    struct iovec vector[3] = {{out, 10}, {out + 10, 0}, {out + 10, 5000}};
    int fd = make("rw", "");

    pattern(out, sizeof(out), 1);
    CHECK(write(fd, out, sizeof(out)) == (ssize_t)sizeof(out));
    CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)sizeof(out));
    CHECK(pread(fd, in, sizeof(in), 0) == (ssize_t)sizeof(in));
    CHECK(memcmp(in, out, sizeof(in)) == 0);
    CHECK(pread(fd, in, 100, 299990) == 10);
    CHECK(pread(fd, in, 100, 400000) == 0);
    CHECK(pwrite(fd, "hello", 5, 4094) == 5);
    CHECK(pread(fd, in, 9, 4092) == 9 && memcmp(in + 2, "hello", 5) == 0 && in[7] == out[4099]);
    CHECK(lseek(fd, -5, SEEK_END) == 299995);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    FAILS(lseek(fd, 0, 99), EINVAL);
    CHECK(ftruncate(fd, 0) == 0);
    lseek(fd, 0, SEEK_SET);
    CHECK(writev(fd, vector, 3) == 5010);
    CHECK(pread(fd, in, 6000, 0) == 5010 && memcmp(in, out, 5010) == 0);
    FAILS(write(fd, no_memory, 10), EFAULT);
    FAILS(pread(fd, no_memory, 10, 0), EFAULT);
    close(fd);
    fd = open("rw", O_RDONLY);
    FAILS(write(fd, "x", 1), EBADF);
    close(fd);
    fd = open("rw", O_WRONLY | O_APPEND);
    FAILS(read(fd, in, 1), EBADF);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(write(fd, "end", 3) == 3);
    CHECK(size_of("rw") == 5013);
    close(fd);
    CHECK(unlink("rw") == 0);
}

static void sparse_files(void)
{
    static char page[4096];
    struct stat status;
    int fd = make("sparse", "start");
    long long far_end = 50 * 1024 * 1024;

    CHECK(pwrite(fd, "far", 3, far_end) == 3);
    CHECK(fstat(fd, &status) == 0 && status.st_size == far_end + 3);
    CHECK(status.st_blocks < 1000);
    CHECK(pread(fd, page, sizeof(page), 20 * 1024 * 1024) == 4096);
    for (int i = 0; i < 4096; i++) {
        if (page[i]) {
            CHECK(!"a hole reads as zeros");
            break;
        }
    }
    /* Cutting and growing again shows zeros, not what was there. */
    CHECK(ftruncate(fd, 2) == 0);
    CHECK(ftruncate(fd, 10000) == 0);
    CHECK(pread(fd, page, 8, 0) == 8 && memcmp(page, "st\0\0\0\0\0\0", 8) == 0);
    CHECK(pread(fd, page, 4096, 8000) == 2000);
    close(fd);
    CHECK(truncate("sparse", 1) == 0 && size_of("sparse") == 1);
    CHECK(unlink("sparse") == 0);
}

/* A file with single and double indirect blocks, written in odd pieces and read back. */
static void long_files(void)
{
    static unsigned char out[70001], in[70001];
    int fd = make("long", "");
    long long at = 0;

    for (unsigned i = 0; i < 80; i++) {
        pattern(out, sizeof(out), i);
        CHECK(write(fd, out, sizeof(out)) == (ssize_t)sizeof(out));
    }
    CHECK(fsync(fd) == 0);
    for (unsigned i = 0; i < 80; i++, at += (long long)sizeof(out)) {
        pattern(out, sizeof(out), i);
        if (pread(fd, in, sizeof(in), at) != (ssize_t)sizeof(in) ||
            memcmp(in, out, sizeof(in)) != 0) {
            CHECK(!"a long file reads back as written");
            break;
        }
    }
    CHECK(ftruncate(fd, 4198400 + 17) == 0);
    CHECK(ftruncate(fd, 45000) == 0);
    CHECK(pread(fd, in, 45000, 0) == 45000);
    pattern(out, sizeof(out), 0);
    CHECK(memcmp(in, out, 45000) == 0);
    close(fd);
    CHECK(unlink("long") == 0);
}

static void opening(void)
{
    int fd;

    make_closed("file", "text");
    FAILS(open("file", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
    FAILS(open("nothing", O_RDONLY), ENOENT);
    FAILS(open("file/x", O_RDONLY), ENOTDIR);
    FAILS(open("file/", O_RDONLY), ENOTDIR);
    FAILS(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open(".", O_RDWR), EISDIR);
    FAILS(open("new/", O_CREAT | O_RDWR, 0644), EISDIR);
    FAILS(open("", O_RDONLY), ENOENT);
    CHECK(symlink("file", "link") == 0);
    FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    fd = open("link", O_RDONLY);
    CHECK(fd >= 0);
    close(fd);
    CHECK(symlink("made", "dangling") == 0);
    FAILS(open("dangling", O_RDONLY), ENOENT);
    FAILS(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
    close(open("dangling", O_CREAT | O_RDWR, 0644));
    CHECK(access("made", F_OK) == 0);
    CHECK(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
    FAILS(open("loop1", O_RDONLY), ELOOP);
    close(open("file", O_WRONLY | O_TRUNC));
    CHECK(size_of("file") == 0);
    {
        char name[300];

        memset(name, 'n', sizeof(name));
        name[255] = 0;
        close(open(name, O_CREAT | O_RDWR, 0600));
        CHECK(unlink(name) == 0);
        name[255] = 'n';
        name[256] = 0;
        FAILS(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
    }
    CHECK(unlink("file") == 0 && unlink("link") == 0 && unlink("dangling") == 0 &&
          unlink("made") == 0 && unlink("loop1") == 0 && unlink("loop2") == 0);
}

static void links_and_unlinked_files(void)
{
    struct stat status;
    char buffer[8];
    int fd = make("one", "data");

    CHECK(link("one", "two") == 0 && links("one") == 2);
    FAILS(link("one", "two"), EEXIST);
    FAILS(link(".", "dirlink"), EPERM);
    CHECK(unlink("one") == 0 && links("two") == 1);
    CHECK(contains("two", "data"));
    CHECK(unlink("two") == 0);
    CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0);
    CHECK(pread(fd, buffer, 4, 0) == 4 && memcmp(buffer, "data", 4) == 0);
    CHECK(pwrite(fd, "more", 4, 4) == 4);
    close(fd);
    FAILS(unlink("two"), ENOENT);
    FAILS(unlink("."), EISDIR);
}

static void symbolic_links(void)
{
    char target[512], buffer[512];
    ssize_t length;

    CHECK(symlink("short", "s") == 0);
    length = readlink("s", buffer, sizeof(buffer));
    CHECK(length == 5 && memcmp(buffer, "short", 5) == 0);
    CHECK(readlink("s", buffer, 3) == 3);
    FAILS(symlink("x", "s"), EEXIST);
    FAILS(readlink(".", buffer, 10), EINVAL);
    memset(target, 't', sizeof(target));
    target[300] = 0;
    CHECK(symlink(target, "l") == 0);
    CHECK(readlink("l", buffer, sizeof(buffer)) == 300 && memcmp(buffer, target, 300) == 0);
    CHECK(links("s") == 1);
    CHECK(unlink("s") == 0 && unlink("l") == 0);
}

static int count_entries(const char *name)
{
    DIR *directory = opendir(name);
    int count = 0;

    if (!directory) {
        return -1;
    }
    while (readdir(directory)) {
        count++;
    }
    closedir(directory);
    return count;
}

static void directories(void)
{
    char name[64];
    struct stat status;

    CHECK(mkdir("d", 0755) == 0 && links("d") == 2);
    FAILS(mkdir("d", 0755), EEXIST);
    FAILS(mkdir("missing/d", 0755), ENOENT);
    CHECK(mkdir("d/sub/", 0700) == 0 && links("d") == 3);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(rmdir("d/."), EINVAL);
    FAILS(unlink("d/sub"), EISDIR);
    CHECK(stat("d/sub/../..", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(count_entries("d") == 3);
    for (int i = 0; i < 700; i++) { /* more than one block of names */
        snprintf(name, sizeof(name), "d/sub/a-rather-long-name-%04d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    CHECK(count_entries("d/sub") == 702);
    for (int i = 0; i < 700; i += 2) {
        snprintf(name, sizeof(name), "d/sub/a-rather-long-name-%04d", i);
        CHECK(unlink(name) == 0);
    }
    CHECK(count_entries("d/sub") == 352);
    for (int i = 1; i < 700; i += 2) {
        snprintf(name, sizeof(name), "d/sub/a-rather-long-name-%04d", i);
        CHECK(unlink(name) == 0);
    }
    CHECK(count_entries("d/sub") == 2);
    CHECK(rmdir("d/sub") == 0 && links("d") == 2);
    CHECK(rmdir("d") == 0);
    FAILS(rmdir("d"), ENOENT);
    FAILS(chdir("d"), ENOENT);
}

static void a_removed_directory_can_still_be_entered(void)
{
    int here = open(".", O_RDONLY);

    CHECK(mkdir("gone", 0755) == 0 && chdir("gone") == 0);
    CHECK(rmdir("../gone") == 0);
    FAILS(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
    FAILS(mkdir("x", 0700), ENOENT);
    CHECK(fchdir(here) == 0);
    close(here);
}

static void renaming(void)
{
    make_closed("a", "A");
    make_closed("b", "B");
    CHECK(rename("a", "c") == 0 && contains("c", "A") && access("a", F_OK) != 0);
    CHECK(rename("c", "b") == 0 && contains("b", "A"));
    CHECK(rename("b", "b") == 0 && contains("b", "A"));
    CHECK(link("b", "b2") == 0 && rename("b", "b2") == 0);
    CHECK(access("b", F_OK) == 0 && links("b2") == 2);
    CHECK(unlink("b2") == 0);
    CHECK(mkdir("d1", 0755) == 0 && mkdir("d2", 0755) == 0 && mkdir("d1/in", 0755) == 0);
    FAILS(rename("d1", "d1/in/x"), EINVAL);
    FAILS(rename("b", "d1"), EISDIR);
    FAILS(rename("d1", "b"), ENOTDIR);
    FAILS(rename("d2", "d1"), ENOTEMPTY);
    FAILS(rename("nothing", "x"), ENOENT);
    CHECK(links("d1") == 3 && links("d2") == 2);
    CHECK(rename("d1/in", "d2/moved") == 0 && links("d1") == 2 && links("d2") == 3);
    make_closed("d2/moved/file", "deep");
    CHECK(rename("d2/moved", "d1/again") == 0);
    CHECK(contains("d1/again/file", "deep") && contains("d1/again/../again/file", "deep"));
    CHECK(rename("d1", "d2") == 0); /* onto an empty directory */
    CHECK(contains("d2/again/file", "deep") && access("d1", F_OK) != 0);
    CHECK(unlink("d2/again/file") == 0 && rmdir("d2/again") == 0 && rmdir("d2") == 0);
    CHECK(unlink("b") == 0);
}

static void attributes(void)
{
    struct timespec times[2] = {{1000000000, 0}, {1100000000, 0}};
    struct stat status;
    struct statfs fs;

    make_closed("attr", "x");
    CHECK(chmod("attr", 0640) == 0 && stat("attr", &status) == 0);
    CHECK((status.st_mode & 07777) == 0640 && S_ISREG(status.st_mode));
    CHECK(utimensat(AT_FDCWD, "attr", times, 0) == 0 && stat("attr", &status) == 0);
    CHECK(status.st_atime == 1000000000 && status.st_mtime == 1100000000);
    if (geteuid() == 0) {
        CHECK(chown("attr", 5, 70000) == 0 && stat("attr", &status) == 0);
        CHECK(status.st_uid == 5 && status.st_gid == 70000);
    }
    CHECK(access("attr", R_OK | W_OK) == 0);
    CHECK(mkfifo("fifo", 0600) == 0 && stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(statfs(".", &fs) == 0 && fs.f_blocks > 0 && fs.f_namelen == 255);
    CHECK(unlink("attr") == 0 && unlink("fifo") == 0);
}

static void one_cache_for_mapping_and_file(void)
{
    char buffer[16];
    int fd = make("mapped", "");
    char *map;

    CHECK(ftruncate(fd, 5000) == 0);
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    memcpy(map + 100, "through the map", 15);
    CHECK(pread(fd, buffer, 15, 100) == 15 && memcmp(buffer, "through the map", 15) == 0);
    CHECK(pwrite(fd, "through write", 13, 4096) == 13 &&
          memcmp(map + 4096, "through write", 13) == 0);
    /* Writing from a mapping of the page that is written. */
    CHECK(pwrite(fd, map + 100, 15, 200) == 15 && memcmp(map + 200, "through the map", 15) == 0);
    /* Bytes behind the end do not become part of the file. */
    map[5000] = 'x';
    CHECK(ftruncate(fd, 6000) == 0 && pread(fd, buffer, 1, 5000) == 1 && buffer[0] == 0);
    CHECK(msync(map, 8192, MS_SYNC) == 0);
    CHECK(munmap(map, 8192) == 0);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    close(fd);
    CHECK(unlink("mapped") == 0);
}

static void locks(void)
{
    int first = make("lock", ""), second = open("lock", O_RDWR);

    CHECK(flock(first, LOCK_EX) == 0);
    FAILS(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK(flock(first, LOCK_SH) == 0 && flock(second, LOCK_SH | LOCK_NB) == 0);
    FAILS(flock(second, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    close(first);
    CHECK(flock(second, LOCK_EX | LOCK_NB) == 0);
    close(second);
    CHECK(unlink("lock") == 0);
}

static void allocating(void)
{
    struct stat status;
    char buffer[4] = "abc";
    int fd = make("alloc", "x");

    CHECK(fallocate(fd, 0, 0, 100000) == 0 && fstat(fd, &status) == 0);
    CHECK(status.st_size == 100000 && status.st_blocks >= 190);
    CHECK(pread(fd, buffer, 3, 50000) == 3 && memcmp(buffer, "\0\0\0", 3) == 0);
    CHECK(pread(fd, buffer, 1, 0) == 1 && buffer[0] == 'x');
    close(fd);
    CHECK(unlink("alloc") == 0);
}

static void devices(void)
{
    unsigned char bytes[64], again[64];
    struct stat status;
    int fd = open("/dev/null", O_RDWR);

    CHECK(write(fd, "x", 1) == 1 && read(fd, bytes, 1) == 0);
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    memset(bytes, 1, sizeof(bytes));
    CHECK(read(fd, bytes, 10) == 10 && bytes[0] == 0 && bytes[9] == 0 && bytes[10] == 1);
    close(fd);
    fd = open("/dev/full", O_WRONLY);
    FAILS(write(fd, "x", 1), ENOSPC);
    close(fd);
    fd = open("/dev/urandom", O_RDONLY);
    CHECK(read(fd, bytes, 64) == 64 && read(fd, again, 64) == 64 && memcmp(bytes, again, 64) != 0);
    close(fd);
    CHECK(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0x103);
}

/* Links that lead to open files, named or not. */
static void proc_self(void)
{
    char name[64], target[256], buffer[8];
    ssize_t length;
    int pipes[2], copy;
    int fd = make("opened", "data");

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    length = readlink(name, target, sizeof(target) - 1);
    CHECK(length > 7 && memcmp(target + length - 7, "/opened", 7) == 0);
    CHECK(unlink("opened") == 0);
    copy = open(name, O_RDONLY);
    CHECK(copy >= 0 && read(copy, buffer, 8) == 4 && memcmp(buffer, "data", 4) == 0);
    close(copy);
    close(fd);
    FAILS(open(name, O_RDONLY), ENOENT);
    CHECK(pipe(pipes) == 0);
    snprintf(name, sizeof(name), "/dev/fd/%d", pipes[0]);
    copy = open(name, O_RDONLY);
    CHECK(copy >= 0 && write(pipes[1], "through", 7) == 7);
    CHECK(read(copy, buffer, 8) == 7 && memcmp(buffer, "through", 7) == 0);
    close(copy);
    close(pipes[0]);
    close(pipes[1]);
    length = readlink("/proc/self/cwd", target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = 0;
    {
        char here[256];

        CHECK(getcwd(here, sizeof(here)) && strcmp(here, target) == 0);
    }
    CHECK(count_entries("/proc/self/fd") >= 5);
    FAILS(open("/proc/999999/stat", O_RDONLY), ENOENT);
}

/* Several processes append to one file: no line is lost or torn. */
static void appending_together(void)
{
    char line[32], all[4 * 50 * 16 + 1];
    int fd, lines = 0;

    make_closed("log", "");
    for (int child = 0; child < 4; child++) {
        if (fork() == 0) {
            fd = open("log", O_WRONLY | O_APPEND);
            for (int i = 0; i < 50; i++) {
                int length = snprintf(line, sizeof(line), "child %d %06d\n", child, i);

                if (write(fd, line, (size_t)length) != length) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (int child = 0; child < 4; child++) {
        int status;

        CHECK(wait(&status) > 0 && status == 0);
    }
    fd = open("log", O_RDONLY);
    CHECK(read(fd, all, sizeof(all)) == 4 * 50 * 15);
    for (int i = 0; i < 4 * 50; i++) {
        lines += memcmp(all + i * 15, "child ", 6) == 0 && all[i * 15 + 14] == '\n';
    }
    CHECK(lines == 4 * 50);
    close(fd);
    CHECK(unlink("log") == 0);
}

/* Processes that make, move and remove names in the same directories. */
static void crowding(void)
{
    for (int child = 0; child < 4; child++) {
        if (fork() == 0) {
            srand((unsigned)child);
            for (int i = 0; i < 300; i++) {
                char from[32], to[32];

                snprintf(from, sizeof(from), "crowd%d/f%d", rand() % 2, rand() % 6);
                snprintf(to, sizeof(to), "crowd%d/f%d", rand() % 2, rand() % 6);
                switch (rand() % 5) {
                case 0:
                    close(open(from, O_CREAT | O_RDWR, 0600));
                    break;
                case 1:
                    unlink(from);
                    break;
                case 2:
                    rename(from, to);
                    break;
                case 3:
                    link(from, to);
                    break;
                default:
                    truncate(from, rand() % 20000);
                    break;
                }
            }
            _exit(0);
        }
        if (child == 0) {
            mkdir("crowd0", 0755);
            mkdir("crowd1", 0755);
        }
    }
    while (wait(NULL) > 0) {
    }
    CHECK(system("rm -r crowd0 crowd1") == 0);
}

static void holes(void)
{
    static unsigned char data[4096], zero[4096];
    int fd = open("holes", O_CREAT | O_RDWR, 0644), copy = open("copy", O_CREAT | O_RDWR, 0644);
    struct stat before, after;
    off_t from = 4096, to = 100;
    long big = 20l << 20; /* behind indirect blocks */

    pattern(data, sizeof data, 4);
    CHECK(pwrite(fd, data, 4096, 4096) == 4096 && pwrite(fd, data, 4096, big) == 4096);
    CHECK(ftruncate(fd, big + 3 * 4096) == 0);
    CHECK(lseek(fd, 0, SEEK_DATA) == 4096 && lseek(fd, 5000, SEEK_DATA) == 5000);
    CHECK(lseek(fd, 4096, SEEK_HOLE) == 8192 && lseek(fd, 0, SEEK_HOLE) == 0);
    CHECK(lseek(fd, 8192, SEEK_DATA) == big && lseek(fd, big, SEEK_HOLE) == big + 4096);
    FAILS(lseek(fd, big + 4096, SEEK_DATA), ENXIO);
    FAILS(lseek(fd, big + 3 * 4096, SEEK_HOLE), ENXIO);

    CHECK(fstat(fd, &before) == 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, big - 4096, 3 * 4096) == 0);
    CHECK(fstat(fd, &after) == 0 && after.st_size == before.st_size);
    CHECK(after.st_blocks < before.st_blocks);
    FAILS(lseek(fd, 8192, SEEK_DATA), ENXIO);
    CHECK(pread(fd, data, 4096, big) == 4096 && memcmp(data, zero, 4096) == 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096 + 10, 20) == 0);
    CHECK(pread(fd, data, 4096, 4096) == 4096);
    pattern(zero, sizeof zero, 4);
    memset(zero + 10, 0, 20);
    CHECK(memcmp(data, zero, 4096) == 0);
    FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096), EOPNOTSUPP);

    CHECK(copy_file_range(fd, &from, copy, &to, 1000, 0) == 1000 && from == 5096 && to == 1100);
    CHECK(pread(copy, data, 1000, 100) == 1000 && memcmp(data, zero, 1000) == 0);
    CHECK(lseek(fd, 4096, SEEK_SET) == 4096 &&
          copy_file_range(fd, NULL, copy, NULL, 4096, 0) == 4096);
    CHECK(lseek(fd, 0, SEEK_CUR) == 8192 && lseek(copy, 0, SEEK_CUR) == 4096);
    FAILS(copy_file_range(fd, NULL, copy, NULL, 1, 1), EINVAL);
    close(fd);
    close(copy);
    unlink("holes");
    unlink("copy");
}

static int range(int fd, int command, short type, long start, long length)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

    return fcntl(fd, command, &lock);
}

/* What F_GETLK answers: its type, and in *start and *length where. */
static int who_holds(int fd, short type, long at, long *start, long *length, pid_t *pid)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    CHECK(fcntl(fd, F_GETLK, &lock) == 0);
    *start = lock.l_start;
    *length = lock.l_len;
    *pid = lock.l_pid;
    return lock.l_type;
}

/* => exit status of what the child found; it inherits no locks */
static int in_child(int (*found)(int fd), int fd)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        _exit(found(fd));
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int sees_holes(int fd)
{
    long start, length;
    pid_t pid;

    if (range(fd, F_SETLK, F_WRLCK, 15, 10) != -1 || errno != EAGAIN) {
        return 1;
    }
    if (range(fd, F_SETLK, F_WRLCK, 30, 10) != 0) { /* unlocked in the middle */
        return 2;
    }
    if (who_holds(fd, F_WRLCK, 12, &start, &length, &pid) != F_WRLCK || start != 10 ||
        length != 20 || pid != getppid()) {
        return 3;
    }
    if (who_holds(fd, F_RDLCK, 45, &start, &length, &pid) != F_UNLCK) {
        return 4; /* made a read lock */
    }
    return who_holds(fd, F_WRLCK, 1000000, &start, &length, &pid) != F_WRLCK || length != 0 ? 5 : 0;
}

static int finds_nothing(int fd)
{
    long start, length;
    pid_t pid;

    return who_holds(fd, F_WRLCK, 12, &start, &length, &pid) != F_UNLCK;
}

static void record_locks(void)
{
    int fd = make("records", "0123456789"), other, ends[2], status;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -4, .l_len = 2};
    char byte;
    pid_t child;

    CHECK(range(fd, F_SETLK, F_WRLCK, 10, 30) == 0);
    CHECK(range(fd, F_SETLK, F_UNLCK, 30, 10) == 0);
    CHECK(range(fd, F_SETLK, F_WRLCK, 40, 10) == 0 && range(fd, F_SETLK, F_RDLCK, 40, 10) == 0);
    CHECK(range(fd, F_SETLK, F_WRLCK, 1000, 0) == 0);
    CHECK(in_child(sees_holes, fd) == 0);
    other = open("records", O_RDONLY);
    FAILS(range(other, F_SETLK, F_WRLCK, 0, 1), EBADF);
    FAILS(range(fd, F_SETLK, 7, 0, 1), EINVAL);
    FAILS(range(fd, F_SETLK, F_WRLCK, -1, 1), EINVAL);
    CHECK(range(fd, F_SETLK, F_WRLCK, 20, -5) == 0);
    CHECK(fcntl(fd, F_SETLK, &lock) == 0); /* bytes 6 and 7 */
    close(other);                          /* closing any descriptor gives all locks up */
    CHECK(in_child(finds_nothing, fd) == 0);

    /* Locks of open files: between two of one process, too; dup shares them. */
    other = open("records", O_RDWR);
    CHECK(range(fd, F_OFD_SETLK, F_WRLCK, 0, 10) == 0);
    FAILS(range(other, F_OFD_SETLK, F_RDLCK, 5, 1), EAGAIN);
    FAILS(range(other, F_SETLK, F_RDLCK, 5, 1), EAGAIN);
    CHECK(range(dup(fd), F_OFD_SETLK, F_RDLCK, 0, 10) == 0);
    CHECK(range(other, F_OFD_SETLK, F_RDLCK, 5, 1) == 0);
    close(other);
    CHECK(range(fd, F_OFD_SETLK, F_UNLCK, 0, 0) == 0);

    /* Two processes that would wait for each other: one of them is told. */
    CHECK(pipe(ends) == 0 && range(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
    child = fork();
    if (child == 0) {
        int bad = range(fd, F_SETLKW, F_WRLCK, 1, 1) != 0;

        write(ends[1], "x", 1);
        bad |= range(fd, F_SETLKW, F_WRLCK, 0, 1) != 0; /* waits */
        _exit(bad);
    }
    CHECK(read(ends[0], &byte, 1) == 1);
    usleep(20000);
    FAILS(range(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
    CHECK(range(fd, F_SETLK, F_UNLCK, 0, 1) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(range(fd, F_SETLK, F_WRLCK, 0, 0) == 0); /* its locks went with it */
    close(ends[0]);
    close(ends[1]);
    close(fd);
    unlink("records");
}

int main(int argc, char **argv)
{
    if (argc != 2 || mkdir(argv[1], 0755) != 0 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: fstest NEW-DIRECTORY\n");
        return 101;
    }
    umask(022);
    reading_and_writing();
    sparse_files();
    long_files();
    opening();
    links_and_unlinked_files();
    symbolic_links();
    directories();
    a_removed_directory_can_still_be_entered();
    renaming();
    attributes();
    one_cache_for_mapping_and_file();
    holes();
    locks();
    record_locks();
    allocating();
    devices();
    proc_self();
    appending_together();
    crowding();
    CHECK(count_entries(".") == 2);
    CHECK(chdir("..") == 0 && rmdir(argv[1]) == 0);
    printf("fstest: %d failures\n", failures);
    return failures > 100 ? 100 : failures;
}
