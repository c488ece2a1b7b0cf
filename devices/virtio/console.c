/* SPDX-License-Identifier: MIT */
/* console.c - see console.h. */
#include "devices/virtio/console.h"

#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"

#define FEATURE_MULTIPORT (1ull << 1)

/* Control messages: le32 port, le16 event, le16 value. */
enum {
    EVENT_DEVICE_READY = 0,
    EVENT_PORT_ADD = 1,
    EVENT_PORT_READY = 3,
    EVENT_CONSOLE_PORT = 4,
    EVENT_PORT_OPEN = 6,
    EVENT_PORT_NAME = 7,
};

#define CONTROL_SIZE 8u
#define CONTROL_RX 2u
#define CONTROL_TX 3u
#define PENDING_MAX 64u /* messages that wait for a control buffer */
#define TX_MAX (4u * 1024u * 1024u)

struct console;

struct console_port {
    struct charport port;
    struct console *console;
    const char *name;
    bool guest_open;  /* the driver has opened it */
    bool host_closed; /* no more input */
};

struct message {
    u32 port;
    u16 event, value;
};

struct console {
    struct virtio virtio;
    unsigned ports;
    struct console_port port[CONSOLE_MAX_PORTS];
    unsigned pending_first, pending_count;
    struct message pending[PENDING_MAX];
};

static unsigned rx_queue(unsigned port)
{
    return port == 0 ? 0 : 2 + 2 * port;
}

static unsigned port_of_queue(unsigned queue)
{
    return queue < 2 ? 0 : (queue - 2) / 2;
}

static unsigned index_of(const struct console *c, const void *device)
{
    return (unsigned)((const struct console_port *)device - c->port);
}

/* Sends the waiting control messages for which there are buffers. */
static void send_pending(struct console *c)
{
    struct virtqueue_chain chain;
    while (c->pending_count && virtio_pop(&c->virtio, CONTROL_RX, &chain)) {
        struct message m = c->pending[c->pending_first];
        c->pending_first = (c->pending_first + 1) % PENDING_MAX;
        c->pending_count--;
        u8 bytes[CONTROL_SIZE + 32] = {0};
        u32 size = CONTROL_SIZE;
        store_u32(bytes, m.port);
        store_u16(bytes + 4, m.event);
        store_u16(bytes + 6, m.value);
        if (m.event == EVENT_PORT_NAME) {
            size_t n = strlen(c->port[m.port].name);
            memcpy(bytes + CONTROL_SIZE, c->port[m.port].name, n);
            size += (u32)n;
        }
        u32 done = virtqueue_copy_in(&chain, c->virtio.ram, 0, bytes, size);
        virtio_push(&c->virtio, CONTROL_RX, chain.head, done);
    }
}

/* A driver that asks without end and takes nothing loses messages, not our memory. */
static void send(struct console *c, u32 port, u16 event, u16 value)
{
    if (c->pending_count < PENDING_MAX) {
        c->pending[(c->pending_first + c->pending_count++) % PENDING_MAX] =
            (struct message){port, event, value};
    }
}

static void control(struct console *c, const struct message *m)
{
    if (m->event == EVENT_DEVICE_READY) {
        for (u32 i = 0; m->value == 1 && i < c->ports; i++) {
            send(c, i, EVENT_PORT_ADD, 1);
        }
        return;
    }
    if (m->port >= c->ports) {
        return;
    }
    struct console_port *p = &c->port[m->port];
    if (m->event == EVENT_PORT_READY && m->value == 1) {
        send(c, m->port, EVENT_PORT_NAME, 1);
        if (m->port == 0) {
            send(c, 0, EVENT_CONSOLE_PORT, 1);
        }
        send(c, m->port, EVENT_PORT_OPEN, !p->host_closed);
    } else if (m->event == EVENT_PORT_OPEN) {
        p->guest_open = m->value == 1;
    }
}

static void take_control(struct console *c)
{
    struct virtqueue_chain chain;
    while (virtio_pop(&c->virtio, CONTROL_TX, &chain)) {
        u8 bytes[CONTROL_SIZE];
        if (virtqueue_copy_out(&chain, c->virtio.ram, 0, bytes, sizeof bytes) == sizeof bytes) {
            struct message m = {load_u32(bytes), load_u16(bytes + 4), load_u16(bytes + 6)};
            control(c, &m);
        }
        virtio_push(&c->virtio, CONTROL_TX, chain.head, 0);
    }
    send_pending(c);
}

static void transmit(struct console *c, unsigned port)
{
    struct virtqueue_chain chain;
    unsigned queue = rx_queue(port) + 1;
    while (virtio_pop(&c->virtio, queue, &chain)) {
        u32 total = virtqueue_readable(&chain);
        if (total > TX_MAX) {
            virtio_break(&c->virtio);
            return;
        }
        u8 buffer[4096];
        for (u32 done = 0; done < total;) {
            u32 n = virtqueue_copy_out(&chain, c->virtio.ram, done, buffer, sizeof buffer);
            charport_transmit(&c->port[port].port, buffer, n);
            done += n;
        }
        virtio_push(&c->virtio, queue, chain.head, 0);
    }
}

static bool multiport(const struct console *c)
{
    return virtio_negotiated(&c->virtio, FEATURE_MULTIPORT);
}

static void notify(struct virtio *v, unsigned queue)
{
    struct console *c = (struct console *)v;
    unsigned port = port_of_queue(queue);
    if (queue == CONTROL_RX) {
        send_pending(c);
    } else if (queue == CONTROL_TX) {
        take_control(c);
    } else if (port < c->ports && (queue & 1)) {
        transmit(c, port);
    } else if (port < c->ports) {
        charport_wanted(&c->port[port].port);
    }
}

