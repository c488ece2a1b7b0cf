/* SPDX-License-Identifier: MIT */
/*
 * compare.c - a fixed set of scenarios, each with its faults, frames and
 * instructions: run once for each way of booting (vm.eager=..., vm.zeropage=off).
 *
 * One line for each scenario, for scripts as for readers:
 *     compare NAME faults N frames N instructions N
 * frames: free frames taken at the scenario's fullest moment.
 */
#include "helper.h"
#include "measure.h"
#include "text.h"

struct moment {
    u64 free;
};
static struct moment *fullest; /* shared with children */

static void note_frames(void)
{
    u64 now = measure_free() / PAGE;

    if (now < fullest->free)
        fullest->free = now;
}

static void scenario_heap(void)
{
    u8 *start = sys_brk(NULL);

    sys_brk(start + 256 * PAGE);
    pages_write(start, 16, 1);
    note_frames();
    sys_brk(start);
}

static void scenario_map(void)
{
    u8 *at = pages_private(1024);

    pages_write(at, 32, 1);
    note_frames();
    sys_munmap(at, 1024 * PAGE);
}

static void scenario_read(void)
{
    u8 *at = pages_private(256);

    pages_read(at, 256);
    note_frames();
    sys_munmap(at, 256 * PAGE);
}

static int write_few(void *arg)
{
    pages_write(arg, 8, 2);
    note_frames();
    return 0;
}

static void scenario_fork(void)
{
    u8 *at = pages_private(256);

    pages_write(at, 256, 1);
    child_run(write_few, at);
    sys_munmap(at, 256 * PAGE);
}

static int exec_sleep(void *arg)
{
    char *argv[] = {(char *)"sleep", (char *)"0.02", NULL}, *envp[] = {NULL};

    (void)arg;
    sys_execve("/bin/tools", argv, envp);
    return 127;
}

static int exec_tool(void *arg)
{
    char *argv[] = {(char *)"true", NULL}, *envp[] = {NULL};

    (void)arg;
    sys_execve("/bin/tools", argv, envp);
    return 127;
}

static void scenario_exec(void)
{
    for (int i = 0; i < 4; i++) {
        int pid = child_start(exec_sleep, NULL);

        sys_sleep_ms(10); /* it sleeps, with all that it has loaded */
        note_frames();
        child_wait(pid);
    }
}

static void scenario_fork_exec(void)
{
    u8 *at = pages_private(256);

    pages_write(at, 256, 1);
    child_run(exec_tool, NULL);
    note_frames();
    sys_munmap(at, 256 * PAGE);
}

static const struct scenario {
    const char *name, *text;
    void (*run)(void);
} scenarios[] = {
    {"heap", "the heap grows by 256 pages, 16 are written", scenario_heap},
    {"map", "1024 pages are mapped, 32 are written", scenario_map},
    {"read", "256 fresh pages are read", scenario_read},
    {"fork", "a process of 256 pages forks, the child writes 8", scenario_fork},
    {"exec", "a program is run 4 times", scenario_exec},
    {"fork-exec", "a process of 256 pages forks only to run a program", scenario_fork_exec},
};

static u64 count_faults(void)
{
    struct usage own, children;

    SYS(getrusage, 0, &own);
    SYS(getrusage, -1, &children);
    return (u64)(own.minflt + own.majflt + children.minflt + children.majflt);
}

static void run(const struct scenario *s)
{
    u64 faults, instructions, free;

    s->run(); /* caches are filled by a first round that does not count */
    free = measure_free() / PAGE;
    fullest->free = free;
    faults = count_faults();
    instructions = measure_instructions();
    s->run();
    instructions = measure_instructions() - instructions;
    faults = count_faults() - faults;
    say("compare %-10s faults %6lu frames %6lu instructions %9lu\n", s->name, faults,
        free - fullest->free, instructions);
}

int main(int argc, char **argv)
{
    static char line[1024];
    const char *options;

    fullest = (struct moment *)(void *)pages_shared(1);
    if (fullest == NULL)
        return 1;
    fullest->free = 0;
    if (text_read_file("/proc/cmdline", line, sizeof line) > 0) {
        options = text_find(line, "vm.");
        if (options == NULL)
            say("compare option none\n");
        for (const char *at = options; at != NULL; at = text_find(at + 3, "vm.")) {
            const char *end = at;

            while (*end > ' ')
                end++;
            say("compare option ");
            sys_write(1, at, (size_t)(end - at));
            say("\n");
        }
    }
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (argc > 1 && text_equal(argv[1], "-l"))
            say("%-10s %s\n", scenarios[i].name, scenarios[i].text);
        else
            run(&scenarios[i]);
    }
    return 0;
}
