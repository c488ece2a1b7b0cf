/* SPDX-License-Identifier: MIT */
/*
 * keys.h - the escape keys of the terminal (Ctrl-A and a letter, as QEMU has them) and the monitor
 * that shares the terminal with the guest.
 */
#ifndef FAULTLINE_MACHINE_KEYS_H
#define FAULTLINE_MACHINE_KEYS_H

#include <stddef.h>

#include "emu/base/types.h"

struct machine;

/* Bytes typed on the terminal: for the guest, for the monitor, or an escape. */
void keys_typed(struct machine *m, const u8 *bytes, size_t n);

#endif
