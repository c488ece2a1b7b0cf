/* SPDX-License-Identifier: MIT */
/*
 * plic.h - the platform-level interrupt controller with the layout of QEMU's virt board.
 *
 * Sources are level-triggered: a source is pending while its line is high and nobody is serving
 * it; completing it while the line is still high makes it pending again.  A source can also have a
 * latched line: it makes the source pending once, until it is claimed or the line goes low.
 * Contexts are numbered 2*hart (M-mode) and 2*hart+1 (S-mode). Source: RISC-V Platform-Level
 * Interrupt Controller specification 1.0.
 */
#ifndef FAULTLINE_PLIC_H
#define FAULTLINE_PLIC_H

#include "devices/device.h"
#include "emu/mem/bus.h"

#define PLIC_SOURCES 96 /* source 0 does not exist */
#define PLIC_WORDS (PLIC_SOURCES / 32)
#define PLIC_CONTEXTS 16
#define PLIC_MAX_PRIORITY 7
#define PLIC_SIZE 0x600000u

struct plic_context {
    u32 enable[PLIC_WORDS];
    u32 threshold;
    struct irq_line irq; /* to the hart: its M- or S-mode external interrupt */
};

struct plic {
    unsigned contexts;
    u8 priority[PLIC_SOURCES];
    u32 level[PLIC_WORDS];   /* what the lines say */
    u32 latched[PLIC_WORDS]; /* rising edges of latched lines, not yet claimed */
    u32 claimed[PLIC_WORDS]; /* being served */
    struct plic_context context[PLIC_CONTEXTS];
};

extern const struct bus_ops plic_bus_ops;
extern const struct device_ops plic_device_ops;

/* outputs[contexts]: one line per context. */
struct plic *plic_create(unsigned contexts, const struct irq_line *outputs);
/* The line a device raises for `source` (1 .. PLIC_SOURCES-1). */
struct irq_line plic_input(struct plic *p, u32 source);
/* A second line into the same source, latched. */
struct irq_line plic_latched_input(struct plic *p, u32 source);

#endif
