/* SPDX-License-Identifier: MIT */
/*
 * init.c - the first program: mounts, swap, then one command or a shell.
 *
 * `exec=CMD` at the end of the kernel's command line: CMD runs under /bin/sh with
 * its standard input, output and error on the virtio-console ports 1, 1 and 2
 * (the console where there are none), and the machine ends with its status.
 * Otherwise a shell on /dev/console; when it ends, the machine ends with its status.
 * Signals: SIGUSR2 and SIGTERM power off, SIGINT restarts.
 */
#include "text.h"
#include <linux/mount.h>
#include <linux/reboot.h>

#define TIOCSCTTY 0x540E

static void mount_one(const char *source, const char *target, const char *type, unsigned long flags)
{
    long r = SYS(mount, source, target, type, flags, 0);

    if (r < 0 && r != -EBUSY)
        say_to(2, "init: mount %s on %s: error %ld\n", source, target, -r);
}

/* The disk's purpose by its contents: swap area, volume named faulthost, or neither. */
static void adopt_disk(const char *path)
{
    static u8 head[4096];
    int fd = sys_open(path, O_RDONLY, 0);
    long n;

    if (fd < 0)
        return;
    n = sys_read(fd, head, sizeof head);
    sys_close(fd);
    if (n != (long)sizeof head)
        return;
    if (memcmp(head + 4086, "SWAPSPACE2", 10) == 0) {
        long r = SYS(swapon, path, 0);

        if (r < 0 && r != -EBUSY)
            say_to(2, "init: swapon %s: error %ld\n", path, -r);
    } else if (head[1024 + 56] == 0x53 && head[1024 + 57] == 0xef &&
               memcmp(head + 1024 + 120, "faulthost", 10) == 0) {
        mount_one(path, "/host", "ext2", MS_RDONLY);
    }
}

static void set_up(void)
{
    char path[] = "/dev/vda";

    mount_one("proc", "/proc", "proc", 0);
    mount_one("devtmpfs", "/dev", "devtmpfs", 0);
    mount_one("tmpfs", "/tmp", "tmpfs", 0);
    if (SYS(mkdirat, AT_FDCWD, "/dev/shm", 01777) != -ENOENT)
        mount_one("tmpfs", "/dev/shm", "tmpfs", 0);
    for (char letter = 'a'; letter <= 'p'; letter++) {
        path[7] = letter;
        adopt_disk(path);
    }
}

/* Ends the machine; `status` reaches the outside through the restart argument. */
static __attribute__((noreturn)) void power_off(int status)
{
    char argument[16];

    SYS(sync);
    text_format(argument, sizeof argument, "exit:%d", status);
    SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART2, argument);
    SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
    for (;;)
        sys_sleep_ms(1000);
}

static void move_fd(int from, int to)
{
    if (from >= 0 && from != to) {
        SYS(dup3, from, to, 0);
        if (from > 2)
            sys_close(from);
    }
}

static void open_console(void)
{
    int fd = sys_open("/dev/console", O_RDWR, 0);

    if (fd < 0)
        return;
    for (int i = 0; i < 3; i++) {
        if (i != fd)
            SYS(dup3, fd, i, 0);
    }
    if (fd > 2)
        sys_close(fd);
}

/* In the child: standard streams on the ports if the machine has them. */
static void open_ports(void)
{
    int in = sys_open("/dev/vport0p1", O_RDWR, 0);
    int error;

    if (in < 0)
        return;
    error = sys_open("/dev/vport0p2", O_RDWR, 0);
    SYS(dup3, in, 0, 0);
    SYS(dup3, in, 1, 0);
    move_fd(error, 2);
    if (in > 2)
        sys_close(in);
}

static char *environment[] = {
    "PATH=/bin:/sbin:/faultlab", "HOME=/root", "USER=root", "TERM=vt100", "PS1=# ", NULL};

/* Starts the shell with `command`, or interactively when it is NULL; returns its pid. */
static int start_shell(char *command)
{
    char *run[] = {"sh", "-c", command, NULL};
    char *interactive[] = {"-sh", NULL};
    int pid = sys_fork();

    if (pid != 0)
        return pid;
    SYS(setsid);
    if (command != NULL) {
        open_ports();
    } else {
        open_console();
        SYS(ioctl, 0, TIOCSCTTY, 1);
        SYS(chdir, "/root");
    }
    sys_execve("/bin/sh", command != NULL ? run : interactive, environment);
    say_to(2, "init: cannot run /bin/sh\n");
    sys_exit(127);
}

/* Reaps whatever ends until `pid` does; its status as a shell counts it. */
static int reap_until(int pid)
{
    for (;;) {
        int status = 0;
        int ended = sys_wait(-1, &status, 0);

        if (ended == pid)
            return status_exited(status) ? status_code(status) : 128 + status_signal(status);
        if (ended < 0 && ended != -EINTR)
            return 255;
    }
}

/* The command after "exec=", or NULL; the buffer is changed. */
static char *find_command(char *line, long length)
{
    static const char key[] = "exec=";

    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == ' '))
        line[--length] = '\0';
    for (char *p = line; *p != '\0'; p++) {
        if (text_starts(p, key) && (p == line || p[-1] == ' '))
            return p + sizeof key - 1;
    }
    return NULL;
}

static void on_end_signal(int signal)
{
    if (signal == SIGINT) {
        SYS(sync);
        SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
    }
    power_off(0);
}

static void handle(int signal)
{
    struct sigaction action = {.sa_handler = on_end_signal};

    SYS(rt_sigaction, signal, &action, 0, 8);
}

int main(int argc, char **argv)
{
    static char line[4096];
    char *command = NULL;
    long length;

    (void)argc;
    (void)argv;
    if (sys_getpid() != 1) {
        say_to(2, "init: only the kernel starts this program (as process 1)\n");
        return 2;
    }
    if (SYS(fcntl, 0, F_GETFD, 0) < 0)
        open_console();
    set_up();
    if (SYS(fcntl, 0, F_GETFD, 0) < 0)
        open_console();
    handle(SIGTERM);
    handle(SIGINT);
    handle(SIGUSR2);
    SYS(mlockall, 1 /* MCL_CURRENT */); /* a disk that fails must not take process 1 with it */
    length = text_read_file("/proc/cmdline", line, sizeof line);
    if (length > 0)
        command = find_command(line, length);
    if (command != NULL)
        power_off(reap_until(start_shell(command)));
    power_off(reap_until(start_shell(NULL)));
}
