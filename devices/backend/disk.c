/* SPDX-License-Identifier: MIT */
/* disk.c - see disk.h.  The kinds of base are in this file; host files are in filedisk.c. */
#include "devices/backend/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "devices/backend/disk_base.h"
#include "devices/backend/disklog.h"
#include "emu/base/log.h"

#define GRANULE 4096u
#define GRANULE_SECTORS (GRANULE / DISK_SECTOR)
#define LEAF_GRANULES 512u /* granules under one leaf of the overlay */
#define UNPACKED_MAX (8ull << 30)

/* The overlay: two levels of pointers, made on the first write. */
struct leaf {
    u8 *granule[LEAF_GRANULES];
};

struct disk {
    char *name;
    u64 sectors;
    bool read_only, overlay;
    struct disk_base base;
    struct leaf **leaf; /* with overlay: one for each 2 MiB */
    size_t leaves;
    struct disk_log *log; /* or NULL */
};

struct disk *disk_from_base(const char *name, const struct disk_base *base, u64 size,
                            bool read_only, bool overlay)
{
    struct disk *d = calloc(1, sizeof *d);
    if (!d) {
        return NULL;
    }
    d->name = strdup(name);
    d->sectors = size / DISK_SECTOR;
    d->read_only = read_only;
    d->overlay = overlay && !read_only;
    d->leaves = (size_t)((size + GRANULE * LEAF_GRANULES - 1) / (GRANULE * LEAF_GRANULES));
    d->leaf = d->overlay ? calloc(d->leaves ? d->leaves : 1, sizeof(struct leaf *)) : NULL;
    if (!d->name || (d->overlay && !d->leaf)) {
        free(d->leaf);
        free(d->name);
        free(d);
        return NULL;
    }
    d->base = *base;
    return d;
}

static void drop_overlay(struct disk *d)
{
    for (size_t i = 0; d->leaf && i < d->leaves; i++) {
        for (size_t j = 0; d->leaf[i] && j < LEAF_GRANULES; j++) {
            free(d->leaf[i]->granule[j]);
        }
        free(d->leaf[i]);
        d->leaf[i] = NULL;
    }
}

void disk_destroy(struct disk *d)
{
    if (!d) {
        return;
    }
    struct error err = {0};
    if (!disk_log_close(d->log, &err)) {
        log_error("%s", err.text);
    }
    drop_overlay(d);
    if (d->base.ops->destroy) {
        d->base.ops->destroy(d->base.ctx);
    }
    free(d->leaf);
    free(d->name);
    free(d);
}

const char *disk_name(const struct disk *d)
{
    return d->name;
}

u64 disk_sectors(const struct disk *d)
{
    return d->sectors;
}

bool disk_read_only(const struct disk *d)
{
    return d->read_only;
}

bool disk_throw_away(const struct disk *d)
{
    return d->overlay;
}

/* The overlay's copy of a granule; with `make`, filled from the base if it is not there yet. */
static int overlay_granule(struct disk *d, u64 index, bool make, u8 **out)
{
    struct leaf **leaf = &d->leaf[index / LEAF_GRANULES];
    *out = *leaf ? (*leaf)->granule[index % LEAF_GRANULES] : NULL;
    if (*out || !make) {
        return 0;
    }
    if (!*leaf && !(*leaf = calloc(1, sizeof **leaf))) {
        return -ENOMEM;
    }
    u8 *granule = calloc(1, GRANULE);
    if (!granule) {
        return -ENOMEM;
    }
    u64 first = index * GRANULE_SECTORS;
    u64 left = d->sectors - first;
    u32 count = left < GRANULE_SECTORS ? (u32)left : GRANULE_SECTORS;
    int result = d->base.ops->read(d->base.ctx, first * DISK_SECTOR, granule, count * DISK_SECTOR);
    if (result != 0) {
        free(granule);
        return result;
    }
    (*leaf)->granule[index % LEAF_GRANULES] = granule;
    *out = granule;
    return 0;
}

