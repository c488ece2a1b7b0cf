/* SPDX-License-Identifier: MIT */
/* trap-loop - jumps to nowhere with no trap handler. */
    .section .text.start
    .globl _start
_start:
    csrw mtvec, zero
    jr zero
