/* SPDX-License-Identifier: MIT */
/*
 * record_lock.c - locks of ranges of a file.  See record_lock.h.
 *
 * All locks there are stand in one list; those of one owner on one file do not overlap, and equal
 * neighbours are one.  Who has to wait says for whom, so that a circle is found before it closes.
 * Lock: record_table (spin).
 */
#include "fs/record_lock.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mm/kalloc.h"
#include "sync/wait.h"

#define CIRCLE_LIMIT 64

struct record {
    struct list link;
    const struct inode *inode;
    const void *owner;
    u64 start, end;
    u32 pid;
    bool write, by_file;
};

/* Somebody who waits, on the waiting thread's stack. */
struct waiter {
    struct list link;
    const void *owner, *waits_for;
};

static struct spinlock record_table = SPINLOCK("record locks");
static struct list records = {&records, &records};
static struct list waiters = {&waiters, &waiters};
static struct wait_queue waiting = WAIT_QUEUE(waiting);

static bool overlaps(const struct record *record, u64 start, u64 end)
{
    return record->start <= end && start <= record->end;
}

/* => the first lock of somebody else that stands in the way, or NULL; record_table is held */
static const struct record *conflict(const struct inode *inode,
                                     const struct record_request *request)
{
    const struct record *first = NULL;

    list_for_each(link, &records)
    {
        const struct record *record = list_entry(link, struct record, link);

        if (record->inode == inode && record->owner != request->owner &&
            (record->write || request->type == F_WRLCK) &&
            overlaps(record, request->start, request->end) &&
            (!first || record->start < first->start)) {
            first = record;
        }
    }
    return first;
}

/* Would waiting for `other` wait, by way of others, for `owner`?  => record_table is held */
static bool closes_circle(const void *owner, const void *other)
{
    for (int steps = 0; other && steps < CIRCLE_LIMIT; steps++) {
        const void *next = NULL;

        list_for_each(link, &waiters)
        {
            const struct waiter *waiter = list_entry(link, struct waiter, link);

            if (waiter->owner == other) {
                next = waiter->waits_for;
                break;
            }
        }
        if (next == owner) {
            return true;
        }
        other = next;
    }
    return false;
}

/*
 * Cut the range out of the owner's locks; those of the same type that touch it grow into it.
 * `spare` takes the second half of a lock that is cut in the middle.
 * => true if somebody may get on now; record_table is held; removed ones are on `unused`
 */
static bool clear_range(const struct inode *inode, struct record_request *request,
                        struct record **spare, struct list *unused)
{
    struct list *link = records.next;
    bool released = false;

    while (link != &records) {
        struct record *record = list_entry(link, struct record, link);
        bool same = request->type != F_UNLCK && record->write == (request->type == F_WRLCK);
        bool near = record->start <= (request->end == RECORD_END ? RECORD_END : request->end + 1) &&
                    (request->start == 0 ? 0 : request->start - 1) <= record->end;

        link = link->next;
        if (record->inode != inode || record->owner != request->owner || !near ||
            (!same && !overlaps(record, request->start, request->end))) {
            continue;
        }
        if (same) {
            request->start = min_u64(request->start, record->start);
            request->end = max_u64(request->end, record->end);
        } else {
            released |= record->write || request->type == F_UNLCK;
            if (record->end > request->end && record->start < request->start) {
                struct record *rest = *spare;

                *spare = NULL;
                *rest = *record;
                rest->start = request->end + 1;
                list_push_back(&records, &rest->link);
                record->end = request->start - 1;
                continue;
            }
            if (record->end > request->end) {
                record->start = request->end + 1;
                continue;
            }
            if (record->start < request->start) {
                record->end = request->start - 1;
                continue;
            }
        }
        list_remove(&record->link);
        list_push_back(unused, &record->link);
    }
    return released;
}

/* => 0, -EAGAIN, -EINTR, -EDEADLK; record_table is held */
static int wait_for_others(const struct inode *inode, const struct record_request *request,
                           bool wait)
{
    const struct record *other;
    int error = 0;

    while (!error && (other = conflict(inode, request)) != NULL) {
        struct waiter waiter = {.owner = request->owner, .waits_for = other->owner};

        if (!wait) {
            error = -EAGAIN;
        } else if (!request->by_file && closes_circle(request->owner, other->owner)) {
            error = -EDEADLK;
        } else {
            list_push_back(&waiters, &waiter.link);
            error = wait_sleep_interruptible(&waiting, &record_table);
            list_remove(&waiter.link);
        }
    }
    return error;
}

static void free_all(struct list *unused)
{
    struct list *link;

    while ((link = list_pop_front(unused)) != NULL) {
        kfree(list_entry(link, struct record, link));
    }
}

int record_lock_set(struct inode *inode, const struct record_request *wanted, bool wait)
{
    struct record_request request = *wanted;
    struct record *new = kalloc(sizeof(*new)), *spare = kalloc(sizeof(*spare));
    struct list unused;
    int error = new &&spare ? 0 : -ENOLCK;

    list_init(&unused);
    spin_lock(&record_table);
    if (!error && request.type != F_UNLCK) {
        error = wait_for_others(inode, &request, wait);
    }
    if (!error) {
        if (clear_range(inode, &request, &spare, &unused)) {
            wait_wake_all(&waiting);
        }
        if (request.type != F_UNLCK) {
            *new = (struct record){.inode = inode,
                                   .owner = request.owner,
                                   .start = request.start,
                                   .end = request.end,
                                   .pid = request.pid,
                                   .write = request.type == F_WRLCK,
                                   .by_file = request.by_file};
            list_push_back(&records, &new->link);
            new = NULL;
        }
    }
    spin_unlock(&record_table);
    kfree(new);
    kfree(spare);
    free_all(&unused);
    return error;
}

void record_lock_get(struct inode *inode, struct record_request *request)
{
    const struct record *other;

    spin_lock(&record_table);
    other = conflict(inode, request);
    request->type = F_UNLCK;
    if (other) {
        request->type = other->write ? F_WRLCK : F_RDLCK;
        request->start = other->start;
        request->end = other->end;
        request->by_file = other->by_file;
        request->pid = other->pid;
    }
    spin_unlock(&record_table);
}

void record_lock_drop(const struct inode *inode, const void *owner)
{
    struct list unused, *link;

    if (list_empty(&records)) { /* nearly always; an own lock would be seen */
        return;
    }
    list_init(&unused);
    spin_lock(&record_table);
    link = records.next;
    while (link != &records) {
        struct record *record = list_entry(link, struct record, link);

        link = link->next;
        if (record->owner == owner && (!inode || record->inode == inode)) {
            list_remove(&record->link);
            list_push_back(&unused, &record->link);
        }
    }
    if (!list_empty(&unused)) {
        wait_wake_all(&waiting);
    }
    spin_unlock(&record_table);
    free_all(&unused);
}
