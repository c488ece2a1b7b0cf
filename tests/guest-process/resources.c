/* SPDX-License-Identifier: MIT */
/* resources.c - limits, usage, ids, clocks, names, System V shared memory. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void limits(void)
{
    struct rlimit limit, old;
    int fd;

    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
    limit = old;
    limit.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    fd = dup(0);
    CHECK(fd == -1 && errno == EMFILE);
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
    limit.rlim_cur = limit.rlim_max + 1;
    FAILS(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
    FAILS(getrlimit(99, &limit), EINVAL);
}

static volatile sig_atomic_t seen;

static void note(int number)
{
    seen = number;
}

/* A file may not grow beyond RLIMIT_FSIZE; what fits is written. */
static void file_size_limit(void)
{
    struct rlimit limit = {1000, 1000};
    char path[] = "/tmp/limit-test.XXXXXX", text[600] = "";
    struct iovec parts[2] = {{text, 300}, {text, 300}};
    int fd = mkstemp(path);

    unlink(path);
    signal(SIGXFSZ, note);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(write(fd, text, 600) == 600 && seen == 0);
    CHECK(writev(fd, parts, 2) == 400);
    FAILS(write(fd, text, 1), EFBIG);
    CHECK(seen == SIGXFSZ);
    seen = 0;
    FAILS(ftruncate(fd, 1001), EFBIG);
    CHECK(seen == SIGXFSZ && ftruncate(fd, 10) == 0);
    FAILS(pwrite(fd, text, 1, 1000), EFBIG);
    CHECK(pwrite(fd, text, 600, 500) == 500);
    close(fd);
}

static void cpu_time_limit(void)
{
    struct rlimit limit = {1, 2};

    CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
    signal(SIGXCPU, note);
    while (seen != SIGXCPU) {
    }
    for (;;) { /* until SIGKILL */
    }
}

static void process_limit(void)
{
    struct rlimit limit = {1, 1};

    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
    switch (fork()) {
    case -1: /* there is no limit for root */
        CHECK(false);
        break;
    case 0:
        _exit(0);
    default:
        wait(NULL);
    }
    CHECK(setuid(65533) == 0);
    FAILS(fork(), EAGAIN);
}

static void enforced_limits(void)
{
    int status;

    CHECK(in_child(file_size_limit) == 0);
    status = in_child(cpu_time_limit);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(in_child(process_limit) == 0);
}

static void usage(void)
{
    struct rusage before, after;
    struct tms times_now;
    char *area;

    CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    area = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(area, 64 * 4096, MADV_RANDOM);
    for (int i = 0; i < 64; i++) {
        ((volatile char *)area)[i * 4096] = 1;
    }
    CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    CHECK(after.ru_minflt > before.ru_minflt && after.ru_maxrss > 0);
    munmap(area, 64 * 4096);
    for (volatile int i = 0; i < 30000000; i++) {
    }
    CHECK(times(&times_now) != (clock_t)-1 && times_now.tms_utime + times_now.tms_stime > 0);
    FAILS(getrusage(7, &after), EINVAL);
}

static void clocks(void)
{
    struct timespec first, second, resolution;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &first) == 0);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &second) == 0);
    CHECK(second.tv_sec > first.tv_sec ||
          (second.tv_sec == first.tv_sec && second.tv_nsec >= first.tv_nsec));
    CHECK(clock_getres(CLOCK_REALTIME, &resolution) == 0 && resolution.tv_sec == 0);
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &first) == 0);
    FAILS(clock_gettime(99, &first), EINVAL);
    CHECK(time(NULL) > 1000000000);
    first = (struct timespec){0, 1000000000};
    FAILS(nanosleep(&first, NULL), EINVAL);
    first = (struct timespec){0, 1};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &first, NULL) == 0); /* in the past */
}

static void change_ids(void)
{
    uid_t real, effective, saved;

    CHECK(setresuid(1000, 1001, 1002) == 0);
    CHECK(getresuid(&real, &effective, &saved) == 0 && real == 1000 && effective == 1001 &&
          saved == 1002);
    FAILS(setuid(0), EPERM);
    CHECK(seteuid(1002) == 0 && geteuid() == 1002);
}

static void system_wide(void)
{
    struct utsname name;
    struct sysinfo info;
    char bytes[64] = {0}, zeros[64] = {0};
    cpu_set_t set;
    unsigned cpu;

    CHECK(uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0);
    CHECK(sysinfo(&info) == 0 && info.totalram > info.freeram && info.procs > 0);
    CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes && memcmp(bytes, zeros, 64) != 0);
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
    CHECK(getcpu(&cpu, NULL) == 0 && CPU_ISSET(cpu, &set));
    CHECK(sched_yield() == 0);
    CHECK(getppid() > 0 && gettid() == getpid());
}

static void shared_segments(void)
{
    struct shmid_ds data;
    int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600), status;
    char *here = shmat(id, NULL, 0);
    pid_t child;

    CHECK(id >= 0 && here != (void *)-1);
    child = fork();
    if (child == 0) {
        strcpy(here + 4096, "from the child");
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(strcmp(here + 4096, "from the child") == 0);
    CHECK(shmctl(id, IPC_STAT, &data) == 0 && data.shm_segsz == 8192 && data.shm_nattch == 1);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(here[4096] == 'f'); /* lives while attached */
    CHECK(shmdt(here) == 0);
    CHECK(shmctl(id, IPC_STAT, &data) == -1);
    FAILS(shmdt(here), EINVAL);
    FAILS(shmget(12345, 4096, 0), ENOENT);
}

void test_resources(void)
{
    limits();
    enforced_limits();
    usage();
    clocks();
    if (getuid() == 0) {
        CHECK(in_child(change_ids) == 0);
    }
    system_wide();
    shared_segments();
}
