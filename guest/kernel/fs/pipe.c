/* SPDX-License-Identifier: MIT */
/*
 * pipe.c - pipes and FIFOs: a ring of bytes between writers and readers.
 *
 * The ring is up to PIPE_PAGES pages, each allocated when first written to.  `head` and
 * `tail` count bytes ever written and read; head - tail is what the pipe holds.
 *
 * Copying from and to user memory may fault and sleep, so no spinlock is held then:
 * one reader and one writer at a time own "their" end of the ring (read_side and
 * write_side, sleeping locks); the bytes they work on belong to them until they move
 * tail or head.  Nobody sleeps for data or room with such a lock held.  What is short and
 * needs no fault is copied under the spinlock alone (the short way), if nobody owns the end.
 *
 * Locks, in order: read_side | write_side -> lock (spin: counts, head, tail, sleeping; taken by
 * spin_lock_quick(), as nothing is done under it that could sleep).
 * Source: POSIX.1-2017 read(), write() "pipe or FIFO"; writes of up to PIPE_BUF bytes
 * are never mixed with others.
 */
#include "fs/pipe.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "sync/wait.h"

#define PIPE_PAGES 16u
#define PIPE_SIZE (PIPE_PAGES * PAGE_SIZE)

struct pipe {
    struct spinlock lock;
    u32 refs; /* ends that are open, and a FIFO's inode while it has ends */
    u64 head, tail;
    u32 readers, writers;
    u32 readers_ever, writers_ever; /* for open() of a FIFO */
    struct wait_queue readable, writable, opened;
    struct poll_source poll;
    struct inode *fifo; /* the inode that names it, or NULL */

    struct mutex read_side;
    struct mutex write_side;
    void *page[PIPE_PAGES]; /* written under write_side, freed with the pipe */
};

void (*pipe_broken)(void);

/* Guards inode->private of FIFOs. */
static struct spinlock fifo_lock = SPINLOCK("fifo");

static struct pipe *pipe_new(void)
{
    struct pipe *pipe = kalloc(sizeof *pipe);

    if (pipe) {
        spin_init(&pipe->lock, "pipe");
        wait_init(&pipe->readable);
        wait_init(&pipe->writable);
        wait_init(&pipe->opened);
        poll_source_init(&pipe->poll);
        mutex_init(&pipe->read_side, "pipe reader");
        mutex_init(&pipe->write_side, "pipe writer");
    }
    return pipe;
}

static void pipe_free(struct pipe *pipe)
{
    for (u32 i = 0; i < PIPE_PAGES; i++) {
        if (pipe->page[i]) {
            page_free(pipe->page[i]);
        }
    }
    kfree(pipe);
}

/* What one step of copying can do: up to the end of a page. */
static size_t piece(u64 position, u64 wanted)
{
    return min_u64(PAGE_SIZE - position % PAGE_SIZE, wanted);
}

static char *place(struct pipe *pipe, u64 position)
{
    return (char *)pipe->page[position / PAGE_SIZE % PIPE_PAGES] + position % PAGE_SIZE;
}

/* Copies out of the ring from tail on.  read_side.  => bytes copied (short: bad address) */
static size_t take_bytes(struct pipe *pipe, u64 user, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t step = piece(pipe->tail + done, size - done);
        size_t missing = copy_to_user_partial(user + done, place(pipe, pipe->tail + done), step);

        done += step - missing;
        if (missing) {
            break;
        }
    }
    return done;
}

/* Copies into the ring from head on.  write_side.  => bytes copied, or -ENOMEM if none */
static ssize_t put_bytes(struct pipe *pipe, u64 user, size_t size)
{
    size_t done = 0;

    while (done < size) {
        u64 position = pipe->head + done;
        size_t step = piece(position, size - done), missing;
        void **page = &pipe->page[position / PAGE_SIZE % PIPE_PAGES];

        if (!*page) {
            *page = page_alloc();
            if (!*page) {
                return done ? (ssize_t)done : -ENOMEM;
            }
        }
        missing = copy_from_user_partial(place(pipe, position), user + done, step);
        done += step - missing;
        if (missing) {
            break;
        }
    }
    return (ssize_t)done;
}

/*
 * Something changed: wakes who sleeps for it.  pipe->lock is held and given up (the pipe stays: the
 * caller's end of it is open).  Looking whether there is anybody at all is safe: sleepers join the
 * queue under the lock, pollers before they ask for the state under it.
 */
