/* SPDX-License-Identifier: MIT */
/* semaphore.c - the system calls of System V semaphores.  See proc/semaphore.c. */
#include "proc/semaphore.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "sync/time.h"
#include "sys/sys.h"

i64 sys_semget(const u64 *a)
{
    return semaphore_get((i32)a[0], (i32)a[1], (u32)a[2]);
}

static i64 operate(const u64 *a, u64 deadline)
{
    struct abi_sembuf *operations;
    i64 result;

    if (a[2] == 0 || (i32)a[0] < 0) {
        return -EINVAL;
    }
    if (a[2] > SEMAPHORE_OPERATIONS) {
        return -E2BIG;
    }
    operations = kalloc(a[2] * sizeof *operations);
    if (!operations) {
        return -ENOMEM;
    }
    result = copy_from_user(operations, a[1], a[2] * sizeof *operations) ? -EFAULT : 0;
    if (!result) {
        result = semaphore_operate((i32)a[0], operations, (u32)a[2], deadline);
    }
    kfree(operations);
    return result;
}

i64 sys_semop(const u64 *a)
{
    return operate(a, WAIT_FOREVER);
}

i64 sys_semtimedop(const u64 *a)
{
    u64 ns;
    i64 error = a[3] ? sys_get_time(a[3], &ns) : 0;

    return error ? error : operate(a, a[3] ? time_now_ns() + ns : WAIT_FOREVER);
}

/* --- semctl ---------------------------------------------------------------------------------- */

static i64 put_info(u32 command, u64 user)
{
    u32 semaphores, highest, used = semaphore_count(&semaphores, &highest);
    const i32 total = (i32)(IPC_SLOTS * SEMAPHORES_PER_SET);
    struct abi_seminfo out = {.semmap = total,
                              .semmni = IPC_SLOTS,
                              .semmns = total,
                              .semmnu = total,
                              .semmsl = SEMAPHORES_PER_SET,
                              .semopm = SEMAPHORE_OPERATIONS,
                              .semume = SEMAPHORE_OPERATIONS,
                              .semusz = 20,
                              .semvmx = SEMAPHORE_MAX,
                              .semaem = SEMAPHORE_MAX};

    if (command == SEM_INFO) {
        out.semusz = (i32)used;
        out.semaem = (i32)semaphores;
    }
    return copy_to_user(user, &out, sizeof out) ? -EFAULT : (i64)highest;
}

/* What one call moves between a set and the caller, outside the lock. */
struct control {
    u32 command, number;
    struct abi_semid state;
    u16 *values; /* GETALL, SETALL: SEMAPHORES_PER_SET of them */
    u32 count;
    i32 value;
};

static i64 read_set(struct semaphore_set *set, struct control *control)
{
    const struct semaphore *one = &set->semaphore[control->number];

    switch (control->command) {
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
        control->state = (struct abi_semid){.perm = ipc_show(&set->ipc),
                                            .operation_time = set->operation_time,
                                            .change_time = set->ipc.change_time,
                                            .count = set->count};
        return control->command == IPC_STAT ? 0 : ipc_id(&set->ipc, set->slot);
    case GETALL:
        control->count = set->count;
        for (u32 i = 0; i < set->count; i++) {
            control->values[i] = set->semaphore[i].value;
        }
        return 0;
    case GETPID:
        return one->last_pid;
    case GETVAL:
        return one->value;
    case GETNCNT:
        return one->waiting_more;
    default: /* GETZCNT */
        return one->waiting_zero;
    }
}

