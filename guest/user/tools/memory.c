/* SPDX-License-Identifier: MIT */
/*
 * memory.c - ps, top, free, vmstat, swapon, swapoff: what /proc says of memory.
 */
#include "tools.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <unistd.h>

int tool_free(int argc, char **argv)
{
    static char text[8192];
    struct sysinfo info;
    uint64_t total, available, swap, swap_free, cached, unused;

    (void)argc;
    (void)argv;
    if (read_small("/proc/meminfo", text, sizeof text)) {
        total = number_after(text, "MemTotal");
        unused = number_after(text, "MemFree");
        available = number_after(text, "MemAvailable");
        cached = number_after(text, "Cached");
        swap = number_after(text, "SwapTotal");
        swap_free = number_after(text, "SwapFree");
    } else {
        if (sysinfo(&info) < 0)
            return complain("%s", strerror(errno));
        total = info.totalram * info.mem_unit / 1024;
        unused = available = info.freeram * info.mem_unit / 1024;
        cached = info.bufferram * info.mem_unit / 1024;
        swap = info.totalswap * info.mem_unit / 1024;
        swap_free = info.freeswap * info.mem_unit / 1024;
    }
    printf("%-6s %10s %10s %10s %10s %10s\n", "KiB", "total", "used", "free", "cached",
           "available");
    printf("%-6s %10lu %10lu %10lu %10lu %10lu\n", "memory", total, total - unused, unused, cached,
           available);
    printf("%-6s %10lu %10lu %10lu\n", "swap", swap, swap - swap_free, swap_free);
    return 0;
}

/* A process as /proc/PID/stat tells it (proc(5)). */
struct process {
    int pid, parent;
    char state, name[32];
    unsigned long minor, major, ticks, pages;
};

static bool read_process(int pid, struct process *p)
{
    char path[32], text[1024], *open_mark, *close_mark;
    unsigned long user, system;
    size_t length;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!read_small(path, text, sizeof text))
        return false;
    open_mark = strchr(text, '(');
    close_mark = strrchr(text, ')');
    if (open_mark == NULL || close_mark == NULL)
        return false;
    length = (size_t)(close_mark - open_mark - 1);
    if (length >= sizeof p->name)
        length = sizeof p->name - 1;
    p->pid = pid;
    memcpy(p->name, open_mark + 1, length);
    p->name[length] = '\0';
    if (sscanf(close_mark + 1,
               " %c %d %*d %*d %*d %*d %*u %lu %*u %lu %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u "
               "%*u %lu",
               &p->state, &p->parent, &p->minor, &p->major, &user, &system, &p->pages) != 7)
        return false;
    p->ticks = user + system;
    return true;
}

/* All processes; the array is the caller's. */
static struct process *read_all(size_t *count)
{
    struct process *list = NULL;
    struct dirent *d;
    DIR *dir = opendir("/proc");

    *count = 0;
    if (dir == NULL)
        return NULL;
    while ((d = readdir(dir)) != NULL) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        if (*count % 32 == 0)
            list = realloc(list, (*count + 32) * sizeof *list);
        if (list == NULL)
            break;
        if (read_process(atoi(d->d_name), &list[*count]))
            (*count)++;
    }
    closedir(dir);
    return list;
}

static int by_pid(const void *a, const void *b)
{
    return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

static int by_faults(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    unsigned long p = x->minor + x->major, q = y->minor + y->major;

    return p < q ? 1 : p > q ? -1 : by_pid(a, b);
}

static int print_processes(int (*order)(const void *, const void *))
{
    size_t count;
    struct process *list = read_all(&count);
    long tick = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE) / 1024;

    if (list == NULL)
        return complain_about("/proc");
    qsort(list, count, sizeof *list, order);
    printf("%6s %6s %c %8s %8s %8s %8s %s\n", "PID", "PPID", 'S', "MINOR", "MAJOR", "RSS-KiB",
           "TIME", "NAME");
    for (size_t i = 0; i < count; i++) {
        const struct process *p = &list[i];

        printf("%6d %6d %c %8lu %8lu %8lu %5lu.%02lu %s\n", p->pid, p->parent, p->state, p->minor,
               p->major, p->pages * (unsigned long)page, p->ticks / (unsigned long)tick,
               p->ticks % (unsigned long)tick * 100 / (unsigned long)tick, p->name);
    }
    free(list);
    return 0;
}

int tool_ps(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return print_processes(by_pid);
}

int tool_top(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "n:d:b", &o);
    long rounds;
    unsigned seconds;

    if (at < 0)
        return 2;
    rounds = o.set['n'] ? strtol(o.value['n'], NULL, 10) : isatty(1) ? 1000000 : 1;
    seconds = o.set['d'] ? (unsigned)atoi(o.value['d']) : 2;
    for (long i = 0; i < rounds; i++) {
        if (isatty(1) && !o.set['b'])
            fputs("\033[H\033[2J", stdout);
        if (print_processes(by_faults) != 0)
            return 1;
        fflush(stdout);
        if (i + 1 < rounds)
            sleep(seconds);
    }
    return 0;
}

static const char *const vm_keys[] = {"pgfault", "pgmajfault", "pgpgin",        "pgpgout",
                                      "pswpin",  "pswpout",    "pgscan_direct", "pgsteal_direct"};
enum { VM_KEYS = sizeof vm_keys / sizeof vm_keys[0] };

static bool read_vm(uint64_t *values, uint64_t *unused, uint64_t *swap_used)
{
    static char text[16384];

    if (!read_small("/proc/vmstat", text, sizeof text))
        return false;
    for (size_t i = 0; i < VM_KEYS; i++)
        values[i] = number_after(text, vm_keys[i]);
    if (!read_small("/proc/meminfo", text, sizeof text))
        return false;
    *unused = number_after(text, "MemFree");
    *swap_used = number_after(text, "SwapTotal") - number_after(text, "SwapFree");
    return true;
}

int tool_vmstat(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : seconds != 0 ? 1000000 : 1;
    uint64_t before[VM_KEYS] = {0}, now[VM_KEYS], unused, swap_used;

    printf("%10s %10s %9s %9s %9s %9s %9s %9s %9s %9s\n", "free-KiB", "swap-KiB", "faults", "major",
           "in", "out", "swap-in", "swap-out", "scanned", "freed");
    for (long i = 0; i < rounds; i++) {
        if (!read_vm(now, &unused, &swap_used))
            return complain_about("/proc/vmstat");
        printf("%10lu %10lu", unused, swap_used);
        for (size_t k = 0; k < VM_KEYS; k++)
            printf(" %9lu", now[k] - before[k]);
        putchar('\n');
        fflush(stdout);
        memcpy(before, now, sizeof before);
        if (i + 1 < rounds)
            sleep(seconds);
    }
    return 0;
}

int tool_swap_on(int argc, char **argv)
{
    static char text[4096];

    if (argc == 1) {
        if (!read_small("/proc/swaps", text, sizeof text))
            return complain_about("/proc/swaps");
        fputs(text, stdout);
        return 0;
    }
    return swapon(argv[1], 0) < 0 ? complain_about(argv[1]) : 0;
}

int tool_swap_off(int argc, char **argv)
{
    if (argc != 2)
        return usage();
    return swapoff(argv[1]) < 0 ? complain_about(argv[1]) : 0;
}