static bool in_range(const struct disk *d, u64 sector, u32 count)
{
    return sector <= d->sectors && count <= d->sectors - sector;
}

int disk_read(struct disk *d, u64 sector, void *buffer, u32 count)
{
    u8 *to = buffer;
    if (!in_range(d, sector, count)) {
        return -EINVAL;
    }
    if (!d->overlay) {
        return d->base.ops->read(d->base.ctx, sector * DISK_SECTOR, to,
                                 (size_t)count * DISK_SECTOR);
    }
    while (count > 0) {
        u32 skip = (u32)(sector % GRANULE_SECTORS);
        u32 n = GRANULE_SECTORS - skip < count ? GRANULE_SECTORS - skip : count;
        u8 *granule;
        int result = overlay_granule(d, sector / GRANULE_SECTORS, false, &granule);
        if (granule) {
            memcpy(to, granule + skip * DISK_SECTOR, n * DISK_SECTOR);
        } else if (result == 0) {
            result = d->base.ops->read(d->base.ctx, sector * DISK_SECTOR, to, n * DISK_SECTOR);
        }
        if (result != 0) {
            return result;
        }
        to += n * DISK_SECTOR;
        sector += n;
        count -= n;
    }
    return 0;
}

static int write_sectors(struct disk *d, u64 sector, const u8 *from, u32 count)
{
    if (!d->overlay) {
        return d->base.ops->write(d->base.ctx, sector * DISK_SECTOR, from,
                                  (size_t)count * DISK_SECTOR);
    }
    while (count > 0) {
        u32 skip = (u32)(sector % GRANULE_SECTORS);
        u32 n = GRANULE_SECTORS - skip < count ? GRANULE_SECTORS - skip : count;
        u8 *granule;
        int result = overlay_granule(d, sector / GRANULE_SECTORS, true, &granule);
        if (result != 0) {
            return result;
        }
        memcpy(granule + skip * DISK_SECTOR, from, n * DISK_SECTOR);
        from += n * DISK_SECTOR;
        sector += n;
        count -= n;
    }
    return 0;
}

int disk_write(struct disk *d, u64 sector, const void *buffer, u32 count)
{
    if (!in_range(d, sector, count)) {
        return -EINVAL;
    }
    if (d->read_only) {
        return -EROFS;
    }
    int result = write_sectors(d, sector, buffer, count);
    if (result == 0 && d->log) {
        disk_log_write(d->log, sector, buffer, count);
    }
    return result;
}

int disk_flush(struct disk *d)
{
    bool nothing = d->overlay || d->read_only || !d->base.ops->flush;
    int result = nothing ? 0 : d->base.ops->flush(d->base.ctx);
    if (result == 0 && d->log) {
        disk_log_flush(d->log);
    }
    return result;
}

void disk_set_log(struct disk *d, struct disk_log *log)
{
    d->log = log;
}

struct disk_log *disk_log_of(struct disk *d)
{
    return d->log;
}

void disk_save(const struct disk *d, struct serial_writer *writer)
{
    serial_put_u64(writer, "sectors", d->sectors);
    u64 count = 0;
    for (size_t i = 0; d->leaf && i < d->leaves; i++) {
        for (size_t j = 0; d->leaf[i] && j < LEAF_GRANULES; j++) {
            count += d->leaf[i]->granule[j] != NULL;
        }
    }
    serial_put_u64(writer, "granules", count);
    for (size_t i = 0; d->leaf && i < d->leaves; i++) {
        for (size_t j = 0; d->leaf[i] && j < LEAF_GRANULES; j++) {
            if (d->leaf[i]->granule[j]) {
                serial_put_u64(writer, "granule", i * LEAF_GRANULES + j);
                serial_put_bytes(writer, "data", d->leaf[i]->granule[j], GRANULE);
            }
        }
    }
}

