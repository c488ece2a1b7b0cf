/* SPDX-License-Identifier: MIT */
/* uart.c - see uart.h. */
#include "devices/uart.h"

#include <stdlib.h>
#include <string.h>

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

#define IER_DATA 0x01u
#define IER_SENT 0x02u
#define IER_LINE 0x04u
#define IIR_NONE 0x01u
#define IIR_SENT 0x02u
#define IIR_DATA 0x04u
#define IIR_LINE 0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFOS 0xc0u
#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u
#define LCR_DLAB 0x80u
#define MCR_LOOP 0x10u
#define LSR_DATA 0x01u
#define LSR_BREAK 0x10u
#define LSR_SENT 0x60u /* holding register and shifter empty: always */
#define POLLS_MEAN_WAITING 16
#define MSR_READY 0xb0u /* CTS, DSR, DCD: somebody is there */

static unsigned trigger_level(const struct uart *u)
{
    static const u8 levels[4] = {1, 4, 8, 14};
    return (u->fcr & FCR_ENABLE) ? levels[u->fcr >> 6] : 1;
}

/* The interrupt with the highest priority that is enabled and present. */
static u8 interrupt_cause(const struct uart *u)
{
    if ((u->ier & IER_LINE) && u->break_in) {
        return IIR_LINE;
    }
    if ((u->ier & IER_DATA) && u->count > 0) {
        return u->count >= trigger_level(u) ? IIR_DATA : IIR_TIMEOUT;
    }
    if ((u->ier & IER_SENT) && u->sent) {
        return IIR_SENT;
    }
    return IIR_NONE;
}

static void update(struct uart *u)
{
    u8 cause = interrupt_cause(u);
    bool sent = (u->ier & IER_SENT) && u->sent;
    irq_set(&u->irq, cause != IIR_NONE && cause != IIR_SENT);
    if (sent != u->sent_line) {
        u->sent_line = sent;
        irq_set(&u->irq_sent, sent);
    }
}

static size_t room(void *device)
{
    const struct uart *u = device;
    unsigned capacity = (u->fcr & FCR_ENABLE) ? UART_FIFO : 1;
    return u->count < capacity ? capacity - u->count : 0;
}

static void push(struct uart *u, u8 byte)
{
    if (u->count < UART_FIFO) {
        u->fifo[(u->head + u->count) % UART_FIFO] = byte;
        u->count++;
    }
}

static void receive(void *device, const u8 *data, size_t n)
{
    struct uart *u = device;
    for (size_t i = 0; i < n; i++) {
        push(u, data[i]);
    }
    update(u);
}

static void hangup(void *device)
{
    (void)device; /* a wire has no end of file */
}

void uart_break(struct uart *u)
{
    u->break_in = true;
    push(u, 0);
    update(u);
}

static u8 read_data(struct uart *u)
{
    u8 byte = 0;
    if (u->count > 0) {
        byte = u->fifo[u->head];
        u->head = (u8)((u->head + 1) % UART_FIFO);
        u->count--;
        update(u);
        if (u->count == 0) {
            charport_wanted(&u->port);
        }
    }
    return byte;
}

/* A guest that uses no interrupts wants input when it looks again and again. */
static void count_poll(struct uart *u)
{
    if (u->count > 0 || ++u->polls < POLLS_MEAN_WAITING) {
        return;
    }
    u->polls = 0;
    charport_wanted(&u->port);
}

int uart_take(struct uart *u)
{
    if (u->count == 0) {
        u->polls = POLLS_MEAN_WAITING;
        count_poll(u);
        return -1;
    }
    return read_data(u);
}

static void write_data(struct uart *u, u8 byte)
{
    u->polls = 0;
    u->sent = false; /* full for no time at all, but that is an edge */
    update(u);
    if (u->mcr & MCR_LOOP) {
        push(u, byte);
    } else {
        charport_transmit(&u->port, &byte, 1);
    }
    u->sent = true;
    update(u);
}

static u8 read_msr(const struct uart *u)
{
    if (!(u->mcr & MCR_LOOP)) {
        return MSR_READY;
    }
    /* Looped back: RTS->CTS, DTR->DSR, OUT1->RI, OUT2->DCD. */
    return (u8)(((u->mcr & 2) << 3) | ((u->mcr & 1) << 5) | ((u->mcr & 0xc) << 4));
}