static always_inline void tell(struct pipe *pipe, struct wait_queue *sleepers)
{
    bool slept = !wait_is_empty(sleepers), polled = !wait_is_empty(&pipe->poll.queue);

    spin_unlock_quick(&pipe->lock);
    if (slept) {
        wait_wake_all(sleepers);
    }
    if (unlikely(polled)) {
        poll_wake(&pipe->poll);
    }
}

/* After that nobody is in the middle of the short way, or begins it. */
static void take_side(struct pipe *pipe, struct mutex *side)
{
    mutex_lock(side);
    spin_lock_quick(&pipe->lock);
    spin_unlock_quick(&pipe->lock);
}

/* One attempt.  => bytes, 0 nothing there, -EFAULT */
static rarely ssize_t read_available(struct pipe *pipe, u64 user, size_t size)
{
    size_t available, done = 0;

    if (__atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE) ==
        __atomic_load_n(&pipe->tail, __ATOMIC_RELAXED)) {
        return 0; /* the caller looks again under the lock before it sleeps */
    }
    take_side(pipe, &pipe->read_side);
    available = __atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE) - pipe->tail;
    if (available > 0) {
        size = min_u64(size, available);
        done = take_bytes(pipe, user, size);
        spin_lock_quick(&pipe->lock);
        pipe->tail += done;
        tell(pipe, &pipe->writable);
    }
    mutex_unlock(&pipe->read_side);
    return available > 0 && done == 0 ? -EFAULT : (ssize_t)done;
}

/*
 * The short way for what lies in one page of the ring and in memory that is there: all of it under
 * pipe->lock.  => lock is held: given up if bytes were moved.  => bytes; 0: take the long way
 */
static always_inline size_t read_at_once(struct pipe *pipe, u64 user, size_t size)
{
    u64 tail = pipe->tail;

    size = min_u64(size, pipe->head - tail);
    if (unlikely(size == 0 || tail % PAGE_SIZE + size > PAGE_SIZE ||
                 pipe->read_side.owner != NULL ||
                 !copy_to_user_now(user, place(pipe, tail), size))) {
        return 0;
    }
    pipe->tail = tail + size;
    tell(pipe, &pipe->writable);
    return size;
}

/* Waits for bytes or for the last writer to go.  => 0, -EAGAIN, -EINTR */
static int wait_for_bytes(struct pipe *pipe, const struct file *file)
{
    int error = 0;

    spin_lock_quick(&pipe->lock);
    if (pipe->head == pipe->tail && pipe->writers > 0) {
        if ((file->flags & O_NONBLOCK) == 0) {
            return wait_sleep_quick(&pipe->readable, &pipe->lock);
        }
        error = -EAGAIN;
    }
    spin_unlock_quick(&pipe->lock);
    return error;
}

static rarely ssize_t read_slowly(struct pipe *pipe, const struct file *file, u64 user, size_t size)
{
    ssize_t done = 0;

    while (size > 0 && done == 0) {
        u32 writers = __atomic_load_n(&pipe->writers, __ATOMIC_ACQUIRE);

        done = read_available(pipe, user, size);
        if (done == 0) {
            if (writers == 0) { /* gone before we looked: nothing comes any more */
                break;
            }
            done = wait_for_bytes(pipe, file);
        }
    }
    return done;
}

/*
 * What is short and there is read at once; if there is nothing, one sleep belongs to the short way
 * too, for that is what two processes do that hand bytes to each other.
 */
static ssize_t pipe_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct pipe *pipe = file->private;
    size_t done;

    (void)offset;
    spin_lock_quick(&pipe->lock);
    if (pipe->head == pipe->tail && pipe->writers > 0 && size > 0 &&
        (file->flags & O_NONBLOCK) == 0) {
        int error = wait_sleep_quick(&pipe->readable, &pipe->lock);

        if (unlikely(error)) {
            return error;
        }
        spin_lock_quick(&pipe->lock);
    }
    done = read_at_once(pipe, user, size);
    if (likely(done != 0)) {
        return (ssize_t)done;
    }
    spin_unlock_quick(&pipe->lock);
    return read_slowly(pipe, file, user, size);
}

