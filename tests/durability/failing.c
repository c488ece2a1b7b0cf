/* SPDX-License-Identifier: MIT */
/*
 * failing.c - what programs do, with each allocation of a frame failing in turn.
 *
 * usage: failing [DIRECTORY [LIMIT [NAME]]]
 * Every scenario runs in a child with /proc/self/fail-nth = 1, 2, 3, ... until the failure is no
 * longer reached (or LIMIT).  A call may fail, a process may be killed by a signal; data may not
 * be wrong, and when all is over no memory may be missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define NOT_REACHED 77
#define WRONG 1

static const char *program;
static char *big; /* touched before: for fork and copy-on-write */
#define BIG (64 * PAGE)

/* Data that came back must be right; that nothing came back is fine. */
#define RIGHT(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fprintf(stderr, "line %d: %s is not so\n", __LINE__, #condition); \
            return WRONG;                                                     \
        }                                                                     \
    } while (0)

static int touch(void)
{
    char *at = mmap(NULL, 40 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        return 0;
    }
    for (unsigned long i = 0; i < 40 * PAGE; i += PAGE) {
        RIGHT(at[i] == 0);
        at[i] = 1;
    }
    munmap(at, 40 * PAGE);
    return 0;
}

static int far_apart(void)
{
    for (uintptr_t at = 0x1000000000; at < 0x3000000000; at += 0x400000000) {
        char *page = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (page != MAP_FAILED) {
            page[5] = 7;
            RIGHT(page[5] == 7 && page[6] == 0);
            mprotect(page, PAGE, PROT_READ);
            munmap(page, PAGE);
        }
    }
    return 0;
}

static int fork_and_wait(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        _exit(big[PAGE] == 1 ? 5 : 6);
    }
    if (child > 0) {
        RIGHT(waitpid(child, &status, 0) == child);
        RIGHT(WIFSIGNALED(status) || WEXITSTATUS(status) == 5);
    }
    return 0;
}

static int copy_on_write(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        for (unsigned long i = 0; i < BIG; i += PAGE) {
            big[i] = 2;
        }
        _exit(5);
    }
    for (unsigned long i = 0; i < BIG; i += 2 * PAGE) {
        RIGHT(big[i] == 1);
        big[i] = 1;
    }
    if (child > 0) {
        RIGHT(waitpid(child, &status, 0) == child);
    }
    for (unsigned long i = 0; i < BIG; i += PAGE) {
        RIGHT(big[i] == 1);
    }
    return 0;
}

static int execute(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0) {
        execl(program, program, "--exit", (char *)NULL);
        _exit(9);
    }
    if (child > 0) {
        RIGHT(waitpid(child, &status, 0) == child);
        RIGHT(WIFSIGNALED(status) || WEXITSTATUS(status) == 42 || WEXITSTATUS(status) == 9);
    }
    return 0;
}

/* The same from this process: it ends one way or the other. */
static int become_another(void)
{
    execl(program, program, "--exit-quietly", (char *)NULL);
    return 0;
}

static void fill(unsigned char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(i * 13 + i / 256 + seed);
    }
}

static int write_and_read(void)
{
    static unsigned char out[5 * PAGE], in[5 * PAGE];
    int fd = open("data", O_CREAT | O_TRUNC | O_RDWR, 0644);
    ssize_t written, got;

    if (fd < 0) {
        return 0;
    }
    fill(out, sizeof out, 3);
    written = write(fd, out, sizeof out);
    fsync(fd);
    got = pread(fd, in, sizeof in, 0);
    RIGHT(got <= written || written < 0);
    RIGHT(got <= 0 || memcmp(in, out, (size_t)got) == 0);
    close(fd);
    unlink("data");
    return 0;
}

static int names(void)
{
    char name[32];

    mkdir("dir", 0755);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "dir/n%d", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0644);
        if (fd >= 0) {
            close(fd);
        }
    }
    link("dir/n1", "dir/l1");
    rename("dir/n2", "dir/m2");
    symlink("n3", "dir/s3");
    RIGHT(access("dir/m2", F_OK) != 0 || access("dir/n2", F_OK) != 0);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "dir/n%d", i);
        unlink(name);
    }
    unlink("dir/l1");
    unlink("dir/m2");
    unlink("dir/s3");
    rmdir("dir");
    return 0;
}

static int mapped_file(void)
{
    int fd = open("mapped", O_CREAT | O_TRUNC | O_RDWR, 0644);
    unsigned char *map;

    if (fd < 0 || ftruncate(fd, 6 * PAGE)) {
        close(fd);
        return 0;
    }
    map = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        unsigned char byte;

        fill(map, 6 * PAGE, 9);
        if (msync(map, 6 * PAGE, MS_SYNC) == 0 && pread(fd, &byte, 1, 4 * PAGE) == 1) {
            RIGHT(byte == map[4 * PAGE]);
        }
        munmap(map, 6 * PAGE);
    }
    close(fd);
    unlink("mapped");
    return 0;
}

