/* SPDX-License-Identifier: MIT */
/*
 * procfs_frames.c - /proc/kpagecount and /proc/kpageflags: 8 bytes for each frame of memory, by
 * frame number.  Source: Linux, admin-guide/mm/pagemap.
 * No lock: a frame may change while it is told of.
 */
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

#define WORDS (PAGE_SIZE / sizeof(u64))

/* Linux's numbers of the flags. */
enum {
    KPF_LOCKED = 0,
    KPF_REFERENCED = 2,
    KPF_UPTODATE = 3,
    KPF_DIRTY = 4,
    KPF_LRU = 5,
    KPF_SLAB = 7,
    KPF_WRITEBACK = 8,
    KPF_BUDDY = 10,
    KPF_MMAP = 11,
    KPF_ANON = 12,
    KPF_SWAPCACHE = 13,
    KPF_SWAPBACKED = 14,
    KPF_NOPAGE = 20,
    KPF_ZERO_PAGE = 24,
    KPF_PGTABLE = 26,
};

static u64 bit(bool set, u32 number)
{
    return (u64)set << number;
}

static u64 count_of(u64 pfn)
{
    return frame_is_ram(pfn) ? frame_of_pfn(pfn)->maps : 0;
}

static u64 flags_of_kind(u8 kind)
{
    switch (kind) {
    case FRAME_FREE:
        return bit(true, KPF_BUDDY);
    case FRAME_KERNEL:
        return bit(true, KPF_SLAB);
    case FRAME_PGTABLE:
        return bit(true, KPF_PGTABLE);
    case FRAME_ANON:
        return bit(true, KPF_ANON) | bit(true, KPF_SWAPBACKED) | bit(true, KPF_LRU);
    case FRAME_FILE:
        return bit(true, KPF_LRU);
    case FRAME_SHM:
        return bit(true, KPF_SWAPBACKED) | bit(true, KPF_LRU);
    default:
        return bit(kind == FRAME_ZERO, KPF_ZERO_PAGE);
    }
}

static u64 flags_of(u64 pfn)
{
    const struct frame *frame;
    bool content;

    if (!frame_is_ram(pfn)) {
        return bit(true, KPF_NOPAGE);
    }
    frame = frame_of_pfn(pfn);
    content = frame->kind == FRAME_ANON || frame->kind == FRAME_FILE || frame->kind == FRAME_SHM;
    if (!content) {
        return flags_of_kind(frame->kind);
    }
    return flags_of_kind(frame->kind) | bit(frame->flags & FRAME_BUSY, KPF_LOCKED) |
           bit(frame->flags & FRAME_REFERENCED, KPF_REFERENCED) |
           bit(frame->flags & FRAME_UPTODATE, KPF_UPTODATE) |
           bit(frame->flags & FRAME_DIRTY, KPF_DIRTY) |
           bit(frame->flags & FRAME_WRITEBACK, KPF_WRITEBACK) | bit(frame->maps != 0, KPF_MMAP) |
           bit(frame->slot != 0, KPF_SWAPCACHE);
}

static ssize_t read_words(u64 (*word)(u64 pfn), u64 user, size_t size, u64 *offset)
{
    u64 last = frame_first_pfn + frame_count;
    size_t done = 0;
    u64 *words;

    if (*offset % sizeof(u64) != 0 || size % sizeof(u64) != 0) {
        return -EINVAL;
    }
    words = page_alloc();
    if (!words) {
        return -ENOMEM;
    }
    while (done < size && *offset / sizeof(u64) < last) {
        u64 pfn = *offset / sizeof(u64);
        u64 count = min_u64(min_u64((size - done) / sizeof(u64), WORDS), last - pfn);

        for (u64 i = 0; i < count; i++) {
            words[i] = word(pfn + i);
        }
        if (copy_to_user(user + done, words, count * sizeof(u64)) != 0) {
            page_free(words);
            return done > 0 ? (ssize_t)done : -EFAULT;
        }
        done += count * sizeof(u64);
        *offset += count * sizeof(u64);
    }
    page_free(words);
    return (ssize_t)done;
}

static ssize_t counts_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    return read_words(count_of, user, size, offset);
}

static ssize_t flags_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    return read_words(flags_of, user, size, offset);
}

static i64 seek(struct file *file, i64 offset, u32 whence)
{
    i64 base = whence == SEEK_CUR ? (i64)file->offset : 0;

    if (whence > SEEK_CUR || __builtin_add_overflow(base, offset, &offset) || offset < 0) {
        return -EINVAL;
    }
    file->offset = (u64)offset;
    return offset;
}

static const struct file_ops counts_ops = {.read = counts_read, .seek = seek};
static const struct file_ops flags_ops = {.read = flags_read, .seek = seek};

void procfs_register_frames(void)
{
    procfs_register_file("kpagecount", &counts_ops);
    procfs_register_file("kpageflags", &flags_ops);
}
