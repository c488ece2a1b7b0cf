/* SPDX-License-Identifier: MIT */
/* memory_view.c - /proc/PID/maps, smaps, statm, cmdline, environ, auxv and faults. */
#include "abi/errno.h"
#include "abi/misc.h"
#include "abi/stat.h"
#include "fs/context.h"
#include "fs/path.h"
#include "fs/text.h"
#include "fs/vfs.h"
#include "lib/printf.h"
#include "mm/area.h"
#include "mm/kalloc.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/rmap.h"
#include "mm/space.h"
#include "probe.h"
#include "proc/process.h"
#include "proc/view.h"

static const char *const fault_names[FAULT_KIND_COUNT] = {
#define FAULT_KIND(id, NAME, text, allowed, help) [id] = text,
#include "event.def"
};

struct area_text {
    struct text_buffer *out;
    struct inode *root;
    char *path; /* a page */
};

/* Text of one line of maps, padded so that names stand in one column. */
static void show_map_line(struct area_text *text, const struct area_view *area)
{
    struct abi_stat stat = {0};
    char line[80];
    int length;

    if (area->inode) {
        vfs_stat(area->inode, &stat);
    }
    length = snprintf(line, sizeof line, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", area->start,
                      area->end, (area->prot & 1) ? 'r' : '-', (area->prot & 2) ? 'w' : '-',
                      (area->prot & 4) ? 'x' : '-', (area->flags & AREA_FLAG_SHARED) ? 's' : 'p',
                      area->offset, DEV_MAJOR(stat.dev), DEV_MINOR(stat.dev), stat.ino);
    (void)length;
    if (area->name) {
        text_printf(text->out, "%-72s %s\n", line, area->name);
    } else if (area->inode && text->path &&
               path_of_inode(area->inode, text->root, text->path, PAGE_SIZE) > 0) {
        text_printf(text->out, "%-72s %s\n", line, text->path);
    } else if (area->inode) {
        text_printf(text->out, "%-72s %s\n", line, "/dev/zero (deleted)");
    } else {
        text_printf(text->out, "%s\n", line);
    }
}

static void show_map(const struct area_view *area, void *argument)
{
    show_map_line(argument, area);
}

static void show_counts(const struct area_view *area, struct text_buffer *out);

static void show_smap(const struct area_view *area, void *argument)
{
    struct area_text *text = argument;

    show_map_line(text, area);
    text_printf(text->out,
                "Size:           %8lu kB\nKernelPageSize: %8u kB\nMMUPageSize:    %8u kB\n",
                (area->end - area->start) / 1024, 4u, 4u);
    show_counts(area, text->out);
    text_printf(
        text->out, "VmFlags: %s%s%s%s%s%s%s\n", area->prot & 1 ? "rd " : "",
        area->prot & 2 ? "wr " : "", area->prot & 4 ? "ex " : "",
        area->flags & AREA_FLAG_SHARED ? "sh " : "", area->flags & AREA_FLAG_GROWSDOWN ? "gd " : "",
        area->flags & AREA_FLAG_LOCKED ? "lo " : "", area->flags & AREA_FLAG_DONTFORK ? "dc " : "");
}

static void show_counts(const struct area_view *area, struct text_buffer *out)
{
    const u64 kib = PAGE_SIZE / 1024;

    text_printf(out, "Rss:            %8lu kB\nPss:            %8lu kB\n", area->resident * kib,
                area->proportional / 1024);
    text_printf(out, "Shared_Clean:   %8lu kB\nShared_Dirty:   %8lu kB\n", area->shared_clean * kib,
                area->shared_dirty * kib);
    text_printf(out, "Private_Clean:  %8lu kB\nPrivate_Dirty:  %8lu kB\n",
                area->private_clean * kib, area->private_dirty * kib);
    text_printf(out, "Referenced:     %8lu kB\nAnonymous:      %8lu kB\n", area->referenced * kib,
                area->anonymous * kib);
    text_printf(out, "Swap:           %8lu kB\nLocked:         %8lu kB\n", area->swapped * kib,
                area->locked * kib);
}

struct rollup {
    struct area_view sum;
    u64 first, last;
};

static void add_up(const struct area_view *area, void *argument)
{
    struct rollup *all = argument;

    all->first = all->first ? all->first : area->start;
    all->last = area->end;
    all->sum.resident += area->resident;
    all->sum.proportional += area->proportional;
    all->sum.shared_clean += area->shared_clean;
    all->sum.shared_dirty += area->shared_dirty;
    all->sum.private_clean += area->private_clean;
    all->sum.private_dirty += area->private_dirty;
    all->sum.referenced += area->referenced;
    all->sum.anonymous += area->anonymous;
    all->sum.swapped += area->swapped;
    all->sum.locked += area->locked;
}

static void show_rollup(struct mm *mm, struct text_buffer *out)
{
    struct rollup all = {.first = 0};

    mm_each_area(mm, true, add_up, &all);
    text_printf(out, "%08lx-%08lx ---p 00000000 00:00 0                          [rollup]\n",
                all.first, all.last);
    show_counts(&all.sum, out);
}

static void show_areas(struct mm *mm, bool detailed, struct text_buffer *out)
{
    struct area_text text = {
        .out = out, .root = fs_context_root(current_process()->fs), .path = page_alloc()};

    mm_each_area(mm, detailed, detailed ? show_smap : show_map, &text);
    inode_put(text.root);
    if (text.path) {
        page_free(text.path);
    }
}

/* A piece of the process's own memory, as it is now. */
static void show_range(struct mm *mm, u64 start, u64 end, struct text_buffer *out)
{
    char *chunk = page_alloc();

    while (chunk && start < end) {
        size_t size = min_u64(PAGE_SIZE, end - start);

        if (mm_read_remote(mm, start, chunk, size) != 0) {
            break;
        }
        text_append(out, chunk, size);
        start += size;
    }
    if (chunk) {
        page_free(chunk);
    }
}

static void show_faults(const struct mm *mm, struct text_buffer *out)
{
    for (u32 kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        if (fault_names[kind]) {
            text_printf(out, "%s %lu\n", fault_names[kind], mm->faults[kind]);
        }
    }
}

int memory_view_show(struct mm *mm, enum proc_view_file what, struct text_buffer *out)
{
    if (!mm) {
        return 0;
    }
    switch (what) {
    case PROC_VIEW_MAPS:
    case PROC_VIEW_SMAPS:
        show_areas(mm, what == PROC_VIEW_SMAPS, out);
        return 0;
    case PROC_VIEW_SMAPS_ROLLUP:
        show_rollup(mm, out);
        return 0;
    case PROC_VIEW_STATM:
        text_printf(out, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_pages, mm_resident(mm),
                    mm->rss_file + mm->rss_shm, (mm->code_end - mm->code_start) >> PAGE_SHIFT,
                    mm->data_pages + mm->stack_pages);
        return 0;
    case PROC_VIEW_CMDLINE:
        show_range(mm, mm->arg_start, mm->arg_end, out);
        return 0;
    case PROC_VIEW_ENVIRON:
        show_range(mm, mm->env_start, mm->env_end, out);
        return 0;
    case PROC_VIEW_AUXV:
        text_append(out, mm->family->auxv, mm->family->auxv_size);
        return 0;
    case PROC_VIEW_FAULTS:
        show_faults(mm, out);
        return 0;
    default:
        return -EINVAL;
    }
}