static u8 read_register(struct uart *u, unsigned reg)
{
    switch (reg) {
    case REG_DATA:
        return (u->lcr & LCR_DLAB) ? (u8)u->divisor : read_data(u);
    case REG_IER:
        return (u->lcr & LCR_DLAB) ? (u8)(u->divisor >> 8) : u->ier;
    case REG_IIR_FCR: {
        u8 cause = interrupt_cause(u);
        if (cause == IIR_SENT) {
            u->sent = false;
            update(u);
        }
        return (u8)(cause | ((u->fcr & FCR_ENABLE) ? IIR_FIFOS : 0));
    }
    case REG_LCR:
        return u->lcr;
    case REG_MCR:
        return u->mcr;
    case REG_LSR: {
        u8 status = (u8)(LSR_SENT | (u->count ? LSR_DATA : 0) | (u->break_in ? LSR_BREAK : 0));
        u->break_in = false;
        update(u);
        count_poll(u);
        return status;
    }
    case REG_MSR:
        return read_msr(u);
    default:
        return u->scr;
    }
}

static void write_ier(struct uart *u, u8 value)
{
    u8 fresh = (u8)(value & ~u->ier);
    u->ier = value & 0x0f;
    if (fresh & IER_SENT) {
        u->sent = true; /* enabling it with an empty register interrupts at once */
    }
    update(u);
    if (fresh & IER_DATA) {
        charport_wanted(&u->port);
    }
}

static void write_fcr(struct uart *u, u8 value)
{
    if ((value ^ u->fcr) & FCR_ENABLE || value & FCR_CLEAR_RX) {
        u->head = u->count = 0;
        u->break_in = false;
    }
    u->fcr = (u8)(value & (FCR_ENABLE | 0xc0));
    update(u);
    charport_wanted(&u->port);
}

static void write_register(struct uart *u, unsigned reg, u8 value)
{
    switch (reg) {
    case REG_DATA:
        if (u->lcr & LCR_DLAB) {
            u->divisor = (u16)((u->divisor & 0xff00) | value);
        } else {
            write_data(u, value);
        }
        break;
    case REG_IER:
        if (u->lcr & LCR_DLAB) {
            u->divisor = (u16)((u->divisor & 0xff) | (value << 8));
        } else {
            write_ier(u, value);
        }
        break;
    case REG_IIR_FCR:
        write_fcr(u, value);
        break;
    case REG_LCR:
        u->lcr = value;
        break;
    case REG_MCR:
        u->mcr = value & 0x1f;
        break;
    case REG_SCR:
        u->scr = value;
        break;
    default:
        break; /* LSR and MSR are read-only */
    }
}

static u64 bus_read_uart(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)size;
    (void)fault;
    return offset <= REG_SCR ? read_register(device, (unsigned)offset) : 0;
}

static void bus_write_uart(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    (void)size;
    (void)fault;
    if (offset <= REG_SCR) {
        write_register(device, (unsigned)offset, (u8)value);
    }
}

const struct bus_ops uart_bus_ops = {
    .read = bus_read_uart,
    .write = bus_write_uart,
    .size_mask = 1 | 2 | 4,
};

static void reset(void *state)
{
    struct uart *u = state;
    u->ier = u->lcr = u->mcr = u->scr = u->fcr = 0;
    u->divisor = 12;
    u->sent = u->break_in = false;
    u->head = u->count = u->polls = 0;
    update(u);
}

#define UART_FIELDS(F)                                                                       \
    F(ier)                                                                                   \
    F(lcr) F(mcr) F(scr) F(fcr) F(divisor) F(sent) F(sent_line) F(break_in) F(head) F(count) \
        F(polls)

static void save(const void *state, struct serial_writer *writer)
{
    const struct uart *u = state;
#define F(field) serial_put_u64(writer, #field, u->field);
    UART_FIELDS(F)
#undef F
    serial_put_bytes(writer, "fifo", u->fifo, sizeof u->fifo);
}

static bool load(void *state, struct serial_reader *reader, struct error *err)
{
    struct uart *u = state;
#define F(field) u->field = (__typeof__(u->field))serial_get_u64(reader, #field);
    UART_FIELDS(F)
#undef F
    serial_get_bytes(reader, "fifo", u->fifo, sizeof u->fifo);
    if (u->head >= UART_FIFO || u->count > UART_FIFO) {
        return error_set(err, EINVAL, "uart: FIFO of %u bytes at %u is impossible", u->count,
                         u->head);
    }
    return serial_ok(reader, err);
}

static void destroy(void *state)
{
    free(state);
}

const struct device_ops uart_device_ops = {
    .reset = reset, .save = save, .load = load, .destroy = destroy};

struct uart *uart_create(struct irq_line irq, struct irq_line irq_sent)
{
    struct uart *u = calloc(1, sizeof *u);
    if (!u) {
        return NULL;
    }
    u->irq = irq;
    u->irq_sent = irq_sent;
    u->port = (struct charport){.device = u, .room = room, .receive = receive, .hangup = hangup};
    reset(u);
    return u;
}
