/* SPDX-License-Identifier: MIT */
/* procfs_system.c - files of /proc about the machine, mounts, disks and interrupts. */
#include "abi/misc.h"
#include "abi/time.h"
#include "dev/block.h"
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "sync/hart.h"
#include "sync/irq.h"
#include "sync/sched.h"
#include "sync/time.h"

#define NS_PER_SECOND 1000000000ull
#define NS_PER_TICK (NS_PER_SECOND / USER_HZ)

static int show_cmdline(struct text_buffer *out)
{
    const char *text = boot_arguments();

    text_append(out, text, strlen(text));
    text_append(out, "\n", 1);
    return 0;
}

static int show_uptime(struct text_buffer *out)
{
    u64 up = time_now_ns(), idle = sched_idle_ns();

    text_printf(out, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / NS_PER_SECOND),
                (unsigned long long)(up % NS_PER_SECOND / 10000000),
                (unsigned long long)(idle / NS_PER_SECOND),
                (unsigned long long)(idle % NS_PER_SECOND / 10000000));
    return 0;
}

/* No averages are kept: all three are the number of runnable threads now. */
static int show_loadavg(struct text_buffer *out)
{
    unsigned long long running = sched_runnable();

    text_printf(out, "%llu.00 %llu.00 %llu.00 %llu/%u %u\n", running, running, running, running,
                proc_view_ops ? proc_view_ops->process_count() : 0,
                proc_view_ops ? proc_view_ops->last_pid() : 0);
    return 0;
}

static int show_cpuinfo(struct text_buffer *out)
{
    const char *isa = fdt_string(fdt_find_path("/cpus/cpu"), "riscv,isa");

    for (u32 i = 0; i < hart_count; i++) {
        text_printf(out, "processor\t: %u\nhart\t\t: %u\nisa\t\t: %s\nmmu\t\t: sv39\n\n", i,
                    harts[i].id, isa ? isa : "rv64gc");
    }
    return 0;
}

static int show_filesystems(struct text_buffer *out)
{
    const struct filesystem_ops *type;

    for (u32 i = 0; (type = filesystem_type_at(i)) != NULL; i++) {
        text_printf(out, "%s\t%s\n", type->needs_device ? "" : "nodev", type->type);
    }
    return 0;
}

int procfs_show_mounts(struct text_buffer *out)
{
    struct filesystem *first = mount_at(0);
    struct filesystem *fs;
    char path[256];

    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        if (path_of_inode(fs->root, first->root, path, sizeof(path)) < 0) {
            string_copy(path, "?", sizeof(path));
        }
        text_printf(out, "%s %s %s %s", fs->source, path, fs->ops->type,
                    fs->flags & MS_RDONLY ? "ro,noatime" : "rw,noatime");
        if (fs->ops->show_options) {
            fs->ops->show_options(fs, out);
        }
        text_printf(out, " 0 0\n");
    }
    return 0;
}

/* Mounts are numbered by their devices; what they are mounted on tells the parent. */
int procfs_show_mountinfo(struct text_buffer *out)
{
    struct filesystem *first = mount_at(0);
    struct filesystem *fs;
    char path[256];

    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        const char *rights = fs->flags & MS_RDONLY ? "ro" : "rw";
        u32 parent = fs->covered && fs->covered->fs ? (u32)fs->covered->fs->device : 0;

        if (path_of_inode(fs->root, first->root, path, sizeof(path)) < 0) {
            string_copy(path, "?", sizeof(path));
        }
        text_printf(out, "%u %u %u:%u / %s %s,noatime - %s %s %s\n", (u32)fs->device, parent,
                    (u32)DEV_MAJOR(fs->device), (u32)DEV_MINOR(fs->device), path, rights,
                    fs->ops->type, fs->source, rights);
    }
    return 0;
}

static int show_stat(struct text_buffer *out)
{
    u64 up = time_now_ns() * hart_count, idle = sched_idle_ns();
    u64 busy = up > idle ? up - idle : 0;

    text_printf(out, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", (unsigned long long)(busy / NS_PER_TICK),
                (unsigned long long)(idle / NS_PER_TICK));
    text_printf(out, "ctxt %llu\nbtime %llu\n", (unsigned long long)sched_switches(),
                (unsigned long long)((time_realtime_ns() - time_now_ns()) / NS_PER_SECOND));
    if (proc_view_ops) {
        text_printf(out, "processes %llu\nprocs_running %u\nprocs_blocked 0\n",
                    (unsigned long long)proc_view_ops->forks(), proc_view_ops->running_count());
    }
    return 0;
}

static int show_diskstats(struct text_buffer *out)
{
    const struct block_device *disk;

    for (u32 i = 0; (disk = block_at(i)) != NULL; i++) {
        text_printf(out, "%4u %7u %s %llu 0 %llu 0 %llu 0 %llu 0 0 0 0\n", 254, i * 16, disk->name,
                    (unsigned long long)disk->reads, (unsigned long long)disk->sectors_read,
                    (unsigned long long)disk->writes, (unsigned long long)disk->sectors_written);
    }
    return 0;
}

static int show_partitions(struct text_buffer *out)
{
    const struct block_device *disk;

    text_printf(out, "major minor  #blocks  name\n\n");
    for (u32 i = 0; (disk = block_at(i)) != NULL; i++) {
        text_printf(out, "%4u %7u %10llu %s\n", 254, i * 16, (unsigned long long)disk->sectors / 2,
                    disk->name);
    }
    return 0;
}

static int show_interrupts(struct text_buffer *out)
{
    for (u32 irq = 1; irq < IRQ_COUNT; irq++) {
        if (irq_count(irq) > 0) {
            text_printf(out, "%3u: %10llu\n", irq, (unsigned long long)irq_count(irq));
        }
    }
    return 0;
}

static int show_nothing(struct text_buffer *out)
{
    (void)out;
    return 0;
}

/*
 * "c" as on Linux: the kernel stores to address 0 and so ends in a panic, to try what happens then.
 * "c ADDRESS": to that one.
 */
static int store_sysrq(const char *text, size_t length)
{
    u64 address = 0;

    if (length == 0 || text[0] != 'c' || (length > 2 && !string_to_u64(text + 2, NULL, &address))) {
        return -EINVAL;
    }
    *(volatile u8 *)address = 0;
    return 0;
}

static const struct procfs_entry entries[] = {
    {"cmdline", show_cmdline, NULL},
    {"uptime", show_uptime, NULL},
    {"loadavg", show_loadavg, NULL},
    {"cpuinfo", show_cpuinfo, NULL},
    {"filesystems", show_filesystems, NULL},
    {"mounts", procfs_show_mounts, NULL},
    {"stat", show_stat, NULL},
    {"diskstats", show_diskstats, NULL},
    {"partitions", show_partitions, NULL},
    {"interrupts", show_interrupts, NULL},
    {"sysrq-trigger", show_nothing, store_sysrq},
};

void procfs_register_system(void)
{
    procfs_register(entries, ARRAY_LENGTH(entries));
}
