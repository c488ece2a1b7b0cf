/* SPDX-License-Identifier: MIT */
/*
 * path.c - walking paths.
 *
 * A walk keeps a directory and the text still to be resolved.  A symbolic link puts its
 * target in front of that text and goes on, so nothing recurses.
 */
#include "fs/permission.h"
#include "fs/path.h"
#include "abi/fcntl.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"

struct walk {
    const struct path_start *start;
    struct inode *at; /* the directory reached; a reference is held */
    const char *rest; /* text still to be resolved */
    char *text;       /* page that `rest` points into after a link, or NULL */
    u32 links;        /* followed so far */
};

static int walk_begin(struct walk *walk, const struct path_start *start, const char *path)
{
    if (strnlen(path, PATH_MAX) >= PATH_MAX) {
        return -ENAMETOOLONG;
    }
    *walk = (struct walk){.start = start, .rest = path};
    walk->at = inode_get(*path == '/' ? start->root : start->base);
    return 0;
}

static void walk_end(struct walk *walk)
{
    inode_put(walk->at);
    page_free(walk->text);
}

/* Go on in `next`, whose reference is taken over. */
static void walk_to(struct walk *walk, struct inode *next)
{
    inode_put(walk->at);
    walk->at = next;
}

/* Put a link's target before the rest.  => 0, -ELOOP, -ENAMETOOLONG, -ENOMEM, -EIO, -ENOENT */
static int walk_follow_text(struct walk *walk, struct inode *link)
{
    char *text;
    ssize_t length;
    size_t rest = strlen(walk->rest);

    text = page_alloc();
    if (!text) {
        return -ENOMEM;
    }
    length = link->ops->readlink ? link->ops->readlink(link, text, PATH_MAX - 1) : -EINVAL;
    if (length == 0) {
        length = -ENOENT;
    } else if (length > 0 && (size_t)length + 1 + rest >= PATH_MAX) {
        length = -ENAMETOOLONG;
    }
    if (length < 0) {
        page_free(text);
        return (int)length;
    }
    memcpy(text + length, walk->rest, rest + 1);
    page_free(walk->text);
    walk->text = text;
    walk->rest = text;
    if (text[0] == '/') {
        walk_to(walk, inode_get(walk->start->root));
    }
    return 0;
}

/*
 * Follow a symbolic link (its reference is taken over).
 * => 0 and *direct = NULL: go on with the rest; 0 and *direct: the inode it leads to
 */
static int walk_follow(struct walk *walk, struct inode *link, struct inode **direct)
{
    int error;

    *direct = NULL;
    if (++walk->links > PATH_LINK_LIMIT) {
        error = -ELOOP;
    } else if (link->ops->follow) {
        error = link->ops->follow(link, direct);
    } else {
        error = walk_follow_text(walk, link);
    }
    inode_put(link);
    return error;
}

int path_step(const struct path_start *start, struct inode *directory, const char *name,
              size_t length, struct inode **out)
{
    struct inode *from = inode_get(directory);
    struct inode *found = NULL, *mounted;
    int error;

    error = S_ISDIR(directory->mode) ? permission_check(directory, X_OK) : -ENOTDIR;
    if (error) {
        inode_put(from);
        return error;
    }
    if (name_is_dot(name, length)) {
        *out = from;
        return 0;
    }
    if (name_is_dot_dot(name, length)) {
        /* Out of a mounted file system: ".." of its root is that of the directory it covers. */
        while (from != start->root && (mounted = mount_covered_by(from)) != NULL) {
            inode_put(from);
            from = mounted;
        }
        if (from == start->root) {
            *out = from;
            return 0;
        }
    }
    mutex_lock(&from->lock);
    error = from->ops->lookup ? from->ops->lookup(from, name, length, &found) : -ENOTDIR;
    mutex_unlock(&from->lock);
    if (!error) {
        inode_set_name(found, from, name, length);
        while ((mounted = mount_root_on(found)) != NULL) {
            inode_put(found);
            found = mounted;
        }
        *out = found;
    }
    inode_put(from);
    return error;
}

