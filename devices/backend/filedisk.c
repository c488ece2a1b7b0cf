/* SPDX-License-Identifier: MIT */
/* filedisk.c - see filedisk.h: the tree of host files, and reading the disk they make. */
#include "devices/backend/filedisk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/backend/disk_base.h"
#include "devices/backend/ext2image.h"

#define LABEL "faulthost"
#define VOLUME_TIME 1767225600u /* fixed, so that the same files make the same disk */
#define NODES_MAX 4000u
#define KEEP_IN_MEMORY 65536u /* larger files stay open and are read when needed */
#define NAME_MAX_BYTES 255u
#define DEPTH_MAX 16u

struct filedisk {
    struct ext2_node *node;
    u32 nodes;
    struct ext2_image image;
};

static u32 add_node(struct filedisk *f, u32 parent, const char *name, size_t length)
{
    struct ext2_node *bigger = realloc(f->node, (f->nodes + 1) * sizeof *bigger);
    if (!bigger) {
        return 0;
    }
    f->node = bigger;
    char *copy = strndup(name, length);
    if (!copy) {
        return 0;
    }
    f->node[f->nodes] = (struct ext2_node){.name = copy, .parent = parent, .fd = -1};
    return f->nodes++;
}

struct filedisk *filedisk_create(void)
{
    struct filedisk *f = calloc(1, sizeof *f);
    if (f) {
        add_node(f, 0, "", 0);
        if (f->nodes == 0) {
            free(f);
            return NULL;
        }
        f->node[0].directory = true;
    }
    return f;
}

void filedisk_destroy(struct filedisk *f)
{
    if (!f) {
        return;
    }
    ext2_image_free(&f->image);
    for (u32 i = 0; i < f->nodes; i++) {
        free(f->node[i].name);
        free(f->node[i].content);
        if (f->node[i].fd >= 0) {
            close(f->node[i].fd);
        }
    }
    free(f->node);
    free(f);
}

/* The node of that name in a directory, or 0. */
static u32 lookup(const struct filedisk *f, u32 parent, const char *name, size_t length)
{
    for (u32 i = 1; i < f->nodes; i++) {
        if (f->node[i].parent == parent && strlen(f->node[i].name) == length &&
            memcmp(f->node[i].name, name, length) == 0) {
            return i;
        }
    }
    return 0;
}

static bool good_component(const char *name, size_t length, struct error *err)
{
    if (length == 0 || length > NAME_MAX_BYTES || (length == 1 && name[0] == '.') ||
        (length == 2 && memcmp(name, "..", 2) == 0)) {
        return error_set(err, EINVAL, "\"%.*s\" cannot be the name of a file in the guest",
                         (int)(length < 60 ? length : 60), name);
    }
    return true;
}

static bool room_for_more(const struct filedisk *f, struct error *err)
{
    return f->nodes < NODES_MAX ||
           error_set(err, EFBIG, "more than %u files for the guest", NODES_MAX);
}

/* Makes the node of a new file or directory, and the directories on the way to it. */
static u32 make_path(struct filedisk *f, const char *name, bool directory, struct error *err)
{
    u32 at = 0;
    for (;;) {
        const char *slash = strchr(name, '/');
        size_t length = slash ? (size_t)(slash - name) : strlen(name);
        if (!good_component(name, length, err) || !room_for_more(f, err)) {
            return 0;
        }
        u32 found = lookup(f, at, name, length);
        if (found && !(f->node[found].directory && (slash || directory))) {
            error_set(err, EEXIST, "/host/%s is there twice", name);
            return 0;
        }
        if (!found) {
            found = add_node(f, at, name, length);
            if (!found) {
                error_set(err, ENOMEM, "out of memory");
                return 0;
            }
            f->node[found].directory = slash || directory;
        }
        at = found;
        if (!slash || !slash[1]) {
            return at;
        }
        name = slash + 1;
    }
}

static bool take_content(struct ext2_node *n, int fd, const char *path, struct error *err)
{
    if (n->size > KEEP_IN_MEMORY) {
        n->fd = fd;
        return true;
    }
    n->content = calloc(1, n->size + 1);
    ssize_t got = n->content ? pread(fd, n->content, n->size, 0) : -1;
    close(fd);
    return got == (ssize_t)n->size ||
           error_set(err, n->content ? EIO : ENOMEM, "cannot read %s", path);
}

