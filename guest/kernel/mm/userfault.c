/* SPDX-License-Identifier: MIT */
/* userfault.c - missing pages that a program brings itself.  See userfault.h. */
#include "mm/userfault.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/fault_step.h"
#include "mm/kalloc.h"
#include "mm/mmap_internal.h"
#include "mm/page.h"
#include "mm/shm.h"
#include "mm/twin.h"
#include "sync/task.h"

struct userfault *userfault_create(struct mm *mm)
{
    struct userfault *userfault = kalloc(sizeof(*userfault));

    if (userfault != NULL) {
        spin_init(&userfault->lock, "userfault");
        list_init(&userfault->waiters);
        wait_init(&userfault->sleepers);
        userfault->refs = 1;
        userfault->mm = mm_get(mm);
    }
    return userfault;
}

void userfault_put(struct userfault *userfault)
{
    if (atomic_add_u32(&userfault->refs, (u32)-1) == 1) {
        kfree(userfault);
    }
}

/* ---- waiting and waking ---------------- */

void userfault_note(struct userfault *userfault, struct userfault_waiter *waiter)
{
    atomic_add_u32(&userfault->refs, 1);
    waiter->userfault = userfault;
    waiter->told = false;
    spin_lock(&userfault->lock);
    waiter->woken = userfault->closed;
    list_push_back(&userfault->waiters, &waiter->link);
    spin_unlock(&userfault->lock);
    if (userfault->changed != NULL) {
        userfault->changed(userfault->file);
    }
}

int userfault_sleep(struct userfault_waiter *waiter)
{
    struct userfault *userfault = waiter->userfault;
    int error = 0;

    spin_lock(&userfault->lock);
    while (!waiter->woken && error == 0) {
        error = wait_sleep_interruptible(&userfault->sleepers, &userfault->lock);
    }
    list_remove(&waiter->link);
    error = waiter->woken ? 0 : error;
    spin_unlock(&userfault->lock);
    userfault_put(userfault);
    return error;
}

bool userfault_next(struct userfault *userfault, u64 *address, bool *write, u32 *tid)
{
    bool found = false;

    spin_lock(&userfault->lock);
    list_for_each(link, &userfault->waiters)
    {
        struct userfault_waiter *waiter = list_entry(link, struct userfault_waiter, link);

        if (!waiter->told && !waiter->woken) {
            waiter->told = true;
            *address = waiter->address;
            *write = waiter->write;
            *tid = waiter->tid;
            found = true;
            break;
        }
    }
    spin_unlock(&userfault->lock);
    return found;
}

bool userfault_has_news(struct userfault *userfault)
{
    bool found = false;

    spin_lock(&userfault->lock);
    list_for_each(link, &userfault->waiters)
    {
        const struct userfault_waiter *waiter = list_entry(link, struct userfault_waiter, link);

        found = found || (!waiter->told && !waiter->woken);
    }
    spin_unlock(&userfault->lock);
    return found;
}

void userfault_wake(struct userfault *userfault, u64 start, u64 end)
{
    spin_lock(&userfault->lock);
    list_for_each(link, &userfault->waiters)
    {
        struct userfault_waiter *waiter = list_entry(link, struct userfault_waiter, link);

        if (waiter->address >= start && waiter->address < end) {
            waiter->woken = true;
        }
    }
    wait_wake_all(&userfault->sleepers);
    spin_unlock(&userfault->lock);
}

/* ---- areas ---------------- */

static bool can_register(const struct area *area)
{
    return area->kind <= AREA_STACK || area->kind == AREA_SHM;
}

static int check_areas(struct userfault *userfault, u64 start, u64 end)
{
    const struct area *area = area_find_at_or_above(userfault->mm, start);

    if (area == NULL || area->start >= end) {
        return -EINVAL;
    }
    for (; area != NULL && area->start < end; area = area->next) {
        if (!can_register(area) || (area->flags & AREA_FLAG_MAYWRITE) == 0) {
            return -EINVAL;
        }
        if (area->userfault != NULL && area->userfault != userfault) {
            return -EBUSY;
        }
    }
    return 0;
}

/* mm->lock held. */
static int set_areas(struct userfault *userfault, u64 start, u64 end, struct userfault *value)
{
    struct mm *mm = userfault->mm;
    int error = mmap_isolate(mm, start, end);

    for (struct area *area = error == 0 ? area_find_at_or_above(mm, start) : NULL;
         area != NULL && area->start < end; area = area->next) {
        spin_lock(&mm->pte_lock);
        if (value != NULL || area->userfault == userfault) {
            area->userfault = value;
        }
        mm_window_close(mm);
        spin_unlock(&mm->pte_lock);
        area = area_merge(mm, area);
    }
    return error;
}

int userfault_register(struct userfault *userfault, u64 start, u64 end)
{
    int error;

    mutex_lock(&userfault->mm->lock);
    error = check_areas(userfault, start, end);
    error = error != 0 ? error : set_areas(userfault, start, end, userfault);
    mutex_unlock(&userfault->mm->lock);
    return error;
}

