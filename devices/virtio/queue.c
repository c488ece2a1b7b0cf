/* SPDX-License-Identifier: MIT */
/* queue.c - see queue.h. */
#include "devices/virtio/queue.h"

#include <errno.h>
#include <string.h>

#include "emu/base/bits.h"

#define DESCRIPTOR_SIZE 16u
#define FLAG_NEXT 1u
#define FLAG_WRITE 2u
#define FLAG_INDIRECT 4u /* not offered, so never valid */
#define AVAIL_NO_INTERRUPT 1u

void virtqueue_reset(struct virtqueue *q)
{
    *q = (struct virtqueue){.size = VIRTQUEUE_MAX};
}

static u64 avail_bytes(const struct virtqueue *q)
{
    return 6 + 2ull * q->size;
}

static u64 used_bytes(const struct virtqueue *q)
{
    return 6 + 8ull * q->size;
}

bool virtqueue_valid(const struct virtqueue *q, struct ram *ram)
{
    return q->size > 0 && q->size <= VIRTQUEUE_MAX && (q->size & (q->size - 1)) == 0 &&
           (q->descriptors & 15) == 0 && (q->driver & 1) == 0 && (q->device & 3) == 0 &&
           ram_pointer(ram, q->descriptors, (u64)DESCRIPTOR_SIZE * q->size) &&
           ram_pointer(ram, q->driver, avail_bytes(q)) &&
           ram_pointer(ram, q->device, used_bytes(q));
}

/* The available ring's index, which another hart may be writing. */
static bool avail_index(const struct virtqueue *q, struct ram *ram, u16 *index)
{
    const u8 *avail = ram_pointer(ram, q->driver, avail_bytes(q));
    if (!avail) {
        return false;
    }
    *index = load_u16(avail + 2);
    return true;
}

bool virtqueue_has_work(const struct virtqueue *q, struct ram *ram)
{
    u16 index;
    return q->ready && avail_index(q, ram, &index) && index != q->seen;
}

/* Follows the descriptors from `head`; each is read once, so that the guest cannot change its mind.
 */
static bool read_chain(const struct virtqueue *q, struct ram *ram, u16 head,
                       struct virtqueue_chain *chain)
{
    const u8 *table = ram_pointer(ram, q->descriptors, (u64)DESCRIPTOR_SIZE * q->size);
    u16 index = head;
    chain->head = head;
    chain->count = 0;
    if (!table) {
        return false;
    }
    for (;;) {
        if (index >= q->size || chain->count == q->size) {
            return false;
        }
        u8 descriptor[DESCRIPTOR_SIZE];
        memcpy(descriptor, table + (size_t)index * DESCRIPTOR_SIZE, sizeof descriptor);
        u16 flags = load_u16(descriptor + 12);
        struct virtqueue_segment segment = {
            .address = load_u64(descriptor),
            .length = load_u32(descriptor + 8),
            .writable = (flags & FLAG_WRITE) != 0,
        };
        bool after_writable = chain->count > 0 && chain->segment[chain->count - 1].writable;
        if ((flags & FLAG_INDIRECT) || (after_writable && !segment.writable)) {
            return false;
        }
        if (segment.length > 0 && !ram_pointer(ram, segment.address, segment.length)) {
            return false;
        }
        chain->segment[chain->count++] = segment;
        if (!(flags & FLAG_NEXT)) {
            return true;
        }
        index = load_u16(descriptor + 14);
    }
}

enum virtqueue_result virtqueue_pop(struct virtqueue *q, struct ram *ram,
                                    struct virtqueue_chain *chain)
{
    u16 index;
    if (!q->ready) {
        return VIRTQUEUE_EMPTY;
    }
    if (!avail_index(q, ram, &index)) {
        return VIRTQUEUE_BAD;
    }
    u16 waiting = (u16)(index - q->seen);
    if (waiting == 0) {
        return VIRTQUEUE_EMPTY;
    }
    if (waiting > q->size) {
        return VIRTQUEUE_BAD; /* the index ran away: more chains than the queue can hold */
    }
    const u8 *avail = ram_pointer(ram, q->driver, avail_bytes(q));
    u16 head = load_u16(avail + 4 + 2u * (q->seen & (q->size - 1u)));
    if (!read_chain(q, ram, head, chain)) {
        return VIRTQUEUE_BAD;
    }
    q->seen++;
    return VIRTQUEUE_CHAIN;
}

