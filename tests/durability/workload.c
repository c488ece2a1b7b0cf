/* SPDX-License-Identifier: MIT */
/*
 * workload.c - changes files in every way, and keeps a journal of what it did.
 *
 * usage: workload DIRECTORY SEED STEPS
 * A line of the journal, on standard output, comes before the step: "NUMBER WORD ARGUMENTS".
 * After the step the program executes the probe `mark` with the number as its name, so that it
 * stands between the writes in the disk's log: what a finished step promised is known for each
 * moment.  Bytes written tell whose they are: every 16 bytes hold the file's id, the step and the
 * offset.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 8
#define DIRECTORIES 3
#define SIZE_LIMIT 70000
#define WRITE_LIMIT 20000

struct chunk {
    uint32_t id, step;
    uint64_t offset;
};

static struct {
    int id; /* 0 = not there */
    int directory, name;
    long size;
} files[FILES];
static int directories[DIRECTORIES] = {1}; /* the first is the top, always there */
static int ids, step;
static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(random_state >> 33) % limit;
}

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "workload: step %d: %s: %s\n", step, what, strerror(errno));
        exit(1);
    }
}

static void mark(void)
{
#ifdef __riscv
    char name[16] = "";

    snprintf(name, sizeof name, "%d", step);
    uint64_t words[2];
    memcpy(words, name, sizeof words);
    register uint64_t a0 __asm__("a0") = words[0];
    register uint64_t a1 __asm__("a1") = words[1];
    __asm__ volatile("slti x0, %2, 17" : : "r"(a0), "r"(a1), "r"(0x464c5401ul));
#endif
}

static const char *path_of(int directory, int name)
{
    static char path[4][32];
    static int turn;

    turn = (turn + 1) % 4;
    if (directory == 0) {
        snprintf(path[turn], sizeof path[0], "f%d", name);
    } else {
        snprintf(path[turn], sizeof path[0], "d%d/f%d", directory, name);
    }
    return path[turn];
}

static const char *path(int file)
{
    return path_of(files[file].directory, files[file].name);
}

static void fill(unsigned char *bytes, int id, long offset, long size)
{
    for (long i = 0; i < size; i++) {
        struct chunk chunk = {(uint32_t)id, (uint32_t)step, (uint64_t)(offset + i) / 16 * 16};

        bytes[i] = ((unsigned char *)&chunk)[(offset + i) % 16];
    }
}

/* Write a range; flags O_SYNC or O_DSYNC make it a promise. */
static void write_range(int file, long offset, long size, int flags)
{
    unsigned char *bytes = malloc((size_t)size);
    int fd = open(path(file), O_WRONLY | flags);

    must(fd >= 0, "open");
    fill(bytes, files[file].id, offset, size);
    must(pwrite(fd, bytes, (size_t)size, offset) == size, "pwrite");
    must(close(fd) == 0, "close");
    free(bytes);
    if (offset + size > files[file].size) {
        files[file].size = offset + size;
    }
}

