/* SPDX-License-Identifier: MIT */
/*
 * spin.c - what happens when a spinlock is taken already.
 */
#include "sync/spin.h"
#include "lib/assert.h"

struct hart_local harts[MAX_HARTS];
u32 hart_count = 1;

void spin_wait_(struct spinlock *lock)
{
    if (lock->hart == this_hart()->index + 1) {
        spin_misuse_(lock);
    }
    for (;;) {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0) {
            __asm__ volatile(
                "nop"); /* read until it looks free, so that the holder is not slowed */
        }
        if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) == 0) {
            return;
        }
    }
}

void spin_misuse_(const struct spinlock *lock)
{
    panic("spinlock %s is held by this hart already", lock->name);
}