int userfault_unregister(struct userfault *userfault, u64 start, u64 end)
{
    int error;

    mutex_lock(&userfault->mm->lock);
    error = check_areas(userfault, start, end);
    error = error == -EBUSY ? -EINVAL : error;
    error = error != 0 ? error : set_areas(userfault, start, end, NULL);
    mutex_unlock(&userfault->mm->lock);
    if (error == 0) {
        userfault_wake(userfault, start, end);
    }
    return error;
}

void userfault_close(struct userfault *userfault)
{
    struct mm *mm = userfault->mm;

    mutex_lock(&mm->lock);
    spin_lock(&mm->pte_lock);
    for (struct area *area = mm->first_area; area != NULL; area = area->next) {
        if (area->userfault == userfault) {
            area->userfault = NULL;
        }
    }
    mm_window_close(mm);
    spin_unlock(&mm->pte_lock);
    mutex_unlock(&mm->lock);
    spin_lock(&userfault->lock);
    userfault->closed = true;
    userfault->changed = NULL;
    spin_unlock(&userfault->lock);
    userfault_wake(userfault, 0, ~0ull);
    mm_put(mm);
    userfault_put(userfault);
}

/* ---- filling ---------------- */

/* The empty entry of a registered address.  => pte_lock held; NULL: *error */
static pte_t *empty_entry(struct userfault *userfault, u64 address, struct area **area, int *error)
{
    struct mm *mm = userfault->mm;
    pte_t *entry;

    *area = area_find(mm, address);
    if (*area == NULL || (*area)->userfault != userfault || mm->forking) {
        *error = mm->forking ? -EAGAIN : -ENOENT;
        return NULL;
    }
    entry = pte_reach(mm, address);
    *error = entry == NULL ? -EAGAIN : pte_read(entry) != 0 ? -EEXIST : 0;
    return *error == 0 ? entry : NULL;
}

/* => pte_lock held; takes over the frame if 0 */
static int place_anonymous(struct mm *mm, struct area *area, pte_t *entry, u64 address,
                           struct frame *frame)
{
    frame_become_anonymous(frame, mm->family, address >> PAGE_SHIFT);
    area->flags |= AREA_FLAG_ANON_PAGES;
    mm->rss_anon++;
    pte_write(entry, pte_make(frame_pfn(frame), area->pte_flags | PTE_A | PTE_D));
    return 0;
}

static int place_shared(struct mm *mm, struct area *area, pte_t *entry, u64 address,
                        struct frame *frame)
{
    int error;

    frame->owner = NULL;
    frame_get(frame); /* ours, which becomes the mapping's */
    frame->kind = FRAME_SHM;
    error = shm_add_page(area->inode, area_page_index(area, address), frame);
    if (error != 0) {
        frame->kind = FRAME_KERNEL;
        frame_put(frame);
        return error;
    }
    atomic_add_u64(&frame->counts, 1ull << 32);
    mm->rss_shm++;
    pte_write(entry, pte_make(frame_pfn(frame), area->pte_flags | PTE_A | PTE_D));
    return 0;
}

static int place(struct userfault *userfault, u64 address, struct frame *frame)
{
    struct mm *mm = userfault->mm;
    struct area *area;
    pte_t *entry;
    int error;

    spin_lock(&mm->pte_lock);
    entry = empty_entry(userfault, address, &area, &error);
    if (entry == NULL) {
        spin_unlock(&mm->pte_lock);
        return error;
    }
    if (area->kind == AREA_SHM) {
        error = area_page_index(area, address) >= inode_pages(area->inode)
                    ? -EFAULT
                    : place_shared(mm, area, entry, address, frame);
    } else {
        error = place_anonymous(mm, area, entry, address, frame);
    }
    if (error == 0 && (area->prot & 4) != 0) {
        icache_flush();
    }
    spin_unlock(&mm->pte_lock);
    return error;
}

int userfault_fill(struct userfault *userfault, u64 address, const void *bytes)
{
    int error = -EAGAIN;

    for (int attempt = 0; attempt < 8 && error == -EAGAIN; attempt++) {
        struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);

        if (frame == NULL) {
            return -ENOMEM;
        }
        if (bytes != NULL) {
            page_copy(frame_to_virt(frame), bytes);
        } else {
            page_zero(frame_to_virt(frame));
        }
        error = place(userfault, address, frame);
        if (error != 0) {
            frame_put(frame);
        }
    }
    return error == -EAGAIN ? -ENOMEM : error;
}

int userfault_poison(struct userfault *userfault, u64 address)
{
    struct mm *mm = userfault->mm;
    struct area *area;
    pte_t *entry;
    int error;

    spin_lock(&mm->pte_lock);
    entry = empty_entry(userfault, address, &area, &error);
    if (entry != NULL) {
        pte_write(entry, pte_marker(PTE_MARKER_POISON));
        area->flags |= AREA_FLAG_ANON_PAGES; /* fork copies markers */
    }
    spin_unlock(&mm->pte_lock);
    return error == -EAGAIN ? -ENOMEM : error;
}
