/* SPDX-License-Identifier: MIT */
/*
 * virtio_console.c - a console device with several ports.
 *
 * Port 0 is a terminal, /dev/hvc0; the others are channels /dev/vport0pN (vport.c), with
 * a second name /dev/virtio-ports/NAME if the host names them.  Ports are announced on
 * the control queue; the probe waits until that has become quiet, so that the nodes are
 * there when init starts.
 * Locks: console->lock for the control queues, port->lock for a port's own; never both.
 * Source: VIRTIO 1.2, section 5.3.
 */
#include "dev/console_port.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "sync/time.h"

#define FEATURE_SIZE (1ull << 0)
#define FEATURE_MULTIPORT (1ull << 1)

enum control_event {
    CONTROL_DEVICE_READY = 0,
    CONTROL_PORT_ADD = 1,
    CONTROL_PORT_REMOVE = 2,
    CONTROL_PORT_READY = 3,
    CONTROL_CONSOLE_PORT = 4,
    CONTROL_RESIZE = 5,
    CONTROL_PORT_OPEN = 6,
    CONTROL_PORT_NAME = 7
};

struct control_message {
    u32 port;
    u16 event, value;
};

#define CONTROL_BUFFERS 16u
#define CONTROL_SIZE 128u
#define QUIET_NS 2000000ull /* so long without a message: all ports are announced */
#define PATIENCE_NS 50000000ull

struct virtio_console {
    struct virtio_device *device;
    u32 port_count;
    struct spinlock lock; /* control queues */
    struct virtio_queue control_receive, control_transmit;
    u64 last_message_ns;
    u8 receive_buffer[CONTROL_BUFFERS][CONTROL_SIZE];
    struct control_message transmit_message[CONTROL_BUFFERS];
    u32 transmit_busy; /* bit set */
    struct console_port port[PORT_LIMIT];
};

/* --- sending on the control queue -------------------------------------------------------- */

static void control_send(struct virtio_console *console, u32 port, enum control_event event,
                         u16 value)
{
    u32 written;
    void *token;

    if (!(console->device->features & FEATURE_MULTIPORT)) {
        return;
    }
    spin_lock(&console->lock);
    while ((token = virtio_queue_take(&console->control_transmit, &written)) != NULL) {
        console->transmit_busy &=
            ~(1u << ((struct control_message *)token - console->transmit_message));
    }
    for (u32 i = 0; i < CONTROL_BUFFERS; i++) {
        struct control_message *message = &console->transmit_message[i];
        struct virtio_buffer buffer = {message, sizeof(*message)};

        if ((console->transmit_busy >> i) & 1) {
            continue;
        }
        *message = (struct control_message){port, (u16)event, value};
        if (virtio_queue_add(&console->control_transmit, &buffer, 1, 0, message) == 0) {
            console->transmit_busy |= 1u << i;
            virtio_queue_notify(&console->control_transmit);
        }
        break;
    }
    spin_unlock(&console->lock);
}

void console_port_set_open(struct console_port *port, bool open)
{
    control_send(port->console, port->number, CONTROL_PORT_OPEN, open);
}

/* --- the terminal ------------------------------------------------------------------------ */

/* Take back the buffers the device is done with.  => port->lock is held */
static void reap_transmitted(struct console_port *port)
{
    u32 written;
    void *token;

    while ((token = virtio_queue_take(&port->transmit, &written)) != NULL) {
        if (token == port->output) {
            port->sending = false;
            wait_wake_all(&port->writers);
        }
        for (u32 i = 0; i < TTY_TRANSMIT_BUFFERS; i++) {
            if (token == port->tty_output[i]) {
                port->tty_busy &= ~(1u << i);
            }
        }
    }
}

static size_t hvc_write(struct tty *tty, const u8 *bytes, size_t size)
{
    struct console_port *port = tty->private;
    size_t taken = 0;

    spin_lock(&port->lock);
    reap_transmitted(port);
    for (u32 i = 0; i < TTY_TRANSMIT_BUFFERS && taken < size; i++) {
        u32 chunk = (u32)min_u64(size - taken, PORT_BUFFER);
        struct virtio_buffer buffer = {port->tty_output[i], chunk};

        if (((port->tty_busy >> i) & 1) || !port->tty_output[i]) {
            continue;
        }
        memcpy(port->tty_output[i], bytes + taken, chunk);
        if (virtio_queue_add(&port->transmit, &buffer, 1, 0, port->tty_output[i])) {
            break;
        }
        port->tty_busy |= 1u << i;
        taken += chunk;
    }
    if (taken > 0) {
        virtio_queue_notify(&port->transmit);
    }
    spin_unlock(&port->lock);
    return taken;
}

static const struct tty_driver hvc_driver = {.write = hvc_write};

/* --- receiving on a port ----------------------------------------------------------------- */

