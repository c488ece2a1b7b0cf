/* SPDX-License-Identifier: MIT */
/*
 * uaccess.h - touching user memory from the kernel.
 *
 * The kernel loads and stores user addresses directly (sstatus.SUM); a fault
 * there takes the same path as the user's own.  Nothing is probed beforehand.
 * May sleep: the caller holds no spinlock (else every fault is an error).
 */
#ifndef MM_UACCESS_H
#define MM_UACCESS_H

#include "lib/types.h"

/* => bytes NOT copied (0 = all). */
size_t copy_to_user_partial(u64 user, const void *source, size_t size);
size_t copy_from_user_partial(void *destination, u64 user, size_t size);
size_t clear_user_partial(u64 user, size_t size);

/*
 * For who holds spinlocks: at once or not at all.  => true if all was copied; false: not all, the
 * address is bad or a page is not there; try again without the locks
 */
bool copy_to_user_now(u64 user, const void *source, size_t size);
bool copy_from_user_now(void *destination, u64 user, size_t size);

/* => 0 or -EFAULT. */
int copy_to_user(u64 user, const void *source, size_t size);
int copy_from_user(void *destination, u64 user, size_t size);
int clear_user(u64 user, size_t size);

/* => the length without the zero; -EFAULT; -ENAMETOOLONG if there is no zero within `size`. */
ssize_t strncpy_from_user(char *destination, u64 user, size_t size);

/* => 0 or -EFAULT. */
int get_user_u32(u64 user, u32 *value);
int get_user_u64(u64 user, u64 *value);
int put_user_u32(u64 user, u32 value);
int put_user_u64(u64 user, u64 value);

/*
 * Futex words.  Atomically: if *user == *expected store `desired`.
 * => 0 with *expected = what was there, or -EFAULT.
 */
int cmpxchg_user_u32(u64 user, u32 *expected, u32 desired);
/* Atomically replace by (old & and_mask) + add ... for FUTEX_WAKE_OP: *old = the old value. */
int fetch_add_user_u32(u64 user, u32 add, u32 *old);

/* => true if [user, user + size) lies in user space at all. */
bool user_range_ok(u64 user, u64 size);

/* trap/: a fault at this kernel address is not to be waited for. */
bool uaccess_is_urgent(u64 pc);
/* trap/: => the address to go on at after a fault at kernel address `pc`, 0 if none is provided. */
u64 uaccess_fixup(u64 pc);

#endif