bool virtqueue_push(struct virtqueue *q, struct ram *ram, u16 head, u32 written)
{
    u8 *used = ram_pointer(ram, q->device, used_bytes(q));
    const u8 *avail = ram_pointer(ram, q->driver, avail_bytes(q));
    if (!used || !avail || !q->ready) {
        return false;
    }
    u8 *entry = used + 4 + 8u * (q->used & (q->size - 1u));
    store_u32(entry, head);
    store_u32(entry + 4, written);
    q->used++;
    store_u16(used + 2, q->used);
    ram_written(ram, q->device, used_bytes(q));
    return !(load_u16(avail) & AVAIL_NO_INTERRUPT);
}

static u32 total(const struct virtqueue_chain *chain, bool writable)
{
    u64 sum = 0;
    for (unsigned i = 0; i < chain->count; i++) {
        sum += chain->segment[i].writable == writable ? chain->segment[i].length : 0;
    }
    return sum > 0xffffffffu ? 0xffffffffu : (u32)sum;
}

u32 virtqueue_readable(const struct virtqueue_chain *chain)
{
    return total(chain, false);
}

u32 virtqueue_writable(const struct virtqueue_chain *chain)
{
    return total(chain, true);
}

/* Walks the segments of one direction; exactly one of `out` and `in` is given. */
static u32 copy(const struct virtqueue_chain *chain, struct ram *ram, u32 offset, u8 *out,
                const u8 *in, u32 size)
{
    u64 skip = offset;
    u32 done = 0;
    for (unsigned i = 0; i < chain->count && done < size; i++) {
        const struct virtqueue_segment *s = &chain->segment[i];
        if (s->writable != (in != NULL)) {
            continue;
        }
        if (skip >= s->length) {
            skip -= s->length;
            continue;
        }
        u64 address = s->address + skip;
        u32 part = s->length - (u32)skip;
        skip = 0;
        if (part > size - done) {
            part = size - done;
        }
        u8 *host = ram_pointer(ram, address, part);
        if (!host) {
            break;
        }
        if (out) {
            memcpy(out + done, host, part);
        } else {
            memcpy(host, in + done, part);
            ram_written(ram, address, part);
        }
        done += part;
    }
    return done;
}

u32 virtqueue_copy_out(const struct virtqueue_chain *chain, struct ram *ram, u32 offset,
                       void *buffer, u32 size)
{
    return copy(chain, ram, offset, buffer, NULL, size);
}

u32 virtqueue_copy_in(const struct virtqueue_chain *chain, struct ram *ram, u32 offset,
                      const void *buffer, u32 size)
{
    return copy(chain, ram, offset, NULL, buffer, size);
}

#define QUEUE_FIELDS(F) F(size) F(ready) F(descriptors) F(driver) F(device) F(seen) F(used)

void virtqueue_save(const struct virtqueue *q, struct serial_writer *writer)
{
#define F(field) serial_put_u64(writer, "queue-" #field, q->field);
    QUEUE_FIELDS(F)
#undef F
}

bool virtqueue_load(struct virtqueue *q, struct serial_reader *reader, struct error *err)
{
#define F(field) q->field = (__typeof__(q->field))serial_get_u64(reader, "queue-" #field);
    QUEUE_FIELDS(F)
#undef F
    if (q->size > VIRTQUEUE_MAX) {
        return error_set(err, EINVAL, "virtqueue of %u entries is too large", q->size);
    }
    return serial_ok(reader, err);
}
