/* SPDX-License-Identifier: MIT */
/* semaphore.h - System V semaphores.  See semaphore.c. */
#ifndef KERNEL_PROC_SEMAPHORE_H
#define KERNEL_PROC_SEMAPHORE_H

#include "proc/ipc.h"
#include "sync/wait.h"

#define SEMAPHORES_PER_SET 32000u
#define SEMAPHORE_OPERATIONS 500u
#define SEMAPHORE_MAX 32767

struct semaphore {
    u16 value;
    u32 last_pid;
    u32 waiting_more, waiting_zero; /* threads that sleep for it */
};

struct semaphore_set {
    struct ipc ipc;
    u32 slot, count;
    bool removed;
    u32 sleepers; /* the last of them frees a removed set */
    i64 operation_time;
    struct wait_queue changed;
    struct semaphore semaphore[];
};

/* Guards all sets. */
extern struct spinlock semaphore_lock;

/* semget(2).  => id or -errno */
i64 semaphore_get(i32 key, i32 count, u32 flags);
/* semop(2), semtimedop(2): operations are the kernel's copy; deadline in ns, WAIT_FOREVER.
 * => 0, -EAGAIN -EIDRM -EINTR -EFBIG -EACCES -ERANGE -ENOMEM */
i64 semaphore_operate(i32 id, const struct abi_sembuf *operations, u32 count, u64 deadline);
/* The set of an id, or (by_slot) of a slot.  semaphore_lock.  => NULL: there is none */
struct semaphore_set *semaphore_find(i32 id, bool by_slot);
/* A value is set from outside: what SEM_UNDO remembers of it is void.  semaphore_lock. */
void semaphore_set_value(struct semaphore_set *set, u32 number, u16 value);
/* IPC_RMID.  semaphore_lock, which is given up. */
void semaphore_remove(struct semaphore_set *set);
/* How many sets and semaphores there are, and the highest slot in use (0 if none). */
u32 semaphore_count(u32 *semaphores, u32 *highest);
/* The process ends: what it did with SEM_UNDO is undone. */
struct process;
void semaphore_undo_all(struct process *process);

#endif
