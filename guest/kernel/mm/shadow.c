/* SPDX-License-Identifier: MIT */
/*
 * shadow.c - the shadows of pages that have left.
 *
 * A table of fixed size, with room for as many shadows as there are frames, hashed by
 * file and page (or swap slot).  A bucket is full: its oldest shadow goes; so old a page
 * is nobody's working set any more.  The table neither grows nor has to be cleaned when
 * files go away, which entries in each file's tree would ask for.
 */
#include "mm/shadow.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "sync/spin.h"

#define WAYS 4u
#define MOST_BUCKETS 32768u /* 1 MiB */

struct shadow {
    u32 check; /* the rest of the hash */
    u32 stamp; /* `evictions` when it left, 0 = empty */
};

static struct spinlock shadow_lock = SPINLOCK("shadow");
static struct shadow (*buckets)[WAYS];
static u64 bucket_count; /* a power of two, or 0 */
static u32 evictions;

void shadow_init(void)
{
    u64 count = 1;

    while (count * 2 * WAYS <= frame_count && count < MOST_BUCKETS) {
        count *= 2;
    }
    buckets = kalloc(count * sizeof(*buckets));
    bucket_count = buckets == NULL ? 0 : count;
}

static u64 hash(const struct inode *inode, u64 index)
{
    u64 object = inode == NULL ? 0 : inode->number + (u64)inode->fs;
    u64 mixed = (object * 0x9e3779b97f4a7c15ull ^ index) * 0xff51afd7ed558ccdull;

    return mixed ^ mixed >> 32;
}

static u32 age_of(const struct shadow *shadow)
{
    return shadow->stamp == 0 ? ~0u : evictions - shadow->stamp;
}

void shadow_remember(const struct inode *inode, u64 index)
{
    u64 key = hash(inode, index);
    struct shadow *oldest;

    if (bucket_count == 0) {
        return;
    }
    spin_lock(&shadow_lock);
    evictions = evictions == ~0u ? 1 : evictions + 1;
    oldest = buckets[key & (bucket_count - 1)];
    for (unsigned way = 1; way < WAYS; way++) {
        struct shadow *shadow = &buckets[key & (bucket_count - 1)][way];

        oldest = age_of(shadow) > age_of(oldest) ? shadow : oldest;
    }
    *oldest = (struct shadow){(u32)(key >> 32), evictions};
    spin_unlock(&shadow_lock);
}

bool shadow_take(const struct inode *inode, u64 index, u64 *distance)
{
    u64 key = hash(inode, index);
    bool found = false;

    if (bucket_count == 0) {
        return false;
    }
    spin_lock(&shadow_lock);
    for (unsigned way = 0; way < WAYS && !found; way++) {
        struct shadow *shadow = &buckets[key & (bucket_count - 1)][way];

        if (shadow->stamp != 0 && shadow->check == (u32)(key >> 32)) {
            *distance = age_of(shadow);
            shadow->stamp = 0;
            found = true;
        }
    }
    spin_unlock(&shadow_lock);
    return found;
}
