/* SPDX-License-Identifier: MIT */
/* idle - waits for an interrupt that nobody will ever raise. */
    .section .text.start
    .globl _start
_start:
    csrw mie, zero
1:  wfi
    j 1b
