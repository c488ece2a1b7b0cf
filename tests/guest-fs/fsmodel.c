/* SPDX-License-Identifier: MIT */
/*
 * fsmodel.c - random operations on one file, compared with what an array of bytes says.
 *
 * Writes, appends, truncation to longer and shorter, stores through a mapping that stays, also
 * behind the end of the file within its last page (which must never become part of it), holes
 * punched, room allocated, syncs, and caches dropped so that the bytes come from the disk again.
 * usage: fsmodel FILE FIRST-SEED SEEDS STEPS [LOG]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define MOST (24u * PAGE)

static uint64_t state;
static unsigned char model[MOST], seen[MOST];
static size_t size;
static int file, log_steps;
static unsigned char *map;
static unsigned step;
static const char *last = "";

static uint32_t roll(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

static void fail(const char *what)
{
    printf("fsmodel: step %u, after %s: %s (errno %d, size %zu)\n", step, last, what, errno, size);
    exit(1);
}

static void must(int good, const char *what)
{
    if (!good)
        fail(what);
}

static void note(const char *what, size_t at, size_t count)
{
    last = what;
    if (log_steps)
        printf("%u: %s %zu +%zu, size %zu\n", step, what, at, count, size);
}

static void compare(void)
{
    struct stat about;

    must(fstat(file, &about) == 0 && (size_t)about.st_size == size, "the size is another");
    must(pread(file, seen, MOST, 0) == (ssize_t)size, "the file is read shorter");
    for (size_t i = 0; i < size; i++)
        if (seen[i] != model[i]) {
            printf("byte %zu is %u and should be %u\n", i, seen[i], model[i]);
            fail("wrong bytes");
        }
}

static void drop_caches(void)
{
    int knob = open("/proc/sys/vm/drop_caches", O_WRONLY);

    fsync(file);
    if (knob >= 0) {
        if (write(knob, "1\n", 2) != 2)
            fail("drop_caches");
        close(knob);
    }
}

/* Somewhere, often near the ends of pages and of the file. */
static size_t place(size_t below)
{
    size_t at = roll(4) ? roll((uint32_t)below) : roll(MOST / 1024) * 1024 + roll(3) - 1;

    if (roll(4) == 0)
        at = size + roll(40) - 20;
    return at < below ? at : below - 1;
}

static void write_bytes(int append)
{
    size_t at = append ? size : place(MOST), count = 1 + roll(roll(3) ? 900 : 9000);
    unsigned char byte = (unsigned char)(1 + roll(255));

    if (at + count > MOST)
        count = MOST - at;
    if (count == 0)
        return;
    note(append ? "append" : "write", at, count);
    if (at > size)
        memset(model + size, 0, at - size);
    memset(model + at, byte, count);
    must(pwrite(file, model + at, count, (off_t)at) == (ssize_t)count, "pwrite");
    if (at + count > size)
        size = at + count;
}

static void change_size(void)
{
    size_t to = place(MOST);

    note("truncate", to, 0);
    must(ftruncate(file, (off_t)to) == 0, "ftruncate");
    if (to > size)
        memset(model + size, 0, to - size);
    size = to;
}

static void store(void)
{
    size_t end = (size + PAGE - 1) / PAGE * PAGE, at, count;

    if (end == 0)
        return;
    at = place(end);
    count = 1 + roll(300);
    if (at + count > end)
        count = end - at;
    note("store", at, count);
    memset(map + at, 1 + (int)roll(255), count);
    if (at < size)
        memcpy(model + at, map + at, at + count <= size ? count : size - at);
}

static void allocate(int mode, const char *name)
{
    size_t at = place(MOST), count = 1 + roll(9000);

    if (at + count > MOST)
        count = MOST - at;
    note(name, at, count);
    if (fallocate(file, mode, (off_t)at, (off_t)count) != 0) {
        must(errno == EOPNOTSUPP, name);
        return;
    }
    if (mode & FALLOC_FL_PUNCH_HOLE) {
        for (size_t i = at; i < at + count && i < size; i++)
            model[i] = 0;
    } else if (at + count > size) {
        memset(model + size, 0, at + count - size);
        size = at + count;
    }
}

static void one_step(void)
{
    switch (roll(12)) {
    case 0:
    case 1:
    case 2:
        write_bytes(0);
        break;
    case 3:
        write_bytes(1);
        break;
    case 4:
    case 5:
        change_size();
        break;
    case 6:
    case 7:
    case 8:
        store();
        break;
    case 9:
        allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "punch");
        break;
    case 10:
        allocate(0, "allocate");
        break;
    default:
        note("sync", 0, 0);
        if (roll(2))
            drop_caches();
        else
            must(msync(map, MOST, MS_SYNC) == 0, "msync");
    }
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    log_steps = argc > 5;
    for (unsigned seed = (unsigned)atoi(argv[2]), end = seed + (unsigned)atoi(argv[3]); seed < end;
         seed++) {
        state = seed * 0x9e3779b97f4a7c15u + 7;
        size = 0;
        memset(model, 0, MOST);
        file = open(argv[1], O_CREAT | O_TRUNC | O_RDWR, 0600);
        must(file >= 0, "open");
        map = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        must(map != MAP_FAILED, "mmap");
        if (log_steps)
            printf("seed %u\n", seed);
        for (step = 1; step <= (unsigned)atoi(argv[4]); step++) {
            one_step();
            if (roll(3) == 0)
                compare();
        }
        munmap(map, MOST);
        drop_caches();
        last = "dropping the caches";
        compare();
        close(file);
        unlink(argv[1]);
    }
    printf("fsmodel: %s seeds of %s steps, no difference\n", argv[3], argv[4]);
    return 0;
}
