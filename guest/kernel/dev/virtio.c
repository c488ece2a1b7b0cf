/* SPDX-License-Identifier: MIT */
/*
 * virtio.c - finding virtio devices and moving buffers through their rings.
 *
 * The rings of one queue lie in one block of memory laid out as legacy devices want it
 * (descriptors, available ring, used ring from the next page on), which modern devices
 * accept as well.  What the device writes (indices, ids, lengths) is not trusted.
 * Source: VIRTIO 1.2, sections 2.7, 3.1, 4.2.
 */
#include "dev/virtio.h"
#include "dev/mmio.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "mm/kalloc.h"

/* Registers, 4.2.2 and 4.2.4. */
enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SELECT = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SELECT = 0x024,
    REG_GUEST_PAGE_SIZE = 0x028, /* legacy */
    REG_QUEUE_SELECT = 0x030,
    REG_QUEUE_MAX = 0x034,
    REG_QUEUE_SIZE = 0x038,
    REG_QUEUE_ALIGN = 0x03c, /* legacy */
    REG_QUEUE_PAGE = 0x040,  /* legacy */
    REG_QUEUE_READY = 0x044,
    REG_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESCRIPTORS = 0x080,
    REG_QUEUE_AVAILABLE = 0x090,
    REG_QUEUE_USED = 0x0a0,
    REG_CONFIG = 0x100
};

#define MAGIC 0x74726976u /* "virt" */

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_FAILED 128u

#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_WRITE 2u

static u32 get(const struct virtio_device *device, u32 offset)
{
    return mmio_read32(device->base + offset);
}

static void put(const struct virtio_device *device, u32 offset, u32 value)
{
    mmio_write32(device->base + offset, value);
}

static void put_address(const struct virtio_device *device, u32 offset, const void *pointer)
{
    u64 physical = direct_physical(pointer);

    put(device, offset, (u32)physical);
    put(device, offset + 4, (u32)(physical >> 32));
}

static void add_status(const struct virtio_device *device, u32 bits)
{
    put(device, REG_STATUS, get(device, REG_STATUS) | bits);
}

int virtio_negotiate(struct virtio_device *device, u64 wanted)
{
    u64 offered;

    put(device, REG_STATUS, 0);
    add_status(device, STATUS_ACKNOWLEDGE);
    add_status(device, STATUS_DRIVER);
    put(device, REG_DEVICE_FEATURES_SELECT, 0);
    offered = get(device, REG_DEVICE_FEATURES);
    if (device->version >= 2) {
        put(device, REG_DEVICE_FEATURES_SELECT, 1);
        offered |= (u64)get(device, REG_DEVICE_FEATURES) << 32;
        wanted |= VIRTIO_F_VERSION_1;
    }
    device->features = offered & wanted;
    put(device, REG_DRIVER_FEATURES_SELECT, 0);
    put(device, REG_DRIVER_FEATURES, (u32)device->features);
    if (device->version < 2) {
        put(device, REG_GUEST_PAGE_SIZE, PAGE_SIZE);
        return 0;
    }
    put(device, REG_DRIVER_FEATURES_SELECT, 1);
    put(device, REG_DRIVER_FEATURES, (u32)(device->features >> 32));
    add_status(device, STATUS_FEATURES_OK);
    if (!(get(device, REG_STATUS) & STATUS_FEATURES_OK)) {
        log_error("virtio: device at %#llx refuses features %#llx",
                  (unsigned long long)device->base, (unsigned long long)device->features);
        virtio_fail(device);
        return -ENODEV;
    }
    return 0;
}

/* Tell the device where the rings are, 4.2.3.2 and 4.2.4.  => the queue is selected */
static void queue_enable(struct virtio_device *device, struct virtio_queue *queue)
{
    put(device, REG_QUEUE_SIZE, queue->size);
    if (device->version < 2) {
        put(device, REG_QUEUE_ALIGN, PAGE_SIZE);
        put(device, REG_QUEUE_PAGE, (u32)(direct_physical(queue->descriptor) >> PAGE_SHIFT));
        return;
    }
    put_address(device, REG_QUEUE_DESCRIPTORS, queue->descriptor);
    put_address(device, REG_QUEUE_AVAILABLE, queue->available);
    put_address(device, REG_QUEUE_USED, queue->used);
    mmio_barrier();
    put(device, REG_QUEUE_READY, 1);
}

int virtio_queue_init(struct virtio_device *device, struct virtio_queue *queue, u16 index,
                      u16 wanted_size)
{
    u32 most;
    u16 size = wanted_size;
    size_t first_part, total;
    u8 *memory;

    put(device, REG_QUEUE_SELECT, index);
    most = get(device, REG_QUEUE_MAX);
    if (most == 0) {
        return -ENOENT;
    }
    if (size > most) {
        size = (u16)most;
    }
    first_part = round_up(16ull * size + 6 + 2ull * size, PAGE_SIZE);
    total = first_part + round_up(6 + 8ull * size, PAGE_SIZE);
    memory = kalloc(total);
    queue->token = kalloc(sizeof(void *) * size);
    if (!memory || !queue->token) {
        kfree(memory);
        kfree(queue->token);
        return -ENOMEM;
    }
    queue->device = device;
    queue->index = index;
    queue->size = size;
    queue->free_count = size;
    queue->first_free = 0;
    queue->last_used = 0;
    queue->descriptor = (struct virtio_descriptor *)memory;
    queue->available = (struct virtio_available *)(memory + 16ull * size);
    queue->used = (struct virtio_used *)(memory + first_part);
    for (u16 i = 0; i < size; i++) {
        queue->descriptor[i].next = (u16)(i + 1);
    }
    queue_enable(device, queue);
    return 0;
}