static void started(struct virtio *v)
{
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        if (virtqueue_has_work(&v->queue[i], v->ram)) {
            notify(v, i);
        }
    }
}

/*
 * The bytes that the next posted buffer can hold.  The chain is looked at without being taken; a
 * malformed one is found when it is taken.
 */
static size_t room(void *device)
{
    struct console_port *p = device;
    struct console *c = p->console;
    unsigned port = index_of(c, p);
    const struct virtqueue *q = &c->virtio.queue[rx_queue(port)];
    if (!virtio_running(&c->virtio) || (port > 0 && !multiport(c)) || p->host_closed ||
        !virtqueue_has_work(q, c->virtio.ram)) {
        return 0;
    }
    struct virtqueue copy = *q;
    struct virtqueue_chain chain;
    if (virtqueue_pop(&copy, c->virtio.ram, &chain) != VIRTQUEUE_CHAIN) {
        return 0;
    }
    return virtqueue_writable(&chain);
}

static void receive(void *device, const u8 *data, size_t n)
{
    struct console_port *p = device;
    struct console *c = p->console;
    unsigned queue = rx_queue(index_of(c, p));
    struct virtqueue_chain chain;
    while (n > 0 && virtio_pop(&c->virtio, queue, &chain)) {
        u32 part = n > 0xffffffffu ? 0xffffffffu : (u32)n;
        u32 done = virtqueue_copy_in(&chain, c->virtio.ram, 0, data, part);
        virtio_push(&c->virtio, queue, chain.head, done);
        data += done;
        n -= done;
    }
}

static void hangup(void *device)
{
    struct console_port *p = device;
    struct console *c = p->console;
    if (!p->host_closed) {
        p->host_closed = true;
        if (multiport(c) && virtio_running(&c->virtio)) {
            send(c, index_of(c, p), EVENT_PORT_OPEN, 0);
            send_pending(c);
        }
    }
}

static void reset(struct virtio *v)
{
    struct console *c = (struct console *)v;
    c->pending_first = c->pending_count = 0;
    for (unsigned i = 0; i < c->ports; i++) {
        c->port[i].guest_open = false;
    }
}

static void save(const struct virtio *v, struct serial_writer *writer)
{
    const struct console *c = (const struct console *)v;
    serial_put_u64(writer, "ports", c->ports);
    for (unsigned i = 0; i < c->ports; i++) {
        serial_put_u64(writer, "guest-open", c->port[i].guest_open);
        serial_put_u64(writer, "host-closed", c->port[i].host_closed);
    }
    serial_put_u64(writer, "pending", c->pending_count);
    for (unsigned i = 0; i < c->pending_count; i++) {
        const struct message *m = &c->pending[(c->pending_first + i) % PENDING_MAX];
        serial_put_u64(writer, "port", m->port);
        serial_put_u64(writer, "event", m->event);
        serial_put_u64(writer, "value", m->value);
    }
}

static bool load(struct virtio *v, struct serial_reader *reader, struct error *err)
{
    struct console *c = (struct console *)v;
    if (serial_get_u64(reader, "ports") != c->ports) {
        return error_set(err, EINVAL, "virtio-console: saved with another number of ports");
    }
    for (unsigned i = 0; i < c->ports; i++) {
        c->port[i].guest_open = serial_get_u64(reader, "guest-open") & 1;
        c->port[i].host_closed = serial_get_u64(reader, "host-closed") & 1;
    }
    u64 count = serial_get_u64(reader, "pending");
    if (count > PENDING_MAX) {
        return error_set(err, EINVAL, "virtio-console: too many control messages");
    }
    c->pending_first = 0;
    c->pending_count = (unsigned)count;
    for (unsigned i = 0; i < c->pending_count; i++) {
        c->pending[i].port = (u32)serial_get_u64(reader, "port");
        c->pending[i].event = (u16)serial_get_u64(reader, "event");
        c->pending[i].value = (u16)serial_get_u64(reader, "value");
        if (c->pending[i].port >= c->ports) {
            return error_set(err, EINVAL, "virtio-console: control message for no port");
        }
    }
    return serial_ok(reader, err);
}

static void destroy(struct virtio *v)
{
    free(v);
}

static const struct virtio_ops console_ops = {
    .device_id = 3,
    .queues = 2 + 2 * CONSOLE_MAX_PORTS,
    .notify = notify,
    .reset = reset,
    .started = started,
    .save = save,
    .load = load,
    .destroy = destroy,
};

struct virtio *console_create(struct ram *ram, struct irq_line irq, unsigned ports,
                              const char *const *names)
{
    struct console *c = ports <= CONSOLE_MAX_PORTS ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        return NULL;
    }
    c->ports = ports;
    for (unsigned i = 0; i < ports; i++) {
        struct console_port *p = &c->port[i];
        p->console = c;
        p->name = names[i];
        p->port =
            (struct charport){.device = p, .room = room, .receive = receive, .hangup = hangup};
    }
    virtio_init(&c->virtio, &console_ops, ram, irq, FEATURE_MULTIPORT);
    /* struct virtio_console_config: cols, rows, max_nr_ports, emerg_wr. */
    store_u32(c->virtio.config + 4, ports);
    c->virtio.config_size = 12;
    return &c->virtio;
}

struct charport *console_port(struct virtio *v, unsigned port)
{
    return &((struct console *)v)->port[port].port;
}
