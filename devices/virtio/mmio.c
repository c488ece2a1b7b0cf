/* SPDX-License-Identifier: MIT */
/* mmio.c - see mmio.h. */
#include "devices/virtio/mmio.h"

#include <string.h>

enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_NUM_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC_LOW = 0x080,
    REG_QUEUE_DESC_HIGH = 0x084,
    REG_QUEUE_DRIVER_LOW = 0x090,
    REG_QUEUE_DRIVER_HIGH = 0x094,
    REG_QUEUE_DEVICE_LOW = 0x0a0,
    REG_QUEUE_DEVICE_HIGH = 0x0a4,
    REG_SHM_LEN_LOW = 0x0b0,
    REG_SHM_BASE_HIGH = 0x0bc,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

#define MAGIC 0x74726976u  /* "virt" */
#define VENDOR 0x554d4551u /* "QEMU": xv6 takes no other */
#define STATUS_DRIVER_OK 0x04u
#define STATUS_FEATURES_OK 0x08u
#define STATUS_NEEDS_RESET 0x40u
#define INTERRUPT_RING 1u
#define INTERRUPT_CONFIG 2u

static void update(struct virtio *v)
{
    irq_set(&v->irq, v->interrupt != 0);
}

static void reset_transport(struct virtio *v)
{
    v->driver_features = 0;
    v->device_features_page = v->driver_features_page = v->queue_page = 0;
    v->status = v->interrupt = 0;
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        virtqueue_reset(&v->queue[i]);
    }
    update(v);
}

void virtio_init(struct virtio *v, const struct virtio_ops *ops, struct ram *ram,
                 struct irq_line irq, u64 features)
{
    v->ops = ops;
    v->ram = ram;
    v->irq = irq;
    v->features = features | VIRTIO_F_VERSION_1;
    reset_transport(v);
}

bool virtio_running(const struct virtio *v)
{
    return (v->status & STATUS_DRIVER_OK) && !(v->status & STATUS_NEEDS_RESET);
}

bool virtio_negotiated(const struct virtio *v, u64 feature)
{
    return (v->driver_features & feature) == feature;
}

void virtio_break(struct virtio *v)
{
    v->status |= STATUS_NEEDS_RESET;
    if (v->status & STATUS_DRIVER_OK) {
        v->interrupt |= INTERRUPT_CONFIG;
        update(v);
    }
}

bool virtio_pop(struct virtio *v, unsigned queue, struct virtqueue_chain *chain)
{
    if (!virtio_running(v)) {
        return false;
    }
    switch (virtqueue_pop(&v->queue[queue], v->ram, chain)) {
    case VIRTQUEUE_CHAIN:
        return true;
    case VIRTQUEUE_BAD:
        virtio_break(v);
        return false;
    default:
        return false;
    }
}

void virtio_push(struct virtio *v, unsigned queue, u16 head, u32 written)
{
    if (virtqueue_push(&v->queue[queue], v->ram, head, written)) {
        v->interrupt |= INTERRUPT_RING;
        update(v);
    }
}

static u64 read_config(const struct virtio *v, u64 offset, unsigned size)
{
    u64 value = 0;
    if (offset < v->config_size && size <= v->config_size - offset) {
        memcpy(&value, v->config + offset, size);
    }
    return value;
}

static u32 read_register(const struct virtio *v, u64 offset)
{
    const struct virtqueue *q = v->queue_page < v->ops->queues ? &v->queue[v->queue_page] : NULL;
    switch (offset) {
    case REG_MAGIC:
        return MAGIC;
    case REG_VERSION:
        return 2;
    case REG_DEVICE_ID:
        return v->ops->device_id;
    case REG_VENDOR_ID:
        return VENDOR;
    case REG_DEVICE_FEATURES:
        return v->device_features_page < 2 ? (u32)(v->features >> (32 * v->device_features_page))
                                           : 0;
    case REG_QUEUE_NUM_MAX:
        return q ? VIRTQUEUE_MAX : 0;
    case REG_QUEUE_READY:
        return q ? q->ready : 0;
    case REG_INTERRUPT_STATUS:
        return v->interrupt;
    case REG_STATUS:
        return v->status;
    case REG_CONFIG_GENERATION:
        return v->generation;
    default:
        /* There is no shared memory: its length and base read as all ones. */
        return offset >= REG_SHM_LEN_LOW && offset <= REG_SHM_BASE_HIGH ? ~0u : 0;
    }
}

static void write_driver_features(struct virtio *v, u32 value)
{
    if (v->driver_features_page > 1 || (v->status & STATUS_FEATURES_OK)) {
        return;
    }
    unsigned shift = 32 * v->driver_features_page;
    v->driver_features &= ~(0xffffffffull << shift);
    v->driver_features |= (u64)value << shift;
}

static void write_status(struct virtio *v, u32 value)
{
    if (value == 0) {
        reset_transport(v);
        v->ops->reset(v);
        return;
    }
    u32 fresh = value & ~v->status & 0xff;
    /* VERSION_1 ought to be taken, but xv6 writes the low 32 bits only. */
    if ((fresh & STATUS_FEATURES_OK) && (v->driver_features & ~v->features)) {
        fresh &= ~STATUS_FEATURES_OK; /* refused: the driver reads it back as 0 */
    }
    if (!((v->status | fresh) & STATUS_FEATURES_OK)) {
        fresh &= ~STATUS_DRIVER_OK;
    }
    v->status |= fresh & ~STATUS_NEEDS_RESET; /* bits are only ever added, except by a reset */
    if ((fresh & STATUS_DRIVER_OK) && v->ops->started) {
        v->ops->started(v);
    }
}