void virtio_start(struct virtio_device *device)
{
    add_status(device, STATUS_DRIVER_OK);
}

void virtio_fail(struct virtio_device *device)
{
    add_status(device, STATUS_FAILED);
}

int virtio_queue_add(struct virtio_queue *queue, const struct virtio_buffer *buffers, u16 out,
                     u16 in, void *token)
{
    u16 count = (u16)(out + in);
    u16 head = queue->first_free;
    u16 slot = head;

    if (count == 0 || count > queue->free_count) {
        return -ENOSPC;
    }
    for (u16 i = 0; i < count; i++) {
        struct virtio_descriptor *descriptor = &queue->descriptor[slot];

        descriptor->address = direct_physical(buffers[i].bytes);
        descriptor->length = buffers[i].size;
        descriptor->flags =
            (u16)((i >= out ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0));
        slot = descriptor->next;
    }
    queue->first_free = slot;
    queue->free_count = (u16)(queue->free_count - count);
    queue->token[head] = token;
    queue->available->ring[queue->available->index % queue->size] = head;
    mmio_barrier(); /* the entry before the index that shows it */
    queue->available->index++;
    return 0;
}

void virtio_queue_notify(struct virtio_queue *queue)
{
    mmio_barrier();
    put(queue->device, REG_NOTIFY, queue->index);
}

/* Give a chain's descriptors back.  => head is a chain of ours */
static void chain_free(struct virtio_queue *queue, u16 head)
{
    u16 slot = head;
    u16 count = 1;

    while ((queue->descriptor[slot].flags & DESCRIPTOR_NEXT) && count < queue->size) {
        slot = queue->descriptor[slot].next;
        count++;
    }
    queue->descriptor[slot].next = queue->first_free;
    queue->first_free = head;
    queue->free_count = (u16)(queue->free_count + count);
}

void *virtio_queue_take(struct virtio_queue *queue, u32 *written)
{
    const volatile struct virtio_used *used = queue->used;

    while (queue->last_used != used->index) {
        u32 id, length;
        void *token;

        mmio_barrier(); /* the index before the entry */
        id = used->ring[queue->last_used % queue->size].id;
        length = used->ring[queue->last_used % queue->size].length;
        queue->last_used++;
        if (id >= queue->size || !queue->token[id]) {
            log_error("virtio: device at %#llx returned a buffer it was not given (%u)",
                      (unsigned long long)queue->device->base, id);
            continue;
        }
        token = queue->token[id];
        queue->token[id] = NULL;
        chain_free(queue, (u16)id);
        *written = length;
        return token;
    }
    return NULL;
}

u32 virtio_acknowledge(struct virtio_device *device)
{
    u32 status = get(device, REG_INTERRUPT_STATUS);

    put(device, REG_INTERRUPT_ACK, status);
    return status;
}

u8 virtio_config8(struct virtio_device *device, u32 offset)
{
    return mmio_read8(device->base + REG_CONFIG + offset);
}

u32 virtio_config32(struct virtio_device *device, u32 offset)
{
    return get(device, REG_CONFIG + offset);
}

u64 virtio_config64(struct virtio_device *device, u32 offset)
{
    return get(device, REG_CONFIG + offset) | (u64)get(device, REG_CONFIG + offset + 4) << 32;
}

static void probe_one(u64 base, u32 irq)
{
    struct virtio_device *device;
    u32 version, id;
    int error = 0;

    if (mmio_read32(base + REG_MAGIC) != MAGIC) {
        return;
    }
    version = mmio_read32(base + REG_VERSION);
    id = mmio_read32(base + REG_DEVICE_ID);
    if (id == 0) {
        return; /* an empty slot */
    }
    if (version != 1 && version != 2) {
        log_warn("virtio: device at %#llx has unknown version %u", (unsigned long long)base,
                 version);
        return;
    }
    device = kalloc(sizeof(*device));
    if (!device) {
        return;
    }
    *device = (struct virtio_device){.base = base, .irq = irq, .version = version, .id = id};
    switch (id) {
    case VIRTIO_ID_BLOCK:
        error = virtio_blk_probe(device);
        break;
    case VIRTIO_ID_CONSOLE:
        error = virtio_console_probe(device);
        break;
    case VIRTIO_ID_RNG:
        error = virtio_rng_probe(device);
        break;
    default:
        log_debug("virtio: no driver for device type %u at %#llx", id, (unsigned long long)base);
        break;
    }
    if (error) {
        log_error("virtio: device type %u at %#llx: error %d", id, (unsigned long long)base, error);
    }
}

#define SLOT_LIMIT 32u

void virtio_probe(void)
{
    u64 base[SLOT_LIMIT];
    u32 irq[SLOT_LIMIT];
    u32 count = 0;

    for (int node = fdt_find_compatible(FDT_NONE, "virtio,mmio");
         node != FDT_NONE && count < SLOT_LIMIT; node = fdt_find_compatible(node, "virtio,mmio")) {
        u64 address, size;
        u32 place = count;

        if (!fdt_reg(node, 0, &address, &size)) {
            continue;
        }
        while (place > 0 && base[place - 1] > address) { /* sorted: names follow addresses */
            base[place] = base[place - 1];
            irq[place] = irq[place - 1];
            place--;
        }
        base[place] = address;
        irq[place] = fdt_cell(node, "interrupts", 0);
        count++;
    }
    for (u32 i = 0; i < count; i++) {
        probe_one(base[i], irq[i]);
    }
}