bool disk_load(struct disk *d, struct serial_reader *reader, struct error *err)
{
    if (serial_get_u64(reader, "sectors") != d->sectors) {
        serial_reject(reader, "%s: saved with a disk of another size", d->name);
    }
    drop_overlay(d);
    u64 granules = (d->sectors + GRANULE_SECTORS - 1) / GRANULE_SECTORS;
    u64 count = serial_get_max(reader, "granules", d->overlay ? granules : 0);
    for (u64 i = 0; i < count && serial_ok(reader, err); i++) {
        u64 index = serial_get_max(reader, "granule", granules - 1);
        u8 *granule;
        if (overlay_granule(d, index, true, &granule) != 0) {
            return error_set(err, ENOMEM, "%s: out of memory", d->name);
        }
        serial_get_bytes(reader, "data", granule, GRANULE);
    }
    return serial_ok(reader, err);
}

/* ---- base: bytes in memory ---- */

struct memory_base {
    const u8 *bytes;
    size_t prefix;
    u8 *owned; /* to be freed, or NULL */
};

static int memory_read(void *ctx, u64 offset, u8 *to, size_t size)
{
    const struct memory_base *b = ctx;
    size_t n = offset < b->prefix ? b->prefix - (size_t)offset : 0;
    n = n < size ? n : size;
    if (n) {
        memcpy(to, b->bytes + offset, n);
    }
    memset(to + n, 0, size - n);
    return 0;
}

static void memory_destroy(void *ctx)
{
    struct memory_base *b = ctx;
    free(b->owned);
    free(b);
}

static const struct disk_base_ops memory_ops = {.read = memory_read, .destroy = memory_destroy};

static struct disk *memory_disk(const char *name, const u8 *bytes, size_t prefix, u8 *owned,
                                u64 size, bool read_only)
{
    struct memory_base *b = calloc(1, sizeof *b);
    if (!b) {
        return NULL;
    }
    *b = (struct memory_base){.bytes = bytes, .prefix = prefix, .owned = owned};
    struct disk_base base = {.ops = &memory_ops, .ctx = b};
    struct disk *d = disk_from_base(name, &base, size, read_only, true);
    if (!d) {
        free(b);
    }
    return d;
}

struct disk *disk_memory(const char *name, const u8 *bytes, size_t prefix, u64 size, bool read_only)
{
    return memory_disk(name, bytes, prefix, NULL, size, read_only);
}

/* ---- base: a raw file ---- */

struct file_base {
    int fd;
};

