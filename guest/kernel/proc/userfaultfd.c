/* SPDX-License-Identifier: MIT */
/*
 * userfaultfd.c - the file through which a program learns of missing pages and brings them.
 *
 * Known: pages that are missing in anonymous and shared memory; copies, zeros, poison.  Not known:
 * write protection and minor faults (their bits have no room in an Sv39 entry), events of fork,
 * mremap and munmap: areas that such a call makes are not registered.
 * Source: Linux userfaultfd(2), ioctl_userfaultfd(2).
 */
#include "proc/userfaultfd.h"

#include "abi/errno.h"
#include "abi/userfaultfd.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/kalloc.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "mm/userfault.h"
#include "proc/process.h"

#define FEATURES                                                                 \
    (UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID | \
     UFFD_FEATURE_EXACT_ADDRESS | UFFD_FEATURE_POISON)

struct userfault_file {
    struct userfault *userfault;
    struct poll_source poll;
};

static void news(void *file)
{
    poll_wake(&((struct userfault_file *)file)->poll);
}

static bool take_message(struct userfault *userfault, struct abi_uffd_message *message)
{
    bool write;
    u64 address;
    u32 tid;

    if (!userfault_next(userfault, &address, &write, &tid)) {
        return false;
    }
    *message =
        (struct abi_uffd_message){.event = UFFD_EVENT_PAGEFAULT,
                                  .flags = write ? UFFD_PAGEFAULT_FLAG_WRITE : 0,
                                  .address = (userfault->features & UFFD_FEATURE_EXACT_ADDRESS)
                                                 ? address
                                                 : round_down(address, PAGE_SIZE),
                                  .tid = (userfault->features & UFFD_FEATURE_THREAD_ID) ? tid : 0};
    return true;
}

/* Sleeps until there is something to read.  => 0 or -EINTR */
static int wait_for_news(struct userfault_file *own)
{
    struct poll_table table;
    int error = poll_table_init(&table, 1);

    if (!error) {
        poll_wait(&table, &own->poll);
        if (!userfault_has_news(own->userfault)) {
            error = poll_table_sleep(&table, ~0ull);
        }
        poll_table_destroy(&table);
    }
    return error;
}

static ssize_t userfaultfd_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct userfault_file *own = file->private;
    struct abi_uffd_message message;
    size_t done = 0;

    (void)offset;
    if (!own->userfault->api_known || size < sizeof message) {
        return -EINVAL;
    }
    while (size - done >= sizeof message) {
        if (take_message(own->userfault, &message)) {
            if (copy_to_user(user + done, &message, sizeof message) != 0) {
                return done ? (ssize_t)done : -EFAULT;
            }
            done += sizeof message;
        } else if (done != 0) {
            break;
        } else if (file->flags & O_NONBLOCK) {
            return -EAGAIN;
        } else {
            int error = wait_for_news(own);

            if (error) {
                return error;
            }
        }
    }
    return (ssize_t)done;
}

static u32 userfaultfd_poll(struct file *file, struct poll_table *table)
{
    struct userfault_file *own = file->private;

    poll_wait(table, &own->poll);
    if (!own->userfault->api_known || !(file->flags & O_NONBLOCK)) {
        return POLLERR; /* as Linux: who polls must not be made to wait by the read */
    }
    return userfault_has_news(own->userfault) ? POLLIN : 0;
}

/* ---- ioctls ---------------- */

static int check_range(const struct abi_uffdio_range *range)
{
    return (range->length & PAGE_MASK) != 0 || !mmap_range_ok(range->start, range->length) ? -EINVAL
                                                                                           : 0;
}

static i64 set_api(struct userfault *userfault, u64 user)
{
    struct abi_uffdio_api api;

    if (copy_from_user(&api, user, sizeof api) != 0) {
        return -EFAULT;
    }
    if (userfault->api_known || api.api != UFFD_API || (api.features & ~FEATURES)) {
        api = (struct abi_uffdio_api){0};
        return copy_to_user(user, &api, sizeof api) != 0 ? -EFAULT : -EINVAL;
    }
    userfault->features = api.features;
    userfault->api_known = true;
    api.features = FEATURES;
    api.ioctls = UFFD_IOCTL_API | UFFD_IOCTL_REGISTER | UFFD_IOCTL_UNREGISTER;
    return copy_to_user(user, &api, sizeof api) != 0 ? -EFAULT : 0;
}

static i64 register_range(struct userfault *userfault, u64 user)
{
    struct abi_uffdio_register request;
    int error;

    if (copy_from_user(&request, user, sizeof request) != 0) {
        return -EFAULT;
    }
    if (request.mode != UFFDIO_REGISTER_MODE_MISSING || check_range(&request.range) != 0) {
        return -EINVAL;
    }
    error = userfault_register(userfault, request.range.start,
                               request.range.start + request.range.length);
    if (error) {
        return error;
    }
    request.ioctls = UFFD_IOCTL_WAKE | UFFD_IOCTL_COPY | UFFD_IOCTL_ZEROPAGE | UFFD_IOCTL_POISON;
    return copy_to_user(user, &request, sizeof request) != 0 ? -EFAULT : 0;
}

