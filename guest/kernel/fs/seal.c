/* SPDX-License-Identifier: MIT */
/* seal.c - see seal.h. */
#include "fs/seal.h"

#include "abi/stat.h"
#include "fs/file.h"
#include "mm/area.h"

#define ALL_SEALS \
    (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)

static bool is_mapped_for_writing(struct inode *inode)
{
    bool found = false;

    spin_lock(&inode->areas_lock);
    list_for_each(link, &inode->areas)
    {
        const struct area *area = list_entry(link, struct area, inode_link);

        found |= !area_is_private(area) && (area->flags & AREA_FLAG_MAYWRITE) != 0;
    }
    spin_unlock(&inode->areas_lock);
    return found;
}

static bool is_sealable(const struct file *file)
{
    return file->inode && (file->inode->flags & INODE_SHM) && S_ISREG(file->inode->mode) &&
           !(file->flags & O_PATH);
}

int seal_add(struct file *file, u32 seals)
{
    struct inode *inode = file->inode;
    int error = 0;

    if (!is_sealable(file) || (seals & ~ALL_SEALS)) {
        return -EINVAL;
    }
    if (!file_can_write(file)) {
        return -EPERM;
    }
    mutex_lock(&inode->lock);
    if (inode->seals & F_SEAL_SEAL) {
        error = -EPERM;
    } else if ((seals & F_SEAL_WRITE) && is_mapped_for_writing(inode)) {
        error = -EBUSY;
    } else {
        inode->seals |= seals;
    }
    mutex_unlock(&inode->lock);
    return error;
}

i64 seal_get(const struct file *file)
{
    return is_sealable(file) ? (i64)file->inode->seals : -EINVAL;
}