/* semaphore_lock, which is given up. */
static i64 change_set(struct semaphore_set *set, const struct control *control)
{
    i64 result = 0;

    switch (control->command) {
    case IPC_RMID:
        result = ipc_check_owner(&set->ipc);
        if (!result) {
            semaphore_remove(set);
            return 0;
        }
        break;
    case IPC_SET:
        result = ipc_check_owner(&set->ipc);
        if (!result) {
            ipc_set(&set->ipc, &control->state.perm);
        }
        break;
    case SETVAL:
        result = control->value < 0 || control->value > SEMAPHORE_MAX ? -ERANGE : 0;
        if (!result) {
            semaphore_set_value(set, control->number, (u16)control->value);
        }
        break;
    default: /* SETALL */
        for (u32 i = 0; i < set->count && !result; i++) {
            result = control->values[i] > SEMAPHORE_MAX ? -ERANGE : 0;
        }
        for (u32 i = 0; i < set->count && !result; i++) {
            semaphore_set_value(set, i, control->values[i]);
        }
    }
    spin_unlock(&semaphore_lock);
    return result;
}

static bool is_change(u32 command)
{
    return command == IPC_RMID || command == IPC_SET || command == SETVAL || command == SETALL;
}

static bool names_one(u32 command)
{
    return command == GETPID || command == GETVAL || command == GETNCNT || command == GETZCNT ||
           command == SETVAL;
}

/* => the result of the call, or -errno */
static i64 control_set(i32 id, struct control *control)
{
    u32 command = control->command;
    bool by_slot = command == SEM_STAT || command == SEM_STAT_ANY;
    u32 wanted = command == SETVAL || command == SETALL ? IPC_WRITE : IPC_READ;
    struct semaphore_set *set;
    i64 result;

    spin_lock(&semaphore_lock);
    set = semaphore_find(id, by_slot);
    result = set ? 0 : -EINVAL;
    if (!result && names_one(command) && control->number >= set->count) {
        result = -EINVAL;
    }
    if (!result && command != IPC_RMID && command != IPC_SET && command != SEM_STAT_ANY) {
        result = ipc_allows(&set->ipc, wanted);
    }
    if (!result && is_change(command)) {
        return change_set(set, control);
    }
    if (!result) {
        control->number = names_one(command) ? control->number : 0;
        result = read_set(set, control);
    }
    spin_unlock(&semaphore_lock);
    return result;
}

/* SETALL has to know how many values to read before it has the set. */
static i64 get_values(i32 id, struct control *control, u64 user)
{
    struct semaphore_set *set;

    spin_lock(&semaphore_lock);
    set = semaphore_find(id, false);
    control->count = set ? set->count : 0;
    spin_unlock(&semaphore_lock);
    if (control->count == 0) {
        return -EINVAL;
    }
    control->values = kalloc(SEMAPHORES_PER_SET * sizeof(u16));
    if (!control->values) {
        return -ENOMEM;
    }
    if (control->command == SETALL &&
        copy_from_user(control->values, user, control->count * sizeof(u16)) != 0) {
        return -EFAULT;
    }
    return 0;
}

i64 sys_semctl(const u64 *a)
{
    struct control control = {.command = (u32)a[2], .number = (u32)a[1], .value = (i32)a[3]};
    u64 user = a[3];
    i64 result = 0;

    switch (control.command) {
    case IPC_INFO:
    case SEM_INFO:
        return put_info(control.command, user);
    case IPC_SET:
        result = copy_from_user(&control.state, user, sizeof control.state) ? -EFAULT : 0;
        break;
    case GETALL:
    case SETALL:
        result = get_values((i32)a[0], &control, user);
        break;
    default:
        result = control.command == IPC_RMID || control.command == IPC_STAT ||
                         (control.command >= GETPID && control.command <= SEM_STAT_ANY)
                     ? 0
                     : -EINVAL;
    }
    if (!result) {
        result = control_set((i32)a[0], &control);
    }
    if (result >= 0 && control.command == GETALL) {
        result = copy_to_user(user, control.values, control.count * sizeof(u16)) ? -EFAULT : 0;
    } else if (result >= 0 && (control.command == IPC_STAT || control.command == SEM_STAT ||
                               control.command == SEM_STAT_ANY)) {
        result = copy_to_user(user, &control.state, sizeof control.state) ? -EFAULT : result;
    }
    kfree(control.values);
    return result;
}
