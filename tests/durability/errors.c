/* SPDX-License-Identifier: MIT */
/*
 * errors.c - who is told that a write did not get to the disk: every open file, once.
 *
 * usage: errors FILE
 * The probe `mark` is executed before the write-back that is to fail; whoever runs this arms one
 * failure then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int failures;

static void expect(const char *what, int result, int wanted)
{
    int got = result ? errno : 0;

    if (got != wanted) {
        printf("%s: error %d instead of %d\n", what, got, wanted);
        failures++;
    }
}

static void mark(void)
{
#ifdef __riscv
    register uint64_t a0 __asm__("a0") = 0x77656e; /* "new" */
    register uint64_t a1 __asm__("a1") = 0;
    __asm__ volatile("slti x0, %2, 17" : : "r"(a0), "r"(a1), "r"(0x464c5401ul));
#endif
}

int main(int argc, char **argv)
{
    int first = argc == 2 ? open(argv[1], O_CREAT | O_RDWR, 0644) : -1;
    int second = argc == 2 ? open(argv[1], O_RDWR) : -1;
    char *map;

    if (first < 0 || second < 0 || ftruncate(first, 8192)) {
        perror("errors");
        return 2;
    }
    pwrite(first, "one", 3, 0);
    expect("before", fsync(first), 0);
    pwrite(first, "two", 3, 0);
    mark();
    expect("the one that wrote", fsync(first), EIO);
    expect("the same again", fsync(first), 0);
    expect("another open file", fsync(second), EIO);
    expect("that again", fsync(second), 0);
    int third = open(argv[1], O_RDWR);
    expect("one opened later", fsync(third), 0);
    expect("a copy of a descriptor", fsync(dup(second)), 0);
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, first, 0);
    expect("mapped, before", msync(map, 8192, MS_SYNC), 0);
    map[4096] = 1;
    mark();
    expect("mapped", msync(map, 8192, MS_SYNC), EIO);
    expect("mapped, again", msync(map, 8192, MS_SYNC), 0);
    map[4096] = 2;
    mark();
    sync();
    int fourth = open(argv[1], O_RDWR);
    expect("opened after an error that nobody was told", fsync(fourth), EIO);
    expect("and that again", fsync(fourth), 0);
    expect("and one from before", fsync(third), EIO);
    pwrite(first, "last", 4, 0);
    mark();
    expect("O_SYNC", pwrite(open(argv[1], O_WRONLY | O_SYNC), "x", 1, 5) != 1, EIO);
    printf(failures ? "FAILED\n" : "ok\n");
    return failures != 0;
}
