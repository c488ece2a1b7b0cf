/* SPDX-License-Identifier: MIT */
/*
 * spin.c - what happens when a spinlock is taken already.
 */
#include "sync/spin.h"
#include "lib/assert.h"

struct hart_local harts[MAX_HARTS];
u32 hart_count = 1;

/*
 * The exchange that failed has put our tag over the holder's.  That does no harm: the
 * holder gives the lock up by writing 0, whatever is there, and whoever waits goes on
 * exchanging until it reads 0.
 */
void spin_wait_(struct spinlock *lock, u32 before)
{
    u32 tag = this_hart()->lock_tag;

    if (before == tag) {
        panic("spinlock %s is held by this hart already", lock->name);
    }
    do {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0) {
            __asm__ volatile(
                "nop"); /* read until it looks free, so that the holder is not slowed */
        }
    } while (spin_exchange_(lock, tag) != 0);
}
