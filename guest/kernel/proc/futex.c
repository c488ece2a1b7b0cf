/* SPDX-License-Identifier: MIT */
/*
 * futex.c - fast user-space locks: the kernel only keeps who sleeps on which word.
 *
 * A word is named by (address space, address) if private and by (inode, offset) if it
 * lies in a shared mapping, so that processes that map it at different places meet, and
 * so that the name survives swapping and copy-on-write of the page.
 *
 * The word is in user memory, so reading it may fault and sleep; a lock cannot be held
 * across that.  Therefore a waiter first joins the queue and reads the word afterwards:
 * a waker that changed the word before our read finds us on the queue, one that changes
 * it later too.  If the word then is not what was expected and we have been woken
 * already, the wake-up is handed to the next waiter.
 *
 * Locks: futex_lock guards all queues.  Source: Linux futex(2).
 */
#include "proc/futex.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "mm/mmap.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sync/wait.h"

#define BUCKETS 64u

struct waiter {
    struct list link; /* in its bucket; on no list once woken */
    struct futex_key key;
    u32 bits;
    bool woken;
    struct wait_queue queue;
};

static struct spinlock futex_lock = SPINLOCK("futex");
static struct list bucket[BUCKETS];

static struct list *bucket_of(const struct futex_key *key)
{
    u64 hash = ((u64)key->object >> 4) ^ (key->offset >> 2) ^ (key->offset >> 12);
    struct list *head = &bucket[hash % BUCKETS];

