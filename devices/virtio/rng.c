/* SPDX-License-Identifier: MIT */
/* rng.c - see rng.h. */
#include "devices/virtio/rng.h"

#include <stdlib.h>
#include <string.h>

struct rng {
    struct virtio virtio;
    u64 seed, state;
};

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static u64 next(struct rng *r)
{
    u64 z = (r->state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static void notify(struct virtio *v, unsigned queue)
{
    struct rng *r = (struct rng *)v;
    struct virtqueue_chain chain;
    while (virtio_pop(v, queue, &chain)) {
        u32 want = virtqueue_writable(&chain);
        u32 done = 0;
        want = want > RNG_MAX_BYTES ? RNG_MAX_BYTES : want;
        while (done < want) {
            u64 word = next(r);
            u32 n = want - done < 8 ? want - done : 8;
            done += virtqueue_copy_in(&chain, v->ram, done, &word, n);
        }
        virtio_push(v, queue, chain.head, done);
    }
}

static void started(struct virtio *v)
{
    notify(v, 0);
}

/* The stream goes on: a driver that resets the device must not get the same bytes again. */
static void reset(struct virtio *v)
{
    (void)v;
}

static void save(const struct virtio *v, struct serial_writer *writer)
{
    serial_put_u64(writer, "state", ((const struct rng *)v)->state);
}

static bool load(struct virtio *v, struct serial_reader *reader, struct error *err)
{
    ((struct rng *)v)->state = serial_get_u64(reader, "state");
    return serial_ok(reader, err);
}

static void destroy(struct virtio *v)
{
    free(v);
}

static const struct virtio_ops rng_ops = {
    .device_id = 4,
    .queues = 1,
    .notify = notify,
    .reset = reset,
    .started = started,
    .save = save,
    .load = load,
    .destroy = destroy,
};

struct virtio *rng_create(struct ram *ram, struct irq_line irq, u64 seed)
{
    struct rng *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    r->seed = r->state = seed;
    virtio_init(&r->virtio, &rng_ops, ram, irq, 0);
    return &r->virtio;
}
