/* SPDX-License-Identifier: MIT */
/*
 * inode_table.c - the inodes in memory, found by file system and number.
 *
 * Life of an inode:
 *
 *     inode_create -> inode_publish -> [in the table, refs > 0] <-> [on the LRU list, refs = 0]
 *                                              |  links = 0               |  too many
 *                                              v                          v
 *                                          [leaving] -> evict, drop pages -> freed
 *
 * While it is leaving it stays in the table, so that nobody reads it from the disk
 * anew before its last writes are there; who looks for it waits.
 * Lock: table_lock (spin) for table, LRU list, names and the last reference.
 */
#include "fs/vfs.h"
#include "abi/stat.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/kalloc.h"

#define BUCKETS 256u
#define UNUSED_LIMIT 1024u /* unreferenced inodes kept */

#define INODE_LEAVING (1u << 16)

static struct spinlock table_lock = SPINLOCK("inode table");
static struct list buckets[BUCKETS];
static struct list unused = {&unused, &unused}; /* oldest first */
static u32 unused_count;
static struct wait_queue leaving_queue;

void inode_table_init(void)
{
    for (u32 i = 0; i < BUCKETS; i++) {
        list_init(&buckets[i]);
    }
    wait_init(&leaving_queue);
}

static struct list *bucket_of(const struct filesystem *fs, u64 number)
{
    return &buckets[(number * 31 + fs->device) % BUCKETS];
}

struct inode *inode_create(struct filesystem *fs, u64 number, u32 mode, const struct inode_ops *ops,
                           size_t size)
{
    struct inode *inode = kalloc(size);

    if (!inode) {
        return NULL;
    }
    atomic_add_u32(&fs->live_inodes, 1);
    inode->number = number;
    inode->mode = mode;
    inode->fs = fs;
    inode->links = 1;
    inode_setup(inode, ops);
    list_init(&inode->hash);
    list_init(&inode->lru);
    inode_touch(inode, TOUCH_ACCESS | TOUCH_MODIFY | TOUCH_CHANGE);
    return inode;
}

/* => the inode with a reference, or NULL; table_lock is held, let go while waiting */
static struct inode *find_locked(struct filesystem *fs, u64 number)
{
    struct list *bucket = bucket_of(fs, number);

again:
    list_for_each(link, bucket)
    {
        struct inode *inode = list_entry(link, struct inode, hash);

        if (inode->number != number || inode->fs != fs) {
            continue;
        }
        if (inode->flags & INODE_LEAVING) {
            wait_sleep(&leaving_queue, &table_lock);
            goto again; /* the list may have changed */
        }
        if (!list_empty(&inode->lru)) {
            list_remove(&inode->lru);
            unused_count--;
        }
        atomic_add_u32(&inode->refs, 1);
        return inode;
    }
    return NULL;
}

struct inode *inode_find(struct filesystem *fs, u64 number)
{
    struct inode *inode;

    spin_lock(&table_lock);
    inode = find_locked(fs, number);
    spin_unlock(&table_lock);
    return inode;
}

/* Free the structure.  => in no list, no pages, nobody else knows it */
static void inode_free(struct inode *inode)
{
    atomic_add_u32(&inode->fs->live_inodes, (u32)-1);
    kfree(inode->name);
    kfree(inode);
}

struct inode *inode_publish(struct inode *inode)
{
    struct inode *other;

    spin_lock(&table_lock);
    other = find_locked(inode->fs, inode->number);
    if (!other) {
        list_push_front(bucket_of(inode->fs, inode->number), &inode->hash);
    }
    spin_unlock(&table_lock);
    if (!other) {
        return inode;
    }
    inode_free(inode);
    return other;
}

/* The inode goes away.  => refs == 0, marked leaving, not on the LRU list; no lock held */
static void inode_leave(struct inode *inode)
{
    atomic_add_u32(&inode->refs, 1); /* what is called below may take and drop references */
    if (inode->links > 0 && !(inode->flags & INODE_SHM)) {
        cache_write_back(inode, 0, ~0ull, WRITEBACK_RECLAIM);
    }
    if (inode->fs->ops->evict) {
        inode->fs->ops->evict(inode);
    }
    cache_drop(inode);
    spin_lock(&table_lock);
    list_remove(&inode->hash);
    wait_wake_all(&leaving_queue);
    spin_unlock(&table_lock);
    inode_free(inode);
}

/*
 * The unused inode that has been unused longest, marked as leaving; one without dirty pages
 * if there is one among the oldest.  => table_lock is held
 */
