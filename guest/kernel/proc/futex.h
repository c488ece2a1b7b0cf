/* SPDX-License-Identifier: MIT */
/* futex.h - waiting for a word of user memory to change.  See futex.c. */
#ifndef KERNEL_PROC_FUTEX_H
#define KERNEL_PROC_FUTEX_H

#include "lib/types.h"

struct thread;

/* => 0 woken, -EAGAIN the word is not `expected`, -ETIMEDOUT, -EINTR, -EFAULT, -EINVAL */
i64 futex_wait(u64 address, u32 expected, u32 bits, u64 deadline, bool is_private);
/* => waiters woken, or -errno */
i64 futex_wake(u64 address, u32 most, u32 bits, bool is_private);
/* Wakes `wake` and moves up to `move` others to `target`; if `compare` is not NULL the word at
 * address must equal it, else -EAGAIN.  => woken (+ moved with compare), or -errno */
i64 futex_requeue(u64 address, u32 wake, u32 move, u64 target, const u32 *compare, bool is_private);
/* FUTEX_WAKE_OP.  => woken on both, or -errno */
i64 futex_wake_op(u64 address, u32 wake, u64 second, u32 wake_second, u32 operation,
                  bool is_private);
/* Marks the robust mutexes of an ending thread as ownerless and wakes a waiter each. */
void futex_release_robust(struct thread *thread);

#endif
