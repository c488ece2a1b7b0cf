/* SPDX-License-Identifier: MIT */
/*
 * chardev.c - the table of character devices.
 * Lock: table_lock for adding (console ports come up in an interrupt); entries never go,
 * so readers need none.
 */
#include "dev/chardev.h"
#include "lib/printf.h"
#include "sync/spin.h"

static struct spinlock table_lock = SPINLOCK("character devices");
static const struct char_device *table[CHAR_DEVICE_LIMIT];
static u32 table_count;

void chardev_register(const struct char_device *device)
{
    spin_lock(&table_lock);
    if (table_count < CHAR_DEVICE_LIMIT) {
        table[table_count] = device;
        __atomic_store_n(&table_count, table_count + 1, __ATOMIC_RELEASE);
    } else {
        log_error("no room for character device %s", device->name);
    }
    spin_unlock(&table_lock);
}

const struct char_device *chardev_at(u32 index)
{
    return index < __atomic_load_n(&table_count, __ATOMIC_ACQUIRE) ? table[index] : NULL;
}

const struct char_device *chardev_find(u64 device)
{
    const struct char_device *entry;

    for (u32 i = 0; (entry = chardev_at(i)) != NULL; i++) {
        if (entry->device == device) {
            return entry;
        }
    }
    return NULL;
}
