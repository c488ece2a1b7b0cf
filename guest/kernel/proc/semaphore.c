/* SPDX-License-Identifier: MIT */
/*
 * semaphore.c - System V semaphores: sets of numbers that are changed together or not at all.
 *
 * A call tries its operations in order on the real values; at the first that cannot be done it
 * takes back the earlier ones and sleeps until something in the set changes, then tries again.
 * For SEM_UNDO a process keeps, for each set, what has to be added to each value when it ends.
 *
 * Lock: semaphore_lock, for sets, values and undo lists alike.
 * Source: POSIX.1-2017 semop(), Linux semop(2).
 */
#include "proc/semaphore.h"

#include "abi/errno.h"
#include "mm/kalloc.h"
#include "proc/process.h"

struct semaphore_undo {
    struct semaphore_undo *next; /* of the process */
    i32 id;
    u32 count;
    i16 adjust[];
};

struct spinlock semaphore_lock = SPINLOCK("semaphores");

static struct semaphore_set *sets[IPC_SLOTS];
static u32 generations[IPC_SLOTS];

static i32 id_of(const struct semaphore_set *set)
{
    return ipc_id(&set->ipc, set->slot);
}

struct semaphore_set *semaphore_find(i32 id, bool by_slot)
{
    struct semaphore_set *set = id >= 0 ? sets[(u32)id % IPC_SLOTS] : NULL;

    if (by_slot) {
        return (u32)id < IPC_SLOTS ? set : NULL;
    }
    return set && id_of(set) == id ? set : NULL;
}

/* --- making and removing --------------------------------------------------------------------- */

static struct semaphore_set *find_key(i32 key)
{
    for (u32 i = 0; key != IPC_PRIVATE && i < IPC_SLOTS; i++) {
        if (sets[i] && sets[i]->ipc.key == key) {
            return sets[i];
        }
    }
    return NULL;
}

/* semaphore_lock.  => its id or -ENOSPC */
static i64 place(struct semaphore_set *set)
{
    for (u32 i = 0; i < IPC_SLOTS; i++) {
        if (!sets[i]) {
            set->slot = i;
            set->ipc.generation = generations[i];
            sets[i] = set;
            return id_of(set);
        }
    }
    return -ENOSPC;
}

i64 semaphore_get(i32 key, i32 count, u32 flags)
{
    struct semaphore_set *set, *fresh = NULL;
    i64 result;

    if (count < 0 || (u32)count > SEMAPHORES_PER_SET) {
        return -EINVAL;
    }
    if (count > 0) {
        fresh = kalloc(sizeof *fresh + (u32)count * sizeof(struct semaphore));
        if (!fresh) {
            return -ENOMEM;
        }
        fresh->count = (u32)count;
        wait_init(&fresh->changed);
        ipc_create(&fresh->ipc, key, flags);
    }
    spin_lock(&semaphore_lock);
    set = find_key(key);
    if (set) {
        result = ipc_found(&set->ipc, flags);
        result = result ? result : (u32)count > set->count ? -EINVAL : id_of(set);
    } else if (key != IPC_PRIVATE && !(flags & IPC_CREAT)) {
        result = -ENOENT;
    } else if (!fresh) {
        result = -EINVAL;
    } else {
        result = place(fresh);
        fresh = result >= 0 ? NULL : fresh;
    }
    spin_unlock(&semaphore_lock);
    kfree(fresh);
    return result;
}

void semaphore_remove(struct semaphore_set *set)
{
    bool is_last = set->sleepers == 0;

    sets[set->slot] = NULL;
    generations[set->slot]++;
    set->removed = true;
    wait_wake_all(&set->changed);
    spin_unlock(&semaphore_lock);
    if (is_last) {
        kfree(set);
    }
}

u32 semaphore_count(u32 *semaphores, u32 *highest)
{
    u32 used = 0;

    *semaphores = *highest = 0;
    spin_lock(&semaphore_lock);
    for (u32 i = 0; i < IPC_SLOTS; i++) {
        if (sets[i]) {
            used++;
            *semaphores += sets[i]->count;
            *highest = i;
        }
    }
    spin_unlock(&semaphore_lock);
    return used;
}

/* --- SEM_UNDO -------------------------------------------------------------------------------- */

static struct semaphore_undo *find_undo(const struct process *process, i32 id)
{
    struct semaphore_undo *undo = process->undo;

    while (undo && undo->id != id) {
        undo = undo->next;
    }
    return undo;
}

/* Makes sure that the process has an undo list for this set.  No lock.  => 0 or -ENOMEM -EINVAL */
static int prepare_undo(struct process *process, i32 id)
{
    struct semaphore_undo *fresh;
    struct semaphore_set *set;
    u32 count;

    spin_lock(&semaphore_lock);
    set = semaphore_find(id, false);
    count = set && !find_undo(process, id) ? set->count : 0;
    spin_unlock(&semaphore_lock);
    if (count == 0) {
        return set ? 0 : -EINVAL;
    }
    fresh = kalloc(sizeof *fresh + count * sizeof(i16));
    if (!fresh) {
        return -ENOMEM;
    }
    fresh->id = id;
    fresh->count = count;
    spin_lock(&semaphore_lock);
    if (!find_undo(process, id)) {
        fresh->next = process->undo;
        process->undo = fresh;
        fresh = NULL;
    }
    spin_unlock(&semaphore_lock);
    kfree(fresh);
    return 0;
}

