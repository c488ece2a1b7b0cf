/* SPDX-License-Identifier: MIT */
/*
 * device.h - starting the drivers, and the few things that are not files: power off,
 * wall clock.
 */
#ifndef DEV_DEVICE_H
#define DEV_DEVICE_H

#include "lib/types.h"

/* Early: serial console for messages, power off, wall clock.  => after fdt_init; does not sleep */
void devices_init_early(void);
/* Probe everything else: virtio disks, consoles, entropy.  => interrupts work, may sleep */
void devices_init(void);

/* End the machine; `status` 0..255 becomes the emulator's exit status.  Tries the test finisher,
 * then the SBI. */
_Noreturn void machine_power_off(u32 status);
_Noreturn void machine_reboot(void);

#endif
