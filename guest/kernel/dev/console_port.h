/* SPDX-License-Identifier: MIT */
/*
 * console_port.h - the ports of a virtio console: structures shared by virtio_console.c
 * (device, control queue) and vport.c (ports as files).
 */
#ifndef DEV_CONSOLE_PORT_H
#define DEV_CONSOLE_PORT_H

#include "dev/chardev.h"
#include "dev/tty.h"
#include "dev/virtio.h"

#define PORT_LIMIT 8u
#define PORT_BUFFER 4096u
#define TTY_TRANSMIT_BUFFERS 4u

struct virtio_console;

/*
 * One port.  As a terminal it always has a receive buffer with the device; as a plain
 * channel only while somebody reads or polls, because to the device a posted buffer
 * means that the guest wants input now.
 */
struct console_port {
    struct virtio_console *console;
    u32 number;
    struct virtio_queue receive, transmit;

    struct spinlock lock; /* everything below */
    bool exists;          /* the device has announced it */
    bool is_console;      /* a terminal */
    bool host_closed;     /* no more input will come */
    char name[32];        /* as the host calls it, "" = unnamed */

    u8 *input; /* PORT_BUFFER bytes, the device's while `posted` */
    bool posted;
    u32 input_size, input_taken; /* what is in it, what was read already */
    struct wait_queue readers;
    struct poll_source poll;

    /* A channel sends from `output` and waits; a terminal has several buffers and does not. */
    u8 *output; /* PORT_BUFFER bytes */
    bool sending;
    struct mutex send_lock; /* sleeping; one writer at a time */
    struct wait_queue writers;
    u8 *tty_output[TTY_TRANSMIT_BUFFERS];
    u32 tty_busy; /* bit set of buffers that the device has */
    struct tty tty;

    struct char_device node, named_node;
    char node_name[16], node_alias[48];
};

/* Give the device the receive buffer, if it has not got it.  => port->lock is held */
void console_port_post(struct console_port *port);
/* Tell the device that the guest has opened or closed the port. */
void console_port_set_open(struct console_port *port, bool open);

extern const struct file_ops vport_file_ops;

#endif
