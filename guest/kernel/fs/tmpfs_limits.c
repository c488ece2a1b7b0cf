/* SPDX-License-Identifier: MIT */
/*
 * tmpfs_limits.c - how much a tmpfs may hold, from its mount options.
 *
 *     size=BYTES     k, m, g behind it; or N% of memory.  0: no limit
 *     nr_blocks=N    the same in pages
 *     nr_inodes=N    files, directories and links.  0: no limit
 *     mode=OCTAL, uid=N, gid=N    of the root directory
 *
 * Without size it is half of memory and swap together, whatever they come to: a full /tmp is an
 * error for who writes to it, and never the end of another process.  (Linux takes half of memory.)
 * Source: Linux tmpfs(5).
 */
#include "fs/tmpfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/shm.h"

/* A number with an optional k, m or g.  => false if it is none */
static bool get_size(const char *text, u64 *value)
{
    static const char units[] = "kmg";
    const char *unit;

    if (!string_to_u64(text, &text, value)) {
        return false;
    }
    if (text[0] == '%' && text[1] == '\0') {
        *value = frames_usable * PAGE_SIZE / 100 * *value;
        return true;
    }
    unit = *text ? strchr(units, *text | 0x20) : NULL;
    if (unit) {
        u32 shift = 10 * (u32)(unit - units + 1);

        if (*value >> (63 - shift)) {
            return false;
        }
        *value <<= shift;
        text++;
    }
    return *text == '\0';
}

static bool get_octal(const char *text, u32 *mode)
{
    *mode = 0;
    for (; *text >= '0' && *text <= '7' && *mode <= 07777; text++) {
        *mode = *mode * 8 + (u32)(*text - '0');
    }
    return *text == '\0' && *mode <= 07777;
}

static int take_option(const char *name, const char *text, struct tmpfs_options *options)
{
    u64 value = 0;

    if (strcmp(name, "mode") == 0) {
        return get_octal(text, &options->mode) ? 0 : -EINVAL;
    }
    if (!get_size(text, &value)) {
        return -EINVAL;
    }
    if (strcmp(name, "size") == 0) {
        options->pages = value ? (value + PAGE_MASK) >> PAGE_SHIFT : SHM_NO_LIMIT;
    } else if (strcmp(name, "nr_blocks") == 0) {
        options->pages = value ? value : SHM_NO_LIMIT;
    } else if (strcmp(name, "nr_inodes") == 0) {
        options->inodes = value ? value : SHM_NO_LIMIT;
    } else if (strcmp(name, "uid") == 0) {
        options->uid = (u32)value;
    } else if (strcmp(name, "gid") == 0) {
        options->gid = (u32)value;
    } else {
        return -EINVAL;
    }
    return 0;
}

int tmpfs_parse(const char *text, struct tmpfs_options *options)
{
    while (*text) {
        char option[64];
        const char *comma = strchr(text, ',');
        size_t length = comma ? (size_t)(comma - text) : strlen(text);
        char *value;
        int error;

        if (length >= sizeof(option)) {
            return -EINVAL;
        }
        memcpy(option, text, length);
        option[length] = '\0';
        text += length + (comma ? 1 : 0);
        if (length == 0) {
            continue;
        }
        value = strchr(option, '=');
        if (!value) {
            return -EINVAL;
        }
        *value++ = '\0';
        error = take_option(option, value, options);
        if (error) {
            return error;
        }
    }
    return 0;
}