/* One attempt to write at least `least` bytes.  => bytes, 0 no room, -EFAULT -ENOMEM -EPIPE */
static ssize_t write_possible(struct pipe *pipe, u64 user, size_t size, size_t least)
{
    u64 room;
    ssize_t done = 0;

    take_side(pipe, &pipe->write_side);
    room = PIPE_SIZE - (pipe->head - __atomic_load_n(&pipe->tail, __ATOMIC_ACQUIRE));
    if (__atomic_load_n(&pipe->readers, __ATOMIC_RELAXED) == 0) {
        done = -EPIPE;
    } else if (room >= least) {
        done = put_bytes(pipe, user, min_u64(size, room));
        if (done > 0) {
            spin_lock_quick(&pipe->lock);
            pipe->head += (u64)done;
            tell(pipe, &pipe->readable);
        } else if (done == 0) {
            done = -EFAULT;
        }
    }
    mutex_unlock(&pipe->write_side);
    return done;
}

/* Waits for `least` bytes of room or for the last reader to go.  => 0, -EAGAIN, -EINTR */
static int wait_for_room(struct pipe *pipe, const struct file *file, size_t least)
{
    int error = 0;

    spin_lock_quick(&pipe->lock);
    if (pipe->readers > 0 && PIPE_SIZE - (pipe->head - pipe->tail) < least) {
        if ((file->flags & O_NONBLOCK) == 0) {
            return wait_sleep_quick(&pipe->writable, &pipe->lock);
        }
        error = -EAGAIN;
    }
    spin_unlock_quick(&pipe->lock);
    return error;
}

/* As read_at_once().  => true: all was written */
static always_inline bool write_at_once(struct pipe *pipe, u64 user, size_t size)
{
    u64 head = pipe->head;

    if (unlikely(head % PAGE_SIZE + size > PAGE_SIZE || size > PIPE_SIZE - (head - pipe->tail) ||
                 pipe->page[head / PAGE_SIZE % PIPE_PAGES] == NULL ||
                 pipe->write_side.owner != NULL || pipe->readers == 0 ||
                 !copy_from_user_now(place(pipe, head), user, size))) {
        return false;
    }
    pipe->head = head + size;
    tell(pipe, &pipe->readable);
    return true;
}

static rarely ssize_t write_slowly(struct pipe *pipe, const struct file *file, u64 user,
                                   size_t size)
{
    size_t written = 0;

    while (written < size) {
        size_t left = size - written;
        size_t least = size <= PIPE_BUF ? left : 1;
        ssize_t done = write_possible(pipe, user + written, left, least);

        if (done == 0) {
            done = wait_for_room(pipe, file, least);
        } else if (done > 0) {
            written += (size_t)done;
            continue;
        }
        if (done < 0) {
            if (done == -EPIPE && pipe_broken) {
                pipe_broken();
            }
            return written > 0 ? (ssize_t)written : done;
        }
    }
    return (ssize_t)written;
}

static ssize_t pipe_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct pipe *pipe = file->private;

    (void)offset;
    spin_lock_quick(&pipe->lock);
    if (likely(write_at_once(pipe, user, size))) {
        return (ssize_t)size;
    }
    spin_unlock_quick(&pipe->lock);
    return write_slowly(pipe, file, user, size);
}

static i64 pipe_ioctl(struct file *file, u32 command, u64 argument)
{
    struct pipe *pipe = file->private;
    u64 held;

    if (command != FIONREAD) {
        return -ENOTTY;
    }
    spin_lock_quick(&pipe->lock);
    held = pipe->head - pipe->tail;
    spin_unlock_quick(&pipe->lock);
    return put_user_u32(argument, (u32)held);
}

static u32 pipe_poll(struct file *file, struct poll_table *table)
{
    struct pipe *pipe = file->private;
    u32 events = 0;

    poll_wait(table, &pipe->poll);
    spin_lock_quick(&pipe->lock);
    if (file_can_read(file)) {
        if (pipe->head != pipe->tail) {
            events |= POLLIN | POLLRDNORM;
        }
        if (pipe->writers == 0 && pipe->writers_ever > 0) {
            events |= POLLHUP;
        }
    }
    if (file_can_write(file)) {
        if (PIPE_SIZE - (pipe->head - pipe->tail) >= PIPE_BUF) {
            events |= POLLOUT | POLLWRNORM;
        }
        if (pipe->readers == 0) {
            events |= POLLERR;
        }
    }
    spin_unlock_quick(&pipe->lock);
    return events;
}

