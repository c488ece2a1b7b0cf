/* SPDX-License-Identifier: MIT */
/* hostfile.c - see hostfile.h. */
#include "emu/cli/hostfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/machine/loader.h"

#define FILE_MAX (1ull << 30)

/* O_NONBLOCK: opening a FIFO that nobody writes must not hang. */
static int open_regular(const char *path, u64 *size, struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(err, errno, "cannot open %s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        error_set(err, EINVAL, "%s is %s, not a file", path,
                  S_ISDIR(status.st_mode) ? "a directory" : "a device or pipe");
    } else {
        *size = (u64)status.st_size;
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static bool read_all(int fd, const char *path, u64 size, struct buffer *buffer, struct error *err)
{
    if (size > FILE_MAX) {
        return error_set(err, EFBIG, "%s: larger than 1 GiB", path);
    }
    if (!buffer_reserve(buffer, size + 1)) {
        return error_set(err, ENOMEM, "%s: out of memory", path);
    }
    while (buffer->size < size) {
        ssize_t n = read(fd, buffer->data + buffer->size, size - buffer->size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return error_set(err, EIO, "cannot read %s: %s", path,
                             n < 0 ? strerror(errno) : "it became shorter");
        }
        buffer->size += (size_t)n;
    }
    return true;
}

bool hostfile_read(const char *path, struct buffer *buffer, struct machine_bytes *bytes,
                   struct error *err)
{
    u64 size;
    int fd = open_regular(path, &size, err);
    if (fd < 0) {
        return false;
    }
    bool good = read_all(fd, path, size, buffer, err);
    close(fd);
    if (!good) {
        return false;
    }
    if (loader_format(buffer->data, buffer->size) == IMAGE_GZIP) {
        struct machine_bytes packed = {buffer->data, buffer->size, path};
        struct buffer unpacked = {0};
        good = loader_unpack(&packed, FILE_MAX, &unpacked, err);
        buffer_free(buffer);
        *buffer = unpacked;
    }
    if (good && buffer->size == 0) {
        return error_set(err, EINVAL, "%s is empty", path);
    }
    *bytes = (struct machine_bytes){buffer->data, buffer->size, path};
    return good;
}

bool hostfile_head(const char *path, u8 *head, size_t size, size_t *got, struct error *err)
{
    u64 whole;
    int fd = open_regular(path, &whole, err);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, head, size);
    close(fd);
    if (n < 0) {
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    }
    *got = (size_t)n;
    return true;
}
