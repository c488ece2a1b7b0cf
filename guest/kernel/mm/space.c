/* SPDX-License-Identifier: MIT */
/*
 * space.c - making and freeing address spaces.
 */
#include "mm/space.h"
#include "abi/misc.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/rmap.h"
#include "mm/twin.h"
#include "mm/writeback.h"
#include "mm/zap.h"
#include "sync/task.h"

#define NO_LIMIT (~0ull)

#define KEPT_TABLES 12u /* keep no address space that has more tables */

static struct mm *kept;
u64 mm_kept_tables;

static void set_defaults(struct mm *mm)
{
    mm->refs = 1;
    mm->mmap_top = MMAP_TOP;
    mm->hole_hint = MMAP_TOP;
    mm->stack_limit = 8ull << 20;
    mm->data_limit = NO_LIMIT;
    mm->address_limit = NO_LIMIT;
    mm->lock_limit = NO_LIMIT;
}

/* An empty address space that belongs to no family yet. */
static struct mm *create(void)
{
    struct mm *mm = kalloc(sizeof(*mm));

    if (mm == NULL) {
        return NULL;
    }
    mutex_init(&mm->lock, "mm");
    spin_init(&mm->pte_lock, "pte");
    list_init(&mm->family_link);
    if (!pagetable_create(mm)) {
        kfree(mm);
        return NULL;
    }
    set_defaults(mm);
    return mm;
}

static void free_spare_areas(struct mm *mm)
{
    while (mm->spare_areas != NULL) {
        struct area *area = mm->spare_areas;

        mm->spare_areas = area->next;
        kfree(area);
    }
}

void mm_forget(struct mm *mm)
{
    struct area *area, *next;

    for (area = mm->first_area; area != NULL; area = next) {
        u64 at = area->start;
        pte_t *entry;

        while ((entry = pte_next_table_joint(mm, &at, area->end)) != NULL) {
            if (virt_to_frame(entry)->twin != 0) {
                twin_part(virt_to_frame(entry));
            }
            at = round_down(at, LEAF_SIZE) + LEAF_SIZE;
        }
        next = area->next;
        area->next = mm->spare_areas;
        mm->spare_areas = area;
    }
    mm->first_area = NULL;
    mm->areas.root = NULL;
    mm->area_count = 0;
    mm->total_pages = 0;
}

/* => the areas were discarded, the leaf tables are empty or asleep */
static void destroy(struct mm *mm)
{
    mm_forget(mm);
    pagetable_destroy(mm);
    free_spare_areas(mm);
    kfree(mm);
}

/*
 * Keep the address space instead.  What others have cached of it may not be seen by the next, so
 * its ASID is stale everywhere.  => false: not worth it
 */
static bool keep(struct mm *mm)
{
    if (hart_count > 1 || kept != NULL || mm->table_pages > KEPT_TABLES || mm->areas.root != NULL) {
        return false;
    }
    mm->harts_stale = ~0ull;
    kept = mm;
    mm_kept_tables = mm->table_pages;
    return true;
}

/* The one that was kept: as create() makes them, but for what mm_forget() takes away. */
static struct mm *take_kept(void)
{
    struct mm *mm = kept;

    kept = NULL;
    mm_kept_tables = 0;
    mm_window_close(mm);
    mm->near = NULL;
    mm->hole_size = 0;
    mm->total_peak = 0;
    mm->rss_peak = 0;
    mm->locked_pages = 0;
    memset(mm->faults, 0, sizeof(mm->faults));
    mm->exe = NULL;
    mm->owner_pid = 0;
    mm->lock_future = false;
    set_defaults(mm);
    return mm;
}

void mm_drop_kept(void)
{
    if (kept != NULL) {
        destroy(take_kept());
    }
}

struct mm *mm_create(void)
{
    struct mm *mm = create();
    struct family *family = mm == NULL ? NULL : family_create();

    if (family == NULL) {
        if (mm != NULL) {
            destroy(mm);
        }
        return NULL;
    }
    family_join(family, mm);
    return mm;
}

/* For fork(): limits, marks and heap as the parent's, no areas; in the parent's family. */
u8 mm_inherited_refusal(const struct mm *mm)
{
    return (mm->exec_refusal & PR_MDWE_NO_INHERIT) != 0 ? 0 : mm->exec_refusal;
}

struct mm *mm_create_child(const struct mm *parent)
{
    struct mm *mm = kept != NULL ? take_kept() : create();

    if (mm == NULL) {
        return NULL;
    }
    mm->brk_start = parent->brk_start;
    mm->brk = parent->brk;
    mm->stack_limit = parent->stack_limit;
    mm->data_limit = parent->data_limit;
    mm->address_limit = parent->address_limit;
    mm->lock_limit = parent->lock_limit;
    mm->arg_start = parent->arg_start;
    mm->arg_end = parent->arg_end;
    mm->env_start = parent->env_start;
    mm->env_end = parent->env_end;
    mm->stack_start = parent->stack_start;
    mm->code_start = parent->code_start;
    mm->code_end = parent->code_end;
    mm->data_start = parent->data_start;
    mm->data_end = parent->data_end;
    mm->oom_score_adj = parent->oom_score_adj;
    mm->exec_refusal = mm_inherited_refusal(parent);
    if (parent->exe != NULL && inode_deny_write(parent->exe) == 0) {
        mm->exe = inode_get(parent->exe);
    }
    family_join(parent->family, mm);
    return mm;
}

struct mm *mm_get(struct mm *mm)
{
    atomic_add_u32(&mm->refs, 1);
    return mm;
}

/*
 * Give back everything the areas hold.  => nobody runs in the mm any more; only the reverse map can
 * still find it, through the inodes' lists and the family.
 */
static void discard_areas(struct mm *mm)
{
    u64 promised = 0;

    spin_lock(&mm->pte_lock);
    zap_everything(mm);
    spin_unlock(&mm->pte_lock);
    for (struct area *area = mm->first_area; area != NULL; area = area->next) {
        u64 first = area->pgoff, pages = (area->end - area->start) >> PAGE_SHIFT;

        if (area->kind == AREA_FILE_SHARED && area->inode->cache.dirty > 0) {
            writeback_start(area->inode, first, first + pages - 1, WRITEBACK_EXIT);
        }
        promised += (area->flags & AREA_FLAG_ACCOUNTED) != 0 ? pages : 0;
        area_discard(area);
    }
    vm_uncommit(promised);
}

void mm_put(struct mm *mm)
{
    if (this_hart()->mm == mm && current()->mm != mm) {
        mm_activate(NULL); /* the tables may go at any time from now on */
    }
    if (atomic_add_u32(&mm->refs, (u32)-1) != 1) {
        return;
    }
    kassert(mm->harts_active == 0);
    discard_areas(mm);
    kassert(mm->rss_anon == 0 && mm->rss_file == 0 && mm->rss_shm == 0 && mm->swap_entries == 0);
    family_leave(mm);
    if (mm->exe != NULL) {
        inode_allow_write(mm->exe);
        inode_put(mm->exe);
    }
    if (!keep(mm)) {
        destroy(mm);
    }
}
