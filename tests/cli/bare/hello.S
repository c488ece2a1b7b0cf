/* SPDX-License-Identifier: MIT */
/* hello - prints a line on the UART and ends with status 7. */
#include "bare.h"
    .section .text.start
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    print text
    finish 7
park:
    wfi
    j park
    .section .rodata
text:
    .asciz "hello\n"
