/* SPDX-License-Identifier: MIT */
/*
 * system.c - mount, df, sync, dmesg, uname, id, date, env, kill, sleep, seq, time,
 * xargs, poweroff and other small ones.
 */
#include "tools.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int tool_succeed(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int tool_fail(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

int tool_clear(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("\033[H\033[2J", stdout);
    return 0;
}

int tool_echo(int argc, char **argv)
{
    bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;

    for (int i = newline ? 1 : 2; i < argc; i++)
        printf("%s%s", argv[i], i + 1 < argc ? " " : "");
    if (newline)
        putchar('\n');
    return 0;
}

int tool_pwd(int argc, char **argv)
{
    char *path = getcwd(NULL, 0);

    (void)argc;
    (void)argv;
    if (path == NULL)
        return complain("%s", strerror(errno));
    puts(path);
    free(path);
    return 0;
}

static int run_command(char **argv)
{
    execvp(argv[0], argv);
    complain_about(argv[0]);
    return errno == ENOENT ? 127 : 126;
}

int tool_env(int argc, char **argv)
{
    int at = 1;

    for (; at < argc && strchr(argv[at], '=') != NULL; at++)
        putenv(argv[at]);
    if (at < argc)
        return run_command(argv + at);
    for (char **e = environ; *e != NULL; e++)
        puts(*e);
    return 0;
}

int tool_date(int argc, char **argv)
{
    const char *format = "%a %b %e %H:%M:%S UTC %Y";
    time_t now = time(NULL);
    char text[256];
    struct tm tm;

    if (argc > 1) {
        if (argv[1][0] != '+')
            return usage();
        format = argv[1] + 1;
    }
    gmtime_r(&now, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    strftime(text, sizeof text, format, &tm);
#pragma GCC diagnostic pop
    puts(text);
    return 0;
}

int tool_uname_tool(int argc, char **argv)
{
    struct utsname u;
    struct options o;
    const char *gap = "";
    int at = take_options(argc, argv, "asnrvm", &o);

    if (at < 0 || uname(&u) < 0)
        return 2;
    const struct {
        char letter;
        const char *text;
    } parts[] = {
        {'s', u.sysname}, {'n', u.nodename}, {'r', u.release}, {'v', u.version}, {'m', u.machine}};

    if (argc == 1)
        o.set['s'] = true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (o.set['a'] || o.set[(unsigned char)parts[i].letter]) {
            printf("%s%s", gap, parts[i].text);
            gap = " ";
        }
    }
    putchar('\n');
    return 0;
}

int tool_id(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("uid=%u gid=%u euid=%u egid=%u\n", getuid(), getgid(), geteuid(), getegid());
    return 0;
}

int tool_sleep_tool(int argc, char **argv)
{
    double seconds;
    struct timespec t;
    char *end;

    if (argc != 2)
        return usage();
    seconds = strtod(argv[1], &end);
    if (*end != '\0' || !(seconds >= 0) || seconds > 1e9)
        return usage();
    t.tv_sec = (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        continue;
    return 0;
}

int tool_seq(int argc, char **argv)
{
    long first = 1, step = 1, last;

    if (argc < 2 || argc > 4)
        return usage();
    last = strtol(argv[argc - 1], NULL, 10);
    if (argc > 2)
        first = strtol(argv[1], NULL, 10);
    if (argc > 3)
        step = strtol(argv[2], NULL, 10);
    if (step == 0)
        return complain("the step must not be 0");
    for (long n = first; step > 0 ? n <= last : n >= last; n += step)
        printf("%ld\n", n);
    return 0;
}

int tool_kill_tool(int argc, char **argv)
{
    int signal = SIGTERM, at = 1, status = 0;

    if (argc > 1 && argv[1][0] == '-' && argc > 2) {
        signal = signal_by_name(argv[1] + 1);
        at = 2;
    }
    if (signal < 0 || at >= argc)
        return usage();
    for (; at < argc; at++) {
        if (kill((pid_t)strtol(argv[at], NULL, 10), signal) < 0)
            status |= complain_about(argv[at]);
    }
    return status;
}

int tool_sync_tool(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sync();
    return 0;
}

int tool_poweroff(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sync();
    reboot(RB_POWER_OFF);
    return complain("%s", strerror(errno));
}

int tool_reboot_tool(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sync();
    reboot(RB_AUTOBOOT);
    return complain("%s", strerror(errno));
}

int tool_dmesg(int argc, char **argv)
{
    static char log[1 << 18];
    int n = klogctl(3, log, sizeof log);

    (void)argc;
    (void)argv;
    if (n < 0)
        return complain("%s", strerror(errno));
    for (int i = 0; i < n; i++) {
        /* "<6>" at the start of a line is the level */
        if ((i == 0 || log[i - 1] == '\n') && log[i] == '<' && i + 2 < n && log[i + 2] == '>')
            i += 2;
        else
            putchar(log[i]);
    }
    return 0;
}

int tool_uptime(int argc, char **argv)
{
    char text[64], load[64] = "";
    unsigned long seconds;

    (void)argc;
    (void)argv;
    if (!read_small("/proc/uptime", text, sizeof text))
        return complain_about("/proc/uptime");
    read_small("/proc/loadavg", load, sizeof load);
    seconds = strtoul(text, NULL, 10);
    printf("up %lu:%02lu:%02lu  load %.14s\n", seconds / 3600, seconds / 60 % 60, seconds % 60,
           load);
    return 0;
}

/* Splits -o: the words that are flags, and in `own` those that the file system wants to know. */
static unsigned long mount_options(const char *list, char *own, size_t size)
{
    unsigned long flags = 0;
    size_t used = 0;

    while (*list != '\0') {
        const char *comma = strchr(list, ',');
        size_t length = comma != NULL ? (size_t)(comma - list) : strlen(list);

        if (length == 2 && memcmp(list, "ro", 2) == 0)
            flags |= MS_RDONLY;
        else if (length == 7 && memcmp(list, "remount", 7) == 0)
            flags |= MS_REMOUNT;
        else if (memchr(list, '=', length) != NULL && used + length + 2 < size) {
            if (used > 0)
                own[used++] = ',';
            memcpy(own + used, list, length);
            used += length;
        }
        list += length + (comma != NULL);
    }
    own[used] = '\0';
    return flags;
}

int tool_mount_tool(int argc, char **argv)
{
    unsigned long flags = 0;
    struct options o;
    int at = take_options(argc, argv, "t:o:r", &o);
    static char text[8192], own[256];

    if (at < 0)
        return 2;
    if (at == argc) {
        if (!read_small("/proc/mounts", text, sizeof text))
            return complain_about("/proc/mounts");
        fputs(text, stdout);
        return 0;
    }
    if (o.set['r'])
        flags |= MS_RDONLY;
    if (o.set['o'])
        flags |= mount_options(o.value['o'], own, sizeof own);
    if (argc - at != ((flags & MS_REMOUNT) != 0 ? 1 : 2))
        return usage();
    if (mount(argv[at], argv[argc - 1], o.set['t'] ? o.value['t'] : "ext2", flags, own) < 0)
        return complain_about(argv[argc - 1]);
    return 0;
}

int tool_umount_tool(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++) {
        if (umount(argv[i]) < 0)
            status |= complain_about(argv[i]);
    }
    return status;
}

