/* SPDX-License-Identifier: MIT */
/* blk.c - see blk.h. */
#include "devices/virtio/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"

#define FEATURE_SEG_MAX (1ull << 2)
#define FEATURE_RO (1ull << 5)
#define FEATURE_BLK_SIZE (1ull << 6)
#define FEATURE_FLUSH (1ull << 9)

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_GET_ID = 8 };
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPPORTED = 2 };

#define HEADER_SIZE 16u
#define ID_SIZE 20u
#define IN_FLIGHT_MAX VIRTQUEUE_MAX
#define PIECE (64u * 1024u) /* data move in pieces of this many bytes */

/* A request in flight: the chain is a copy, the guest cannot change it any more. */
struct request {
    u64 deadline;
    u64 sector;
    u32 type;
    u32 sectors;
    struct virtqueue_chain *chain;
};

struct blk {
    struct virtio virtio;
    struct clock *clock;
    struct disk *disk;
    struct blk_observer observer;
    struct failure failure[BLK_OPERATIONS];
    unsigned number;
    u32 event;
    u64 busy_until;        /* the disk moves data till then */
    unsigned first, count; /* ring of requests, oldest first */
    struct request request[IN_FLIGHT_MAX];
    char event_name[16];
};

static struct request *oldest(struct blk *b)
{
    return &b->request[b->first];
}

static void schedule(struct blk *b)
{
    if (b->count) {
        clock_schedule(b->clock, b->event, oldest(b)->deadline);
    } else {
        clock_cancel(b->clock, b->event);
    }
}

static void drop_oldest(struct blk *b)
{
    free(oldest(b)->chain);
    oldest(b)->chain = NULL;
    b->first = (b->first + 1) % IN_FLIGHT_MAX;
    b->count--;
}

/* Moves the data of a read or write; 0 or a negative errno. */
static int move(struct blk *b, const struct request *r)
{
    u8 *piece = malloc(PIECE);
    int result = piece ? 0 : -ENOMEM;
    u32 done = 0;
    while (result == 0 && done < r->sectors) {
        u32 n = r->sectors - done;
        n = n > PIECE / DISK_SECTOR ? PIECE / DISK_SECTOR : n;
        u32 bytes = n * DISK_SECTOR;
        if (r->type == TYPE_IN) {
            result = disk_read(b->disk, r->sector + done, piece, n);
            if (result == 0) {
                virtqueue_copy_in(r->chain, b->virtio.ram, done * DISK_SECTOR, piece, bytes);
            }
        } else {
            virtqueue_copy_out(r->chain, b->virtio.ram, HEADER_SIZE + done * DISK_SECTOR, piece,
                               bytes);
            result = disk_write(b->disk, r->sector + done, piece, n);
        }
        done += n;
    }
    free(piece);
    return result;
}

static u8 execute(struct blk *b, const struct request *r, u32 *written)
{
    int result = 0;
    switch (r->type) {
    case TYPE_IN:
    case TYPE_OUT:
        result = failure_strikes(&b->failure[r->type == TYPE_IN ? BLK_READ : BLK_WRITE])
                     ? -EIO
                     : move(b, r);
        *written = r->type == TYPE_IN && result == 0 ? r->sectors * DISK_SECTOR : 0;
        if (b->observer.request) {
            b->observer.request(b->observer.ctx, b->number, r->sector, r->sectors,
                                r->type == TYPE_OUT, result);
        }
        return result == 0 ? STATUS_OK : STATUS_IOERR;
    case TYPE_FLUSH:
        result = failure_strikes(&b->failure[BLK_FLUSH]) ? -EIO : disk_flush(b->disk);
        return result == 0 ? STATUS_OK : STATUS_IOERR;
    case TYPE_GET_ID: {
        char id[ID_SIZE] = {0};
        snprintf(id, sizeof id, "faultline-disk%u", b->number);
        *written = virtqueue_copy_in(r->chain, b->virtio.ram, 0, id, sizeof id);
        return STATUS_OK;
    }
    default:
        return STATUS_UNSUPPORTED;
    }
}