static struct inode *choose_victim(void)
{
    struct inode *victim = NULL;
    u32 looked_at = 0;

    list_for_each(link, &unused)
    {
        struct inode *inode = list_entry(link, struct inode, lru);

        if (!victim || inode->cache.dirty == 0) {
            victim = inode;
        }
        if (victim->cache.dirty == 0 || ++looked_at == 16) {
            break;
        }
    }
    list_remove(&victim->lru);
    unused_count--;
    victim->flags |= INODE_LEAVING;
    return victim;
}

void inode_release(struct inode *inode)
{
    struct inode *victim = NULL;

    spin_lock(&table_lock);
    if (atomic_add_u32(&inode->refs, (u32)-1) != 1) {
        spin_unlock(&table_lock); /* somebody found it in the meantime */
        return;
    }
    if (inode->links > 0 && !list_empty(&inode->hash)) {
        list_push_back(&unused, &inode->lru);
        if (++unused_count > UNUSED_LIMIT) {
            victim = choose_victim();
        }
    } else {
        inode->flags |= INODE_LEAVING;
        victim = inode;
    }
    spin_unlock(&table_lock);
    if (victim) {
        inode_leave(victim);
    }
}

/* An unreferenced inode of the file system in this bucket, marked as leaving, or NULL. */
static struct inode *take_unused(struct filesystem *fs, struct list *bucket)
{
    struct inode *victim = NULL;

    spin_lock(&table_lock);
    list_for_each(link, bucket)
    {
        struct inode *inode = list_entry(link, struct inode, hash);

        if (inode->fs == fs && !list_empty(&inode->lru)) {
            list_remove(&inode->lru);
            unused_count--;
            inode->flags |= INODE_LEAVING;
            victim = inode;
            break;
        }
    }
    spin_unlock(&table_lock);
    return victim;
}

void inode_evict_all(struct filesystem *fs)
{
    for (u32 i = 0; i < BUCKETS; i++) {
        struct inode *victim;

        while ((victim = take_unused(fs, &buckets[i])) != NULL) {
            inode_leave(victim);
        }
    }
}

void inode_for_each(struct filesystem *fs, void (*visit)(struct inode *inode))
{
    for (u32 i = 0; i < BUCKETS; i++) {
        struct inode *held = NULL;
        struct list *link;

        spin_lock(&table_lock);
        for (link = buckets[i].next; link != &buckets[i]; link = link->next) {
            struct inode *inode = list_entry(link, struct inode, hash);
            struct inode *before = held;

            if (inode->fs != fs || (inode->flags & INODE_LEAVING)) {
                continue;
            }
            if (!list_empty(&inode->lru)) {
                list_remove(&inode->lru);
                unused_count--;
            }
            atomic_add_u32(&inode->refs, 1); /* keeps the link valid while unlocked */
            held = inode;
            spin_unlock(&table_lock);
            inode_put(before);
            visit(inode);
            spin_lock(&table_lock);
        }
        spin_unlock(&table_lock);
        inode_put(held);
    }
}

void inode_touch(struct inode *inode, u32 what)
{
    struct timespec64 now = time_realtime();

    if (what & TOUCH_ACCESS) {
        inode->atime = now;
    }
    if (what & TOUCH_MODIFY) {
        inode->mtime = now;
    }
    if (what & TOUCH_CHANGE) {
        inode->ctime = now;
    }
}

void inode_set_name(struct inode *inode, struct inode *directory, const char *name, size_t length)
{
    char *copy;
    bool known;

    if (S_ISDIR(inode->mode)) {
        return; /* found by walking ".." */
    }
    spin_lock(&table_lock);
    known = inode->parent == directory->number && inode->name && strlen(inode->name) == length &&
            memcmp(inode->name, name, length) == 0;
    spin_unlock(&table_lock);
    copy = known ? NULL : kalloc(length + 1);
    if (copy) {
        char *old;

        memcpy(copy, name, length);
        spin_lock(&table_lock);
        old = inode->name;
        inode->name = copy;
        inode->parent = directory->number;
        spin_unlock(&table_lock);
        kfree(old);
    }
}

size_t inode_get_name(struct inode *inode, char *name, size_t size, u64 *parent)
{
    size_t length = 0;

    spin_lock(&table_lock);
    if (inode->name && strlen(inode->name) < size) {
        length = string_copy(name, inode->name, size);
        *parent = inode->parent;
    }
    spin_unlock(&table_lock);
    return length;
}
