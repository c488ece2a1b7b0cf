/* SPDX-License-Identifier: MIT */
/*
 * htif.h - the host-target interface of Berkeley's test programs: the words tohost and fromhost
 * in guest memory.
 *
 * tohost: device in bits 56-63, command in 48-55, payload below.  Device 0 command 0: an odd
 * payload ends the run with status payload >> 1; an even one is the address of a system call
 * (write is known).  Device 1 command 1 writes a character.  The host clears tohost when it has
 * taken the command.  A 32-bit store to the lower word ends a run but starts no other command:
 * the upper word is still to come.
 */
#ifndef FAULTLINE_MACHINE_HTIF_H
#define FAULTLINE_MACHINE_HTIF_H

#include "emu/base/error.h"
#include "emu/base/types.h"

struct machine;

struct htif {
    u64 tohost, fromhost; /* physical, 0: not there */
};

/* Watches the words; called once, after the kernel's first load. */
bool htif_connect(struct machine *m, u64 tohost, u64 fromhost, struct error *err);

#endif
