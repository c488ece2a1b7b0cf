/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the devices that are nothing but bytes: null, zero, full, random, urandom,
 * and kmsg (the kernel's log).
 */
#include "dev/chardev.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

static ssize_t null_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    (void)user;
    (void)size;
    (void)offset;
    return 0;
}

static ssize_t null_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    (void)user;
    (void)offset;
    return (ssize_t)size;
}

/* => what was moved before the fault, -EFAULT if nothing */
static ssize_t moved(size_t size, size_t left)
{
    return left == size && size > 0 ? -EFAULT : (ssize_t)(size - left);
}

static ssize_t zero_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    (void)offset;
    return moved(size, clear_user_partial(user, size));
}

static ssize_t full_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    (void)user;
    (void)size;
    (void)offset;
    return -ENOSPC;
}

#define RANDOM_CHUNK 256u

static ssize_t random_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    u8 bytes[RANDOM_CHUNK];
    size_t done = 0;

    (void)file;
    (void)offset;
    while (done < size) {
        size_t chunk = min_u64(size - done, RANDOM_CHUNK);
        size_t left;

        random_bytes(bytes, chunk);
        left = copy_to_user_partial(user + done, bytes, chunk);
        done += chunk - left;
        if (left) {
            break;
        }
    }
    return done == 0 && size > 0 ? -EFAULT : (ssize_t)done;
}

static ssize_t random_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    u8 bytes[RANDOM_CHUNK];
    size_t chunk = min_u64(size, RANDOM_CHUNK);

    (void)file;
    (void)offset;
    if (copy_from_user(bytes, user, chunk)) {
        return -EFAULT;
    }
    random_stir(bytes, chunk);
    return (ssize_t)size;
}

static ssize_t kmsg_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    char *bytes = page_alloc();
    size_t count;
    u64 from = *offset;

    (void)file;
    if (!bytes) {
        return -ENOMEM;
    }
    count = log_read(&from, bytes, min_u64(size, PAGE_SIZE));
    if (count && copy_to_user(user, bytes, count)) {
        page_free(bytes);
        return -EFAULT;
    }
    page_free(bytes);
    *offset = from;
    return (ssize_t)count;
}

#define MESSAGE_LIMIT 512u

static ssize_t kmsg_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    char text[MESSAGE_LIMIT];
    size_t length = min_u64(size, MESSAGE_LIMIT - 1);

    (void)file;
    (void)offset;
    if (copy_from_user(text, user, length)) {
        return -EFAULT;
    }
    text[length] = 0;
    if (length > 0 && text[length - 1] == '\n') {
        text[length - 1] = 0;
    }
    log_info("%s", text);
    return (ssize_t)size;
}

static i64 no_seek(struct file *file, i64 offset, u32 whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

/* Mapping /dev/zero is mapping anonymous memory. */
static int zero_mmap(struct file *file, struct inode **mapped)
{
    (void)file;
    *mapped = NULL;
    return 0;
}

static const struct file_ops null_ops = {.read = null_read, .write = null_write, .seek = no_seek};
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .seek = no_seek, .mmap = zero_mmap};
static const struct file_ops full_ops = {.read = zero_read, .write = full_write, .seek = no_seek};
static const struct file_ops random_ops = {
    .read = random_read, .write = random_write, .seek = no_seek};
static const struct file_ops kmsg_ops = {.read = kmsg_read, .write = kmsg_write};

static const struct char_device nodes[] = {
    {.name = "null", .device = DEVICE_NULL, .mode = 0666, .ops = &null_ops},
    {.name = "zero", .device = DEVICE_ZERO, .mode = 0666, .ops = &zero_ops},
    {.name = "full", .device = DEVICE_FULL, .mode = 0666, .ops = &full_ops},
    {.name = "random", .device = DEVICE_RANDOM, .mode = 0666, .ops = &random_ops},
    {.name = "urandom", .device = DEVICE_URANDOM, .mode = 0666, .ops = &random_ops},
    {.name = "kmsg", .device = DEVICE_KMSG, .mode = 0600, .ops = &kmsg_ops},
};

void memory_devices_init(void)
{
    for (u32 i = 0; i < ARRAY_LENGTH(nodes); i++) {
        chardev_register(&nodes[i]);
    }
}