void semaphore_set_value(struct semaphore_set *set, u32 number, u16 value)
{
    set->semaphore[number].value = value;
    set->semaphore[number].last_pid = current_process()->pid;
    set->ipc.change_time = ipc_seconds();
    spin_lock(&process_lock);
    for (struct process *each = process_list; each; each = each->next) {
        struct semaphore_undo *undo = find_undo(each, id_of(set));

        if (undo) {
            undo->adjust[number] = 0;
        }
    }
    spin_unlock(&process_lock);
    wait_wake_all(&set->changed);
}

void semaphore_undo_all(struct process *process)
{
    struct semaphore_undo *undo;

    while ((undo = process->undo) != NULL) {
        struct semaphore_set *set;

        spin_lock(&semaphore_lock);
        set = semaphore_find(undo->id, false);
        for (u32 i = 0; set && i < undo->count; i++) {
            i32 value = set->semaphore[i].value + undo->adjust[i];

            if (undo->adjust[i] != 0) {
                set->semaphore[i].value = (u16)(value < 0               ? 0
                                                : value > SEMAPHORE_MAX ? SEMAPHORE_MAX
                                                                        : value);
                set->semaphore[i].last_pid = process->pid;
            }
        }
        if (set) {
            set->operation_time = ipc_seconds();
            wait_wake_all(&set->changed);
        }
        process->undo = undo->next;
        spin_unlock(&semaphore_lock);
        kfree(undo);
    }
}

/* --- operating ------------------------------------------------------------------------------- */

/* Takes back the first `count` operations. */
static void revert(struct semaphore_set *set, struct semaphore_undo *undo,
                   const struct abi_sembuf *operations, u32 count)
{
    while (count-- > 0) {
        const struct abi_sembuf *one = &operations[count];

        set->semaphore[one->number].value =
            (u16)(set->semaphore[one->number].value - one->operation);
        if (one->flags & SEM_UNDO) {
            undo->adjust[one->number] = (i16)(undo->adjust[one->number] + one->operation);
        }
    }
}

/* => 0, -EAGAIN: not now, -ERANGE */
static int apply_one(struct semaphore_set *set, struct semaphore_undo *undo,
                     const struct abi_sembuf *one)
{
    i32 value = set->semaphore[one->number].value + one->operation;

    if (one->operation == 0 ? value != 0 : value < 0) {
        return -EAGAIN;
    }
    if (value > SEMAPHORE_MAX) {
        return -ERANGE;
    }
    if (one->flags & SEM_UNDO) {
        i32 adjust = undo->adjust[one->number] - one->operation;

        if (adjust < -SEMAPHORE_MAX - 1 || adjust > SEMAPHORE_MAX) {
            return -ERANGE;
        }
        undo->adjust[one->number] = (i16)adjust;
    }
    set->semaphore[one->number].value = (u16)value;
    return 0;
}

/* All or nothing.  => 0, -EAGAIN with *stopped = the one that cannot be done, -ERANGE */
static int apply(struct semaphore_set *set, struct semaphore_undo *undo,
                 const struct abi_sembuf *operations, u32 count, u32 *stopped)
{
    int error = 0;

    for (u32 i = 0; i < count; i++) {
        error = apply_one(set, undo, &operations[i]);
        if (error) {
            *stopped = i;
            revert(set, undo, operations, i);
            return error;
        }
    }
    for (u32 i = 0; i < count; i++) {
        set->semaphore[operations[i].number].last_pid = current_process()->pid;
    }
    set->operation_time = ipc_seconds();
    return 0;
}

/* Sleeps for the semaphore that stopped us.  semaphore_lock.  => 0, -EIDRM, -EINTR, -EAGAIN */
static int wait_for(struct semaphore_set *set, const struct abi_sembuf *one, u64 deadline)
{
    struct semaphore *semaphore = &set->semaphore[one->number];
    u32 *waiting = one->operation == 0 ? &semaphore->waiting_zero : &semaphore->waiting_more;
    int error;

    if (one->flags & IPC_NOWAIT) {
        return -EAGAIN;
    }
    set->sleepers++;
    (*waiting)++;
    error = wait_sleep_timeout(&set->changed, &semaphore_lock, deadline, true);
    (*waiting)--;
    set->sleepers--;
    if (set->removed) {
        if (set->sleepers == 0) {
            kfree(set);
        }
        return -EIDRM;
    }
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

static int check(const struct semaphore_set *set, const struct abi_sembuf *operations, u32 count)
{
    u32 wanted = IPC_READ;

    for (u32 i = 0; i < count; i++) {
        if (operations[i].number >= set->count) {
            return -EFBIG;
        }
        wanted |= operations[i].operation != 0 ? IPC_WRITE : 0;
    }
    return ipc_allows(&set->ipc, wanted & IPC_WRITE ? IPC_WRITE : IPC_READ);
}

i64 semaphore_operate(i32 id, const struct abi_sembuf *operations, u32 count, u64 deadline)
{
    struct process *process = current_process();
    struct semaphore_set *set;
    bool undoes = false, alters = false;
    u32 stopped = 0;
    int error = 0;

    for (u32 i = 0; i < count; i++) {
        undoes |= (operations[i].flags & SEM_UNDO) != 0;
        alters |= operations[i].operation != 0;
    }
    if (undoes) {
        error = prepare_undo(process, id);
    }
    if (error) {
        return error;
    }
    spin_lock(&semaphore_lock);
    set = semaphore_find(id, false);
    error = set ? check(set, operations, count) : -EINVAL;
    while (!error) {
        error = apply(set, find_undo(process, id), operations, count, &stopped);
        if (error != -EAGAIN) {
            break;
        }
        error = wait_for(set, &operations[stopped], deadline);
    }
    if (!error && alters) {
        wait_wake_all(&set->changed);
    }
    spin_unlock(&semaphore_lock);
    return error;
}