static int file_read(void *ctx, u64 offset, u8 *to, size_t size)
{
    const struct file_base *b = ctx;
    while (size > 0) {
        ssize_t n = pread(b->fd, to, size, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        to += n;
        offset += (u64)n;
        size -= (size_t)n;
    }
    return 0;
}

static int file_write(void *ctx, u64 offset, const u8 *from, size_t size)
{
    const struct file_base *b = ctx;
    while (size > 0) {
        ssize_t n = pwrite(b->fd, from, size, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        from += n;
        offset += (u64)n;
        size -= (size_t)n;
    }
    return 0;
}

static int file_flush(void *ctx)
{
    const struct file_base *b = ctx;
    return fdatasync(b->fd) == 0 ? 0 : -errno;
}

static void file_destroy(void *ctx)
{
    struct file_base *b = ctx;
    close(b->fd);
    free(b);
}

static const struct disk_base_ops file_ops = {
    .read = file_read, .write = file_write, .flush = file_flush, .destroy = file_destroy};

/* Unpacks a gzip'd image into memory; NULL with *err set. */
static struct disk *open_gzip(const char *path, int fd, bool read_only, struct error *err)
{
    gzFile in = gzdopen(fd, "rb");
    if (!in) {
        close(fd);
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    struct buffer bytes = {0};
    struct log_progress progress = {0};
    u8 chunk[65536];
    int n;
    gzbuffer(in, sizeof chunk);
    while ((n = gzread(in, chunk, sizeof chunk)) > 0 && bytes.size < UNPACKED_MAX) {
        buffer_append(&bytes, chunk, (size_t)n);
        log_progress(&progress, "unpacking", path);
    }
    int code = Z_OK;
    gzerror(in, &code);
    bool whole = n == 0 && code == Z_OK;
    gzclose(in);
    struct disk *d = NULL;
    if (!whole || bytes.failed) {
        error_set(err, EINVAL, "%s: %s", path,
                  bytes.failed || n > 0 ? "too large to unpack" : "damaged gzip data");
    } else if (bytes.size == 0 || bytes.size % DISK_SECTOR != 0) {
        error_set(err, EINVAL, "%s: unpacked size %zu is not a whole number of sectors", path,
                  bytes.size);
    } else {
        d = memory_disk(path, bytes.data, bytes.size, bytes.data, bytes.size, read_only);
    }
    if (!d) {
        buffer_free(&bytes);
    }
    return d;
}

static bool check_file(const char *path, int fd, u64 *size, struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return error_set(err, errno, "%s: %s", path, strerror(errno));
    }
    if (S_ISBLK(status.st_mode)) {
        off_t end = lseek(fd, 0, SEEK_END);
        *size = end > 0 ? (u64)end : 0;
    } else if (S_ISREG(status.st_mode)) {
        *size = (u64)status.st_size;
    } else {
        return error_set(err, EINVAL, "%s: not a disk image (not a regular file)", path);
    }
    return true;
}

struct disk *disk_open(const char *path, bool read_only, bool overlay, struct error *err)
{
    bool writable = !read_only && !overlay;
    int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    u8 magic[2] = {0, 0};
    u64 size = 0;
    if (fd < 0) {
        error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    if (!check_file(path, fd, &size, err)) {
        close(fd);
        return NULL;
    }
    if (pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        if (writable) {
            error_set(err, EINVAL,
                      "%s: a gzip'd image cannot be written back; unpack it first "
                      "or let it run on a throw-away overlay (snapshot=on)",
                      path);
            close(fd);
            return NULL;
        }
        return open_gzip(path, fd, read_only, err);
    }
    if (size < DISK_SECTOR) {
        error_set(err, EINVAL, "%s: a disk image has at least 512 bytes", path);
        close(fd);
        return NULL;
    }
    if (writable && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set(err, EBUSY, "%s: another running machine has this image open for writing", path);
        close(fd);
        return NULL;
    }
    struct file_base *b = malloc(sizeof *b);
    struct disk *d = NULL;
    if (b) {
        b->fd = fd;
        struct disk_base base = {.ops = &file_ops, .ctx = b};
        d = disk_from_base(path, &base, size, read_only, overlay);
    }
    if (!d) {
        error_set(err, ENOMEM, "out of memory");
        free(b);
        close(fd);
    }
    return d;
}

/* ---- swap ---- */

/* What mkswap writes: version 1, last page, signature at the end of page 0. */
struct disk *disk_swap(u64 size, u64 seed, struct error *err)
{
    const size_t page = 4096;
    if (size < 10 * page || size / page > 0xffffffffu) {
        error_set(err, EINVAL, "swap of %llu bytes: at least 40 KiB, at most 16 TiB",
                  (unsigned long long)size);
        return NULL;
    }
    u8 *header = calloc(1, page);
    struct disk *d = NULL;
    if (header) {
        store_u32(header + 1024, 1);
        store_u32(header + 1028, (u32)(size / page - 1));
        store_u64(header + 1036, seed); /* UUID */
        store_u64(header + 1044, ~seed);
        memcpy(header + 1052, "faultswap", 9); /* label */
        memcpy(header + page - 10, "SWAPSPACE2", 10);
        d = memory_disk("swap", header, page, header, size / page * page, false);
    }
    if (!d) {
        free(header);
        error_set(err, ENOMEM, "out of memory");
    }
    return d;
}
