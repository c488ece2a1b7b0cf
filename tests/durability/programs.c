/* SPDX-License-Identifier: MIT */
/*
 * programs.c - executes damaged programs: a good one with a few bytes of its headers, or of
 * anything, overwritten at random, cut short, or a `#!` line of noise.
 *
 * Whatever becomes of each - refused, killed, run to some end - this program goes on and the
 * machine stays whole.  usage: programs GOOD-PROGRAM FOLDER FIRST-SEED COUNT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADERS (64 + 8 * 56) /* the ELF header and the program headers behind it */
#define REFUSED 97

static uint64_t state;

static uint32_t roll(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

static const uint64_t values[] = {0,          1,          0xfff,        0x1000,     0x7fffffff,
                                  0xffffffff, 1ull << 38, 1ull << 39,   ~0ull >> 1, ~0ull,
                                  0x10000,    56,         0x4000000000, 4096 - 1,   1ull << 63};

/* One change within the first `size` bytes. */
static void spoil(unsigned char *image, size_t size)
{
    size_t at = roll((uint32_t)size);
    uint64_t value = values[roll(sizeof values / sizeof values[0])];

    switch (roll(4)) {
    case 0:
        image[at] = (unsigned char)roll(256);
        break;
    case 1:
        image[at] ^= (unsigned char)(1u << roll(8));
        break;
    case 2:
        at &= ~(size_t)7;
        memcpy(image + at, &value, at + 8 <= size ? 8 : 1);
        break;
    default: /* what stands elsewhere in the headers */
        at &= ~(size_t)3;
        memcpy(image + at, image + (roll((uint32_t)size) & ~3u), at + 4 <= size ? 4 : 1);
        break;
    }
}

static size_t make(unsigned char *image, const unsigned char *good, size_t size)
{
    memcpy(image, good, size);
    if (roll(12) == 0) {
        size_t length = roll(400) + 2;
        for (size_t i = 2; i < length; i++)
            image[i] = (unsigned char)(roll(3) ? " /\t\n-ab"[roll(7)] : roll(256));
        image[0] = '#';
        image[1] = '!';
        return length;
    }
    for (unsigned n = 1 + roll(4); n > 0; n--)
        spoil(image, roll(4) ? HEADERS : size);
    return roll(8) ? size : roll((uint32_t)size);
}

/* => the status that wait() gives; REFUSED << 8 if it could not be executed */
static int run(char *path)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct itimerval limit = {.it_value.tv_usec = 3000}; /* noise may loop for ever */
        char *arguments[] = {path, NULL}, *environment[] = {NULL};
        int nothing = open("/dev/null", O_RDWR);

        dup2(nothing, 0);
        dup2(nothing, 1);
        dup2(nothing, 2);
        setitimer(ITIMER_REAL, &limit, NULL);
        execve(path, arguments, environment);
        _exit(REFUSED);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

int main(int argc, char **argv)
{
    char path[256];
    struct stat about;
    unsigned first = argc == 5 ? (unsigned)atoi(argv[3]) : 0, refused = 0, killed = 0, ended = 0;
    unsigned count = argc == 5 ? (unsigned)atoi(argv[4]) : 0;
    int good_file = argc == 5 ? open(argv[1], O_RDONLY) : -1;

    if (good_file < 0 || fstat(good_file, &about) != 0)
        return 2;
    size_t size = (size_t)about.st_size;
    unsigned char *good = malloc(size), *image = malloc(size);
    if (!good || !image || read(good_file, good, size) != (ssize_t)size)
        return 2;
    for (unsigned seed = first; seed < first + count; seed++) {
        state = seed * 0x9e3779b97f4a7c15u + 1;
        size_t length = make(image, good, size);
        snprintf(path, sizeof path, "%s/program", argv[2]);
        unlink(path);
        int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
        if (file < 0 || write(file, image, length) != (ssize_t)length || close(file) != 0) {
            printf("programs: seed %u: %s\n", seed, strerror(errno));
            return 1;
        }
        int status = run(path);
        if (status < 0) {
            printf("programs: seed %u: cannot fork or wait: %s\n", seed, strerror(errno));
            return 1;
        }
        refused += WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
        ended += WIFEXITED(status) && WEXITSTATUS(status) != REFUSED;
        killed += WIFSIGNALED(status);
    }
    unlink(path);
    printf("%u programs: %u refused, %u killed, %u ran to an end\n", count, refused, killed, ended);
    return refused > 0 && killed > 0 && ended > 0 ? 0 : 1;
}
