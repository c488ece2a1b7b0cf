/* SPDX-License-Identifier: MIT */
/*
 * vport.c - a port of the virtio console as a plain channel of bytes: /dev/vport0p1 ...
 * A read returns what there is, 0 once the host has closed its end and all was
 * read.  A write returns when the device has consumed the bytes.
 */
#include "dev/console_port.h"
#include "lib/errno.h"
#include "mm/uaccess.h"

static u32 unread(const struct console_port *port)
{
    return port->posted ? 0 : port->input_size - port->input_taken;
}

static ssize_t vport_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct console_port *port = file->private;
    u8 *input;
    u32 from, count;
    int error = 0;

    (void)offset;
    if (size == 0) {
        return 0;
    }
    spin_lock(&port->lock);
    while (unread(port) == 0 && !port->host_closed && !error) {
        console_port_post(port);
        if (unread(port) > 0) {
            break;
        }
        error = file->flags & O_NONBLOCK ? -EAGAIN
                                         : wait_sleep_interruptible(&port->readers, &port->lock);
    }
    count = (u32)min_u64(unread(port), size);
    from = port->input_taken;
    port->input_taken += count; /* claimed: another reader goes on behind it */
    input = port->input;
    spin_unlock(&port->lock);
    if (count == 0) {
        return error;
    }
    return copy_to_user(user, input + from, count) ? -EFAULT : (ssize_t)count;
}

/* Send `size` bytes of port->output and wait until the device has them.  => send_lock is held */
static int transmit(struct console_port *port, u32 size)
{
    struct virtio_buffer buffer = {port->output, size};
    int error;

    spin_lock(&port->lock);
    error = virtio_queue_add(&port->transmit, &buffer, 1, 0, port->output);
    if (!error) {
        port->sending = true;
        virtio_queue_notify(&port->transmit);
        while (port->sending) {
            wait_sleep(&port->writers, &port->lock);
        }
    }
    spin_unlock(&port->lock);
    return error ? -EIO : 0;
}

static ssize_t vport_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct console_port *port = file->private;
    size_t done = 0;
    int error = 0;

    (void)offset;
    mutex_lock(&port->send_lock);
    while (done < size && !error) {
        u32 chunk = (u32)min_u64(size - done, PORT_BUFFER);

        if (copy_from_user(port->output, user + done, chunk)) {
            error = -EFAULT;
            break;
        }
        error = transmit(port, chunk);
        done += error ? 0 : chunk;
    }
    mutex_unlock(&port->send_lock);
    return done > 0 ? (ssize_t)done : error;
}

static u32 vport_poll(struct file *file, struct poll_table *table)
{
    struct console_port *port = file->private;
    u32 events = POLLOUT | POLLWRNORM;

    poll_wait(table, &port->poll);
    spin_lock(&port->lock);
    if (unread(port) == 0 && !port->host_closed && file_can_read(file)) {
        console_port_post(port);
    }
    if (unread(port) > 0) {
        events |= POLLIN | POLLRDNORM;
    }
    if (port->host_closed) {
        events |= POLLIN | POLLHUP;
    }
    spin_unlock(&port->lock);
    return events;
}

static int vport_open(struct file *file)
{
    struct console_port *port = file->private;

    if (!port->exists) {
        return -ENXIO;
    }
    console_port_set_open(port, true);
    return 0;
}

const struct file_ops vport_file_ops = {
    .read = vport_read,
    .write = vport_write,
    .poll = vport_poll,
    .open = vport_open,
    .is_stream = true,
};