static void write_ready(struct virtio *v, struct virtqueue *q, u32 value)
{
    if (!(value & 1)) {
        q->ready = false;
    } else if (!q->ready) {
        if (!virtqueue_valid(q, v->ram)) {
            virtio_break(v);
            return;
        }
        q->seen = q->used = 0;
        q->ready = true;
    }
}

static void set_half(u64 *address, unsigned half, u32 value)
{
    *address =
        half ? (*address & 0xffffffffu) | (u64)value << 32 : (*address & ~0xffffffffull) | value;
}

/* Registers of the selected queue; locked once it is ready. */
static void write_queue(struct virtio *v, u64 offset, u32 value)
{
    if (v->queue_page >= v->ops->queues) {
        return;
    }
    struct virtqueue *q = &v->queue[v->queue_page];
    if (offset == REG_QUEUE_READY) {
        write_ready(v, q, value);
        return;
    }
    if (q->ready) {
        return;
    }
    switch (offset) {
    case REG_QUEUE_NUM:
        q->size = value <= VIRTQUEUE_MAX ? (u16)value : 0;
        break;
    case REG_QUEUE_DESC_LOW:
    case REG_QUEUE_DESC_HIGH:
        set_half(&q->descriptors, offset == REG_QUEUE_DESC_HIGH, value);
        break;
    case REG_QUEUE_DRIVER_LOW:
    case REG_QUEUE_DRIVER_HIGH:
        set_half(&q->driver, offset == REG_QUEUE_DRIVER_HIGH, value);
        break;
    case REG_QUEUE_DEVICE_LOW:
    case REG_QUEUE_DEVICE_HIGH:
        set_half(&q->device, offset == REG_QUEUE_DEVICE_HIGH, value);
        break;
    default:
        break;
    }
}

static void write_register(struct virtio *v, u64 offset, u32 value)
{
    switch (offset) {
    case REG_DEVICE_FEATURES_SEL:
        v->device_features_page = value;
        break;
    case REG_DRIVER_FEATURES:
        write_driver_features(v, value);
        break;
    case REG_DRIVER_FEATURES_SEL:
        v->driver_features_page = value;
        break;
    case REG_QUEUE_SEL:
        v->queue_page = value;
        break;
    case REG_QUEUE_NOTIFY:
        if (value < v->ops->queues && v->queue[value].ready && virtio_running(v)) {
            v->ops->notify(v, value);
        }
        break;
    case REG_INTERRUPT_ACK:
        v->interrupt &= ~value;
        update(v);
        break;
    case REG_STATUS:
        write_status(v, value);
        break;
    default:
        write_queue(v, offset, value);
        break;
    }
}

static u64 bus_read_virtio(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)fault;
    if (offset >= REG_CONFIG) {
        return read_config(device, offset - REG_CONFIG, size);
    }
    return size == 4 && (offset & 3) == 0 ? read_register(device, offset) : 0;
}

/* No device here has a configuration field that the driver may write. */
static void bus_write_virtio(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    (void)fault;
    if (size == 4 && (offset & 3) == 0 && offset < REG_CONFIG) {
        write_register(device, offset, (u32)value);
    }
}

const struct bus_ops virtio_bus_ops = {
    .read = bus_read_virtio,
    .write = bus_write_virtio,
    .size_mask = 1 | 2 | 4 | 8,
};

static u64 bus_read_empty(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)device;
    (void)size;
    (void)fault;
    return offset == REG_MAGIC ? MAGIC : offset == REG_VERSION ? 2 : 0;
}

static void bus_write_empty(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    (void)device;
    (void)offset;
    (void)value;
    (void)size;
    (void)fault;
}

const struct bus_ops virtio_empty_bus_ops = {
    .read = bus_read_empty,
    .write = bus_write_empty,
    .size_mask = 1 | 2 | 4 | 8,
};

static void reset(void *state)
{
    struct virtio *v = state;
    reset_transport(v);
    v->ops->reset(v);
}

#define VIRTIO_FIELDS(F)                                                                 \
    F(driver_features)                                                                   \
    F(device_features_page) F(driver_features_page) F(queue_page) F(status) F(interrupt) \
        F(generation)

static void save(const void *state, struct serial_writer *writer)
{
    const struct virtio *v = state;
    serial_put_u64(writer, "device-id", v->ops->device_id);
#define F(field) serial_put_u64(writer, #field, v->field);
    VIRTIO_FIELDS(F)
#undef F
    for (unsigned i = 0; i < v->ops->queues; i++) {
        virtqueue_save(&v->queue[i], writer);
    }
    if (v->ops->save) {
        v->ops->save(v, writer);
    }
}

static bool load(void *state, struct serial_reader *reader, struct error *err)
{
    struct virtio *v = state;
    if (serial_get_u64(reader, "device-id") != v->ops->device_id) {
        return error_set(err, EINVAL, "virtio: another device was saved in this slot");
    }
#define F(field) v->field = (__typeof__(v->field))serial_get_u64(reader, #field);
    VIRTIO_FIELDS(F)
#undef F
    for (unsigned i = 0; i < v->ops->queues; i++) {
        struct virtqueue *q = &v->queue[i];
        if (!virtqueue_load(q, reader, err)) {
            return false;
        }
        if (q->ready && !virtqueue_valid(q, v->ram)) {
            return error_set(err, EINVAL, "virtio: queue %u lies outside RAM", i);
        }
    }
    if (v->ops->load && !v->ops->load(v, reader, err)) {
        return false;
    }
    return serial_ok(reader, err);
}

static void destroy(void *state)
{
    struct virtio *v = state;
    v->ops->destroy(v);
}

const struct device_ops virtio_device_ops = {
    .reset = reset, .save = save, .load = load, .destroy = destroy};
