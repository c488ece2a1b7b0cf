/* SPDX-License-Identifier: MIT */
/* boot.h - what the files of boot/ share. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "lib/types.h"

/* What entry.S loads on a hart that is started by another. */
struct hart_start {
    u64 hart;  /* struct hart_local, for tp */
    u64 stack; /* its top */
};

extern struct hart_start boot_next;

/* layout.c: fills struct probe_layout and tells the emulator (PROBE_EV_BOOT). */
void tell_layout(void);

#endif
