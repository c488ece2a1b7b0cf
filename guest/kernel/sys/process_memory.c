/* SPDX-License-Identifier: MIT */
/*
 * process_memory.c - process_vm_readv(2), process_vm_writev(2): between the caller's memory and
 * another process's, a page at a time through a kernel page.
 * What was moved before a bad address is the result; nothing moved is -EFAULT.
 */
#include "abi/errno.h"
#include "abi/misc.h"
#include "fs/file.h"
#include "mm/kalloc.h"
#include "mm/mmap.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/view.h"
#include "sys/sys.h"

#define VECTOR_MAX 1024u

/* A place in an array of buffers. */
struct cursor {
    struct abi_iovec *vector; /* kalloc */
    u64 count, index, offset;
};

static int cursor_take(struct cursor *cursor, u64 user, u64 count)
{
    *cursor = (struct cursor){.count = count};
    if (count > VECTOR_MAX) {
        return -EINVAL;
    }
    cursor->vector = kalloc(count ? count * sizeof *cursor->vector : 1);
    if (!cursor->vector) {
        return -ENOMEM;
    }
    if (copy_from_user(cursor->vector, user, count * sizeof *cursor->vector) != 0) {
        return -EFAULT;
    }
    for (u64 i = 0, total = 0; i < count; i++) {
        if (__builtin_add_overflow(total, cursor->vector[i].length, &total) || total > ~0ull >> 1) {
            return -EINVAL;
        }
    }
    return 0;
}

/* => bytes that follow in one piece, 0 at the end; *address is where */
static u64 cursor_piece(struct cursor *cursor, u64 *address)
{
    while (cursor->index < cursor->count &&
           cursor->offset == cursor->vector[cursor->index].length) {
        cursor->index++;
        cursor->offset = 0;
    }
    if (cursor->index == cursor->count) {
        return 0;
    }
    *address = cursor->vector[cursor->index].base + cursor->offset;
    return cursor->vector[cursor->index].length - cursor->offset;
}

static int move_part(struct mm *mm, bool writes, u64 own, u64 other, u8 *page, u64 size)
{
    int error;

    if (!user_range_ok(other, size)) {
        return -EFAULT;
    }
    if (writes) {
        error = copy_from_user(page, own, size);
        return error ? error : mm_write_remote(mm, other, page, size);
    }
    error = mm_read_remote(mm, other, page, size);
    return error ? error : copy_to_user(own, page, size);
}

static i64 move_all(struct mm *mm, bool writes, struct cursor *own, struct cursor *other)
{
    u8 *page = page_alloc();
    u64 own_address = 0, other_address = 0, done = 0;
    int error = page ? 0 : -ENOMEM;

    while (!error) {
        u64 size = min_u64(cursor_piece(own, &own_address), cursor_piece(other, &other_address));

        /* Not across a page of the other: what comes before a bad one counts. */
        size = min_u64(size, PAGE_SIZE - (other_address & PAGE_MASK));
        if (size == 0) {
            break;
        }
        error = move_part(mm, writes, own_address, other_address, page, size);
        if (!error) {
            own->offset += size;
            other->offset += size;
            done += size;
        }
    }
    page_free(page);
    return done ? (i64)done : error;
}

static i64 between(const u64 *a, bool writes)
{
    struct cursor own, other = {.vector = NULL};
    struct process *process = NULL;
    struct mm *mm = NULL;
    i64 result = a[5] ? -EINVAL : 0;

    own.vector = NULL;
    if (result == 0) {
        result = cursor_take(&own, a[1], a[2]);
    }
    if (result == 0) {
        result = cursor_take(&other, a[3], a[4]);
    }
    if (result == 0) {
        process = process_find((u32)a[0]);
        mm = process ? process_mm_get(process) : NULL;
        result = !mm ? -ESRCH : process_may_look(process) ? 0 : -EPERM;
    }
    if (result == 0) {
        result = move_all(mm, writes, &own, &other);
    }
    if (mm) {
        mm_put(mm);
    }
    process_put(process);
    kfree(own.vector);
    kfree(other.vector);
    return result;
}

i64 sys_process_vm_readv(const u64 *a)
{
    return between(a, false);
}

i64 sys_process_vm_writev(const u64 *a)
{
    return between(a, true);
}

/* process_madvise(2): of others only what does not change what they see. */
static bool may_advise(const struct process *process, int advice)
{
    return process == current_process() || advice == MADV_COLD || advice == MADV_PAGEOUT ||
           advice == MADV_WILLNEED;
}

static i64 advise_all(struct mm *mm, struct cursor *cursor, int advice)
{
    i64 done = 0;

    for (; cursor->index < cursor->count; cursor->index++) {
        const struct abi_iovec *piece = &cursor->vector[cursor->index];
        int error = vm_madvise(mm, piece->base, piece->length, advice);

        if (error) {
            return done ? done : error;
        }
        done += (i64)piece->length;
    }
    return done;
}

i64 sys_process_madvise(const u64 *a)
{
    struct file *file;
    struct process *process = sys_pidfd_process(a[0], &file);
    struct mm *mm = process ? process_mm_get(process) : NULL;
    struct cursor cursor = {.vector = NULL};
    i64 result = a[4] ? -EINVAL : !process ? -EBADF : cursor_take(&cursor, a[1], a[2]);

    if (result == 0) {
        result = !may_advise(process, (int)a[3]) ? -EINVAL
                 : !mm                           ? -ESRCH
                 : !process_may_look(process)    ? -EPERM
                                                 : advise_all(mm, &cursor, (int)a[3]);
    }
    if (mm) {
        mm_put(mm);
    }
    if (file) {
        file_put(file);
    }
    kfree(cursor.vector);
    return result;
}
