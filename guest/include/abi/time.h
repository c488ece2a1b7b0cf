/* SPDX-License-Identifier: MIT */
/*
 * time.h - clocks, timespec, timeval, interval timers, rusage, rlimit, tms, sysinfo,
 * utsname.  Source: Linux UAPI, linux/time.h, linux/resource.h, linux/sysinfo.h.
 */
#ifndef ABI_TIME_H
#define ABI_TIME_H

#include <stdint.h>

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define TIMER_ABSTIME 1u
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* Clock ticks a second in times(2), /proc/PID/stat and AT_CLKTCK. */
#define USER_HZ 100u

struct abi_timespec {
    int64_t sec, nsec;
};
struct abi_timeval {
    int64_t sec, usec;
};
struct abi_itimerval {
    struct abi_timeval interval, value;
};
#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

struct abi_tms {
    int64_t utime, stime, cutime, cstime;
};

struct abi_rusage {
    struct abi_timeval utime, stime;
    int64_t maxrss; /* KiB */
    int64_t ixrss, idrss, isrss;
    int64_t minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};
_Static_assert(sizeof(struct abi_rusage) == 144, "struct rusage");
#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD 1

struct abi_rlimit {
    uint64_t current, maximum;
};
#define RLIM_INFINITY (~(uint64_t)0)
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIMIT_COUNT 16

struct abi_sysinfo {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad[3];
    uint64_t totalhigh, freehigh;
    uint32_t mem_unit, pad2;
};
_Static_assert(sizeof(struct abi_sysinfo) == 112, "struct sysinfo");

struct abi_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

#endif
