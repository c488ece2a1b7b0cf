/* SPDX-License-Identifier: MIT */
/*
 * tables.c - touches one page in each 2 MiB, so that every fault needs a page table too, until
 * memory is gone and the process is killed.  In which of the two the last frame ends depends on how
 * many pages were touched before: the first argument.  With a second one another process, on
 * another hart, takes and gives back pages all the while, so that frames lie in that hart's batch.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define STEP (2ul << 20)
#define RANGE (64ul << 30)
#define CHURN (64 * PAGE)

static void pin(int hart)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(hart, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static char *map(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
}

static void touch(char *memory, size_t size, size_t step)
{
    for (size_t at = 0; at < size; at += step) {
        memory[at] = 1;
    }
}

static void churn(void)
{
    pin(1);
    for (;;) {
        char *memory = map(CHURN);

        touch(memory, CHURN, PAGE);
        munmap(memory, CHURN);
    }
}

int main(int count, char **arguments)
{
    pid_t toucher, churner = fork();
    int status;

    if (churner == 0) {
        if (count > 2) {
            churn();
        }
        pause();
    }
    toucher = fork();
    if (toucher == 0) {
        pin(0);
        touch(map(64 * PAGE), count > 1 ? (size_t)atoi(arguments[1]) * PAGE : 0, PAGE);
        touch(map(RANGE), RANGE, STEP);
        _exit(3); /* not with so little memory */
    }
    waitpid(toucher, &status, 0);
    kill(churner, SIGKILL); /* in the middle of an munmap the books would not be right */
    waitpid(churner, NULL, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1;
}
