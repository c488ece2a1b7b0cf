/* SPDX-License-Identifier: MIT */
/*
 * main.c - proctest: what programs rely on in processes, signals, threads and pipes,
 * checked call by call with an ordinary C library.
 *
 * usage: proctest [GROUP]...
 * Runs on a real Linux as well as in the guest.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int failures;
char own_path[4096];
char *volatile nowhere = (char *)16;

void check_at(const char *file, int line, bool ok, const char *what)
{
    if (!ok) {
        printf("%s:%d: %s (errno %d)\n", file, line, what, errno);
        failures++;
    }
}

int in_child(void (*function)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        failures = 0;
        function();
        _exit(failures);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"faults", test_faults},       {"signals", test_signals}, {"jobs", test_jobs},
    {"threads", test_threads},     {"exec", test_exec},       {"pipes", test_pipes},
    {"memory", test_memory},       {"views", test_views},     {"permissions", test_permissions},
    {"resources", test_resources}, {"tmpfs", test_tmpfs},     {"events", test_events},
    {"sockets", test_sockets},     {"ipc", test_ipc},         {"schedule", test_schedule},
    {"timers", test_timers},       {"core", test_core},       {"ptys", test_ptys}};

static bool is_wanted(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc == 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1 && strncmp(argv[1], "--exec-", 7) == 0) {
        return exec_helper(argc, argv);
    }
    if (readlink("/proc/self/exe", own_path, sizeof own_path - 1) <= 0) {
        strcpy(own_path, argv[0]);
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        int before = failures;

        if (is_wanted(argc, argv, groups[i].name)) {
            groups[i].run();
            printf("proctest %s: %s\n", groups[i].name, failures == before ? "ok" : "FAILED");
        }
    }
    return failures > 100 ? 100 : failures;
}