/* Counts an end in or out and wakes whoever waits for that.  => references left */
static u32 count_end(struct pipe *pipe, const struct file *file, int change)
{
    u32 left;

    spin_lock_quick(&pipe->lock);
    if (file_can_read(file)) {
        pipe->readers += (u32)change;
        pipe->readers_ever += change > 0;
    }
    if (file_can_write(file)) {
        pipe->writers += (u32)change;
        pipe->writers_ever += change > 0;
    }
    pipe->refs += (u32)change;
    left = pipe->refs;
    wait_wake_all(&pipe->readable);
    wait_wake_all(&pipe->writable);
    wait_wake_all(&pipe->opened);
    spin_unlock_quick(&pipe->lock);
    return left;
}

static void pipe_release(struct file *file)
{
    struct pipe *pipe = file->private;
    u32 left;

    spin_lock(&fifo_lock);
    left = count_end(pipe, file, -1);
    if (left == 0 && pipe->fifo) {
        pipe->fifo->private = NULL;
    }
    spin_unlock(&fifo_lock);
    if (left == 0) {
        pipe_free(pipe);
    } else {
        poll_wake(&pipe->poll);
    }
}

static const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .release = pipe_release,
    .is_stream = true,
};

static struct file *make_end(struct pipe *pipe, struct inode *inode, u32 flags)
{
    struct file *file = file_create(inode, flags, &pipe_ops, pipe);

    if (file) {
        (void)count_end(pipe, file, 1);
    }
    return file;
}

int pipe_create(u32 flags, struct file **read_end, struct file **write_end)
{
    struct pipe *pipe = pipe_new();
    struct inode *inode = pipe ? nameless_inode_create(S_IFIFO | 0600) : NULL;

    if (!inode) {
        kfree(pipe);
        return -ENOMEM;
    }
    pipe->fifo = inode; /* so that opening /proc/PID/fd/N opens this pipe */
    inode->private = pipe;
    *write_end = NULL;
    *read_end = make_end(pipe, inode, O_RDONLY | (flags & O_NONBLOCK));
    if (!*read_end) {
        pipe_free(pipe);
    } else {
        *write_end = make_end(pipe, inode, O_WRONLY | (flags & O_NONBLOCK));
        if (!*write_end) {
            file_put(*read_end);
        }
    }
    inode_put(inode);
    return *write_end ? 0 : -ENOMEM;
}

/* open() of one side of a FIFO waits for the other.  => 0, -ENXIO, -EINTR */
static int wait_for_other_side(struct pipe *pipe, const struct file *file)
{
    bool is_reader = file_can_read(file);
    int error = 0;
    u32 before;

    if ((is_reader && file_can_write(file)) || !file->inode->fs) {
        return 0; /* ... and a pipe without a name (/proc/PID/fd/N) is open already */
    }
    if (file->flags & O_NONBLOCK) {
        return !is_reader && pipe->readers == 0 ? -ENXIO : 0;
    }
    spin_lock_quick(&pipe->lock);
    before = is_reader ? pipe->writers_ever : pipe->readers_ever;
    while (!error && (is_reader ? pipe->writers : pipe->readers) == 0 &&
           (is_reader ? pipe->writers_ever : pipe->readers_ever) == before) {
        error = wait_sleep_quick(&pipe->opened, &pipe->lock);
        spin_lock_quick(&pipe->lock);
    }
    spin_unlock_quick(&pipe->lock);
    return error;
}

int pipe_open_fifo(struct file *file)
{
    struct pipe *fresh = pipe_new(), *pipe;
    int error;

    if (!fresh) {
        return -ENOMEM;
    }
    spin_lock(&fifo_lock);
    pipe = file->inode->private;
    if (!pipe) {
        pipe = fresh;
        fresh = NULL;
        pipe->fifo = file->inode;
        file->inode->private = pipe;
    }
    (void)count_end(pipe, file, 1);
    spin_unlock(&fifo_lock);
    kfree(fresh);
    file->private = pipe;
    error = wait_for_other_side(pipe, file);
    if (error) {
        pipe_release(file);
        file->private = NULL;
        return error;
    }
    file->ops = &pipe_ops;
    return 0;
}
