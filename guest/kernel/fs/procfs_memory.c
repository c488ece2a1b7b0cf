/* SPDX-License-Identifier: MIT */
/* procfs_memory.c - files of /proc about memory: meminfo, swaps, faults, sys/vm. */
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/fault.h"
#include "mm/kalloc.h"
#include "mm/options.h"
#include "mm/pagecache.h"
#include "mm/shm.h"
#include "mm/space.h"
#include "mm/swap.h"

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void kib(struct text_buffer *out, const char *name, u64 pages)
{
    text_printf(out, "%s:%*llu kB\n", name, (int)(24 - strlen(name)),
                (unsigned long long)(pages * KIB_PER_PAGE));
}

static int show_meminfo(struct text_buffer *out)
{
    struct swap_info swap = {.name = NULL};
    u64 cached = cache_pages() + shm_pages();

    swap_get_info(&swap);
    kib(out, "MemTotal", frames_usable);
    kib(out, "MemFree", frames_free_count());
    kib(out, "MemAvailable", frames_free_count() + cache_pages());
    kib(out, "Buffers", 0);
    kib(out, "Cached", cached);
    kib(out, "SwapCached", swap.cached_pages);
    kib(out, "SwapTotal", swap.total_pages);
    kib(out, "SwapFree", swap.total_pages - swap.used_pages);
    kib(out, "Dirty", cache_dirty_pages());
    kib(out, "Writeback", cache_writeback_pages());
    kib(out, "Shmem", shm_pages());
    kib(out, "Slab", kalloc_pages());
    kib(out, "CommitLimit", vm_commit_limit());
    kib(out, "Committed_AS", vm_committed());
    return 0;
}

static void count(struct text_buffer *out, const char *name, u64 value)
{
    text_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static int show_swaps(struct text_buffer *out)
{
    struct swap_info swap;
    char path[32];

    text_printf(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    if (swap_get_info(&swap)) {
        snprintf(path, sizeof(path), "%s%s", swap.name[0] == '/' ? "" : "/dev/", swap.name);
        text_printf(out, "%-40spartition\t%llu\t\t%llu\t\t%d\n", path,
                    (unsigned long long)(swap.total_pages * KIB_PER_PAGE),
                    (unsigned long long)(swap.used_pages * KIB_PER_PAGE), swap.priority);
    }
    return 0;
}

/* Linux's columns; what a size has is what Linux calls kmalloc-SIZE. */
static int show_slabinfo(struct text_buffer *out)
{
    struct kalloc_class class;

    text_printf(out,
                "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> "
                "<objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : "
                "slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    for (unsigned i = 0; kalloc_class(i, &class); i++) {
        text_printf(
            out, "kmalloc-%-4u %10llu %10llu %6u %4u 1 : tunables 0 0 0 : slabdata %6llu %6llu 0\n",
            class.size, (unsigned long long)class.objects,
            (unsigned long long)(class.pages * class.per_page), class.size, class.per_page,
            (unsigned long long)class.pages, (unsigned long long)class.pages);
    }
    return 0;
}

static int show_faults(struct text_buffer *out)
{
#define FAULT_KIND(id, NAME, text, allowed, help) count(out, text, fault_counts[id]);
#include "event.def"
    return 0;
}

/* --- sys/vm ------------------------------------------------------------------------------ */

static int show_number(struct text_buffer *out, u64 value)
{
    text_printf(out, "%llu\n", (unsigned long long)value);
    return 0;
}

static int parse(const char *text, size_t length, u64 least, u64 most, u64 *value)
{
    const char *end;

    return string_to_u64(text, &end, value) && end == text + length && *value >= least &&
                   *value <= most
               ? 0
               : -EINVAL;
}

/* A number of vm_options with its limits: the pair of functions that the table needs. */
#define OPTION(field, least, most, after)                           \
    static int show_##field(struct text_buffer *out)                \
    {                                                               \
        return show_number(out, vm_options.field);                  \
    }                                                               \
    static int store_##field(const char *text, size_t length)       \
    {                                                               \
        u64 value;                                                  \
        int error = parse(text, length, least, most, &value);       \
                                                                    \
        if (!error) {                                               \
            vm_options.field = (__typeof__(vm_options.field))value; \
            after;                                                  \
        }                                                           \
        return error;                                               \
    }

OPTION(overcommit_memory, 0, 2, (void)0)
OPTION(overcommit_ratio, 0, 1000, (void)0)
OPTION(max_map_count, 0, 0x7fffffff, (void)0)
OPTION(swappiness, 0, 200, (void)0)
OPTION(panic_on_oom, 0, 2, (void)0)
OPTION(dirty_ratio, 0, 100, (void)0)
OPTION(dirty_background_ratio, 0, 100, (void)0)
OPTION(min_free_kbytes, 0, 1ull << 30, vm_watermarks_update())
OPTION(fault_around, 1, 512, vm_options_tidy())
OPTION(fault_ahead, 0, 512, (void)0)
OPTION(swap_ahead, 1, 32, (void)0)

static int show_policy(struct text_buffer *out)
{
    text_printf(out, "%s\n", policy_active->name);
    return 0;
}

u64 vm_caches_dropped;

static int show_drop_caches(struct text_buffer *out)
{
    return show_number(out, 0);
}

static void drop_pages(struct inode *inode)
{
    cache_drop_clean(inode);
}

/* 1: clean file pages that nobody maps; 2: kernel objects that are kept for the next who wants
 * them. */
static int store_drop_caches(const char *text, size_t length)
{
    u64 value;
    struct filesystem *fs;
    int error = parse(text, length, 1, 4, &value);

    if (error || (value & 1) == 0) {
        return error;
    }
    vm_caches_dropped++;
    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        inode_for_each(fs, drop_pages);
    }
    if (!error && (value & 2)) {
        mm_drop_kept();
    }
    return error;
}

static const struct procfs_entry entries[] = {
    {"meminfo", show_meminfo, NULL},
    {"vmstat", vmstat_show, NULL},
    {"swaps", show_swaps, NULL},
    {"slabinfo", show_slabinfo, NULL},
    {"faults", show_faults, NULL},
    {"sys/vm/overcommit_memory", show_overcommit_memory, store_overcommit_memory},
    {"sys/vm/overcommit_ratio", show_overcommit_ratio, store_overcommit_ratio},
    {"sys/vm/max_map_count", show_max_map_count, store_max_map_count},
    {"sys/vm/swappiness", show_swappiness, store_swappiness},
    {"sys/vm/panic_on_oom", show_panic_on_oom, store_panic_on_oom},
    {"sys/vm/dirty_ratio", show_dirty_ratio, store_dirty_ratio},
    {"sys/vm/dirty_background_ratio", show_dirty_background_ratio, store_dirty_background_ratio},
    {"sys/vm/min_free_kbytes", show_min_free_kbytes, store_min_free_kbytes},
    {"sys/vm/policy", show_policy, NULL},
    {"sys/vm/drop_caches", show_drop_caches, store_drop_caches},
    {"sys/vm/fault_around", show_fault_around, store_fault_around},
    {"sys/vm/fault_ahead", show_fault_ahead, store_fault_ahead},
    {"sys/vm/swap_ahead", show_swap_ahead, store_swap_ahead},
};

void procfs_register_memory(void)
{
    procfs_register(entries, ARRAY_LENGTH(entries));
}