    if (!head->next) {
        list_init(head);
    }
    return head;
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

static int key_of(u64 address, bool is_private, struct futex_key *key)
{
    if (address % 4 != 0) {
        return -EINVAL;
    }
    if (!user_range_ok(address, 4)) {
        return -EFAULT;
    }
    if (!is_private) { /* a word that others may share must be there */
        u32 value;

        if (get_user_u32(address, &value) != 0) {
            return -EFAULT;
        }
    }
    return mm_futex_key(current()->mm, address, is_private, key);
}

/* futex_lock. */
static u32 wake_locked(const struct futex_key *key, u32 most, u32 bits)
{
    u32 woken = 0;

    list_for_each_safe(link, following, bucket_of(key))
    {
        struct waiter *waiter = list_entry(link, struct waiter, link);

        if (woken == most) {
            break;
        }
        if (same_key(&waiter->key, key) && (waiter->bits & bits)) {
            list_remove(&waiter->link);
            waiter->woken = true;
            wait_wake_all(&waiter->queue);
            woken++;
        }
    }
    return woken;
}

static i64 sleep_on(struct waiter *waiter, u64 deadline)
{
    i64 result = 0;

    spin_lock(&futex_lock);
    while (!waiter->woken && result == 0) {
        result = wait_sleep_timeout(&waiter->queue, &futex_lock, deadline, true);
    }
    if (waiter->woken) {
        result = 0;
    } else {
        list_remove(&waiter->link);
    }
    spin_unlock(&futex_lock);
    return result;
}

static void leave_queue(struct waiter *waiter)
{
    spin_lock(&futex_lock);
    if (waiter->woken) {
        (void)wake_locked(&waiter->key, 1, waiter->bits);
    } else {
        list_remove(&waiter->link);
    }
    spin_unlock(&futex_lock);
}

i64 futex_wait(u64 address, u32 expected, u32 bits, u64 deadline, bool is_private)
{
    struct waiter waiter = {.bits = bits};
    u32 value;
    int error;

    if (bits == 0) {
        return -EINVAL;
    }
    error = key_of(address, is_private, &waiter.key);
    if (error) {
        return error;
    }
    wait_init(&waiter.queue);
    spin_lock(&futex_lock);
    list_push_back(bucket_of(&waiter.key), &waiter.link);
    spin_unlock(&futex_lock);
    error = get_user_u32(address, &value);
    if (error || value != expected) {
        leave_queue(&waiter);
        return error ? error : -EAGAIN;
    }
    return sleep_on(&waiter, deadline);
}

i64 futex_wake(u64 address, u32 most, u32 bits, bool is_private)
{
    struct futex_key key;
    u32 woken;
    int error;

    if (bits == 0) {
        return -EINVAL;
    }
    error = key_of(address, is_private, &key);
    if (error) {
        return error;
    }
    spin_lock(&futex_lock);
    woken = wake_locked(&key, most, bits);
    spin_unlock(&futex_lock);
    return woken;
}

static u32 move_locked(const struct futex_key *from, const struct futex_key *to, u32 most)
{
    u32 moved = 0;

    if (same_key(from, to)) {
        return 0;
    }
    list_for_each_safe(link, following, bucket_of(from))
    {
        struct waiter *waiter = list_entry(link, struct waiter, link);

        if (moved == most) {
            break;
        }
        if (same_key(&waiter->key, from)) {
            list_remove(&waiter->link);
            waiter->key = *to;
            list_push_back(bucket_of(to), &waiter->link);
            moved++;
        }
    }
    return moved;
}

i64 futex_requeue(u64 address, u32 wake, u32 move, u64 target, const u32 *compare, bool is_private)
{
    struct futex_key from, to;
    u32 value, woken, moved;
    int error = (i32)wake < 0 || (i32)move < 0 ? -EINVAL : key_of(address, is_private, &from);

    if (!error) {
        error = key_of(target, is_private, &to);
    }
    if (!error && compare) {
        error = get_user_u32(address, &value);
        if (!error && value != *compare) {
            error = -EAGAIN;
        }
    }
    if (error) {
        return error;
    }
    spin_lock(&futex_lock);
    woken = wake_locked(&from, wake, ~0u);
    moved = move_locked(&from, &to, move);
    spin_unlock(&futex_lock);
    return compare ? (i64)woken + moved : (i64)woken;
}

static u32 operate(u32 operation, u32 old)
{
    u32 argument = (operation >> 12) & 0xfff;

    if (operation >> 31) {
        argument = 1u << (argument & 31);
    }
    switch ((operation >> 28) & 7) {
    case 0:
        return argument;
    case 1:
        return old + argument;
    case 2:
        return old | argument;
    case 3:
        return old & ~argument;
    default:
        return old ^ argument;
    }
}

static bool holds(u32 operation, u32 old)
{
    i32 left = (i32)old, right = (i32)(operation & 0xfff);

    switch ((operation >> 24) & 15) {
    case 0:
        return left == right;
    case 1:
        return left != right;
    case 2:
        return left < right;
    case 3:
        return left <= right;
    case 4:
        return left > right;
    default:
        return left >= right;
    }
}

i64 futex_wake_op(u64 address, u32 wake, u64 second, u32 wake_second, u32 operation,
                  bool is_private)
{
    struct futex_key first_key, second_key;
    u32 old, seen, woken;
    int error = key_of(address, is_private, &first_key);

    if (!error) {
        error = key_of(second, is_private, &second_key);
    }
    if (!error) {
        error = get_user_u32(second, &old);
    }
    while (!error) {
        seen = old;
        error = cmpxchg_user_u32(second, &seen, operate(operation, old));
        if (seen == old) {
            break;
        }
        old = seen;
    }
    if (error) {
        return error;
    }
    spin_lock(&futex_lock);
    woken = wake_locked(&first_key, wake, ~0u);
    if (holds(operation, old)) {
        woken += wake_locked(&second_key, wake_second, ~0u);
    }
    spin_unlock(&futex_lock);
    return woken;
}

/* One mutex of the list: if the thread owns it, say that the owner died. */
static void release_one(struct thread *thread, u64 address)
{
    u32 old, seen;

    if (address % 4 != 0 || get_user_u32(address, &old) != 0) {
        return;
    }
    while ((old & FUTEX_TID_MASK) == thread->tid) {
        seen = old;
        if (cmpxchg_user_u32(address, &seen, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED) != 0) {
            return;
        }
        if (seen == old) {
            if (old & FUTEX_WAITERS) {
                (void)futex_wake(address, 1, ~0u, false);
            }
            return;
        }
        old = seen;
    }
}

/* The list is the program's: { next, offset of the word, pending }.  It may lie; bounded. */
void futex_release_robust(struct thread *thread)
{
    u64 head[3], entry;

    if (copy_from_user(head, thread->robust_list, sizeof head) != 0) {
        return;
    }
    entry = head[0];
    for (u32 count = 0; count < 2048 && (entry & ~1ull) != thread->robust_list; count++) {
        u64 next;
        int error = get_user_u64(entry & ~1ull, &next);

        if (entry != head[2]) {
            release_one(thread, (entry & ~1ull) + head[1]);
        }
        if (error) {
            break;
        }
        entry = next;
    }
    if (head[2] & ~1ull) {
        release_one(thread, (head[2] & ~1ull) + head[1]);
    }
}
