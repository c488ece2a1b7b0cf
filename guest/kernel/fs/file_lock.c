/* SPDX-License-Identifier: MIT */
/*
 * file_lock.c - flock(2): whole-file locks that belong to an open file.
 *
 * All locks there are stand in one list; whoever gives one up wakes all who wait.
 * Lock: lock_table (spin).
 */
#include "fs/file_lock.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mm/kalloc.h"
#include "sync/wait.h"

struct file_lock {
    struct list link;
    struct file *file; /* no reference: closing the file removes the lock */
    bool exclusive;
};

static struct spinlock lock_table = SPINLOCK("file locks");
static struct list locks = {&locks, &locks};
static struct wait_queue waiting = WAIT_QUEUE(waiting);

/* => the lock that the file holds, or NULL; lock_table is held */
static struct file_lock *held_by(const struct file *file)
{
    list_for_each(link, &locks)
    {
        struct file_lock *lock = list_entry(link, struct file_lock, link);

        if (lock->file == file) {
            return lock;
        }
    }
    return NULL;
}

/* Does another file hold a lock that forbids this one?  => lock_table is held */
static bool conflicts(const struct file *file, bool exclusive)
{
    list_for_each(link, &locks)
    {
        const struct file_lock *lock = list_entry(link, struct file_lock, link);

        if (lock->file != file && lock->file->inode == file->inode &&
            (exclusive || lock->exclusive)) {
            return true;
        }
    }
    return false;
}

/* => the removed lock, to be freed; lock_table is held */
static struct file_lock *remove_lock(struct file *file)
{
    struct file_lock *lock = held_by(file);

    if (lock) {
        list_remove(&lock->link);
        file->holds_lock = false;
        wait_wake_all(&waiting);
    }
    return lock;
}

void file_unlock(struct file *file)
{
    struct file_lock *lock;

    if (!file->holds_lock) {
        return;
    }
    spin_lock(&lock_table);
    lock = remove_lock(file);
    spin_unlock(&lock_table);
    kfree(lock);
}

int file_lock(struct file *file, u32 operation)
{
    bool nonblocking = (operation & LOCK_NB) != 0;
    struct file_lock *lock, *old;
    int error = 0;

    operation &= ~(u32)LOCK_NB;
    if (!file->inode || (file->flags & O_PATH)) {
        return -EBADF;
    }
    if (operation == LOCK_UN) {
        file_unlock(file);
        return 0;
    }
    if (operation != LOCK_SH && operation != LOCK_EX) {
        return -EINVAL;
    }
    lock = kalloc(sizeof(*lock));
    if (!lock) {
        return -ENOLCK;
    }
    lock->file = file;
    lock->exclusive = operation == LOCK_EX;
    spin_lock(&lock_table);
    old = remove_lock(file); /* changing the kind is not atomic, flock(2) says */
    while (!error && conflicts(file, lock->exclusive)) {
        error = nonblocking ? -EWOULDBLOCK : wait_sleep_interruptible(&waiting, &lock_table);
    }
    if (!error) {
        list_push_back(&locks, &lock->link);
        file->holds_lock = true;
        lock = NULL;
    }
    spin_unlock(&lock_table);
    kfree(lock);
    kfree(old);
    return error;
}
