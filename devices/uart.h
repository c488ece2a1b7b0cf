/* SPDX-License-Identifier: MIT */
/*
 * uart.h - a 16550A serial port with its two FIFOs, as on QEMU's virt board (one byte per
 * register).
 *
 * Sending takes no guest time; receiving goes through the 16-byte FIFO.  A byte that waits below
 * the trigger level raises the time-out interrupt at once instead of after four characters' time,
 * because the line has no speed here.
 *
 * "Transmitter empty" has an interrupt line of its own that is to be latched: there are drivers
 * (xv6) that never read the IIR to acknowledge it and would be interrupted for ever by a level.
 * Source: TI PC16550D data sheet, sections 8.1 to 8.6.
 */
#ifndef FAULTLINE_UART_H
#define FAULTLINE_UART_H

#include "devices/charport.h"
#include "devices/device.h"
#include "emu/mem/bus.h"

#define UART_FIFO 16

struct uart {
    struct charport port;
    struct irq_line irq, irq_sent;
    u8 ier, lcr, mcr, scr, fcr;
    u16 divisor;
    bool sent;      /* "transmitter empty" has not been acknowledged */
    bool sent_line; /* what irq_sent was last set to */
    bool break_in;  /* a break was received (Ctrl-A b) */
    u8 polls;       /* looks at an empty FIFO in a row: a guest that polls waits for input */
    u8 fifo[UART_FIFO];
    u8 head, count;
};

extern const struct bus_ops uart_bus_ops;
extern const struct device_ops uart_device_ops;
#define UART_SIZE 0x100u

/* irq: received data and breaks; irq_sent: transmitter empty. */
struct uart *uart_create(struct irq_line irq, struct irq_line irq_sent);
/* A break condition on the line, followed by a zero byte as the data sheet says. */
void uart_break(struct uart *u);

/* Takes a received byte as firmware that polls would, -1 when there is none. */
int uart_take(struct uart *u);

#endif