static int print_room(const char *source, const char *directory)
{
    unsigned long long unit, used;
    struct statfs s;

    if (statfs(directory, &s) < 0)
        return complain_about(directory);
    if (s.f_blocks == 0)
        return 0;
    unit = (unsigned long long)s.f_bsize;
    used = s.f_blocks - s.f_bfree;
    printf("%-14s %10llu %10llu %10llu %3llu%% %s\n", source, s.f_blocks * unit / 1024,
           used * unit / 1024, s.f_bavail * unit / 1024, used * 100 / s.f_blocks, directory);
    return 0;
}

int tool_df(int argc, char **argv)
{
    static char text[8192];
    int status = 0;

    printf("%-14s %10s %10s %10s %4s %s\n", "file system", "KiB", "used", "free", "use", "on");
    for (int i = 1; i < argc; i++)
        status |= print_room("-", argv[i]);
    if (argc > 1)
        return status;
    if (!read_small("/proc/mounts", text, sizeof text))
        return print_room("root", "/");
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char source[64], directory[192];

        if (sscanf(line, "%63s %191s", source, directory) == 2)
            status |= print_room(source, directory);
    }
    return status;
}

int tool_time_tool(int argc, char **argv)
{
    struct timespec before, after;
    struct rusage u;
    double elapsed;
    int status;
    pid_t pid;

    if (argc < 2)
        return usage();
    clock_gettime(CLOCK_MONOTONIC, &before);
    pid = fork();
    if (pid < 0)
        return complain("fork: %s", strerror(errno));
    if (pid == 0)
        _exit(run_command(argv + 1));
    while (wait4(pid, &status, 0, &u) < 0 && errno == EINTR)
        continue;
    clock_gettime(CLOCK_MONOTONIC, &after);
    elapsed =
        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    fprintf(stderr,
            "real %.3fs  user %ld.%03lds  system %ld.%03lds  faults %ld minor, %ld major  "
            "peak %ld KiB\n",
            elapsed, (long)u.ru_utime.tv_sec, (long)u.ru_utime.tv_usec / 1000,
            (long)u.ru_stime.tv_sec, (long)u.ru_stime.tv_usec / 1000, u.ru_minflt, u.ru_majflt,
            u.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_batch(char **list)
{
    int status;
    pid_t pid = fork();

    if (pid < 0)
        return complain("fork: %s", strerror(errno));
    if (pid == 0)
        _exit(run_command(list));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 123;
}

int tool_xargs(int argc, char **argv)
{
    enum { MOST = 512 };
    static char *list[MOST + 2], word[4096];
    static char echo[] = "echo";
    int at, fixed = 0, count, limit, status = 0;
    bool any = false;
    struct options o;

    at = argc > 1 && strncmp(argv[1], "-n", 2) == 0
             ? take_options(argc > 3 ? 3 : argc, argv, "n:", &o)
             : (o = (struct options){0}, 1);
    if (at < 0)
        return 2;
    limit = o.set['n'] ? atoi(o.value['n']) : MOST;
    if (at == argc)
        list[fixed++] = echo;
    for (; at < argc && fixed < MOST / 2; at++)
        list[fixed++] = argv[at];
    count = fixed;
    while (scanf("%4095s", word) == 1) {
        list[count++] = strdup(word);
        if (count - fixed >= limit || count >= MOST) {
            list[count] = NULL;
            status |= run_batch(list);
            any = true;
            while (count > fixed)
                free(list[--count]);
        }
    }
    list[count] = NULL;
    if (count > fixed || !any)
        status |= run_batch(list);
    return status;
}
