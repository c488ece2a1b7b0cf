/* SPDX-License-Identifier: MIT */
/*
 * path_of.c - from an inode back to a path: getcwd, /proc/PID/exe, /proc/PID/maps.
 *
 * A directory's name is found by reading its parent; other files remember under which
 * name they were last found.  The text is built from its end.
 */
#include "fs/file.h"
#include "fs/path.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DEPTH_LIMIT 256u /* directories between an inode and the root */

/* Looks for the name of one number among the entries of a directory. */
struct name_search {
    struct directory_reader reader;
    u64 number;
    char name[NAME_MAX + 1];
    size_t length; /* 0 = not found */
};

static bool search_entry(struct directory_reader *reader, const char *name, size_t length,
                         u64 number, u8 type, u64 next)
{
    struct name_search *search = container_of(reader, struct name_search, reader);

    (void)type;
    (void)next;
    if (number == search->number && !name_is_dot(name, length) && !name_is_dot_dot(name, length)) {
        memcpy(search->name, name, length);
        search->length = length;
    }
    return search->length == 0;
}

/* The name of `child` in `parent`, both of one file system.  => false if it has none there */
static bool find_name(struct inode *parent, struct inode *child, struct name_search *search)
{
    u64 offset = 0;

    *search = (struct name_search){.reader = {.emit = search_entry}, .number = child->number};
    mutex_lock(&parent->lock);
    parent->fs->ops->readdir(parent, &search->reader, &offset);
    mutex_unlock(&parent->lock);
    return search->length > 0;
}

/* Text that grows towards the front of a buffer. */
struct backwards {
    char *buffer;
    size_t start; /* of the text */
};

static int put_before(struct backwards *text, const char *name, size_t length)
{
    if (length + 1 > text->start) {
        return -ERANGE;
    }
    text->start -= length;
    memcpy(text->buffer + text->start, name, length);
    text->buffer[--text->start] = '/';
    return 0;
}

/* Walk up from a directory (its reference is taken over), putting names before the text. */
static int put_ancestors(struct backwards *text, struct inode *at, struct inode *root)
{
    struct path_start everything = {.root = NULL, .base = at};
    int error = 0;

    for (u32 depth = 0; at != root && !error; depth++) {
        struct inode *parent;
        struct inode *covered;
        struct name_search search;

        while (at != root && (covered = mount_covered_by(at)) != NULL) {
            inode_put(at);
            at = covered;
        }
        if (at == root) {
            break;
        }
        error = path_step(&everything, at, "..", 2, &parent);
        if (error) {
            break;
        }
        if (parent == at || depth > DEPTH_LIMIT) { /* the very root, though not ours */
            inode_put(parent);
            break;
        }
        error =
            find_name(parent, at, &search) ? put_before(text, search.name, search.length) : -ENOENT;
        inode_put(at);
        at = parent;
    }
    inode_put(at);
    return error;
}

/* Start with the file's own name.  => 0 with *directory (a reference) it is in */
static int put_file_name(struct backwards *text, struct inode *inode, struct inode **directory)
{
    char name[NAME_MAX + 1];
    u64 parent;
    size_t length = inode_get_name(inode, name, sizeof(name), &parent);

    if (length == 0 || !inode->fs || !inode->fs->ops->get_inode) {
        return -ENOENT;
    }
    if (put_before(text, name, length)) {
        return -ERANGE;
    }
    return inode->fs->ops->get_inode(inode->fs, parent, directory);
}

ssize_t path_of_inode(struct inode *inode, struct inode *root, char *buffer, size_t size)
{
    static const char deleted[] = " (deleted)";
    struct backwards text = {buffer, size};
    struct inode *directory;
    size_t length;
    int error;

    if (size < 2 + sizeof(deleted)) {
        return -ERANGE;
    }
    buffer[--text.start] = 0;
    if (inode->links == 0) {
        text.start -= sizeof(deleted) - 1;
        memcpy(buffer + text.start, deleted, sizeof(deleted) - 1);
    }
    if (S_ISDIR(inode->mode)) {
        if (inode->links == 0) {
            return -ENOENT;
        }
        directory = inode_get(inode);
        error = 0;
    } else {
        error = put_file_name(&text, inode, &directory);
    }
    if (!error) {
        error = put_ancestors(&text, directory, root);
    }
    if (error) {
        return error;
    }
    if (buffer[text.start] != '/') {
        buffer[--text.start] = '/'; /* the root itself */
    }
    length = size - text.start - 1;
    memmove(buffer, buffer + text.start, length + 1);
    return (ssize_t)length;
}