/*
 * One component forward, where the link that is the last one stays if `keep_last`.
 * => 0 with *result: it was the last; 0 without: go on
 */
static int walk_component(struct walk *walk, const char *name, size_t length, bool keep_last,
                          struct inode **result)
{
    bool trailing;
    bool last = path_is_last(walk->rest, &trailing);
    struct inode *next, *direct;
    int error = path_step(walk->start, walk->at, name, length, &next);

    *result = NULL;
    if (error) {
        return error;
    }
    if (S_ISLNK(next->mode) && !(last && keep_last && !trailing)) {
        error = walk_follow(walk, next, &direct);
        if (error || !direct) {
            return error;
        }
        next = direct;
    }
    if (last) {
        if (trailing && !S_ISDIR(next->mode)) {
            inode_put(next);
            return -ENOTDIR;
        }
        *result = next;
        return 0;
    }
    walk_to(walk, next);
    return 0;
}

int path_lookup(const struct path_start *start, const char *path, u32 flags, struct inode **out)
{
    struct walk walk;
    struct inode *result = NULL;
    int error;

    if (*path == 0) {
        if (!(flags & PATH_EMPTY_OK)) {
            return -ENOENT;
        }
        *out = inode_get(start->base);
        return 0;
    }
    error = walk_begin(&walk, start, path);
    if (error) {
        return error;
    }
    while (!error && !result) {
        const char *name;
        size_t length;

        error = path_next_component(&walk.rest, &name, &length);
        if (error == 0) { /* nothing but slashes */
            result = inode_get(walk.at);
        } else if (error == 1) {
            error = walk_component(&walk, name, length, (flags & PATH_NOFOLLOW) != 0, &result);
        }
    }
    walk_end(&walk);
    if (!error && (flags & PATH_DIRECTORY) && !S_ISDIR(result->mode)) {
        inode_put(result);
        error = -ENOTDIR;
    }
    *out = error ? NULL : result;
    return error;
}

/*
 * The last component has been reached.  => 1: it is a link that was followed, go on;
 * 0: `last` is filled; or an error
 */
static int walk_last(struct walk *walk, const char *name, size_t length, bool follow,
                     struct path_last *last)
{
    struct inode *next, *direct;
    bool trailing;
    int error;

    path_is_last(walk->rest, &trailing);
    if (!S_ISDIR(walk->at->mode)) {
        return -ENOTDIR;
    }
    error = permission_check(walk->at, X_OK);
    if (error) {
        return error;
    }
    if (follow && path_step(walk->start, walk->at, name, length, &next) == 0) {
        if (S_ISLNK(next->mode) && !next->ops->follow) {
            error = walk_follow(walk, next, &direct);
            return error ? error : 1;
        }
        inode_put(next);
    }
    last->directory = inode_get(walk->at);
    memcpy(last->name, name, length);
    last->name[length] = 0;
    last->length = length;
    last->trailing_slash = trailing;
    return 0;
}

int path_lookup_last(const struct path_start *start, const char *path, bool follow,
                     struct path_last *last)
{
    struct walk walk;
    int error;

    last->directory = NULL;
    if (*path == 0) {
        return -ENOENT;
    }
    error = walk_begin(&walk, start, path);
    while (!error && !last->directory) {
        const char *name;
        size_t length;
        struct inode *result;
        bool trailing;

        error = path_next_component(&walk.rest, &name, &length);
        if (error < 0) {
            break;
        }
        if (error == 0 || path_is_last(walk.rest, &trailing)) {
            error = walk_last(&walk, name, length, follow && error == 1, last);
            error = error == 1 ? 0 : error;
        } else {
            error = walk_component(&walk, name, length, false, &result);
        }
    }
    if (walk.at) {
        walk_end(&walk);
    }
    return error;
}

void path_last_put(struct path_last *last)
{
    inode_put(last->directory);
    last->directory = NULL;
}