void console_port_post(struct console_port *port)
{
    struct virtio_buffer buffer = {port->input, PORT_BUFFER};

    if (!port->posted && virtio_queue_add(&port->receive, &buffer, 0, 1, port->input) == 0) {
        port->posted = true;
        port->input_size = 0;
        port->input_taken = 0;
        virtio_queue_notify(&port->receive);
    }
}

/* What came in and went out of a port since the last interrupt. */
static void port_service(struct console_port *port)
{
    u32 written, received = 0;
    bool drained;

    spin_lock(&port->lock);
    reap_transmitted(port);
    drained = port->is_console && port->tty_busy != (1u << TTY_TRANSMIT_BUFFERS) - 1;
    if (virtio_queue_take(&port->receive, &written)) {
        received = written <= PORT_BUFFER ? written : PORT_BUFFER;
        port->posted = false;
        port->input_size = received;
        port->input_taken = 0;
        wait_wake_all(&port->readers);
    }
    spin_unlock(&port->lock);
    if (!port->is_console) {
        if (received) {
            poll_wake(&port->poll);
        }
        return;
    }
    if (received) {
        tty_input(&port->tty, port->input, received);
        spin_lock(&port->lock);
        console_port_post(port);
        spin_unlock(&port->lock);
    }
    if (drained) {
        tty_writable(&port->tty);
    }
}

/* --- ports come up ----------------------------------------------------------------------- */

static void port_become_console(struct console_port *port)
{
    if (port->is_console) {
        return;
    }
    port->is_console = true;
    port->tty.name = "hvc0";
    port->tty.device = DEVICE_HVC0;
    port->tty.driver = &hvc_driver;
    port->tty.private = port;
    tty_register(&port->tty);
    port->node = (struct char_device){.name = "hvc0",
                                      .device = DEVICE_HVC0,
                                      .mode = 0620,
                                      .ops = &tty_file_ops,
                                      .private = &port->tty};
    chardev_register(&port->node);
    console_port_set_open(port, true);
    spin_lock(&port->lock);
    console_port_post(port);
    spin_unlock(&port->lock);
}

static void port_add(struct console_port *port)
{
    if (port->exists) {
        return;
    }
    port->exists = true;
    control_send(port->console, port->number, CONTROL_PORT_READY, 1);
    if (port->number == 0) {
        return; /* a terminal: CONSOLE_PORT follows */
    }
    snprintf(port->node_name, sizeof(port->node_name), "vport0p%u", port->number);
    port->node = (struct char_device){.name = port->node_name,
                                      .device = DEVICE_VPORT(port->number),
                                      .mode = 0600,
                                      .ops = &vport_file_ops,
                                      .private = port};
    chardev_register(&port->node);
}

static void port_set_name(struct console_port *port, const char *name, size_t length)
{
    if (port->name[0] || length == 0 || port->number == 0) {
        return;
    }
    for (size_t i = 0; i < length && i + 1 < sizeof(port->name) && name[i]; i++) {
        port->name[i] = name[i] == '/' || name[i] < ' ' ? '_' : name[i];
    }
    snprintf(port->node_alias, sizeof(port->node_alias), "virtio-ports/%s", port->name);
    port->named_node = port->node;
    port->named_node.name = port->node_alias;
    chardev_register(&port->named_node);
}

static void port_set_closed(struct console_port *port, bool closed)
{
    spin_lock(&port->lock);
    port->host_closed = closed;
    wait_wake_all(&port->readers);
    spin_unlock(&port->lock);
    poll_wake(&port->poll);
}

/* One message of the device.  => `size` bytes of it are valid; called without locks */
static void control_handle(struct virtio_console *console, const u8 *bytes, u32 size)
{
    struct control_message message;
    struct console_port *port;

    if (size < sizeof(message)) {
        return;
    }
    memcpy(&message, bytes, sizeof(message));
    if (message.port >= console->port_count) {
        return; /* more ports than we have queues for */
    }
    port = &console->port[message.port];
    switch (message.event) {
    case CONTROL_PORT_ADD:
        port_add(port);
        break;
    case CONTROL_PORT_REMOVE:
        port->exists = false;
        port_set_closed(port, true);
        break;
    case CONTROL_CONSOLE_PORT:
        if (message.value == 1 && message.port == 0) {
            port_become_console(port);
        }
        break;
    case CONTROL_RESIZE:
        if (size >= sizeof(message) + 4 && port->is_console) {
            const u8 *window = bytes + sizeof(message);

            tty_resize(&port->tty, (u16)(window[2] | window[3] << 8),
                       (u16)(window[0] | window[1] << 8));
        }
        break;
    case CONTROL_PORT_OPEN:
        port_set_closed(port, message.value == 0);
        break;
    case CONTROL_PORT_NAME:
        port_set_name(port, (const char *)bytes + sizeof(message), size - sizeof(message));
        break;
    default:
        break;
    }
}

