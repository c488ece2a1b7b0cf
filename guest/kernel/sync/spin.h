/* SPDX-License-Identifier: MIT */
/*
 * spin.h - locks that are held for a few instructions and never across a sleep.
 *
 * Interrupts stay off while any spinlock is held (a nesting count per hart), so
 * an interrupt handler may take the same locks.  A lock knows its name and its
 * holder, for assertions and panics.
 */
#ifndef SYNC_SPIN_H
#define SYNC_SPIN_H

#include "sync/hart.h"

struct spinlock {
    u32 held;
    u32 hart; /* holder's index + 1; only meaningful while held */
    const char *name;
};

#define SPINLOCK(lock_name) \
    {                       \
        0, 0, (lock_name)   \
    }

static inline void spin_init(struct spinlock *lock, const char *name)
{
    lock->held = 0;
    lock->hart = 0;
    lock->name = name;
}

#ifdef __riscv
void spin_wait_(struct spinlock *lock); /* the contended path: spin until taken */
void spin_misuse_(const struct spinlock *lock) __attribute__((noreturn, cold));

/* Turn interrupts off, nesting. */
static inline void interrupts_disable(void)
{
    u64 old = csr_read_clear(sstatus, SSTATUS_SIE);
    struct hart_local *hart = this_hart();

    if (hart->lock_depth++ == 0) {
        hart->interrupts_were_on = (u32)(old & SSTATUS_SIE);
    }
}

static inline void interrupts_restore(void)
{
    struct hart_local *hart = this_hart();

    if (--hart->lock_depth == 0 && hart->interrupts_were_on) {
        csr_set(sstatus, SSTATUS_SIE);
    }
}

static inline bool spin_held(const struct spinlock *lock) /* => by this hart */
{
    return lock->held && lock->hart == this_hart()->index + 1;
}

static inline void spin_lock(struct spinlock *lock)
{
    interrupts_disable();
    if (unlikely(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)) {
        spin_wait_(lock);
    }
    lock->hart = this_hart()->index + 1;
}

/* => true if taken. */
static inline bool spin_trylock(struct spinlock *lock)
{
    interrupts_disable();
    if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0) {
        interrupts_restore();
        return false;
    }
    lock->hart = this_hart()->index + 1;
    return true;
}

/* The same where interrupts are off anyway and nothing in between looks at the nesting. */
static inline void spin_lock_quick(struct spinlock *lock)
{
    if (unlikely(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)) {
        spin_wait_(lock);
    }
    lock->hart = this_hart()->index + 1;
}

static inline void spin_unlock_quick(struct spinlock *lock)
{
    lock->hart = 0;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *(volatile u32 *)&lock->held = 0;
}

static inline void spin_unlock(struct spinlock *lock)
{
    spin_unlock_quick(lock);
    interrupts_restore();
}
#endif

#endif
