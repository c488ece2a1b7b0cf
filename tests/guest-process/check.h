/* SPDX-License-Identifier: MIT */
/* check.h - the checks of proctest: what fails is printed, the number is the exit status. */
#ifndef PROCTEST_CHECK_H
#define PROCTEST_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

extern int failures;

void check_at(const char *file, int line, bool ok, const char *what);

#define CHECK(condition) check_at(__FILE_NAME__, __LINE__, (condition), #condition)
#define FAILS(call, number) \
    check_at(__FILE_NAME__, __LINE__, (call) == -1 && errno == (number), #call " -> " #number)

/* Runs a function in a child and waits.  => wait status */
int in_child(void (*function)(void));

void test_faults(void);      /* SIGSEGV and SIGBUS, alternative stacks */
void test_signals(void);     /* masks, queues, restarting, timers */
void test_jobs(void);        /* stop, continue, wait, groups, sessions, orphans */
void test_threads(void);     /* pthreads, futexes, exec and exit among threads */
void test_exec(void);        /* arguments, scripts, errors, descriptors */
void test_pipes(void);       /* pipes, FIFOs, poll, select, eventfd */
void test_memory(void);      /* what memory calls refuse, memory locks, seals */
void test_views(void);       /* /proc about processes, threads, pages */
void test_permissions(void); /* files of others */
void test_resources(void);   /* limits, usage, ids, clocks, shared memory */
void test_tmpfs(void);       /* a full file system in memory */
void test_events(void);      /* timerfd, signalfd, epoll */
void test_sockets(void);     /* AF_UNIX */
void test_ipc(void);         /* System V semaphores, messages, segments */
void test_schedule(void);    /* nice values, policies, order of locks */
void test_timers(void);      /* timer_create */
void test_core(void);        /* core files */
void test_ptys(void);        /* pseudo-terminals */

/* What proctest does when it is executed by itself: argv[1] is "--exec-...".  => exit status */
int exec_helper(int argc, char **argv);

extern char own_path[]; /* this program */
extern char
    *volatile nowhere; /* an address where nothing is; volatile: the compiler must not see */

#endif
