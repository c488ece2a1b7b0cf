/* SPDX-License-Identifier: MIT */
/*
 * sbi.h - the supervisor binary interface answered by the machine itself when no firmware is
 * given: base, timer, IPI, remote fences, hart state, reset, debug console, legacy calls 0 to 8.
 *
 * It runs as host code at the instant of the ECALL and takes no guest instructions, so that
 * counts show the kernel's own work only.
 * Source: RISC-V Supervisor Binary Interface specification 2.0.
 */
#ifndef FAULTLINE_MACHINE_SBI_H
#define FAULTLINE_MACHINE_SBI_H

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/mem/serial.h"

struct machine;
struct hart;

/* Hart states of the HSM extension. */
enum sbi_hart_state { SBI_STARTED = 0, SBI_STOPPED = 1, SBI_SUSPENDED = 4 };

struct sbi {
    bool active;         /* this machine has no firmware of its own */
    u8 state[8];         /* enum sbi_hart_state; all SBI_STARTED when not active */
    u32 timer_event[8];  /* for harts without Sstc */
    bool timer_armed[8]; /* likewise: the event is still to come */
};

/* Registers the timers; called when the machine is built. */
void sbi_init(struct machine *m);
/* Only hart 0 runs; the others wait for hart_start. */
void sbi_reset(struct machine *m, bool active);
/* hart_host.environment_call; ctx is the machine. */
bool sbi_call(void *ctx, struct hart *h);
void sbi_save(const struct machine *m, struct serial_writer *writer);
bool sbi_load(struct machine *m, struct serial_reader *reader, struct error *err);

#endif
