/* SPDX-License-Identifier: MIT */
/*
 * procfs_text.c - files whose text is made anew when they are read from the start.
 * A reader that goes on reads on in the same text, so what it sees is of one moment.
 * Lock: text->lock (sleeping).
 */
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

#define STORE_LIMIT 4096u

struct open_text {
    struct mutex lock;
    struct text_buffer text;
    bool made;
};

static int text_open(struct file *file)
{
    struct open_text *open = kalloc(sizeof(*open));

    if (!open) {
        return -ENOMEM;
    }
    mutex_init(&open->lock, "procfs text");
    file->private = open;
    return 0;
}

static void text_release(struct file *file)
{
    struct open_text *open = file->private;

    text_destroy(&open->text);
    kfree(open);
}

/* => 0 or why there is no text; lock is held */
static int make(struct file *file, struct open_text *open)
{
    const struct procfs_text_source *source = file->inode->private;
    int error;

    text_destroy(&open->text);
    error = source->show(procfs_pid(file->inode), procfs_place(file->inode), &open->text);
    if (!error && open->text.failed) {
        error = -ENOMEM;
    }
    open->made = error == 0;
    return error;
}

static ssize_t text_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct open_text *open = file->private;
    ssize_t count = 0;
    int error = 0;

    mutex_lock(&open->lock);
    if (*offset == 0 || !open->made) {
        error = make(file, open);
    }
    if (!error) {
        count = text_copy_out(&open->text, *offset, user, size);
    }
    mutex_unlock(&open->lock);
    if (error || count < 0) {
        return error ? error : count;
    }
    *offset += (u64)count;
    return count;
}

static ssize_t text_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    const struct procfs_text_source *source = file->inode->private;
    size_t length = min_u64(size, STORE_LIMIT - 1);
    char *text;
    int error;

    if (!source->store) {
        return -EACCES;
    }
    text = page_alloc();
    if (!text) {
        return -ENOMEM;
    }
    error = copy_from_user(text, user, length);
    if (!error) {
        text[length] = 0;
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ')) {
            text[--length] = 0;
        }
        error = source->store(procfs_pid(file->inode), procfs_place(file->inode), text, length);
    }
    page_free(text);
    if (error) {
        return error;
    }
    *offset += size;
    return (ssize_t)size;
}

const struct file_ops procfs_text_ops = {
    .read = text_read,
    .write = text_write,
    .open = text_open,
    .release = text_release,
};
