/* SPDX-License-Identifier: MIT */
/*
 * clint.h - the core-local interruptor: software interrupts (msip) and the machine timer
 * (mtime, mtimecmp) at the addresses of SiFive's CLINT, which ACLINT keeps.
 *
 * mtime counts at 10 MHz: guest nanoseconds / 100.  It cannot be written: it is the same counter as
 * the time CSR of every hart, and guest time has one source only.
 * Source: RISC-V ACLINT specification 1.0; privileged specification, "Machine Timer Registers".
 */
#ifndef FAULTLINE_CLINT_H
#define FAULTLINE_CLINT_H

#include "devices/device.h"
#include "emu/mem/bus.h"
#include "emu/time/clock.h"

#define CLINT_HARTS 8
#define CLINT_SIZE 0x10000u

struct clint_hart {
    bool msip;
    u64 mtimecmp;
    struct irq_line software, timer;
};

struct clint {
    struct clock *clock;
    u32 event[CLINT_HARTS];
    unsigned harts;
    struct clint_hart hart[CLINT_HARTS];
};

extern const struct bus_ops clint_bus_ops;
extern const struct device_ops clint_device_ops;

/* software[i] and timer[i] go to hart i.  Registers one clock event per hart. */
struct clint *clint_create(struct clock *clock, unsigned harts, const struct irq_line *software,
                           const struct irq_line *timer);
/* The timer's comparator of one hart, as the built-in SBI sets it. */
void clint_set_timer(struct clint *c, unsigned hart, u64 mtimecmp);

#endif
