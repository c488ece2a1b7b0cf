/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - waiting for many files with one descriptor.
 *
 * An epoll is a list of items, one for each file that it watches.  An item stays on the file's
 * poll source between calls, by a relay (sync/wait.h): a change of the file marks the item and
 * wakes who waits on the epoll.  So a wait asks only files that have changed, or that were
 * ready the last time (level-triggered); an item with EPOLLET is asked after changes alone.
 *
 * An item holds no reference to its file: the last close of the file removes it.
 *
 * Lock: epoll_lock (sleeping), for all items of all epolls; taken once though epolls watch
 * each other: epoll_poll() may be asked by an epoll that has it.
 * Source: Linux epoll(7).
 */
#include "fs/epoll.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "mm/kalloc.h"

#define NESTING_LIMIT 5u
#define HOW_BITS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE) /* no events */

struct epoll {
    struct list items;
    u32 count;
    struct poll_source poll; /* who waits, and epolls that watch this one */
};

struct epoll_item {
    struct list link;        /* in epoll->items: first who waited longest to be told */
    struct list watcher;     /* in file->watchers */
    struct wait_entry entry; /* the relay; woken: not on the file's poll source */
    struct epoll *epoll;
    struct file *file;
    i32 fd;
    u32 events; /* wanted, and HOW_BITS */
    u64 data;
    bool ready; /* ask again, changed or not */
};

static struct mutex epoll_lock = MUTEX(epoll_lock, "epoll");

static const struct file_ops epoll_ops;

/* What the file has to say now that this item wants to hear.  Puts the relay back. */
static u32 ask(struct epoll_item *item)
{
    struct poll_table table = {
        .capacity = 1, .entries = &item->entry, .relay = &item->epoll->poll.queue};
    u32 events;

    if (!(item->events & ~HOW_BITS)) {
        return 0; /* EPOLLONESHOT has told its event */
    }
    if (__atomic_load_n(&item->entry.woken, __ATOMIC_ACQUIRE)) {
        item->ready = true;
        events = file_poll(item->file, &table);
    } else {
        events = item->ready ? file_poll(item->file, NULL) : 0;
    }
    events &= item->events | POLLERR | POLLHUP;
    if (events == 0) {
        item->ready = false;
    }
    return events;
}

/* epoll_lock.  => how many events were stored */
static u32 collect(struct epoll *epoll, struct abi_epoll_event *out, u32 limit)
{
    struct list *last = epoll->items.prev;
    u32 count = 0;

    list_for_each_safe(link, following, &epoll->items)
    {
        struct epoll_item *item = list_entry(link, struct epoll_item, link);
        u32 events = count < limit ? ask(item) : 0;

        if (events != 0) {
            out[count++] = (struct abi_epoll_event){events, item->data};
            if (item->events & EPOLLONESHOT) {
                item->events &= HOW_BITS;
            }
            item->ready = !(item->events & (EPOLLET | EPOLLONESHOT));
            list_remove(link);
            list_push_back(&epoll->items, link); /* the others first, the next time */
        }
        if (link == last || count == limit) {
            break;
        }
    }
    return count;
}

static struct epoll *epoll_of(const struct file *file)
{
    return file->ops == &epoll_ops ? file->private : NULL;
}

int epoll_wait(struct file *file, struct abi_epoll_event *events, u32 limit, u64 deadline)
{
    struct epoll *epoll = epoll_of(file);
    struct wait_entry entry;
    int result;

    if (!epoll) {
        return -EINVAL;
    }
    wait_add(&epoll->poll.queue, &entry);
    for (;;) {
        mutex_lock(&epoll_lock);
        result = (int)collect(epoll, events, limit);
        mutex_unlock(&epoll_lock);
        if (result != 0 || deadline == 0) {
            break;
        }
        result = wait_any(&entry, 1, deadline, true);
        if (result != 0) {
            result = result == -ETIMEDOUT ? 0 : result;
            break;
        }
        wait_remove(&entry);
        wait_add(&epoll->poll.queue, &entry);
    }
    wait_remove(&entry);
    return result;
}

int epoll_size(const struct file *file)
{
    const struct epoll *epoll = epoll_of(file);

    return epoll ? (int)epoll->count : -EINVAL;
}

static u32 epoll_poll(struct file *file, struct poll_table *table)
{
    struct epoll *epoll = file->private;
    bool is_nested = mutex_held(&epoll_lock);
    u32 events = 0;

    poll_wait(table, &epoll->poll);
    if (!is_nested) {
        mutex_lock(&epoll_lock);
    }
    list_for_each(link, &epoll->items)
    {
        if (ask(list_entry(link, struct epoll_item, link)) != 0) {
            events = POLLIN | POLLRDNORM;
            break;
        }
    }
    if (!is_nested) {
        mutex_unlock(&epoll_lock);
    }
    return events;
}

