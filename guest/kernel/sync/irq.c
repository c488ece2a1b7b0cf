/* SPDX-License-Identifier: MIT */
/*
 * irq.c - external interrupts through the PLIC.
 *
 * Registers (PLIC specification 1.0): priority of source n at 4n; enable bits of
 * context c at 0x2000 + 0x80c; threshold and claim/complete of context c at
 * 0x200000 + 0x1000c and 4 behind.  A context is one privilege mode of one hart;
 * the device tree's interrupts-extended lists them in order.
 */
#include "sync/irq.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "mm/layout.h"
#include "sync/spin.h"

#define NO_CONTEXT (~0u)
#define CAUSE_SUPERVISOR_EXTERNAL 9

static struct spinlock irq_lock = SPINLOCK("irq");
static struct {
    irq_handler handler;
    void *argument;
    u64 count;
} table[IRQ_COUNT];

/* Set once at boot. */
static volatile u8 *plic;
static u32 contexts[MAX_HARTS]; /* of each hart index, S-mode */

static volatile u32 *plic_register(u64 offset)
{
    return (volatile u32 *)(plic + offset);
}

static u32 cell_at(const u8 *cells, u32 index)
{
    const u8 *at = cells + 4 * index;

    return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

/* The hart whose interrupt controller has this phandle.  => its id, or NO_CONTEXT. */
static u32 hart_of_controller(u32 phandle)
{
    int node = FDT_NONE;
    u64 id, size;

    while ((node = fdt_find_compatible(node, "riscv,cpu-intc")) != FDT_NONE) {
        if (fdt_cell(node, "phandle", 0) == phandle) {
            return fdt_reg(fdt_parent(node), 0, &id, &size) ? (u32)id : NO_CONTEXT;
        }
    }
    return NO_CONTEXT;
}

void irq_init(void)
{
    int node = fdt_find_compatible(FDT_NONE, "riscv,plic0");
    u64 base, size;
    u32 length = 0;
    const u8 *cells;

    if (node == FDT_NONE) {
        node = fdt_find_compatible(FDT_NONE, "sifive,plic-1.0.0");
    }
    cells = fdt_property(node, "interrupts-extended", &length);
    if (node == FDT_NONE || cells == NULL || !fdt_reg(node, 0, &base, &size)) {
        log_warn("no interrupt controller");
        return;
    }
    plic = direct_pointer(base);
    for (u32 i = 0; i < MAX_HARTS; i++) {
        contexts[i] = NO_CONTEXT;
        for (u32 context = 0; context < length / 8; context++) {
            if (cell_at(cells, 2 * context + 1) == CAUSE_SUPERVISOR_EXTERNAL &&
                hart_of_controller(cell_at(cells, 2 * context)) == harts[i].id) {
                contexts[i] = context;
                break;
            }
        }
    }
}

void irq_init_hart(void)
{
    u32 context = contexts[this_hart()->index];

    if (plic == NULL || context == NO_CONTEXT) {
        return;
    }
    *plic_register(0x200000 + 0x1000ull * context) = 0; /* let every priority through */
    csr_set(sie, INTERRUPT_EXTERNAL);
}

int irq_register(u32 irq, irq_handler handler, void *argument)
{
    u32 context = contexts[0];

    if (irq == 0 || irq >= IRQ_COUNT || plic == NULL || context == NO_CONTEXT) {
        return -EINVAL;
    }
    spin_lock(&irq_lock);
    if (table[irq].handler != NULL) {
        spin_unlock(&irq_lock);
        return -EBUSY;
    }
    table[irq].argument = argument;
    table[irq].handler = handler;
    *plic_register(4ull * irq) = 1;
    *plic_register(0x2000 + 0x80ull * context + irq / 32 * 4) |= 1u << (irq % 32);
    spin_unlock(&irq_lock);
    return 0;
}

void irq_dispatch(void)
{
    u32 context = contexts[this_hart()->index];
    u64 claim = 0x200004 + 0x1000ull * context;
    u32 irq;

    if (plic == NULL || context == NO_CONTEXT) {
        return;
    }
    while ((irq = *plic_register(claim)) != 0) {
        if (irq < IRQ_COUNT && table[irq].handler != NULL) {
            table[irq].count++;
            table[irq].handler(table[irq].argument);
        }
        *plic_register(claim) = irq;
    }
}

u64 irq_count(u32 irq)
{
    return irq < IRQ_COUNT ? table[irq].count : 0;
}
