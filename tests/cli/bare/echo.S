/* SPDX-License-Identifier: MIT */
/*
 * echo - PLIC and UART by interrupts: echoes what is typed, in M-mode, until a dot comes; then the
 * status is the number of bytes seen.
 */
#include "bare.h"
#define CONTEXT (PLIC + 0x200000)
    .section .text.start
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    la t0, handler
    csrw mtvec, t0
    li s0, 0
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)           /* priority of source 10 */
    li t0, PLIC + 0x2000
    li t1, 1 << 10
    sw t1, 0(t0)            /* enabled for hart 0, M-mode */
    li t0, CONTEXT
    sw zero, 0(t0)          /* threshold 0 */
    li t0, UART
    li t1, 7
    sb t1, 2(t0)            /* FIFOs on and empty */
    li t1, 1
    sb t1, 1(t0)            /* interrupt when data are there */
    li t0, 1 << 11
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    j 1b
park:
    wfi
    j park

    .balign 4
handler:
    csrr t0, mcause
    bgez t0, wrong
    li t0, CONTEXT
    lw s1, 4(t0)            /* claim */
    li t1, 10
    bne s1, t1, wrong
    li t2, UART
more:
    lbu t3, 5(t2)
    andi t3, t3, 1
    beqz t3, done
    lbu t4, 0(t2)
    addi s0, s0, 1
    li t5, '.'
    beq t4, t5, end
    sb t4, 0(t2)
    j more
done:
    sw s1, 4(t0)            /* complete */
    mret
end:
    slli t1, s0, 16
    li t0, 0x3333
    or t1, t1, t0
    li t0, FINISHER
    sw t1, 0(t0)
2:  j 2b
wrong:
    finish 99