/* --- what is watched ------------------------------------------------------------------------- */

static struct epoll_item *find(struct epoll *epoll, const struct file *file, i32 fd)
{
    list_for_each(link, &file->watchers)
    {
        struct epoll_item *item = list_entry(link, struct epoll_item, watcher);

        if (item->epoll == epoll && item->fd == fd) {
            return item;
        }
    }
    return NULL;
}

static void remove_item(struct epoll_item *item)
{
    wait_remove(&item->entry);
    list_remove(&item->link);
    list_remove(&item->watcher);
    item->epoll->count--;
    kfree(item);
}

/* Is `wanted` among what this one watches, directly or not?  Too deep counts as yes. */
static bool watches(const struct epoll *epoll, const struct epoll *wanted, u32 depth)
{
    if (epoll == wanted || depth == NESTING_LIMIT) {
        return true;
    }
    list_for_each(link, &epoll->items)
    {
        const struct epoll *inner = epoll_of(list_entry(link, struct epoll_item, link)->file);

        if (inner && watches(inner, wanted, depth + 1)) {
            return true;
        }
    }
    return false;
}

static int add(struct epoll *epoll, i32 fd, struct file *file, const struct abi_epoll_event *event)
{
    struct epoll *inner = epoll_of(file);
    struct epoll_item *item;

    if (inner && (watches(inner, epoll, 1) || (event->events & EPOLLEXCLUSIVE))) {
        return (event->events & EPOLLEXCLUSIVE) ? -EINVAL : -ELOOP;
    }
    item = kalloc(sizeof *item);
    if (!item) {
        return -ENOMEM;
    }
    list_init(&item->entry.link);
    item->entry.woken = true;
    item->epoll = epoll;
    item->file = file;
    item->fd = fd;
    item->events = event->events;
    item->data = event->data;
    list_push_back(&epoll->items, &item->link);
    list_push_back(&file->watchers, &item->watcher);
    epoll->count++;
    if (ask(item) != 0) {
        poll_wake(&epoll->poll);
    }
    return 0;
}

static int modify(struct epoll_item *item, const struct abi_epoll_event *event)
{
    if ((item->events | event->events) & EPOLLEXCLUSIVE) {
        return -EINVAL;
    }
    item->events = event->events;
    item->data = event->data;
    item->ready = true;
    if (ask(item) != 0) {
        poll_wake(&item->epoll->poll);
    }
    return 0;
}

static int control(struct epoll *epoll, u32 operation, i32 fd, struct file *file,
                   const struct abi_epoll_event *event)
{
    struct epoll_item *item = find(epoll, file, fd);

    switch (operation) {
    case EPOLL_CTL_ADD:
        return item ? -EEXIST : add(epoll, fd, file, event);
    case EPOLL_CTL_MOD:
        return item ? modify(item, event) : -ENOENT;
    case EPOLL_CTL_DEL:
        if (item) {
            remove_item(item);
        }
        return item ? 0 : -ENOENT;
    default:
        return -EINVAL;
    }
}

int epoll_control(struct file *file, u32 operation, i32 fd, struct file *watched,
                  const struct abi_epoll_event *event)
{
    struct epoll *epoll = epoll_of(file);
    int error;

    if (!watched->ops->poll) {
        return -EPERM;
    }
    if (!epoll || file == watched) {
        return -EINVAL;
    }
    mutex_lock(&epoll_lock);
    error = control(epoll, operation, fd, watched, event);
    mutex_unlock(&epoll_lock);
    return error;
}

void epoll_file_closed(struct file *file)
{
    mutex_lock(&epoll_lock);
    while (!list_empty(&file->watchers)) {
        remove_item(list_first(&file->watchers, struct epoll_item, watcher));
    }
    mutex_unlock(&epoll_lock);
}

static void epoll_release(struct file *file)
{
    struct epoll *epoll = file->private;

    mutex_lock(&epoll_lock);
    while (!list_empty(&epoll->items)) {
        remove_item(list_first(&epoll->items, struct epoll_item, link));
    }
    mutex_unlock(&epoll_lock);
    kfree(epoll);
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll,
    .release = epoll_release,
    .is_stream = true,
};

int epoll_create(struct file **out)
{
    struct epoll *epoll = kalloc(sizeof *epoll);

    if (!epoll) {
        return -ENOMEM;
    }
    list_init(&epoll->items);
    poll_source_init(&epoll->poll);
    return nameless_file_create(O_RDWR, &epoll_ops, epoll, out);
}