/* The status byte is the last writable byte of the chain. */
static void complete_oldest(struct blk *b)
{
    struct request *r = oldest(b);
    u32 written = 0;
    u8 status = execute(b, r, &written);
    u32 room = virtqueue_writable(r->chain);
    if (status != STATUS_OK) {
        written = 0;
    }
    virtqueue_copy_in(r->chain, b->virtio.ram, room - 1, &status, 1);
    virtio_push(&b->virtio, 0, r->chain->head, written + 1);
    drop_oldest(b);
}

static void due(void *ctx, u64 now)
{
    struct blk *b = ctx;
    while (b->count && oldest(b)->deadline <= now && virtio_running(&b->virtio)) {
        complete_oldest(b);
    }
    if (virtio_running(&b->virtio)) {
        schedule(b);
    }
}

/*
 * Sizes that do not fit the request's type are the driver's error: an error status where there is
 * room for one (that is done by making the type unknown), a broken device where there is not.
 */
static bool parse(struct blk *b, struct request *r)
{
    u8 header[HEADER_SIZE];
    if (virtqueue_copy_out(r->chain, b->virtio.ram, 0, header, sizeof header) != sizeof header ||
        virtqueue_writable(r->chain) < 1) {
        return false;
    }
    u32 readable = virtqueue_readable(r->chain) - HEADER_SIZE;
    u32 writable = virtqueue_writable(r->chain) - 1;
    r->type = load_u32(header);
    r->sector = load_u64(header + 8);
    r->sectors = 0;
    if (r->type == TYPE_IN || r->type == TYPE_OUT) {
        u32 bytes = r->type == TYPE_IN ? writable : readable;
        r->sectors = bytes / DISK_SECTOR;
        if (bytes % DISK_SECTOR != 0 || r->sectors > BLK_MAX_SECTORS) {
            return false;
        }
    }
    return true;
}

static bool accept(struct blk *b, const struct virtqueue_chain *chain)
{
    if (b->count == IN_FLIGHT_MAX) {
        return false;
    }
    struct request r = {0};
    size_t size =
        offsetof(struct virtqueue_chain, segment) + chain->count * sizeof chain->segment[0];
    r.chain = malloc(size);
    if (!r.chain) {
        return false;
    }
    memcpy(r.chain, chain, size);
    if (!parse(b, &r)) {
        free(r.chain);
        return false;
    }
    u64 now = clock_now(b->clock);
    u64 start = now + BLK_BASE_NS > b->busy_until ? now + BLK_BASE_NS : b->busy_until;
    r.deadline = b->busy_until = start + (u64)r.sectors * BLK_SECTOR_NS;
    b->request[(b->first + b->count++) % IN_FLIGHT_MAX] = r;
    return true;
}

static void notify(struct virtio *v, unsigned queue)
{
    struct blk *b = (struct blk *)v;
    struct virtqueue_chain chain;
    while (virtio_pop(v, queue, &chain)) {
        if (!accept(b, &chain)) {
            virtio_break(v);
        }
    }
    if (virtio_running(v)) {
        schedule(b);
    }
}

static void started(struct virtio *v)
{
    notify(v, 0);
}

static void reset(struct virtio *v)
{
    struct blk *b = (struct blk *)v;
    while (b->count) {
        drop_oldest(b);
    }
    b->busy_until = 0;
    schedule(b);
}

static void save(const struct virtio *v, struct serial_writer *writer)
{
    const struct blk *b = (const struct blk *)v;
    serial_put_u64(writer, "busy-until", b->busy_until);
    for (unsigned i = 0; i < BLK_OPERATIONS; i++) {
        failure_save(&b->failure[i], writer);
    }
    serial_put_u64(writer, "in-flight", b->count);
    for (unsigned i = 0; i < b->count; i++) {
        const struct request *r = &b->request[(b->first + i) % IN_FLIGHT_MAX];
        serial_put_u64(writer, "deadline", r->deadline);
        serial_put_u64(writer, "sector", r->sector);
        serial_put_u64(writer, "type", r->type);
        serial_put_u64(writer, "sectors", r->sectors);
        serial_put_u64(writer, "head", r->chain->head);
        serial_put_u64(writer, "segments", r->chain->count);
        for (unsigned j = 0; j < r->chain->count; j++) {
            serial_put_u64(writer, "address", r->chain->segment[j].address);
            serial_put_u64(writer, "length", r->chain->segment[j].length);
            serial_put_u64(writer, "writable", r->chain->segment[j].writable);
        }
    }
    disk_save(b->disk, writer);
}