static i64 unregister_or_wake(struct userfault *userfault, u64 user, bool wake)
{
    struct abi_uffdio_range range;
    u64 end;

    if (copy_from_user(&range, user, sizeof range) != 0) {
        return -EFAULT;
    }
    end = range.start + range.length;
    if (check_range(&range) != 0) {
        return -EINVAL;
    }
    if (!wake) {
        return userfault_unregister(userfault, range.start, end);
    }
    userfault_wake(userfault, range.start, end);
    return 0;
}

enum filling { COPY, ZERO, POISON };

/* => bytes filled, or the error of the first page */
static i64 fill(struct userfault *userfault, enum filling what, u64 start, u64 length, u64 source)
{
    void *page = what == COPY ? page_alloc() : NULL;
    u64 done = 0;
    int error = what == COPY && !page ? -ENOMEM : 0;

    while (!error && done < length) {
        if (what == COPY) {
            error = copy_from_user(page, source + done, PAGE_SIZE);
        }
        if (!error) {
            error = what == POISON ? userfault_poison(userfault, start + done)
                                   : userfault_fill(userfault, start + done, page);
        }
        done += error ? 0 : PAGE_SIZE;
    }
    if (page) {
        page_free(page);
    }
    return done ? (i64)done : error;
}

/* What all three answer: *told gets how much was done; less than all is EAGAIN. */
static i64 finish(struct userfault *userfault, const struct abi_uffdio_range *range, u64 mode,
                  i64 done, u64 told)
{
    if (put_user_u64(told, (u64)done) != 0) {
        return -EFAULT;
    }
    if (done > 0 && !(mode & UFFDIO_MODE_DONTWAKE)) {
        userfault_wake(userfault, range->start, range->start + (u64)done);
    }
    return done < 0 ? done : (u64)done == range->length ? 0 : -EAGAIN;
}

static i64 copy_pages(struct userfault *userfault, u64 user)
{
    struct abi_uffdio_copy copy;
    struct abi_uffdio_range range;

    if (copy_from_user(&copy, user, sizeof copy - sizeof copy.copied) != 0) {
        return -EFAULT;
    }
    range = (struct abi_uffdio_range){copy.destination, copy.length};
    if (check_range(&range) != 0 || copy.source + copy.length <= copy.source ||
        (copy.mode & ~UFFDIO_MODE_DONTWAKE)) {
        return -EINVAL;
    }
    return finish(userfault, &range, copy.mode,
                  fill(userfault, COPY, range.start, range.length, copy.source),
                  user + sizeof copy - sizeof copy.copied);
}

static i64 fill_pages(struct userfault *userfault, u64 user, enum filling what)
{
    struct abi_uffdio_fill request;

    if (copy_from_user(&request, user, sizeof request - sizeof request.filled) != 0) {
        return -EFAULT;
    }
    if (check_range(&request.range) != 0 || (request.mode & ~UFFDIO_MODE_DONTWAKE)) {
        return -EINVAL;
    }
    return finish(userfault, &request.range, request.mode,
                  fill(userfault, what, request.range.start, request.range.length, 0),
                  user + sizeof request - sizeof request.filled);
}

static i64 userfaultfd_ioctl(struct file *file, u32 command, u64 argument)
{
    struct userfault *userfault = ((struct userfault_file *)file->private)->userfault;

    if (command != UFFDIO_API && !userfault->api_known) {
        return -EINVAL;
    }
    switch (command) {
    case UFFDIO_API:
        return set_api(userfault, argument);
    case UFFDIO_REGISTER:
        return register_range(userfault, argument);
    case UFFDIO_UNREGISTER:
        return unregister_or_wake(userfault, argument, false);
    case UFFDIO_WAKE:
        return unregister_or_wake(userfault, argument, true);
    case UFFDIO_COPY:
        return copy_pages(userfault, argument);
    case UFFDIO_ZEROPAGE:
        return fill_pages(userfault, argument, ZERO);
    case UFFDIO_POISON:
        return fill_pages(userfault, argument, POISON);
    default:
        return -EINVAL;
    }
}

static void userfaultfd_release(struct file *file)
{
    struct userfault_file *own = file->private;

    userfault_close(own->userfault);
    poll_wake(&own->poll);
    kfree(own);
}

static const struct file_ops userfaultfd_ops = {
    .read = userfaultfd_read,
    .poll = userfaultfd_poll,
    .ioctl = userfaultfd_ioctl,
    .release = userfaultfd_release,
    .is_stream = true,
};

int userfaultfd_create(u32 flags, struct file **out)
{
    struct userfault_file *own;
    struct inode *inode;

    if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY)) {
        return -EINVAL;
    }
    own = kalloc(sizeof *own);
    inode = own ? nameless_inode_create(0600) : NULL;
    if (inode) {
        own->userfault = userfault_create(current_process()->mm);
    }
    *out = inode && own->userfault
               ? file_create(inode, O_RDWR | (flags & O_NONBLOCK), &userfaultfd_ops, own)
               : NULL;
    if (inode) {
        inode_put(inode);
    }
    if (!*out) {
        if (own && own->userfault) {
            userfault_close(own->userfault);
        }
        kfree(own);
        return -ENOMEM;
    }
    poll_source_init(&own->poll);
    own->userfault->user_mode_only = (flags & UFFD_USER_MODE_ONLY) != 0;
    own->userfault->file = own;
    own->userfault->changed = news;
    return 0;
}