static int through_pipe(void)
{
    static unsigned char out[3000], in[3000];
    int ends[2];

    if (pipe(ends)) {
        return 0;
    }
    fill(out, sizeof out, 1);
    ssize_t written = write(ends[1], out, sizeof out);
    if (written > 0) {
        ssize_t got = read(ends[0], in, (size_t)written);
        RIGHT(got == -1 || (got <= written && memcmp(in, out, (size_t)got) == 0));
    }
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static int shared_memory(void)
{
    int id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600);
    char *at;

    if (id < 0) {
        return 0;
    }
    at = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    if (at != (void *)-1) {
        for (unsigned long i = 0; i < 8 * PAGE; i += PAGE) {
            RIGHT(at[i] == 0);
            at[i] = 4;
        }
        shmdt(at);
    }
    return 0;
}

static int memory_file(void)
{
    int fd = memfd_create("memory", 0);
    char byte = 0;

    if (fd < 0) {
        return 0;
    }
    if (pwrite(fd, "x", 1, 20 * PAGE) == 1 && pread(fd, &byte, 1, 20 * PAGE) == 1) {
        RIGHT(byte == 'x');
    }
    close(fd);
    return 0;
}

static int move_and_split(void)
{
    char *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        return 0;
    }
    for (int i = 0; i < 16; i++) {
        at[i * PAGE] = (char)i;
    }
    for (int i = 1; i < 16; i += 3) {
        mprotect(at + i * PAGE, PAGE, PROT_READ);
    }
    char *moved = mremap(at, 16 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    mprotect(at, 16 * PAGE, PROT_READ | PROT_WRITE);
    char *now = moved == MAP_FAILED ? at : moved;
    for (int i = 0; i < 16; i++) {
        RIGHT(now[i * PAGE] == (char)i);
    }
    munmap(now + 4 * PAGE, PAGE);
    munmap(now, 64 * PAGE);
    return 0;
}

static int grow_heap(void)
{
    char *old = sbrk(0);

    if (sbrk(12 * PAGE) != (void *)-1) {
        for (unsigned long i = 0; i < 12 * PAGE; i += PAGE) {
            RIGHT(old[i] == 0 || i == 0);
            old[i] = 1;
        }
        brk(old);
    }
    return 0;
}

static int lock_memory(void)
{
    char *at = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at != MAP_FAILED) {
        mlock(at, 8 * PAGE);
        madvise(at, 4 * PAGE, MADV_DONTNEED);
        munlock(at, 8 * PAGE);
        munmap(at, 8 * PAGE);
    }
    return 0;
}

static int descriptors(void)
{
    int event = eventfd(3, 0);
    int copies[40];
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    struct pollfd poll_one = {.fd = event, .events = POLLIN};

    poll(&poll_one, 1, 0);
    for (int i = 0; i < 40; i++) {
        copies[i] = fcntl(event, F_DUPFD, 60 + i);
    }
    int fd = open("locked", O_CREAT | O_RDWR, 0644);
    flock(fd, LOCK_EX | LOCK_NB);
    fcntl(fd, F_SETLK, &range);
    close(fd);
    unlink("locked");
    for (int i = 0; i < 40; i++) {
        close(copies[i]);
    }
    close(event);
    return 0;
}

static void ignore(int signal)
{
    (void)signal;
}

static int on_other_stack(void)
{
    stack_t stack = {.ss_sp = malloc(8 * PAGE), .ss_size = 8 * PAGE};
    struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_ONSTACK};

    if (stack.ss_sp) {
        sigaltstack(&stack, NULL);
        sigaction(SIGUSR1, &action, NULL);
        raise(SIGUSR1);
    }
    return 0;
}

static const struct scenario {
    const char *name;
    int (*run)(void);
} scenarios[] = {
    {"touch", touch},
    {"far-apart", far_apart},
    {"fork-and-wait", fork_and_wait},
    {"copy-on-write", copy_on_write},
    {"execute", execute},
    {"become-another", become_another},
    {"write-and-read", write_and_read},
    {"names", names},
    {"mapped-file", mapped_file},
    {"through-pipe", through_pipe},
    {"shared-memory", shared_memory},
    {"memory-file", memory_file},
    {"move-and-split", move_and_split},
    {"grow-heap", grow_heap},
    {"lock-memory", lock_memory},
    {"descriptors", descriptors},
    {"on-other-stack", on_other_stack},
};
#define SCENARIOS ((int)(sizeof scenarios / sizeof scenarios[0]))

