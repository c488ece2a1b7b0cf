/* SPDX-License-Identifier: MIT */
/* permission.c - see permission.h. */
#include "fs/permission.h"

#include "abi/fcntl.h"
#include "abi/stat.h"
#include "lib/errno.h"
#include "sync/task.h"

/* NULL: the kernel itself. */
static const struct credentials *caller(void)
{
    return current()->ids;
}

bool permission_is_privileged(void)
{
    const struct credentials *ids = caller();

    return !ids || ids->fsuid == 0;
}

bool permission_owns(const struct inode *inode)
{
    return permission_is_privileged() || caller()->fsuid == inode->uid;
}

static bool is_member(const struct credentials *ids, u32 gid)
{
    bool found = ids->fsgid == gid;

    for (u32 i = 0; i < ids->group_count && !found; i++) {
        found = ids->groups[i] == gid;
    }
    return found;
}

bool permission_has_group(u32 gid)
{
    return permission_is_privileged() || is_member(caller(), gid);
}

int permission_check(const struct inode *inode, u32 mask)
{
    const struct credentials *ids = caller();
    u32 bits = inode->mode;

    if (!ids || ids->fsuid == 0) {
        return (mask & X_OK) && !S_ISDIR(inode->mode) && !(bits & 0111) ? -EACCES : 0;
    }
    if (ids->fsuid == inode->uid) {
        bits >>= 6;
    } else if (is_member(ids, inode->gid)) {
        bits >>= 3;
    }
    return mask & ~bits & 7 ? -EACCES : 0;
}

int permission_to_remove(const struct inode *directory, const struct inode *victim)
{
    int error = permission_check(directory, W_OK | X_OK);

    if (!error && (directory->mode & S_ISVTX) && !permission_owns(victim) &&
        !permission_owns(directory)) {
        error = -EPERM;
    }
    return error;
}

void permission_set_owner(struct inode *inode, const struct inode *directory)
{
    const struct credentials *ids = caller();

    inode->uid = ids ? ids->fsuid : 0;
    inode->gid = ids ? ids->fsgid : 0;
    if (directory->mode & S_ISGID) {
        inode->gid = directory->gid;
        inode->mode |= S_ISDIR(inode->mode) ? S_ISGID : 0;
    }
    if (!S_ISDIR(inode->mode) && (inode->mode & 0010) && !permission_has_group(inode->gid)) {
        inode->mode &= ~S_ISGID;
    }
}
