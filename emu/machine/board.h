/* SPDX-License-Identifier: MIT */
/*
 * board.h - addresses and interrupt numbers of the board, those of QEMU's `virt` machine.
 */
#ifndef FAULTLINE_MACHINE_BOARD_H
#define FAULTLINE_MACHINE_BOARD_H

#include "emu/base/error.h"
#include "emu/base/types.h"

struct machine;

#define BOARD_TEST 0x100000ull
#define BOARD_RTC 0x101000ull
#define BOARD_CLINT 0x2000000ull
#define BOARD_PLIC 0xc000000ull
#define BOARD_UART 0x10000000ull
#define BOARD_VIRTIO 0x10001000ull
#define BOARD_VIRTIO_STRIDE 0x1000ull
#define BOARD_RAM 0x80000000ull

#define BOARD_VIRTIO_SLOTS 8
#define BOARD_CONSOLE_SLOT 6 /* disks have the slots below */
#define BOARD_RNG_SLOT 7

#define BOARD_IRQ_VIRTIO 1 /* and up, one for each slot */
#define BOARD_IRQ_UART 10
#define BOARD_IRQ_RTC 11

#define BOARD_TIMEBASE 10000000u /* Hz */
#define BOARD_UART_CLOCK 3686400u

/* Makes the devices of m->config, puts them on the bus and connects their lines. */
bool board_build(struct machine *m, struct error *err);
void board_destroy(struct machine *m);

#endif
