/* SPDX-License-Identifier: MIT */
/*
 * chardev.h - character devices: what a number in st_rdev means, and which nodes
 * /dev shows.
 */
#ifndef DEV_CHARDEV_H
#define DEV_CHARDEV_H

#include "abi/misc.h"
#include "abi/stat.h"
#include "fs/file.h"

/* Numbers as on Linux. */
#define DEVICE_NULL DEV_MAKE(1, 3)
#define DEVICE_ZERO DEV_MAKE(1, 5)
#define DEVICE_FULL DEV_MAKE(1, 7)
#define DEVICE_RANDOM DEV_MAKE(1, 8)
#define DEVICE_URANDOM DEV_MAKE(1, 9)
#define DEVICE_KMSG DEV_MAKE(1, 11)
#define DEVICE_TTY DEV_MAKE(5, 0)
#define DEVICE_CONSOLE DEV_MAKE(5, 1)
#define DEVICE_TTYS0 DEV_MAKE(4, 64)
#define DEVICE_HVC0 DEV_MAKE(229, 0)
#define DEVICE_VPORT(port) DEV_MAKE(244, port)
#define DEVICE_DISK(index) DEV_MAKE(254, (index)*16)

struct char_device {
    const char *name; /* in /dev; may contain one '/' */
    u64 device;       /* DEV_MAKE */
    u32 mode;         /* permission bits */
    const struct file_ops *ops;
    void *private;     /* given to file->private at open, before ops->open */
    const char *alias; /* a second name under /dev (a symbolic link), or NULL */
};

#define CHAR_DEVICE_LIMIT 64

/* The structure must live for ever.  => at boot; more than the limit is refused with a message */
void chardev_register(const struct char_device *device);
const struct char_device *chardev_find(u64 device); /* NULL if there is none */
/* The index-th registered device, NULL behind the last. */
const struct char_device *chardev_at(u32 index);

/* null, zero, full, random, urandom, kmsg. */
void memory_devices_init(void);

#endif
