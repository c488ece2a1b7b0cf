/* SPDX-License-Identifier: MIT */
/*
 * corner_exec.c - corner cases 28 to 30: exec, and what a program file becomes.
 */
#include "vm.h"

enum { MANY = 200, LONG = 100 * 1024 };

static u64 checksum(const char *s)
{
    u64 sum = 1469598103934665603ull;

    for (; *s != '\0'; s++)
        sum = (sum ^ (u8)*s) * 1099511628211ull;
    return sum;
}

static char long_text[LONG + 1];
static char numbers[MANY][16];

static void make_arguments(char **argv, const char *mode)
{
    size_t n = 0;

    for (size_t i = 0; i < LONG; i++)
        long_text[i] = (char)('a' + pattern_byte(i, 77) % 26);
    long_text[LONG] = '\0';
    argv[n++] = vm_program;
    argv[n++] = (char *)mode;
    argv[n++] = long_text;
    for (size_t i = 0; i < MANY; i++) {
        text_format(numbers[i], sizeof numbers[i], "argument-%u", (unsigned)i);
        argv[n++] = numbers[i];
    }
    argv[n] = NULL;
}

/* What the new program finds must be what make_arguments makes. */
static int check_arguments(int argc, char **argv)
{
    static char *want[MANY + 4];

    make_arguments(want, "--exec-arguments");
    if (argc != MANY + 3 || checksum(argv[2]) != checksum(want[2]))
        return 11;
    for (size_t i = 3; i < MANY + 3; i++) {
        if (!text_equal(argv[i], want[i]))
            return 12;
    }
    if (user_environment[0] == NULL || !text_equal(user_environment[0], "VMTEST=yes") ||
        user_environment[1] != NULL)
        return 13;
    return 0;
}

/* The type of each auxiliary entry that a C library relies on. */
static int check_auxv(void)
{
    u64 seen[64] = {0};

    for (const u64 *a = user_auxv; a[0] != 0; a += 2) {
        if (a[0] < 64)
            seen[a[0]] = a[1];
    }
    if (seen[6] != PAGE)
        return 21; /* AT_PAGESZ */
    /* AT_PHDR is 0 for a program none of whose segments holds the headers (Linux >= 5.18) */
    if (seen[4] != 56 || seen[5] == 0)
        return 22; /* AT_PHENT, AT_PHNUM */
    if (seen[25] == 0)
        return 23; /* AT_RANDOM: 16 bytes, readable */
    return *(volatile u8 *)seen[25] == 0 && ((volatile u8 *)seen[25])[1] == 0 &&
                   ((volatile u8 *)seen[25])[2] == 0
               ? 24
               : 0;
}

int vm_exec_helper(int argc, char **argv)
{
    if (text_equal(argv[1], "--exec-arguments"))
        return check_arguments(argc, argv);
    if (text_equal(argv[1], "--exec-auxv"))
        return check_auxv();
    return 0; /* --exec-true */
}

static int exec_arguments(void *arg)
{
    static char *argv[MANY + 4];
    char *envp[] = {(char *)"VMTEST=yes", NULL};

    (void)arg;
    make_arguments(argv, "--exec-arguments");
    sys_execve(vm_program, argv, envp);
    return 99;
}

static int exec_auxv(void *arg)
{
    char *argv[] = {vm_program, (char *)"--exec-auxv", NULL}, *envp[] = {NULL};

    (void)arg;
    sys_execve(vm_program, argv, envp);
    return 99;
}

int vm_corner_28(void)
{
    static char too_long[160 * 1024];
    char *argv[] = {vm_program, (char *)"--exec-true", too_long, NULL}, *envp[] = {NULL};

    if (under_user_emulation())
        return vm_skip("user-mode emulation cannot exec a riscv64 program");
    EXPECT(child_run(exec_arguments, NULL) == 0);
    EXPECT(child_run(exec_auxv, NULL) == 0);
    /* one string may have 128 KiB */
    memset(too_long, 'x', sizeof too_long - 1);
    EXPECT(sys_execve(vm_program, argv, envp) == -E2BIG);
    return VM_OK;
}

static bool put_file(const char *path, const void *data, size_t size, unsigned mode)
{
    int fd;
    bool ok;

    sys_unlink(path);
    fd = sys_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    ok = fd >= 0 && sys_write(fd, data, size) == (long)size;
    sys_close(fd);
    return ok;
}

int vm_corner_29(void)
{
    static u8 header[PAGE];
    u8 *at = pages_private(4);
    char path[64], *argv[] = {path, NULL}, *envp[] = {NULL};
    int fd;

    EXPECT(at != NULL);
    pattern_fill(at, 4 * PAGE, 17);
    text_format(path, sizeof path, "/tmp/vmtest-exec.%d", sys_getpid());
    EXPECT(sys_execve("/nonexistent", argv, envp) == -ENOENT);
    EXPECT(sys_execve("/tmp", argv, envp) == -EACCES);
    EXPECT(put_file(path, "plain text\n", 11, 0755));
    EXPECT(sys_execve(path, argv, envp) == -ENOEXEC);
    EXPECT(put_file(path, "plain text\n", 11, 0644));
    EXPECT(sys_execve(path, argv, envp) == -EACCES);
    /* our own header, cut off behind it: nothing of it may be believed */
    fd = sys_open(vm_program, O_RDONLY, 0);
    EXPECT(fd >= 0 && sys_read(fd, header, sizeof header) == (long)sizeof header);
    EXPECT(put_file(path, header, 20, 0755));
    EXPECT(sys_execve(path, argv, envp) == -ENOEXEC);
    if (on_faultline()) {
        /* program headers that lie outside the file */
        header[32] = 0;
        header[33] = 0xf0;
        header[34] = 0xff;
        EXPECT(put_file(path, header, sizeof header, 0755));
        EXPECT(sys_execve(path, argv, envp) < 0);
        EXPECT(SYS(execve, vm_program, 8, envp) == -EFAULT);
    }
    sys_unlink(path);
    EXPECT(pattern_check(at, 4 * PAGE, 17) == -1);
    return VM_OK;
}

extern char _edata[];
static u8 data_page[100] = {1, 2, 3};
static u8 zero_bytes[3 * PAGE];
static u8 zero_after[PAGE] __attribute__((aligned(4096)));

int vm_corner_30(void)
{
    const volatile u8 *zero = zero_bytes;

    EXPECT(data_page[0] == 1 && data_page[2] == 3 && data_page[99] == 0);
    for (size_t i = 0; i < sizeof zero_bytes; i++)
        EXPECT(zero[i] == 0);
    for (size_t i = 0; i < sizeof zero_after; i++)
        EXPECT(((const volatile u8 *)zero_after)[i] == 0);
    /* the zeroed part begins inside the data's last page */
    EXPECT(((u64)_edata & (PAGE - 1)) != 0);
    data_page[50] = 9;
    zero_bytes[0] = 8;
    zero_after[10] = 7;
    EXPECT(data_page[0] == 1 && zero_bytes[1] == 0 && zero_after[9] == 0);
    return VM_OK;
}
