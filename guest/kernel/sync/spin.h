/* SPDX-License-Identifier: MIT */
/*
 * spin.h - locks that are held for a few instructions and never across a sleep.
 *
 * Interrupts are off in the kernel, always: they are taken in user mode, by the idle
 * task, and where a long piece of work lets them in (interrupts_breathe()).  So an
 * interrupt handler never meets a lock that its own hart holds, and taking a lock that
 * is free costs one atomic exchange.  Whatever waits, sleeps: nothing in the kernel may
 * spin until an interrupt handler of its own hart has done something.
 *
 * The lock holds the tag of the hart that has it, for assertions and panics.
 */
#ifndef SYNC_SPIN_H
#define SYNC_SPIN_H

#include "sync/hart.h"

struct spinlock {
    u32 held; /* lock_tag of the hart that has it, 0 = free */
    const char *name;
};

#define SPINLOCK(lock_name) \
    {                       \
        0, (lock_name)      \
    }

static inline void spin_init(struct spinlock *lock, const char *name)
{
    lock->held = 0;
    lock->name = name;
}

#ifdef __riscv
/* The contended path: spin until taken.  before: what the exchange found. */
void spin_wait_(struct spinlock *lock, u32 before);

/* Take what interrupts wait, where no lock is held and nothing depends on the hart. */
static inline void interrupts_breathe(void)
{
    csr_set(sstatus, SSTATUS_SIE);
    csr_clear(sstatus, SSTATUS_SIE);
}

/* => what the lock held before: 0 if it is ours now. */
static always_inline i64 spin_exchange_(struct spinlock *lock, u32 tag)
{
    i64 before; /* the whole register, so that it need not be extended */

    __asm__ volatile("amoswap.w.aq %0, %2, %1"
                     : "=r"(before), "+A"(lock->held)
                     : "r"(tag)
                     : "memory");
    return before;
}

/*
 * Without counting: where nothing in between asks whether it may sleep.  The contended path
 * (spin.S) keeps all registers but t0 to t2, so that a function that only takes a lock is not
 * one that calls, and need not save anything.
 */
static always_inline void spin_lock_quick(struct spinlock *lock)
{
    i64 before;

    __asm__ volatile("amoswap.w.aq %0, %2, %1\n\t"
                     "bnez %0, 2f\n"
                     "1:\n\t"
                     ".pushsection .text.unlikely, \"ax\"\n"
                     "2:\n\t"
                     "mv t1, %3\n\t"
                     "mv t2, %0\n\t"
                     "jal t0, spin_wait_stub\n\t"
                     "j 1b\n\t"
                     ".popsection"
                     : "=&r"(before), "+A"(lock->held)
                     : "r"(this_hart()->lock_tag), "r"(lock)
                     : "t0", "t1", "t2", "memory");
}

static always_inline void spin_unlock_quick(struct spinlock *lock)
{
    __asm__ volatile("amoswap.w.rl zero, zero, %0" : "+A"(lock->held) : : "memory");
}

static inline void spin_lock(struct spinlock *lock)
{
    this_hart()->lock_depth++;
    spin_lock_quick(lock);
}

/* => true if taken. */
static inline bool spin_trylock(struct spinlock *lock)
{
    u32 before = 0;

    /* A lock that is held must keep its holder's tag, so no plain exchange here. */
    if (!__atomic_compare_exchange_n(&lock->held, &before, this_hart()->lock_tag, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return false;
    }
    this_hart()->lock_depth++;
    return true;
}

static inline void spin_unlock(struct spinlock *lock)
{
    spin_unlock_quick(lock);
    this_hart()->lock_depth--;
}
#endif

#endif
