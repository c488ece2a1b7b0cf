/* SPDX-License-Identifier: MIT */
/* views.c - what /proc shows of processes, threads and pages. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int other_tid;
static int gate[2];

static size_t read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;

    text[length] = 0;
    if (file) {
        fclose(file);
    }
    return length;
}

static void *sleeper(void *unused)
{
    char byte;

    prctl(PR_SET_NAME, "sleeper");
    other_tid = (int)syscall(SYS_gettid);
    (void)!read(gate[0], &byte, 1);
    return unused;
}

/* State letter and name of a thread, as its stat tells them. */
static char state_of(const char *path, char name[32])
{
    char text[1024], letter = 0;

    read_file(path, text, sizeof text);
    name[0] = 0;
    sscanf(text, "%*d (%31[^)]) %c", name, &letter);
    return letter;
}

static void threads(void)
{
    char path[64], name[32], text[4096], expected[32];
    pthread_t thread;

    CHECK(pipe(gate) == 0 && pthread_create(&thread, NULL, sleeper, NULL) == 0);
    for (int i = 0; i < 1000 && !other_tid; i++) {
        usleep(1000);
    }
    usleep(20000);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", other_tid);
    CHECK(state_of(path, name) == 'S' && strcmp(name, "sleeper") == 0);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)getpid());
    CHECK(state_of(path, name) == 'R' && strcmp(name, "sleeper") != 0);
    snprintf(path, sizeof path, "/proc/%d/status", other_tid); /* not listed, but there */
    read_file(path, text, sizeof text);
    snprintf(expected, sizeof expected, "Tgid:\t%d\n", (int)getpid());
    CHECK(strstr(text, "Name:\tsleeper\n") && strstr(text, expected));
    snprintf(expected, sizeof expected, "\nPid:\t%d\n", other_tid);
    CHECK(strstr(text, expected) && strstr(text, "Threads:\t2\n"));
    CHECK(write(gate[1], "x", 1) == 1 && pthread_join(thread, NULL) == 0);
}

static long field(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? atol(at + strlen(name)) : -1;
}

static void rollup(void)
{
    static char one[8192];
    char *area = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long before;

    read_file("/proc/self/smaps_rollup", one, sizeof one);
    before = field(one, "Rss:");
    memset(area, 1, 1 << 20);
    read_file("/proc/self/smaps_rollup", one, sizeof one);
    CHECK(before > 0 && field(one, "Rss:") >= before + 1000 && field(one, "Pss:") > 0);
    munmap(area, 1 << 20);
}

/* From an address to its frame, to what the kernel says of the frame. */
static void frames(void)
{
    char *area = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int maps = open("/proc/self/pagemap", O_RDONLY), flags = open("/proc/kpageflags", O_RDONLY);
    int counts = open("/proc/kpagecount", O_RDONLY);
    uint64_t entry = 0, flag = 0, count = 0, pfn;

    *area = 1;
    CHECK(pread(maps, &entry, 8, (off_t)((uintptr_t)area / 4096 * 8)) == 8 && entry >> 63);
    pfn = entry & ((1ull << 55) - 1);
    if (pfn != 0 && flags >= 0) {
        CHECK(pread(flags, &flag, 8, (off_t)pfn * 8) == 8 && (flag >> 12 & 1) && (flag >> 11 & 1));
        CHECK(pread(counts, &count, 8, (off_t)pfn * 8) == 8 && count == 1);
        CHECK(pread(flags, &flag, 7, 0) == -1 && errno == EINVAL);
    }
    close(maps);
    close(flags);
    close(counts);
    munmap(area, 4096);
}

/* More text than any buffer: 5000 lines of maps. */
static void long_maps(void)
{
    char *base = mmap(NULL, 10000 * 4096ul, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char line[512];
    FILE *file;
    int lines = 0;

    for (int i = 0; i < 5000; i++) {
        mprotect(base + (size_t)i * 8192, 4096, PROT_READ);
    }
    file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file)) {
        lines++;
    }
    CHECK(lines > 10000);
    if (file) {
        fclose(file);
    }
    munmap(base, 10000 * 4096ul);
}

/* A counter of /proc/vmstat or a line of /proc/meminfo.  => -1 if it is not there */
static long counter(const char *path, const char *name)
{
    static char text[8192];
    size_t length = strlen(name);

    (void)read_file(path, text, sizeof text);
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == ':')) {
            return strtol(line + length + 1, NULL, 10);
        }
    }
    return -1;
}

static long vm_counter(const char *name)
{
    return counter("/proc/vmstat", name);
}

static void touch(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(memory != MAP_FAILED);
    for (size_t at = 0; at < size; at += 4096) {
        memory[at] = (char)(at >> 12 | 1);
    }
    munmap(memory, size);
}

static void nothing(void)
{
}

/* What vmstat(8), sar(1) and test programs look for; and that the counters count. */
static void virtual_memory(void)
{
    static const char *const names[] = {"nr_free_pages",
                                        "nr_anon_pages",
                                        "nr_mapped",
                                        "nr_file_pages",
                                        "nr_dirty",
                                        "nr_writeback",
                                        "nr_shmem",
                                        "nr_page_table_pages",
                                        "pgpgin",
                                        "pgpgout",
                                        "pswpin",
                                        "pswpout",
                                        "pgfault",
                                        "pgmajfault",
                                        "pgscan_kswapd",
                                        "pgscan_direct",
                                        "pgsteal_kswapd",
                                        "pgsteal_direct",
                                        "allocstall_normal",
                                        "oom_kill"};
    long faults, reuse, scanned, stolen, swapped, written;
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(vm_counter(names[i]) >= 0);
    }
    faults = vm_counter("pgfault");
    touch(100 * 4096);
    CHECK(vm_counter("pgfault") >= faults + 100);

    reuse = vm_counter("pgreuse");
    *page = 1;
    CHECK(in_child(nothing) == 0); /* the child is gone: the page is this process's alone again */
    *page = 2;
    CHECK(vm_counter("pgreuse") > reuse);
    munmap(page, 4096);

    if (counter("/proc/meminfo", "MemTotal") > 20 * 1024 ||
        counter("/proc/meminfo", "SwapFree") < 32 * 1024) {
        return;
    }
    scanned = vm_counter("pgscan_kswapd") + vm_counter("pgscan_direct");
    stolen = vm_counter("pgsteal_kswapd") + vm_counter("pgsteal_direct");
    swapped = vm_counter("pswpout");
    written = vm_counter("pgpgout");
    touch(24 << 20);
    swapped = vm_counter("pswpout") - swapped;
    CHECK(swapped >= 1024); /* 24 MiB do not fit into 16 */
    CHECK(vm_counter("pgpgout") - written >= 4 * swapped);
    stolen = vm_counter("pgsteal_kswapd") + vm_counter("pgsteal_direct") - stolen;
    CHECK(stolen >= swapped);
    CHECK(vm_counter("pgscan_kswapd") + vm_counter("pgscan_direct") - scanned >= stolen);
}

void test_views(void)
{
    threads();
    rollup();
    frames();
    long_maps();
    virtual_memory();
}
