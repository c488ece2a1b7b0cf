/* SPDX-License-Identifier: MIT */
/*
 * uaccess.c - checked access to user memory.  See mm/uaccess.h.
 *
 * The kernel half of the address space would be accessible from here, so every range is
 * first held against the end of user space.
 */
#include "mm/uaccess.h"

#include "lib/errno.h"
#include "mm/layout.h"
#include "sync/hart.h"
#include "trap/raw_access.h"

/* Rows that the assembler collected: where a fault may happen, where to go on. */
struct exception_row {
    u64 pc, fixup;
};
extern const struct exception_row exception_table[], exception_table_end[];

bool user_range_ok(u64 user, u64 size)
{
    return size <= USER_END && user <= USER_END - size;
}

/* The rows are in order of their pc: all come from uaccess.S, from its first line to its last. */
u64 uaccess_fixup(u64 pc)
{
    const struct exception_row *low = exception_table, *high = exception_table_end;

    while (low < high) {
        const struct exception_row *middle = low + (high - low) / 2;

        if (middle->pc == pc) {
            return middle->fixup;
        }
        if (middle->pc < pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

size_t copy_to_user_partial(u64 user, const void *source, size_t size)
{
    if (!user_range_ok(user, size)) {
        return size;
    }
    return user_copy((void *)user, source, size);
}

size_t copy_from_user_partial(void *destination, u64 user, size_t size)
{
    if (!user_range_ok(user, size)) {
        return size;
    }
    return user_copy(destination, (const void *)user, size);
}

bool uaccess_is_urgent(u64 pc)
{
    return this_hart()->lock_depth > 0 ||
           (pc >= (u64)user_copy_short && pc < (u64)user_copy_short_end);
}

/* Longer copies: with a lock counted, a fault is an error (trap.c). */
static bool copy_long_now(void *to, const void *from, size_t size)
{
    size_t missing;

    this_hart()->lock_depth++;
    missing = user_copy(to, from, size);
    this_hart()->lock_depth--;
    return missing == 0;
}

#define SHORT_COPY 16u

static rarely bool copy_other_now(void *to, const void *from, u64 user, size_t size)
{
    return size == 0 || (user_range_ok(user, size) && copy_long_now(to, from, size));
}

static always_inline bool copy_now(void *to, const void *from, u64 user, size_t size)
{
    return likely(size - 1 < SHORT_COPY && user < USER_END - SHORT_COPY)
               ? user_copy_short(to, from, size)
               : copy_other_now(to, from, user, size);
}

bool copy_to_user_now(u64 user, const void *source, size_t size)
{
    return copy_now((void *)user, source, user, size);
}

bool copy_from_user_now(void *destination, u64 user, size_t size)
{
    return copy_now(destination, (const void *)user, user, size);
}

size_t clear_user_partial(u64 user, size_t size)
{
    return user_range_ok(user, size) ? user_clear((void *)user, size) : size;
}

int copy_to_user(u64 user, const void *source, size_t size)
{
    return copy_to_user_partial(user, source, size) ? -EFAULT : 0;
}

int copy_from_user(void *destination, u64 user, size_t size)
{
    return copy_from_user_partial(destination, user, size) ? -EFAULT : 0;
}

int clear_user(u64 user, size_t size)
{
    return clear_user_partial(user, size) ? -EFAULT : 0;
}

ssize_t strncpy_from_user(char *destination, u64 user, size_t size)
{
    size_t reach = size;
    ssize_t length;

    if (user >= USER_END) {
        return -EFAULT;
    }
    if (reach > USER_END - user) {
        reach = USER_END - user;
    }
    length = user_string(destination, (const char *)user, reach);
    if (length < 0) {
        return -EFAULT;
    }
    if ((size_t)length == reach) {
        return reach == size ? -ENAMETOOLONG : -EFAULT;
    }
    return length;
}

int get_user_u32(u64 user, u32 *value)
{
    return user_range_ok(user, 4) && user_load_32((const u32 *)user, value) == 0 ? 0 : -EFAULT;
}

int get_user_u64(u64 user, u64 *value)
{
    return user_range_ok(user, 8) && user_load_64((const u64 *)user, value) == 0 ? 0 : -EFAULT;
}

int put_user_u32(u64 user, u32 value)
{
    return user_range_ok(user, 4) && user_store_32((u32 *)user, value) == 0 ? 0 : -EFAULT;
}

int put_user_u64(u64 user, u64 value)
{
    return user_range_ok(user, 8) && user_store_64((u64 *)user, value) == 0 ? 0 : -EFAULT;
}

int cmpxchg_user_u32(u64 user, u32 *expected, u32 desired)
{
    if (!user_range_ok(user, 4) || user_compare_exchange_32((u32 *)user, expected, desired) != 0) {
        return -EFAULT;
    }
    return 0;
}

int fetch_add_user_u32(u64 user, u32 add, u32 *old)
{
    if (!user_range_ok(user, 4) || user_fetch_add_32((u32 *)user, add, old) != 0) {
        return -EFAULT;
    }
    return 0;
}