/* => 0: the failure was met and borne; NOT_REACHED; WRONG */
static int run_one(const struct scenario *scenario, int nth)
{
    char text[16] = "";
    int fd = open("/proc/self/fail-nth", O_RDWR);
    int status, result;
    pid_t child = fork();

    if (child == 0) {
        close(fd);
        fd = open("/proc/self/fail-nth", O_RDWR);
        snprintf(text, sizeof text, "%d", nth);
        if (fd < 0 || write(fd, text, strlen(text)) < 0) {
            _exit(WRONG);
        }
        result = scenario->run();
        memset(text, 0, sizeof text);
        if (pread(fd, text, sizeof text - 1, 0) <= 0) {
            _exit(result);
        }
        _exit(result ? result : atoi(text) ? NOT_REACHED : 0);
    }
    close(fd);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("failing");
        return WRONG;
    }
    if (WIFSIGNALED(status)) {
        return 0;
    }
    return WEXITSTATUS(status);
}

/* What the machine has: pages free, of files, or cut into small objects; and those objects' bytes. */
struct books {
    long kilobytes, objects;
};

static long object_bytes(void)
{
    char line[256];
    long sum = 0, used, room, size;
    FILE *file = fopen("/proc/slabinfo", "r");

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "kmalloc-%*d %ld %ld %ld", &used, &room, &size) == 3) {
            sum += used * size;
        }
    }
    if (file) {
        fclose(file);
    }
    return sum;
}

static struct books look_at_books(void)
{
    struct books none = {-1, 0}, books;
    char text[4096] = "";
    int fd;

    sync();
    fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (fd < 0 || write(fd, "3", 1) != 1) {
        return none;
    }
    close(fd);
    fd = open("/proc/meminfo", O_RDONLY);
    if (read(fd, text, sizeof text - 1) <= 0) {
        return none;
    }
    close(fd);
    /* Pages of files that are mapped stay cached: of this program, first of all. */
    char *at = strstr(text, "MemFree:"), *cached = strstr(text, "\nCached:");
    char *slab = strstr(text, "\nSlab:");
    if (!at || !cached || !slab) {
        return none;
    }
    books.kilobytes = atol(at + 8) + atol(cached + 8) + atol(slab + 6);
    books.objects = object_bytes();
    return books;
}

static int loses(struct books before, struct books after)
{
    return before.kilobytes < 0 || after.kilobytes < before.kilobytes ||
           after.objects > before.objects;
}

/* => how often a failure was met, or -1 */
static int run_scenario(const struct scenario *scenario, int limit)
{
    int met = 0, missed = 0;

    for (int nth = 1; nth <= limit && missed < 3; nth++) {
        int result = run_one(scenario, nth);

        if (result != 0 && result != NOT_REACHED) {
            printf("%s: failure %d: status %d\n", scenario->name, nth, result);
            return -1;
        }
        met += result == 0;
        missed = result == NOT_REACHED ? missed + 1 : 0;
    }
    return met;
}

int main(int argc, char **argv)
{
    int limit = argc > 2 ? atoi(argv[2]) : 500, failed = 0;

    program = "/proc/self/exe";
    if (argc == 2 && strcmp(argv[1], "--exit") == 0) {
        return 42;
    }
    if (argc == 2 && strcmp(argv[1], "--exit-quietly") == 0) {
        char text[16] = "";
        int fd = open("/proc/self/fail-nth", O_RDONLY);

        return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && atoi(text) ? NOT_REACHED : 0;
    }
    if (argc > 1 && chdir(argv[1])) {
        perror(argv[1]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    big = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned long i = 0; i < BIG; i += PAGE) {
        big[i] = 1;
    }
    /* The measuring takes memory of its own, once: pages of its data and stack, a buffer. */
    for (int i = 0; i < 2; i++) {
        struct books books = look_at_books();

        printf("%d scenarios, %ld KiB, %ld bytes of objects\n", (int)SCENARIOS, books.kilobytes,
               books.objects);
        usleep(1);
    }
    for (int i = 0; i < SCENARIOS; i++) {
        if (argc > 3 && strcmp(argv[3], scenarios[i].name) != 0) {
            continue;
        }
        run_scenario(&scenarios[i], limit); /* what is allocated once and kept */
        struct books before = look_at_books();
        int met = run_scenario(&scenarios[i], limit);
        struct books after = look_at_books();

        for (int more = 0; more < 10 && loses(before, after); more++) {
            usleep(20000); /* on another hart somebody may not yet be gone for good */
            after = look_at_books();
        }
        printf("%-16s %4d failures met, %ld KiB there before, %ld after, %ld bytes of objects more\n",
               scenarios[i].name, met, before.kilobytes, after.kilobytes,
               after.objects - before.objects);
        failed += met < 0 || loses(before, after);
    }
    printf(failed ? "FAILED\n" : "ok\n");
    return failed ? 1 : 0;
}
