/* SPDX-License-Identifier: MIT */
/*
 * sysctl_view.c - numbers under /proc/sys that programs read, and may write, to learn or set the
 * limits of the system.  Those with a meaning here are kept to by their owners (proc/, sys/);
 * the others are only kept.
 */
#include "sys/sysctl_view.h"

#include "abi/errno.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "proc/process.h"

struct number {
    u64 value, least, most;
};

static int show(struct text_buffer *out, const struct number *number)
{
    text_printf(out, "%lu\n", number->value);
    return 0;
}

static int store(const char *text, size_t length, struct number *number)
{
    const char *end;
    u64 value;

    if (!string_to_u64(text, &end, &value) || end != text + length || value < number->least ||
        value > number->most) {
        return -EINVAL;
    }
    number->value = value;
    return 0;
}

/* NUMBER(name, path below /proc/sys, value at boot, least, most) */
#define NUMBERS                                                                   \
    NUMBER(nr_open, "fs/nr_open", 1048576, 8, 1048576)                            \
    NUMBER(file_max, "fs/file-max", 65536, 0, ~0ull >> 1)                         \
    NUMBER(pipe_max_size, "fs/pipe-max-size", 65536, 4096, 65536)                 \
    NUMBER(pipe_user_pages_soft, "fs/pipe-user-pages-soft", 16384, 0, ~0ull >> 1) \
    NUMBER(pipe_user_pages_hard, "fs/pipe-user-pages-hard", 0, 0, ~0ull >> 1)     \
    NUMBER(lease_break_time, "fs/lease-break-time", 45, 0, 0x7fffffff)            \
    NUMBER(threads_max, "kernel/threads-max", 4096, 1, 0x3fffffff)                \
    NUMBER(ngroups_max, "kernel/ngroups_max", 32, 32, 32)                         \
    NUMBER(cap_last_cap, "kernel/cap_last_cap", 40, 40, 40)                       \
    NUMBER(randomize, "kernel/randomize_va_space", 0, 0, 2)                       \
    NUMBER(page_cluster, "vm/page-cluster", 3, 0, 5)                              \
    NUMBER(nr_hugepages, "vm/nr_hugepages", 0, 0, 0)                              \
    NUMBER(oom_dump_tasks, "vm/oom_dump_tasks", 0, 0, 1)                          \
    NUMBER(oom_kill_allocating, "vm/oom_kill_allocating_task", 0, 0, 1)           \
    NUMBER(mmap_min_addr, "vm/mmap_min_addr", 65536, 0, ~0ull >> 1)

#define NUMBER(name, path, value, least, most)                 \
    static struct number number_##name = {value, least, most}; \
    static int show_##name(struct text_buffer *out)            \
    {                                                          \
        return show(out, &number_##name);                      \
    }                                                          \
    static int store_##name(const char *text, size_t length)   \
    {                                                          \
        return store(text, length, &number_##name);            \
    }
NUMBERS
#undef NUMBER

static int show_pid_max(struct text_buffer *out)
{
    text_printf(out, "%u\n", pid_maximum());
    return 0;
}

static int store_pid_max(const char *text, size_t length)
{
    struct number number = {0, PID_LEAST_MAXIMUM, pid_highest()};
    int error = store(text, length, &number);

    if (!error) {
        pid_set_maximum((u32)number.value);
    }
    return error;
}

static const struct procfs_entry entries[] = {
#define NUMBER(name, path, value, least, most) {"sys/" path, show_##name, store_##name},
    NUMBERS
#undef NUMBER
    {"sys/kernel/pid_max", show_pid_max, store_pid_max},
};

void sysctl_views_init(void)
{
    procfs_register(entries, ARRAY_LENGTH(entries));
}
