/* SPDX-License-Identifier: MIT */
/*
 * userfault.h - areas whose missing pages a program brings itself (userfaultfd(2)).
 *
 * A fault that finds no page in such an area is noted with the area's userfault and sleeps.  The
 * program reads what is wanted, fills the page, and wakes who waits in its range; the fault then
 * looks at the entry afresh, as after any other wait.
 *
 * Locks: area->userfault as the rest of the area (mm->lock and pte_lock to change).  Waiters are
 * put on the list under pte_lock, so a page that is filled under it either is found by the fault or
 * finds its waiter: no wake-up is lost.  pte_lock => userfault->lock.
 */
#ifndef MM_USERFAULT_H
#define MM_USERFAULT_H

#include "lib/list.h"
#include "sync/spin.h"
#include "sync/wait.h"

struct area;
struct mm;

struct userfault {
    u32 refs; /* of the file and of each waiter */
    struct spinlock lock;
    struct mm *mm; /* a reference, until it is closed */
    u64 features;  /* UFFD_FEATURE_*; 0 with api_known false: not asked yet */
    bool api_known;
    bool user_mode_only;
    bool closed;
    struct list waiters;         /* of userfault_waiter->link, oldest first; lock */
    struct wait_queue sleepers;  /* they; lock */
    void (*changed)(void *file); /* there is something to read; called without locks but pte_lock */
    void *file;
};

/* A fault that waits; lives in struct fault. */
struct userfault_waiter {
    struct list link;
    struct userfault *userfault;
    u64 address;
    u32 tid;
    bool write, told, woken;
};

struct userfault *userfault_create(struct mm *mm);
void userfault_put(struct userfault *userfault);
/* The file is closed: every area forgets it, every waiter goes on. */
void userfault_close(struct userfault *userfault);

/* => pte_lock held.  Puts the waiter on the list. */
void userfault_note(struct userfault *userfault, struct userfault_waiter *waiter);
/* Sleeps until woken.  => 0, -EINTR; the waiter is off the list, its reference given back. */
int userfault_sleep(struct userfault_waiter *waiter);
/* Takes the oldest waiter that nobody was told of.  => false: there is none */
bool userfault_next(struct userfault *userfault, u64 *address, bool *write, u32 *tid);
bool userfault_has_news(struct userfault *userfault);
void userfault_wake(struct userfault *userfault, u64 start, u64 end);

/* => 0, -EINVAL (nothing there, or not anonymous or shared memory), -EBUSY (another's), -ENOMEM */
int userfault_register(struct userfault *userfault, u64 start, u64 end);
int userfault_unregister(struct userfault *userfault, u64 start, u64 end);

/*
 * Fill one missing page with `bytes` (a page; NULL: zeros).
 * => 0, -EEXIST, -ENOENT (not registered here), -ENOMEM, -ENOSPC
 */
int userfault_fill(struct userfault *userfault, u64 address, const void *bytes);
/* From now on an access of the missing page is SIGBUS.  => as userfault_fill() */
int userfault_poison(struct userfault *userfault, u64 address);

#endif
