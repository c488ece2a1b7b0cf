/* SPDX-License-Identifier: MIT */
/*
 * virtio_rng.c - entropy over virtio: stirred into the kernel's pool at boot.
 * Source: VIRTIO 1.2, section 5.4.
 */
#include "dev/virtio.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "mm/kalloc.h"
#include "sync/spin.h"
#include "sync/time.h"
#include "sync/wait.h"

#define SEED_BYTES 64u
#define PATIENCE_NS 100000000ull /* a device that has no entropy must not stop the boot */

struct rng {
    struct virtio_device *device;
    struct spinlock lock;
    struct wait_queue done;
    struct virtio_queue queue;
    u32 received;
    u8 bytes[SEED_BYTES];
};

static void rng_interrupt(void *argument)
{
    struct rng *rng = argument;
    u32 written;

    virtio_acknowledge(rng->device);
    spin_lock(&rng->lock);
    while (virtio_queue_take(&rng->queue, &written)) {
        rng->received = written <= SEED_BYTES ? written : SEED_BYTES;
        wait_wake_all(&rng->done);
    }
    spin_unlock(&rng->lock);
}

int virtio_rng_probe(struct virtio_device *device)
{
    struct rng *rng = kalloc(sizeof(*rng));
    struct virtio_buffer buffer;
    u64 deadline;
    int error;

    if (!rng) {
        return -ENOMEM;
    }
    rng->device = device;
    spin_init(&rng->lock, "virtio rng");
    wait_init(&rng->done);
    error = virtio_negotiate(device, 0);
    if (!error) {
        error = virtio_queue_init(device, &rng->queue, 0, 8);
    }
    if (!error) {
        error = irq_register(device->irq, rng_interrupt, rng);
    }
    if (error) {
        virtio_fail(device);
        return error;
    }
    virtio_start(device);
    buffer = (struct virtio_buffer){rng->bytes, SEED_BYTES};
    deadline = time_now_ns() + PATIENCE_NS;
    spin_lock(&rng->lock);
    virtio_queue_add(&rng->queue, &buffer, 0, 1, rng);
    virtio_queue_notify(&rng->queue);
    while (rng->received == 0) {
        if (wait_sleep_timeout(&rng->done, &rng->lock, deadline, false) == -ETIMEDOUT) {
            break;
        }
    }
    spin_unlock(&rng->lock);
    if (rng->received) {
        random_stir(rng->bytes, rng->received);
    } else {
        log_warn("virtio: the entropy device does not answer");
    }
    return 0;
}
