/* SPDX-License-Identifier: MIT */
/* kernel_view.c - /proc/version and /proc/sys/kernel: names and limits of the kernel. */
#include "abi/errno.h"
#include "abi/time.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "proc/process.h"
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

static int show_shmmax(struct text_buffer *out)
{
    text_printf(out, "%lu\n", SEGMENT_SIZE_MAX);
    return 0;
}

static int show_shmmni(struct text_buffer *out)
{
    text_printf(out, "%u\n", SEGMENTS_MAX);
    return 0;
}

static int show_shmall(struct text_buffer *out)
{
    text_printf(out, "%lu\n", SEGMENT_SIZE_MAX / PAGE_SIZE);
    return 0;
}

static const struct procfs_entry entries[] = {
    {"version", show_version, NULL},
    {"sys/kernel/ostype", show_ostype, NULL},
    {"sys/kernel/osrelease", show_osrelease, NULL},
    {"sys/kernel/hostname", show_hostname, store_hostname},
    {"sys/kernel/tainted", show_tainted, NULL},
    {"sys/kernel/core_pattern", show_core_pattern, NULL},
    {"sys/kernel/shmmax", show_shmmax, NULL},
    {"sys/kernel/shmmni", show_shmmni, NULL},
    {"sys/kernel/shmall", show_shmall, NULL},
};

void syscall_views_init(void)
{
    procfs_register(entries, ARRAY_LENGTH(entries));
    sysctl_views_init();
}
