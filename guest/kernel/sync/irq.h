/* SPDX-License-Identifier: MIT */
/*
 * irq.h - external interrupts through the PLIC (RISC-V PLIC specification 1.0).
 * Handlers run with interrupts off and must not sleep.
 */
#ifndef SYNC_IRQ_H
#define SYNC_IRQ_H

#include "lib/types.h"

#define IRQ_COUNT 128

typedef void (*irq_handler)(void *argument);

void irq_init(void);      /* find the PLIC in the device tree */
void irq_init_hart(void); /* let interrupts reach this hart */
/* => 0, -EINVAL (no such interrupt), -EBUSY (taken). */
int irq_register(u32 irq, irq_handler handler, void *argument);
void irq_dispatch(void); /* from the external-interrupt trap */
u64 irq_count(u32 irq);  /* how often it came, for /proc/interrupts */

#endif
