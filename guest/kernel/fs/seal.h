/* SPDX-License-Identifier: MIT */
/*
 * seal.h - seals of memory files: what nobody may do to them any more (memfd_create(2),
 * F_ADD_SEALS of fcntl(2)).  A seal is never taken off.
 * Lock: inode->lock for inode->seals.
 */
#ifndef KERNEL_FS_SEAL_H
#define KERNEL_FS_SEAL_H

#include "abi/fcntl.h"
#include "lib/errno.h"
#include "mm/object.h"

struct file;

/* fcntl(2).  => 0; -EINVAL (no such seal, no memory file), -EPERM (sealed, not open for writing),
 * -EBUSY (F_SEAL_WRITE while somebody maps it for writing) */
int seal_add(struct file *file, u32 seals);
/* => the seals, -EINVAL */
i64 seal_get(const struct file *file);

/* May [offset, offset + size) be written?  => 0, -EPERM.  inode->lock is held. */
static inline int seal_check_write(const struct inode *inode, u64 offset, u64 size)
{
    bool grows = offset + size > inode->size;

    if ((inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0 ||
        (grows && (inode->seals & F_SEAL_GROW) != 0)) {
        return -EPERM;
    }
    return 0;
}

/* May the size become this?  => 0, -EPERM.  inode->lock is held. */
static inline int seal_check_size(const struct inode *inode, u64 size)
{
    u32 seal = size > inode->size ? F_SEAL_GROW : size < inode->size ? F_SEAL_SHRINK : 0;

    return inode->seals & seal ? -EPERM : 0;
}

#endif
