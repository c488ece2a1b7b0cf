/* SPDX-License-Identifier: MIT */
/* spin - runs for ever. */
    .section .text.start
    .globl _start
_start:
    addi t0, t0, 1
    j _start
