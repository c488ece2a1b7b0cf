/* SPDX-License-Identifier: MIT */
/*
 * swap_empty.c - swapoff: bring every page back.
 *
 * Each process is visited: every entry that names a slot is touched like by a
 * read, which maps the page again.  Then the shared-memory objects.  What is left
 * in the cache, mapped, gives up its slot.
 */
#include "lib/errno.h"
#include "mm/fault.h"
#include "mm/oom.h"
#include "mm/pagetable.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"
#include "sync/sched.h"

struct emptying {
    int error;
};

/* The next address at or after *address whose entry names a slot.  => false if there is none. */
static bool next_swapped(struct mm *mm, u64 *address)
{
    pte_t *entry;
    bool found = false;

    spin_lock(&mm->pte_lock);
    while (!found && (entry = pte_next_table(mm, address, USER_END)) != NULL) {
        u64 stop = round_down(*address, LEAF_SIZE) + LEAF_SIZE;

        for (; *address < stop && !found; entry++) {
            found = pte_is_swap(pte_read(entry));
            *address += found ? 0 : PAGE_SIZE;
        }
    }
    spin_unlock(&mm->pte_lock);
    return found;
}

/* A page that may not be touched (PROT_NONE): brought into the cache; its entry names a frame. */
static int bring_in(struct mm *mm, u64 address)
{
    struct area *area;
    pte_t *entry;
    struct frame *frame;
    u64 slot = 0;
    int error = 0;

    spin_lock(&mm->pte_lock);
    entry = pte_find(mm, address);
    if (entry != NULL && pte_is_swap(pte_read(entry))) {
        slot = PTE_PAYLOAD(pte_read(entry));
    }
    spin_unlock(&mm->pte_lock);
    frame = slot == 0 ? NULL : swap_read(slot, true, &error);
    if (frame == NULL) {
        return error;
    }
    spin_lock(&mm->pte_lock);
    area = area_find(mm, address);
    entry = pte_find(mm, address);
    if (area != NULL && entry != NULL && pte_is_swap(pte_read(entry)) &&
        PTE_PAYLOAD(pte_read(entry)) == slot && frame->slot == slot) {
        if (frame->maps == 0) {
            frame->family = mm->family;
            frame->index = address >> PAGE_SHIFT;
        }
        frame_map(frame);
        mm->rss_anon++;
        mm->swap_entries--;
        pte_write(entry,
                  pte_make(frame_pfn(frame), area->pte_flags == 0
                                                 ? PTE_CLASS_AWAY << 1 | PTE_COW | PTE_U
                                                 : (area->pte_flags & ~PTE_W) | PTE_COW | PTE_A));
        swap_put(slot);
    }
    spin_unlock(&mm->pte_lock);
    frame_put(frame);
    return 0;
}

static void empty_mm(u32 pid, struct mm *mm, void *argument)
{
    struct emptying *emptying = argument;
    u64 address = 0;

    (void)pid;
    while (emptying->error == 0 && next_swapped(mm, &address)) {
        emptying->error = current()->signal_pending ? -EINTR : bring_in(mm, address);
    }
}

int swap_empty(void)
{
    struct emptying emptying = {0};

    if (oom_ops != NULL) {
        oom_ops->each_process(empty_mm, &emptying);
    }
    if (emptying.error == 0) {
        emptying.error = shm_unswap_all();
    }
    swap_release_cached(~0ull);
    return emptying.error;
}
