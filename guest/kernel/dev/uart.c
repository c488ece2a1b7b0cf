/* SPDX-License-Identifier: MIT */
/*
 * uart.c - a 16550 UART as terminal ttyS0 and as the console of kernel messages.
 *
 * Output of the terminal goes through a ring that the "transmitter empty" interrupt
 * drains.  Kernel messages do not wait for interrupts (they must come out of a
 * panic too): they drain the ring first, so that the order stays, and then write
 * byte by byte.
 * Lock: uart.lock for registers and ring; taken inside tty->lock.
 * Source: PC16550D data sheet; devicetree binding ns16550a.
 */
#include "dev/uart.h"
#include "dev/chardev.h"
#include "dev/mmio.h"
#include "dev/tty.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "sync/irq.h"

enum {
    REG_DATA = 0,
    REG_INTERRUPT_ENABLE = 1,
    REG_INTERRUPT_ID = 2, /* read */
    REG_FIFO_CONTROL = 2, /* write */
    REG_LINE_CONTROL = 3,
    REG_MODEM_CONTROL = 4,
    REG_LINE_STATUS = 5
};

#define ENABLE_RECEIVE 1u
#define ENABLE_TRANSMIT 2u
#define FIFO_ENABLE_AND_CLEAR 7u
#define LINE_8N1 3u
#define MODEM_DTR_RTS_OUT2 0x0bu
#define STATUS_DATA_READY 1u
#define STATUS_TRANSMIT_EMPTY 0x20u

#define RING_SIZE 4096u     /* a power of two */
#define SPIN_LIMIT 1000000u /* polls before a byte is given up: the line may be dead */

static struct uart {
    u64 base;  /* physical; 0 = there is none */
    u32 shift; /* of register numbers */
    u32 irq;
    struct spinlock lock;
    bool transmitting; /* the interrupt is on */
    u32 head, tail;    /* of the ring, counting up */
    u8 ring[RING_SIZE];
    struct tty tty;
} uart = {.lock = SPINLOCK("uart")};

static u8 get(u32 reg)
{
    return mmio_read8(uart.base + ((u64)reg << uart.shift));
}

static void put(u32 reg, u8 value)
{
    mmio_write8(uart.base + ((u64)reg << uart.shift), value);
}

static void put_and_wait(u8 byte)
{
    for (u32 i = 0; i < SPIN_LIMIT && !(get(REG_LINE_STATUS) & STATUS_TRANSMIT_EMPTY); i++) {
    }
    put(REG_DATA, byte);
}

/* Move from the ring to the device what it takes.  => uart.lock is held */
static void pump(void)
{
    while (uart.head != uart.tail && (get(REG_LINE_STATUS) & STATUS_TRANSMIT_EMPTY)) {
        put(REG_DATA, uart.ring[uart.head++ % RING_SIZE]);
    }
    if ((uart.head != uart.tail) != uart.transmitting) {
        uart.transmitting = uart.head != uart.tail;
        put(REG_INTERRUPT_ENABLE, ENABLE_RECEIVE | (uart.transmitting ? ENABLE_TRANSMIT : 0));
    }
}

static size_t uart_write(struct tty *tty, const u8 *bytes, size_t size)
{
    size_t taken = 0;

    (void)tty;
    spin_lock(&uart.lock);
    while (taken < size && uart.tail - uart.head < RING_SIZE) {
        uart.ring[uart.tail++ % RING_SIZE] = bytes[taken++];
    }
    pump();
    spin_unlock(&uart.lock);
    return taken;
}

static const struct tty_driver uart_driver = {.write = uart_write};

/* For the kernel log. */
static void uart_print(const char *text, size_t length)
{
    spin_lock(&uart.lock);
    while (uart.head != uart.tail) {
        put_and_wait(uart.ring[uart.head++ % RING_SIZE]);
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            put_and_wait('\r');
        }
        put_and_wait((u8)text[i]);
    }
    pump();
    spin_unlock(&uart.lock);
}

static void uart_interrupt(void *argument)
{
    bool drained;

    (void)argument;
    (void)get(REG_INTERRUPT_ID); /* reading it withdraws a transmit interrupt */
    while (get(REG_LINE_STATUS) & STATUS_DATA_READY) {
        u8 byte = get(REG_DATA);

        tty_input(&uart.tty, &byte, 1);
    }
    spin_lock(&uart.lock);
    pump();
    drained = uart.tail - uart.head <= RING_SIZE / 2;
    spin_unlock(&uart.lock);
    if (drained) {
        tty_writable(&uart.tty);
    }
}

void uart_init_early(void)
{
    int node = fdt_find_compatible(FDT_NONE, "ns16550a");
    u64 size;

    if (node == FDT_NONE) {
        node = fdt_find_compatible(FDT_NONE, "ns16550");
    }
    if (node == FDT_NONE || !fdt_reg(node, 0, &uart.base, &size)) {
        uart.base = 0;
        return;
    }
    uart.shift = fdt_cell(node, "reg-shift", 0);
    uart.irq = fdt_cell(node, "interrupts", 0);
    put(REG_INTERRUPT_ENABLE, 0);
    put(REG_LINE_CONTROL, LINE_8N1);
    put(REG_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    put(REG_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
    log_set_console(uart_print);
}

void uart_init(void)
{
    static const struct char_device node = {.name = "ttyS0",
                                            .device = DEVICE_TTYS0,
                                            .mode = 0620,
                                            .ops = &tty_file_ops,
                                            .private = &uart.tty};

    if (!uart.base) {
        return;
    }
    uart.tty.name = "ttyS0";
    uart.tty.device = DEVICE_TTYS0;
    uart.tty.driver = &uart_driver;
    tty_register(&uart.tty);
    chardev_register(&node);
    if (irq_register(uart.irq, uart_interrupt, NULL)) {
        log_error("ttyS0: interrupt %u cannot be used; no input", uart.irq);
        return;
    }
    put(REG_INTERRUPT_ENABLE, ENABLE_RECEIVE);
}