static bool add_file(struct filedisk *f, const char *path, const char *name, int fd,
                     const struct stat *status, struct error *err)
{
    u32 index = make_path(f, name, false, err);
    if (!index) {
        close(fd);
        return false;
    }
    f->node[index].size = (u64)status->st_size;
    f->node[index].executable = (status->st_mode & 0111) != 0;
    return take_content(&f->node[index], fd, path, err);
}

static bool add(struct filedisk *f, const char *path, const char *name, unsigned depth,
                struct error *err);

static int not_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* In alphabetical order, so that the same folder makes the same disk. */
static bool add_directory(struct filedisk *f, const char *path, const char *name, unsigned depth,
                          struct error *err)
{
    struct dirent **entries;
    if (depth == DEPTH_MAX) {
        return error_set(err, ELOOP, "%s: folders are nested more than %u deep", path, DEPTH_MAX);
    }
    if (!make_path(f, name, true, err)) {
        return false;
    }
    int count = scandir(path, &entries, not_dots, alphasort);
    if (count < 0) {
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        char from[4096], to[4096];
        int a = snprintf(from, sizeof from, "%s/%s", path, entries[i]->d_name);
        int b = snprintf(to, sizeof to, "%s/%s", name, entries[i]->d_name);
        if (good) {
            good = a < (int)sizeof from && b < (int)sizeof to
                       ? add(f, from, to, depth + 1, err)
                       : error_set(err, ENAMETOOLONG, "%s: name too long", path);
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool add(struct filedisk *f, const char *path, const char *name, unsigned depth,
                struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    if (S_ISREG(status.st_mode)) {
        return add_file(f, path, name, fd, &status, err);
    }
    close(fd);
    if (S_ISDIR(status.st_mode)) {
        return add_directory(f, path, name, depth, err);
    }
    return error_set(err, EINVAL, "%s is neither a file nor a folder", path);
}

bool filedisk_add(struct filedisk *f, const char *path, const char *name, struct error *err)
{
    char last[NAME_MAX_BYTES + 1];
    if (!name || !*name) {
        size_t length = strlen(path);
        while (length > 1 && path[length - 1] == '/') {
            length--;
        }
        size_t start = length;
        while (start > 0 && path[start - 1] != '/') {
            start--;
        }
        snprintf(last, sizeof last, "%.*s", (int)(length - start), path + start);
        name = last;
    }
    return add(f, path, name, 0, err);
}

/* One block or a part of one, from wherever it comes. */
static int read_part(const struct filedisk *f, u32 block, u32 skip, u8 *to, size_t size)
{
    const struct ext2_extent *e = ext2_image_find(&f->image, block);
    if (!e) {
        memset(to, 0, size);
        return 0;
    }
    u64 inside = (u64)(block - e->block) * EXT2_BLOCK + skip;
    if (e->memory) {
        memcpy(to, e->memory + inside, size);
        return 0;
    }
    const struct ext2_node *n = &f->node[e->node];
    u64 offset = (u64)e->file_block * EXT2_BLOCK + inside;
    size_t done = 0;
    while (done < size && offset + done < n->size) {
        ssize_t got = pread(n->fd, to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (got == 0) {
            break; /* it became shorter: the rest is zero */
        }
        done += got > 0 ? (size_t)got : 0;
    }
    memset(to + done, 0, size - done);
    return 0;
}

static int read_disk(void *ctx, u64 offset, u8 *to, size_t size)
{
    const struct filedisk *f = ctx;
    while (size > 0) {
        u32 skip = (u32)(offset % EXT2_BLOCK);
        size_t part = EXT2_BLOCK - skip < size ? EXT2_BLOCK - skip : size;
        int result = read_part(f, (u32)(offset / EXT2_BLOCK), skip, to, part);
        if (result != 0) {
            return result;
        }
        offset += part;
        to += part;
        size -= part;
    }
    return 0;
}

static void destroy_base(void *ctx)
{
    filedisk_destroy(ctx);
}

struct disk *filedisk_finish(struct filedisk *f, struct error *err)
{
    static const struct disk_base_ops ops = {.read = read_disk, .destroy = destroy_base};
    struct disk_base base = {.ops = &ops, .ctx = f};
    if (!ext2_image_build(&f->image, f->node, f->nodes, LABEL, VOLUME_TIME, err)) {
        filedisk_destroy(f);
        return NULL;
    }
    struct disk *d = disk_from_base("host files", &base, f->image.blocks * EXT2_BLOCK, true, false);
    if (!d) {
        filedisk_destroy(f);
        error_set(err, ENOMEM, "out of memory");
    }
    return d;
}
