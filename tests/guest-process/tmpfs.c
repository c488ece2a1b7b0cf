/* SPDX-License-Identifier: MIT */
/* tmpfs.c - a file system in memory that is full says so, and gives back what files had. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PLACE "/tmp/proctest-tmpfs"
#define PAGES 64
#define PAGE 4096l

static char block[PAGE * 8];
static sigjmp_buf back;

static long free_pages(void)
{
    struct statfs state;

    CHECK(statfs(PLACE, &state) == 0 && state.f_bsize == PAGE);
    return (long)state.f_bfree;
}

/* => bytes that went in before there was no room */
static long fill(int fd)
{
    long total = 0, done;

    while ((done = write(fd, block, sizeof block)) > 0) {
        total += done;
    }
    CHECK(done == -1 && errno == ENOSPC);
    return total;
}

static void full(void)
{
    struct stat state;
    int fd = open(PLACE "/a", O_CREAT | O_RDWR, 0600), other;

    CHECK(free_pages() == PAGES);
    CHECK(fill(fd) == PAGES * PAGE && free_pages() == 0);
    CHECK(fstat(fd, &state) == 0 && state.st_blocks == PAGES * PAGE / 512);
    CHECK(pwrite(fd, block, 100, 5) == 100); /* a page that is there may change */
    other = open(PLACE "/b", O_CREAT | O_RDWR, 0600);
    CHECK(other >= 0); /* a name is no page */
    FAILS(write(other, block, 1), ENOSPC);
    CHECK(fstat(other, &state) == 0 && state.st_size == 0);
    FAILS(fallocate(other, 0, 0, PAGE), ENOSPC);
    CHECK(fstat(other, &state) == 0 && state.st_size == 0);
    CHECK(ftruncate(fd, 3 * PAGE + 1) == 0 && free_pages() == PAGES - 4);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE) == 0);
    CHECK(free_pages() == PAGES - 2);
    CHECK(unlink(PLACE "/a") == 0 && free_pages() == PAGES - 2); /* it is open still */
    close(fd);
    CHECK(free_pages() == PAGES);
    close(other);
    CHECK(unlink(PLACE "/b") == 0);
}

/* Holes cost nothing, neither to make nor to read. */
static void holes(void)
{
    int fd = open(PLACE "/hole", O_CREAT | O_RDWR, 0600);
    long sum = 0;

    CHECK(ftruncate(fd, 1000 * PAGE) == 0 && free_pages() == PAGES);
    for (int i = 0; i < 1000 / 8; i++) {
        memset(block, 1, sizeof block);
        CHECK(read(fd, block, sizeof block) == (ssize_t)sizeof block);
        for (size_t k = 0; k < sizeof block; k += 511) {
            sum += block[k];
        }
    }
    CHECK(sum == 0 && free_pages() == PAGES);
    close(fd);
    unlink(PLACE "/hole");
}

static void jump(int signal)
{
    (void)signal;
    siglongjmp(back, 1);
}

/* A store to a page that has no room is SIGBUS. */
static void mapped(void)
{
    int fd = open(PLACE "/map", O_CREAT | O_RDWR, 0600);
    volatile char *map = mmap(NULL, 2 * PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    volatile long stored = 0;

    CHECK(ftruncate(fd, 2 * PAGES * PAGE) == 0 && map != MAP_FAILED);
    signal(SIGBUS, jump);
    if (sigsetjmp(back, 1) == 0) {
        for (; stored < 2 * PAGES; stored++) {
            map[stored * PAGE] = 1;
        }
    }
    signal(SIGBUS, SIG_DFL);
    CHECK(stored == PAGES && free_pages() == 0);
    CHECK(madvise((char *)map, PAGE, MADV_REMOVE) == 0 && free_pages() == 1);
    map[PAGES * PAGE] = 1;
    CHECK(free_pages() == 0);
    munmap((char *)map, 2 * PAGES * PAGE);
    close(fd);
    unlink(PLACE "/map");
    CHECK(free_pages() == PAGES);
}

static void names(void)
{
    struct statfs state;
    char name[64];
    int made = 0;

    CHECK(statfs(PLACE, &state) == 0 && state.f_files == 10 && state.f_ffree == 9);
    for (; made < 20; made++) {
        snprintf(name, sizeof name, PLACE "/%d", made);
        if (mkdir(name, 0700) != 0) {
            break;
        }
    }
    CHECK(made == 9 && errno == ENOSPC);
    FAILS(open(PLACE "/file", O_CREAT | O_RDWR, 0600), ENOSPC);
    while (made-- > 0) {
        snprintf(name, sizeof name, PLACE "/%d", made);
        CHECK(rmdir(name) == 0);
    }
}

static void options(void)
{
    struct stat state;
    struct statfs room;

    CHECK(stat(PLACE, &state) == 0 && (state.st_mode & 07777) == 0710 && state.st_uid == 7);
    FAILS(mount("x", PLACE, "tmpfs", MS_REMOUNT, "size=none"), EINVAL);
    CHECK(mount("x", PLACE, "tmpfs", MS_REMOUNT, "size=1m,nr_inodes=20") == 0);
    CHECK(statfs(PLACE, &room) == 0 && room.f_blocks == 256 && room.f_files == 20);
    FAILS(mount("x", "/mnt", "tmpfs", 0, "no_such_option=1"), EINVAL);
}

void test_tmpfs(void)
{
    mkdir(PLACE, 0700);
    if (mount("x", PLACE, "tmpfs", 0, "size=256k,nr_inodes=10,mode=0710,uid=7") != 0) {
        CHECK(errno == EPERM); /* nobody but root may try */
        rmdir(PLACE);
        return;
    }
    full();
    holes();
    mapped();
    names();
    options();
    CHECK(umount(PLACE) == 0 && rmdir(PLACE) == 0);
}
