/* SPDX-License-Identifier: MIT */
/* board.c - see board.h. */
#include "emu/machine/board.h"

#include <errno.h>

#include "devices/virtio/console.h"
#include "devices/virtio/rng.h"
#include "emu/machine/state.h"

static void set_hart_line(void *ctx, u32 number, bool level)
{
    hart_set_line(ctx, number, level);
}

static struct irq_line hart_line(struct machine *m, unsigned hart, enum interrupt bit)
{
    return (struct irq_line){.set = set_hart_line, .ctx = m->hart[hart], .number = bit};
}

static bool out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "out of memory");
}

/* Puts a device's registers on the bus and the device into the list. */
static bool add(struct machine *m, const char *name, u64 base, u64 size, const struct bus_ops *bus,
                const struct device_ops *ops, void *state, struct error *err)
{
    struct bus_region region = {
        .base = base, .size = size, .ops = bus, .device = state, .name = name};
    if (ops) {
        m->device[m->devices++] = (struct device){name, ops, state};
    }
    return bus_add(&m->bus, &region, err);
}

static bool add_interrupt_controllers(struct machine *m, struct error *err)
{
    struct irq_line external[2 * MACHINE_MAX_HARTS], software[MACHINE_MAX_HARTS];
    struct irq_line timer[MACHINE_MAX_HARTS];
    for (unsigned i = 0; i < m->harts; i++) {
        external[2 * i] = hart_line(m, i, IRQ_MEI);
        external[2 * i + 1] = hart_line(m, i, IRQ_SEI);
        software[i] = hart_line(m, i, IRQ_MSI);
        timer[i] = hart_line(m, i, IRQ_MTI);
    }
    m->plic = plic_create(2 * m->harts, external);
    if (!m->plic ||
        !add(m, "plic", BOARD_PLIC, PLIC_SIZE, &plic_bus_ops, &plic_device_ops, m->plic, err)) {
        return m->plic ? false : out_of_memory(err);
    }
    m->clint = clint_create(&m->clock, m->harts, software, timer);
    return m->clint ? add(m, "clint", BOARD_CLINT, CLINT_SIZE, &clint_bus_ops, &clint_device_ops,
                          m->clint, err)
                    : out_of_memory(err);
}

static bool add_virtio(struct machine *m, unsigned slot, struct virtio *v, struct error *err)
{
    static const char *const names[BOARD_VIRTIO_SLOTS] = {
        "virtio0", "virtio1", "virtio2", "virtio3", "virtio4", "virtio5", "virtio6", "virtio7"};
    if (!v) {
        return out_of_memory(err);
    }
    m->slot[slot] = v;
    return add(m, names[slot], BOARD_VIRTIO + slot * BOARD_VIRTIO_STRIDE, VIRTIO_MMIO_SIZE,
               &virtio_bus_ops, &virtio_device_ops, v, err);
}

static void disk_request(void *ctx, unsigned device, u64 sector, u32 sectors, bool write,
                         int result)
{
    const struct machine *m = ctx;
    if (m->disk_observer.request) {
        m->disk_observer.request(m->disk_observer.ctx, device, sector, sectors, write, result);
    }
}

static bool add_disks(struct machine *m, struct error *err)
{
    const struct blk_observer observer = {.request = disk_request, .ctx = m};
    for (unsigned i = 0; i < m->config.disk_count; i++) {
        struct virtio *v = blk_create(&m->clock, &m->ram, plic_input(m->plic, BOARD_IRQ_VIRTIO + i),
                                      m->config.disk[i], i);
        if (!add_virtio(m, i, v, err)) {
            return false;
        }
        blk_set_observer(v, &observer);
    }
    return true;
}

static bool add_other_virtio(struct machine *m, struct error *err)
{
    static const char *const ports[] = {"console", "stdio", "stderr"};
    unsigned count = m->config.port_stdio || m->config.port_stderr ? 3 : 1;
    struct irq_line console = plic_input(m->plic, BOARD_IRQ_VIRTIO + BOARD_CONSOLE_SLOT);
    struct irq_line rng = plic_input(m->plic, BOARD_IRQ_VIRTIO + BOARD_RNG_SLOT);
    if (!add_virtio(m, BOARD_CONSOLE_SLOT, console_create(&m->ram, console, count, ports), err) ||
        !add_virtio(m, BOARD_RNG_SLOT, rng_create(&m->ram, rng, m->config.seed), err)) {
        return false;
    }
    for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++) {
        if (!m->slot[i] && !add(m, "empty", BOARD_VIRTIO + i * BOARD_VIRTIO_STRIDE,
                                VIRTIO_MMIO_SIZE, &virtio_empty_bus_ops, NULL, NULL, err)) {
            return false;
        }
    }
    return true;
}

bool board_build(struct machine *m, struct error *err)
{
    if (!add_interrupt_controllers(m, err)) {
        return false;
    }
    m->finisher = (struct finisher){machine_power_off, machine_request_reset, m};
    m->uart = uart_create(plic_input(m->plic, BOARD_IRQ_UART),
                          plic_latched_input(m->plic, BOARD_IRQ_UART));
    m->rtc = rtc_create(&m->clock, plic_input(m->plic, BOARD_IRQ_RTC), m->config.rtc_epoch);
    if (!m->uart || !m->rtc) {
        return out_of_memory(err);
    }
    return add(m, "uart", BOARD_UART, UART_SIZE, &uart_bus_ops, &uart_device_ops, m->uart, err) &&
           add(m, "rtc", BOARD_RTC, RTC_SIZE, &rtc_bus_ops, &rtc_device_ops, m->rtc, err) &&
           add(m, "test", BOARD_TEST, FINISHER_SIZE, &finisher_bus_ops, NULL, &m->finisher, err) &&
           add_disks(m, err) && add_other_virtio(m, err);
}

void board_destroy(struct machine *m)
{
    for (unsigned i = 0; i < m->devices; i++) {
        m->device[i].ops->destroy(m->device[i].state);
    }
    /* Disks that no device has taken yet, after a failure half way. */
    for (unsigned i = 0; i < m->config.disk_count; i++) {
        if (!m->slot[i]) {
            disk_destroy(m->config.disk[i]);
        }
    }
    struct chardev *const ends[] = {m->config.serial, m->config.console, m->config.port_stdio,
                                    m->config.port_stderr};
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
        chardev_destroy(ends[i]);
    }
}

struct failure *machine_disk_failure(struct machine *m, unsigned index,
                                     enum blk_operation operation)
{
    return index < m->config.disk_count && m->slot[index] ? blk_failure(m->slot[index], operation)
                                                          : NULL;
}
