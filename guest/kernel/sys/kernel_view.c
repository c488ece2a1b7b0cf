/* SPDX-License-Identifier: MIT */
/* kernel_view.c - /proc/version and /proc/sys/kernel: names and limits of the kernel. */
#include "abi/errno.h"
#include "abi/time.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "proc/process.h"
#include "proc/semaphore.h"
#include "sys/names.h"
#include "sys/syscall.h"
#include "sys/sysctl_view.h"

static int show_version(struct text_buffer *out)
{
    struct abi_utsname name;

    kernel_names(&name);
    text_printf(out, "%s version %s %s\n", name.sysname, name.release, name.version);
    return 0;
}

static int show_ostype(struct text_buffer *out)
{
    text_printf(out, "Linux\n");
    return 0;
}

static int show_osrelease(struct text_buffer *out)
{
    struct abi_utsname name;

    kernel_names(&name);
    text_printf(out, "%s\n", name.release);
    return 0;
}

static int show_hostname(struct text_buffer *out)
{
    struct abi_utsname name;

    kernel_names(&name);
    text_printf(out, "%s\n", name.nodename);
    return 0;
}

static int store_hostname(const char *text, size_t length)
{
    return kernel_set_hostname(text, length);
}

static int show_tainted(struct text_buffer *out)
{
    text_printf(out, "0\n");
    return 0;
}

static int show_core_pattern(struct text_buffer *out)
{
    text_printf(out, "core\n");
    return 0;
}

static int store_number(const char *text, size_t length, u64 *number)
{
    const char *end;
    u64 value;

    if (!string_to_u64(text, &end, &value) || end != text + length) {
        return -EINVAL;
    }
    *number = value;
    return 0;
}

static int show_shmmax(struct text_buffer *out)
{
    text_printf(out, "%lu\n", shm_limit_bytes);
    return 0;
}

static int store_shmmax(const char *text, size_t length)
{
    return store_number(text, length, &shm_limit_bytes);
}

static int show_shmall(struct text_buffer *out)
{
    text_printf(out, "%lu\n", shm_limit_pages);
    return 0;
}

static int store_shmall(const char *text, size_t length)
{
    return store_number(text, length, &shm_limit_pages);
}

static int show_slots(struct text_buffer *out)
{
    text_printf(out, "%u\n", IPC_SLOTS);
    return 0;
}

static int show_msgmax(struct text_buffer *out)
{
    text_printf(out, "%u\n", MESSAGE_MAX);
    return 0;
}

static int show_msgmnb(struct text_buffer *out)
{
    text_printf(out, "%u\n", QUEUE_ROOM);
    return 0;
}

static int show_sem(struct text_buffer *out)
{
    text_printf(out, "%u\t%u\t%u\t%u\n", SEMAPHORES_PER_SET, SEMAPHORES_PER_SET * IPC_SLOTS,
                SEMAPHORE_OPERATIONS, IPC_SLOTS);
    return 0;
}

static const struct procfs_entry entries[] = {
    {"version", show_version, NULL},
    {"sys/kernel/ostype", show_ostype, NULL},
    {"sys/kernel/osrelease", show_osrelease, NULL},
    {"sys/kernel/hostname", show_hostname, store_hostname},
    {"sys/kernel/tainted", show_tainted, NULL},
    {"sys/kernel/core_pattern", show_core_pattern, NULL},
    {"sys/kernel/shmmax", show_shmmax, store_shmmax},
    {"sys/kernel/shmall", show_shmall, store_shmall},
    {"sys/kernel/shmmni", show_slots, NULL},
    {"sys/kernel/msgmni", show_slots, NULL},
    {"sys/kernel/msgmax", show_msgmax, NULL},
    {"sys/kernel/msgmnb", show_msgmnb, NULL},
    {"sys/kernel/sem", show_sem, NULL},
};

void syscall_views_init(void)
{
    procfs_register(entries, ARRAY_LENGTH(entries));
    sysctl_views_init();
}
