/* SPDX-License-Identifier: MIT */
/*
 * plic.c - external interrupts: which device, on which hart.
 *
 * All devices interrupt the hart with index 0 (the one that booted): one place where
 * completions run keeps runs reproducible, and eight harts waking for one disk do not
 * make it faster.
 * Lock: registration is at boot, by one hart; the handlers are only read afterwards.
 * Source: RISC-V Platform-Level Interrupt Controller Specification 1.0.0; devicetree binding
 * sifive,plic-1.0.0.
 */
#include "dev/mmio.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "sync/hart.h"
#include "sync/irq.h"

#define PRIORITY(irq) (4ull * (irq))
#define ENABLE(context, irq) (0x2000ull + 0x80ull * (context) + 4ull * ((irq) / 32))
#define THRESHOLD(context) (0x200000ull + 0x1000ull * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)

#define CONTEXT_LIMIT 64u
#define NO_CONTEXT (~0u)
#define SUPERVISOR_EXTERNAL 9u /* the hart's own interrupt line that a context feeds */

struct irq_line {
    irq_handler handler;
    void *argument;
    u64 count;
};

static u64 plic_base;
static u32 plic_sources;              /* highest interrupt number */
static u32 context_hart[CONTEXT_LIMIT]; /* hart id of an S-mode context, or NO_CONTEXT */
static struct irq_line lines[IRQ_COUNT];

static u32 big_endian(const u8 *bytes)
{
    return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
}

/* The id of the hart whose interrupt controller has this phandle, or NO_CONTEXT. */
static u32 hart_of_phandle(u32 phandle)
{
    for (int node = fdt_find_compatible(FDT_NONE, "riscv,cpu-intc"); node != FDT_NONE;
         node = fdt_find_compatible(node, "riscv,cpu-intc")) {
        u64 id, size;

        if (fdt_cell(node, "phandle", 0) == phandle && fdt_reg(fdt_parent(node), 0, &id, &size)) {
            return (u32)id;
        }
    }
    return NO_CONTEXT;
}

static u32 context_of_hart(u32 hart)
{
    for (u32 context = 0; context < CONTEXT_LIMIT; context++) {
        if (context_hart[context] == hart) {
            return context;
        }
    }
    return NO_CONTEXT;
}

void irq_init(void)
{
    int node = fdt_find_compatible(FDT_NONE, "sifive,plic-1.0.0");
    const u8 *cells;
    u64 size;
    u32 bytes = 0;

    for (u32 i = 0; i < CONTEXT_LIMIT; i++) {
        context_hart[i] = NO_CONTEXT;
    }
    if (node == FDT_NONE) {
        node = fdt_find_compatible(FDT_NONE, "riscv,plic0");
    }
    if (node == FDT_NONE || !fdt_reg(node, 0, &plic_base, &size)) {
        log_error("plic: none in the device tree: no device can interrupt");
        return;
    }
    plic_sources = fdt_cell(node, "riscv,ndev", 0);
    if (plic_sources >= IRQ_COUNT) {
        plic_sources = IRQ_COUNT - 1;
    }
    /* Pairs (controller of a hart, its line), one for each context in order. */
    cells = fdt_property(node, "interrupts-extended", &bytes);
    for (u32 i = 0; cells && i < bytes / 8 && i < CONTEXT_LIMIT; i++) {
        if (big_endian(cells + 8 * i + 4) == SUPERVISOR_EXTERNAL) {
            context_hart[i] = hart_of_phandle(big_endian(cells + 8 * i));
        }
    }
    for (u32 irq = 1; irq <= plic_sources; irq++) {
        mmio_write32(plic_base + PRIORITY(irq), 0);
    }
}

void irq_init_hart(void)
{
    u32 context = context_of_hart(this_hart()->id);

    if (context == NO_CONTEXT) {
        return;
    }
    for (u32 irq = 0; irq <= plic_sources; irq += 32) {
        mmio_write32(plic_base + ENABLE(context, irq), 0);
    }
    mmio_write32(plic_base + THRESHOLD(context), 0);
}

int irq_register(u32 irq, irq_handler handler, void *argument)
{
    u32 context = context_of_hart(harts[0].id);
    u64 enable;

    if (irq == 0 || irq > plic_sources || context == NO_CONTEXT) {
        return -EINVAL;
    }
    if (lines[irq].handler) {
        return -EBUSY;
    }
    lines[irq].argument = argument;
    lines[irq].handler = handler;
    mmio_barrier();
    mmio_write32(plic_base + PRIORITY(irq), 1);
    enable = plic_base + ENABLE(context, irq);
    mmio_write32(enable, mmio_read32(enable) | 1u << (irq % 32));
    return 0;
}

void irq_dispatch(void)
{
    u32 context = context_of_hart(this_hart()->id);
    u32 irq;

    if (context == NO_CONTEXT) {
        return;
    }
    while ((irq = mmio_read32(plic_base + CLAIM(context))) != 0) {
        if (irq < IRQ_COUNT && lines[irq].handler) {
            lines[irq].count++;
            lines[irq].handler(lines[irq].argument);
        }
        mmio_write32(plic_base + CLAIM(context), irq);
    }
}

u64 irq_count(u32 irq)
{
    return irq < IRQ_COUNT ? lines[irq].count : 0;
}
