/* SPDX-License-Identifier: MIT */
/*
 * ids.c - users and groups of a process.
 *
 * Kept for the process as a whole, as POSIX has it.  A privileged process (euid 0) may
 * take any id; others only move between the ones they have.  ~0 means "leave".
 */
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/sys.h"

#define LEAVE (~0u)

struct id_set {
    u32 *real, *effective, *saved, *fs;
};

static struct id_set users(void)
{
    struct credentials *ids = &current_process()->ids;

    return (struct id_set){&ids->uid, &ids->euid, &ids->suid, &ids->fsuid};
}

static struct id_set groups(void)
{
    struct credentials *ids = &current_process()->ids;

    return (struct id_set){&ids->gid, &ids->egid, &ids->sgid, &ids->fsgid};
}

static bool is_privileged(void)
{
    return current_process()->ids.euid == 0;
}

static bool may_take(const struct id_set *set, u32 id)
{
    return id == LEAVE || is_privileged() || id == *set->real || id == *set->effective ||
           id == *set->saved;
}

/* What is not for everybody depends on who it is. */
static void ids_changed(void)
{
    struct process *process = current_process();

    spin_lock(&process_lock);
    mm_apply_limits(process->mm, process);
    spin_unlock(&process_lock);
}

static i64 set_three(struct id_set set, u32 real, u32 effective, u32 saved)
{
    if (!may_take(&set, real) || !may_take(&set, effective) || !may_take(&set, saved)) {
        return -EPERM;
    }
    if (real != LEAVE) {
        *set.real = real;
    }
    if (effective != LEAVE) {
        *set.effective = effective;
        *set.fs = effective;
    }
    if (saved != LEAVE) {
        *set.saved = saved;
    }
    ids_changed();
    return 0;
}

static i64 set_one(struct id_set set, u32 id)
{
    if (id == LEAVE) {
        return -EINVAL;
    }
    return is_privileged() ? set_three(set, id, id, id) : set_three(set, LEAVE, id, LEAVE);
}

/* setreuid: the saved id follows the effective one if the real one was given or it changes. */
static i64 set_two(struct id_set set, u32 real, u32 effective)
{
    u32 old_real = *set.real;
    i64 result = set_three(set, real, effective, LEAVE);

    if (result == 0 && (real != LEAVE || (effective != LEAVE && effective != old_real))) {
        *set.saved = *set.effective;
    }
    return result;
}

static i64 put_three(struct id_set set, const u64 *a)
{
    if (put_user_u32(a[0], *set.real) != 0 || put_user_u32(a[1], *set.effective) != 0) {
        return -EFAULT;
    }
    return put_user_u32(a[2], *set.saved);
}

i64 sys_getuid(const u64 *a)
{
    (void)a;
    return current_process()->ids.uid;
}

i64 sys_geteuid(const u64 *a)
{
    (void)a;
    return current_process()->ids.euid;
}

i64 sys_getgid(const u64 *a)
{
    (void)a;
    return current_process()->ids.gid;
}

i64 sys_getegid(const u64 *a)
{
    (void)a;
    return current_process()->ids.egid;
}

i64 sys_setuid(const u64 *a)
{
    return set_one(users(), (u32)a[0]);
}

i64 sys_setgid(const u64 *a)
{
    return set_one(groups(), (u32)a[0]);
}

i64 sys_setreuid(const u64 *a)
{
    return set_two(users(), (u32)a[0], (u32)a[1]);
}

i64 sys_setregid(const u64 *a)
{
    return set_two(groups(), (u32)a[0], (u32)a[1]);
}

i64 sys_setresuid(const u64 *a)
{
    return set_three(users(), (u32)a[0], (u32)a[1], (u32)a[2]);
}

i64 sys_setresgid(const u64 *a)
{
    return set_three(groups(), (u32)a[0], (u32)a[1], (u32)a[2]);
}

i64 sys_getresuid(const u64 *a)
{
    return put_three(users(), a);
}

i64 sys_getresgid(const u64 *a)
{
    return put_three(groups(), a);
}

/* setfsuid returns the old value and says nothing else. */
i64 sys_setfsuid(const u64 *a)
{
    struct id_set set = users();
    u32 old = *set.fs;

    if (may_take(&set, (u32)a[0]) && (u32)a[0] != LEAVE) {
        *set.fs = (u32)a[0];
    }
    return old;
}

i64 sys_setfsgid(const u64 *a)
{
    struct id_set set = groups();
    u32 old = *set.fs;

    if (may_take(&set, (u32)a[0]) && (u32)a[0] != LEAVE) {
        *set.fs = (u32)a[0];
    }
    return old;
}

i64 sys_getgroups(const u64 *a)
{
    const struct credentials *ids = &current_process()->ids;

    if ((i32)a[0] < 0 || ((u32)a[0] != 0 && (u32)a[0] < ids->group_count)) {
        return -EINVAL;
    }
    if ((u32)a[0] != 0 &&
        copy_to_user(a[1], ids->groups, ids->group_count * sizeof ids->groups[0]) != 0) {
        return -EFAULT;
    }
    return ids->group_count;
}

i64 sys_setgroups(const u64 *a)
{
    struct credentials *ids = &current_process()->ids;
    u32 list[ARRAY_LENGTH(ids->groups)], count = (u32)a[0];

    if (!is_privileged()) {
        return -EPERM;
    }
    if (count > ARRAY_LENGTH(list)) {
        return -EINVAL;
    }
    if (copy_from_user(list, a[1], count * sizeof list[0]) != 0) {
        return -EFAULT;
    }
    for (u32 i = 0; i < count; i++) {
        ids->groups[i] = list[i];
    }
    ids->group_count = count;
    return 0;
}