static bool load_chain(struct serial_reader *reader, struct virtqueue_chain *chain)
{
    u64 head = serial_get_u64(reader, "head");
    u64 count = serial_get_u64(reader, "segments");
    if (head >= VIRTQUEUE_MAX || count > VIRTQUEUE_MAX) {
        return false;
    }
    chain->head = (u16)head;
    chain->count = (u16)count;
    for (unsigned j = 0; j < count; j++) {
        chain->segment[j].address = serial_get_u64(reader, "address");
        chain->segment[j].length = (u32)serial_get_u64(reader, "length");
        chain->segment[j].writable = serial_get_u64(reader, "writable") & 1;
    }
    return true;
}

static bool load(struct virtio *v, struct serial_reader *reader, struct error *err)
{
    struct blk *b = (struct blk *)v;
    while (b->count) {
        drop_oldest(b);
    }
    b->busy_until = serial_get_u64(reader, "busy-until");
    for (unsigned i = 0; i < BLK_OPERATIONS; i++) {
        failure_load(&b->failure[i], reader);
    }
    u64 count = serial_get_u64(reader, "in-flight");
    if (count > IN_FLIGHT_MAX) {
        return error_set(err, EINVAL, "virtio-blk: too many requests in flight");
    }
    b->first = 0;
    for (unsigned i = 0; i < count; i++) {
        struct request r = {.deadline = serial_get_u64(reader, "deadline")};
        r.sector = serial_get_u64(reader, "sector");
        r.type = (u32)serial_get_u64(reader, "type");
        r.sectors = (u32)serial_get_u64(reader, "sectors");
        r.chain = calloc(1, sizeof *r.chain);
        if (!r.chain) {
            return error_set(err, ENOMEM, "virtio-blk: out of memory");
        }
        b->request[b->count++] = r;
        if (r.sectors > BLK_MAX_SECTORS || !load_chain(reader, r.chain) ||
            virtqueue_writable(r.chain) < 1) {
            return error_set(err, EINVAL, "virtio-blk: damaged request");
        }
    }
    return disk_load(b->disk, reader, err);
}

static void destroy(struct virtio *v)
{
    struct blk *b = (struct blk *)v;
    while (b->count) {
        drop_oldest(b);
    }
    disk_destroy(b->disk);
    free(b);
}

static const struct virtio_ops blk_ops = {
    .device_id = 2,
    .queues = 1,
    .notify = notify,
    .reset = reset,
    .started = started,
    .save = save,
    .load = load,
    .destroy = destroy,
};

struct virtio *blk_create(struct clock *clock, struct ram *ram, struct irq_line irq,
                          struct disk *disk, unsigned number)
{
    struct blk *b = calloc(1, sizeof *b);
    if (!b) {
        return NULL;
    }
    b->clock = clock;
    b->disk = disk;
    b->number = number;
    u64 features = FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH;
    virtio_init(&b->virtio, &blk_ops, ram, irq, features | (disk_read_only(disk) ? FEATURE_RO : 0));
    /* struct virtio_blk_config: capacity, (size_max), seg_max, (geometry), blk_size. */
    store_u64(b->virtio.config, disk_sectors(disk));
    store_u32(b->virtio.config + 12, VIRTQUEUE_MAX - 2);
    store_u32(b->virtio.config + 20, DISK_SECTOR);
    b->virtio.config_size = 60;
    snprintf(b->event_name, sizeof b->event_name, "blk%u", number);
    b->event = clock_register(clock, b->event_name, due, b);
    return &b->virtio;
}

void blk_set_observer(struct virtio *v, const struct blk_observer *observer)
{
    struct blk *b = (struct blk *)v;
    b->observer = observer ? *observer : (struct blk_observer){0};
}

struct disk *blk_disk(struct virtio *v)
{
    return ((struct blk *)v)->disk;
}

struct failure *blk_failure(struct virtio *v, enum blk_operation operation)
{
    return &((struct blk *)v)->failure[operation];
}
