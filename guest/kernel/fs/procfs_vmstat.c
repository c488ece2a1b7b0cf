/* SPDX-License-Identifier: MIT */
/*
 * procfs_vmstat.c - /proc/vmstat: counts of pages now (nr_*) and of events since boot, under the
 * names that Linux gives them ("Documentation/filesystems/proc.rst") where both mean the same.
 * What this kernel does not do has no line.
 */
#include "dev/block.h"
#include "fs/procfs_node.h"
#include "mm/fault.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/oom.h"
#include "mm/pagecache.h"
#include "mm/reclaim.h"
#include "mm/shm.h"

static void count(struct text_buffer *out, const char *name, u64 value)
{
    text_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

/* Pages by use.  They are counted when somebody asks: counting them always would cost each fault.
 */
struct census {
    u64 anon, mapped, tables, locked;
};

static struct census take_census(void)
{
    struct census found = {0};

    for (u64 i = 0; i < frame_count; i++) {
        const struct frame *frame = &frame_table[i];
        u64 counts = __atomic_load_n(&frame->counts, __ATOMIC_RELAXED);
        bool mapped = counts >> 32 != 0;

        if ((u32)counts == 0) {
            continue;
        }
        switch (frame->kind) {
        case FRAME_ANON:
            found.anon += mapped;
            break;
        case FRAME_FILE:
        case FRAME_SHM:
            found.mapped += mapped;
            break;
        case FRAME_PGTABLE:
            found.tables++;
            break;
        default:
            break;
        }
        found.locked += mapped && (frame_flags(frame) & FRAME_MLOCKED) != 0;
    }
    return found;
}

static void show_pages(struct text_buffer *out)
{
    const struct census found = take_census();

    count(out, "nr_free_pages", frames_free_count());
    count(out, "nr_anon_pages", found.anon);
    count(out, "nr_mapped", found.mapped);
    count(out, "nr_file_pages", cache_pages() + shm_pages());
    count(out, "nr_shmem", shm_pages());
    count(out, "nr_dirty", cache_dirty_pages());
    count(out, "nr_writeback", cache_writeback_pages());
    count(out, "nr_mlock", found.locked);
    count(out, "nr_page_table_pages", found.tables);
    count(out, "nr_slab_unreclaimable", kalloc_pages());
}

/* What went between memory and disks, swap included, in KiB as on Linux. */
static void show_traffic(struct text_buffer *out)
{
    u64 in = 0, out_sectors = 0;
    struct block_device *disk;

    for (u32 i = 0; (disk = block_at(i)) != NULL; i++) {
        in += disk->sectors_read;
        out_sectors += disk->sectors_written;
    }
    count(out, "pgpgin", in / 2);
    count(out, "pgpgout", out_sectors / 2);
    count(out, "pswpin", reclaim_counters.swap_ins);
    count(out, "pswpout", reclaim_counters.swap_outs);
}

static void show_faults(struct text_buffer *out)
{
    count(out, "pgfault", fault_minor_count() + fault_major_count());
    count(out, "pgmajfault", fault_major_count());
    count(out, "pgreuse", fault_counts[FAULT_COW_REUSE]);
    count(out, "fault_ahead_pages", fault_ahead_pages);
}

/* "kswapd" is Linux's name for the thread that is called pageout here. */
static void show_reclaim(struct text_buffer *out)
{
    const struct reclaim_counters *done = &reclaim_counters;

    count(out, "pgscan_kswapd", done->scanned[false]);
    count(out, "pgscan_direct", done->scanned[true]);
    count(out, "pgsteal_kswapd", done->freed[false]);
    count(out, "pgsteal_direct", done->freed[true]);
    count(out, "pgsteal_anon", done->anon_evicted + done->shm_evicted);
    count(out, "pgsteal_file", done->file_evicted);
    count(out, "pgsteal_shmem", done->shm_evicted);
    count(out, "swap_clean", done->clean_swap_evictions);
    count(out, "pageoutrun", done->rounds[false]);
    count(out, "allocstall_normal", done->rounds[true]);
    count(out, "workingset_refault_anon", done->anon_refaults);
    count(out, "workingset_refault_file", done->file_refaults);
    count(out, "drop_pagecache", vm_caches_dropped);
    count(out, "oom_kill", oom_kills);
}

int vmstat_show(struct text_buffer *out)
{
    show_pages(out);
    show_traffic(out);
    show_faults(out);
    show_reclaim(out);
    return 0;
}
