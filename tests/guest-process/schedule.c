/* SPDX-License-Identifier: MIT */
/* schedule.c - nice values and policies; locks of records in order; directories left behind. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void unprivileged(void)
{
    struct sched_param parameter = {.sched_priority = 10};

    CHECK(setuid(1000) == 0);
    CHECK(getpriority(PRIO_PROCESS, 0) == 3 && setpriority(PRIO_PROCESS, 0, 5) == 0);
    FAILS(setpriority(PRIO_PROCESS, 0, 4), EACCES);
    FAILS(setpriority(PRIO_PROCESS, 1, 19), EPERM);
    FAILS(sched_setscheduler(0, SCHED_FIFO, &parameter), EPERM);
}

static void priorities(void)
{
    struct sched_param parameter = {.sched_priority = 0};
    struct timespec slice;
    int before = getpriority(PRIO_PROCESS, 0), status;

    errno = 0;
    CHECK(setpriority(PRIO_PROCESS, 0, 3) == 0 && getpriority(PRIO_PROCESS, 0) == 3);
    CHECK(nice(2) == 5 && getpriority(PRIO_PROCESS, getpid()) == 5);
    CHECK(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
    FAILS(setpriority(4, 0, 0), EINVAL);
    FAILS(getpriority(PRIO_PROCESS, 999999), ESRCH);
    CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_get_priority_max(SCHED_FIFO) == 99);
    FAILS(sched_getscheduler(-1), EINVAL);
    FAILS(sched_getscheduler(999999), ESRCH);
    FAILS(sched_setscheduler(0, SCHED_RR, &parameter), EINVAL);
    FAILS(sched_setscheduler(0, 77, &parameter), EINVAL);
    CHECK(sched_rr_get_interval(0, &slice) == 0 && slice.tv_nsec > 0);
    if (geteuid() == 0) {
        setpriority(PRIO_PROCESS, 0, 3);
        status = in_child(unprivileged);
        CHECK(status == 0);
        parameter.sched_priority = 7;
        CHECK(sched_setscheduler(0, SCHED_RR, &parameter) == 0 &&
              sched_getscheduler(0) == SCHED_RR);
        parameter.sched_priority = 0;
        CHECK(sched_getparam(0, &parameter) == 0 && parameter.sched_priority == 7);
        parameter.sched_priority = 0;
        CHECK(sched_setscheduler(0, SCHED_OTHER, &parameter) == 0);
        setpriority(PRIO_PROCESS, 0, before);
    }
    CHECK(personality(0xffffffff) == 0);
}

/* F_GETLK tells the first lock that is in the way, in whatever order they were made. */
static void first_lock(void)
{
    struct flock lock = {F_WRLCK, SEEK_SET, 20, 5, 0};
    int fd = open("/tmp/proctest-lock", O_CREAT | O_RDWR, 0600), status;

    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    lock = (struct flock){F_RDLCK, SEEK_SET, 3, 4, 0};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    if (fork() == 0) {
        lock = (struct flock){F_WRLCK, SEEK_SET, 0, 0, 0};
        _exit(fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_RDLCK || lock.l_start != 3 ||
              lock.l_len != 4 || lock.l_pid != getppid());
    }
    CHECK(wait(&status) > 0 && status == 0);
    close(fd);
    unlink("/tmp/proctest-lock");
}

static void enter_closed(void)
{
    int fd = open("/tmp/proctest-closed", O_RDONLY | O_DIRECTORY);

    CHECK(setuid(1000) == 0);
    FAILS(fchdir(fd), EACCES);
}

static void directories(void)
{
    char text[256];
    int back = open(".", O_RDONLY), fd;

    CHECK(mkdir("/tmp/proctest-gone", 0700) == 0 && chdir("/tmp/proctest-gone") == 0);
    CHECK(rmdir("/tmp/proctest-gone") == 0);
    CHECK(getcwd(text, sizeof text) == NULL && errno == ENOENT);
    CHECK(fchdir(back) == 0);
    close(back);
    if (geteuid() == 0) {
        CHECK(mkdir("/tmp/proctest-closed", 0600) == 0);
        CHECK(in_child(enter_closed) == 0);
        rmdir("/tmp/proctest-closed");
    }
    fd = open("/proc/self/exe", O_RDONLY);
    FAILS(sync_file_range(fd, -1, 1, 0), EINVAL);
    FAILS(sync_file_range(fd, 0, 1, 8), EINVAL);
    close(fd);
}

void test_schedule(void)
{
    priorities();
    first_lock();
    directories();
}
