/* SPDX-License-Identifier: MIT */
/*
 * object.c - the core of an inode: references and who may write.
 */
#include "mm/object.h"
#include "lib/atomic.h"
#include "lib/errno.h"

void inode_setup(struct inode *inode, const struct inode_ops *ops)
{
    inode->refs = 1;
    inode->ops = ops;
    mutex_init(&inode->lock, "inode");
    cache_init(&inode->cache);
    spin_init(&inode->areas_lock, "inode areas");
    list_init(&inode->areas);
    list_init(&inode->hash);
    list_init(&inode->lru);
}

struct inode *inode_get(struct inode *inode)
{
    atomic_add_u32(&inode->refs, 1);
    return inode;
}

void inode_put(struct inode *inode)
{
    if (inode == NULL || atomic_put_unless_one(&inode->refs)) {
        return;
    }
    inode->ops->release(inode);
}

/* Move `writers` by `step`, unless it has the other sign. */
static int change_writers(struct inode *inode, i32 step)
{
    i32 old = __atomic_load_n(&inode->writers, __ATOMIC_RELAXED);

    do {
        if ((step > 0 && old < 0) || (step < 0 && old > 0)) {
            return -ETXTBSY;
        }
    } while (!__atomic_compare_exchange_n(&inode->writers, &old, old + step, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    return 0;
}

int inode_get_write(struct inode *inode)
{
    return change_writers(inode, 1);
}

void inode_put_write(struct inode *inode)
{
    __atomic_fetch_sub(&inode->writers, 1, __ATOMIC_SEQ_CST);
}

int inode_deny_write(struct inode *inode)
{
    return change_writers(inode, -1);
}

void inode_allow_write(struct inode *inode)
{
    __atomic_fetch_add(&inode->writers, 1, __ATOMIC_SEQ_CST);
}
