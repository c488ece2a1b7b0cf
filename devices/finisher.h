/* SPDX-License-Identifier: MIT */
/*
 * finisher.h - SiFive's test finisher: one register that ends the run or resets the board.
 *
 * 0x5555 passes, 0x3333 fails with the code in bits 16-31, 0x7777 resets; all else is ignored.
 */
#ifndef FAULTLINE_FINISHER_H
#define FAULTLINE_FINISHER_H

#include "devices/device.h"
#include "emu/mem/bus.h"

#define FINISHER_SIZE 0x1000u

struct finisher {
    void (*power_off)(void *ctx, int status);
    void (*reset)(void *ctx);
    void *ctx;
};

extern const struct bus_ops finisher_bus_ops;

#endif