static void store_mapped(int file, long offset, long size)
{
    int fd = open(path(file), O_RDWR);
    unsigned char *map;

    must(fd >= 0, "open");
    map = mmap(NULL, (size_t)files[file].size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(map != MAP_FAILED, "mmap");
    fill(map + offset, files[file].id, offset, size);
    must(msync(map, (size_t)files[file].size, MS_SYNC) == 0, "msync");
    must(munmap(map, (size_t)files[file].size) == 0 && close(fd) == 0, "munmap");
}

static void sync_file(const char *name, int data_only)
{
    int fd = open(name, O_RDONLY);

    must(fd >= 0, "open");
    must((data_only ? fdatasync(fd) : fsync(fd)) == 0, "fsync");
    must(close(fd) == 0, "close");
}

static void __attribute__((format(printf, 1, 2))) begin(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    printf("%d ", ++step);
    vprintf(format, list);
    printf("\n");
    va_end(list);
}

static int name_used(int directory, int name)
{
    for (int i = 0; i < FILES; i++) {
        if (files[i].id && files[i].directory == directory && files[i].name == name) {
            return i + 1;
        }
    }
    return 0;
}

static int is_empty(int directory)
{
    for (int i = 0; i < FILES; i++) {
        if (files[i].id && files[i].directory == directory) {
            return 0;
        }
    }
    return 1;
}

static void create(int file)
{
    int directory = (int)below(DIRECTORIES), name = (int)below(12);

    if (!directories[directory] || name_used(directory, name)) {
        return;
    }
    files[file].id = ++ids;
    files[file].directory = directory;
    files[file].name = name;
    files[file].size = 0;
    begin("create %d %s", ids, path(file));
    int fd = open(path(file), O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd >= 0 && close(fd) == 0, "create");
    mark();
}

static void rename_file(int file)
{
    int directory = (int)below(DIRECTORIES), name = (int)below(12);
    int other = name_used(directory, name);

    if (!directories[directory] || other == file + 1) {
        return;
    }
    begin("rename %d %s %s", files[file].id, path(file), path_of(directory, name));
    must(rename(path(file), path_of(directory, name)) == 0, "rename");
    if (other) {
        files[other - 1].id = 0;
    }
    files[file].directory = directory;
    files[file].name = name;
    mark();
}

static void change_directory(void)
{
    int directory = 1 + (int)below(DIRECTORIES - 1);
    char name[8];

    snprintf(name, sizeof name, "d%d", directory);
    if (!directories[directory]) {
        begin("mkdir %s", name);
        must(mkdir(name, 0755) == 0, "mkdir");
        directories[directory] = 1;
        mark();
    } else if (is_empty(directory)) {
        begin("rmdir %s", name);
        must(rmdir(name) == 0, "rmdir");
        directories[directory] = 0;
        mark();
    }
}

static void change(int file)
{
    long size = files[file].size, offset = size ? (long)below((unsigned)size) : 0;
    long length = 1 + (long)below(WRITE_LIMIT);
    int id = files[file].id;

    switch (below(12)) {
    case 0:
    case 1:
        if (size + length <= SIZE_LIMIT) {
            begin("write %d %ld %ld", id, size, length);
            write_range(file, size, length, 0);
            break;
        }
        /* fall through */
    case 2:
        begin("write %d %ld %ld", id, offset, length);
        write_range(file, offset, length, 0);
        break;
    case 3:
        begin("write-sync %d %ld %ld", id, offset, length);
        write_range(file, offset, length, below(2) ? O_SYNC : O_DSYNC);
        break;
    case 4:
        offset = (long)below((unsigned)size + 9000);
        begin("truncate %d %ld", id, offset);
        must(truncate(path(file), offset) == 0, "truncate");
        files[file].size = offset;
        break;
    case 5:
    case 6:
        if (size == 0) {
            return;
        }
        length = length < size - offset ? length : size - offset;
        begin("write-sync %d %ld %ld", id, offset, length);
        store_mapped(file, offset, length);
        break;
    case 7:
    case 8:
        begin("fsync %d", id);
        sync_file(path(file), below(2));
        break;
    case 9:
        rename_file(file);
        return;
    case 10:
        begin("unlink %d %s", id, path(file));
        must(unlink(path(file)) == 0, "unlink");
        files[file].id = 0;
        break;
    default:
        if (below(3)) {
            return;
        }
        begin("sync");
        sync();
        break;
    }
    mark();
}

int main(int argc, char **argv)
{
    int steps = argc == 4 ? atoi(argv[3]) : 0;

    if (steps <= 0 || chdir(argv[1])) {
        fprintf(stderr, "usage: workload DIRECTORY SEED STEPS\n");
        return 2;
    }
    random_state = strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
    while (step < steps) {
        int file = (int)below(FILES);

        if (below(12) == 0) {
            change_directory();
        } else if (files[file].id == 0) {
            create(file);
        } else {
            change(file);
        }
    }
    return 0;
}