/* Take one message off the control queue and give the buffer back.  => false: none left */
static bool control_receive_one(struct virtio_console *console)
{
    u8 copy[CONTROL_SIZE];
    u32 size = 0;
    u8 *bytes;

    spin_lock(&console->lock);
    bytes = virtio_queue_take(&console->control_receive, &size);
    if (bytes) {
        struct virtio_buffer buffer = {bytes, CONTROL_SIZE};

        size = size <= CONTROL_SIZE ? size : CONTROL_SIZE;
        memcpy(copy, bytes, size);
        virtio_queue_add(&console->control_receive, &buffer, 0, 1, bytes);
        virtio_queue_notify(&console->control_receive);
        console->last_message_ns = time_now_ns();
    }
    spin_unlock(&console->lock);
    if (bytes) {
        control_handle(console, copy, size);
    }
    return bytes != NULL;
}

static void console_interrupt(void *argument)
{
    struct virtio_console *console = argument;

    virtio_acknowledge(console->device);
    /* Data first: a port is closed after its last bytes. */
    for (u32 i = 0; i < console->port_count; i++) {
        port_service(&console->port[i]);
    }
    if (console->device->features & FEATURE_MULTIPORT) {
        while (control_receive_one(console)) {
        }
    }
}

/* --- probe ------------------------------------------------------------------------------- */

static int port_init(struct virtio_console *console, u32 number)
{
    struct console_port *port = &console->port[number];
    u16 receive = (u16)(number == 0 ? 0 : 2 + 2 * number);
    int error;

    port->console = console;
    port->number = number;
    spin_init(&port->lock, "console port");
    mutex_init(&port->send_lock, "console port");
    wait_init(&port->readers);
    wait_init(&port->writers);
    poll_source_init(&port->poll);
    port->input = page_alloc();
    port->output = page_alloc();
    if (!port->input || !port->output) {
        return -ENOMEM;
    }
    for (u32 i = 0; number == 0 && i < TTY_TRANSMIT_BUFFERS; i++) {
        port->tty_output[i] = page_alloc();
    }
    error = virtio_queue_init(console->device, &port->receive, receive, 8);
    if (!error) {
        error = virtio_queue_init(console->device, &port->transmit, (u16)(receive + 1), 8);
    }
    return error;
}

/* Control queues, once the ports' own are set up. */
static int control_init(struct virtio_console *console)
{
    int error = virtio_queue_init(console->device, &console->control_receive, 2, CONTROL_BUFFERS);

    if (!error) {
        error = virtio_queue_init(console->device, &console->control_transmit, 3, CONTROL_BUFFERS);
    }
    for (u32 i = 0; !error && i < console->control_receive.size; i++) {
        struct virtio_buffer buffer = {console->receive_buffer[i], CONTROL_SIZE};

        error = virtio_queue_add(&console->control_receive, &buffer, 0, 1, buffer.bytes);
    }
    return error;
}

/* Sleep until the device has stopped announcing ports. */
static void wait_for_ports(struct virtio_console *console)
{
    u64 start = time_now_ns();
    struct wait_queue nobody_wakes;

    wait_init(&nobody_wakes);
    spin_lock(&console->lock);
    console->last_message_ns = start;
    while (time_now_ns() < console->last_message_ns + QUIET_NS &&
           time_now_ns() < start + PATIENCE_NS) {
        wait_sleep_timeout(&nobody_wakes, &console->lock, console->last_message_ns + QUIET_NS,
                           false);
    }
    spin_unlock(&console->lock);
}

int virtio_console_probe(struct virtio_device *device)
{
    struct virtio_console *console = kalloc(sizeof(*console));
    bool multiport;
    int error;

    if (!console) {
        return -ENOMEM;
    }
    console->device = device;
    spin_init(&console->lock, "virtio console");
    error = virtio_negotiate(device, FEATURE_MULTIPORT | FEATURE_SIZE);
    multiport = (device->features & FEATURE_MULTIPORT) != 0;
    console->port_count = multiport ? virtio_config32(device, 4) : 1;
    if (console->port_count > PORT_LIMIT) {
        console->port_count = PORT_LIMIT;
    }
    for (u32 i = 0; !error && i < console->port_count; i++) {
        error = port_init(console, i);
    }
    if (!error && multiport) {
        error = control_init(console);
    }
    if (!error) {
        error = irq_register(device->irq, console_interrupt, console);
    }
    if (error) {
        virtio_fail(device);
        return error;
    }
    virtio_start(device);
    if (!multiport) {
        console->port[0].exists = true;
        port_become_console(&console->port[0]);
        return 0;
    }
    virtio_queue_notify(&console->control_receive);
    control_send(console, 0, CONTROL_DEVICE_READY, 1);
    wait_for_ports(console);
    return 0;
}
