/* SPDX-License-Identifier: MIT */
/*
 * two-harts - hart 0 wakes hart 1 by msip; both add to one counter with amoadd and with an LR/SC
 * loop, 10000 times each; the sum is checked.
 */
#include "bare.h"
#define TIMES 10000
    .section .text.start
    .globl _start
_start:
    csrr s0, mhartid
    li t0, 2
    bgeu s0, t0, park
    beqz s0, first
    li t0, 8                /* MSIE; interrupts stay off: WFI wakes all the same */
    csrw mie, t0
1:  la t0, go
    lw t0, 0(t0)
    bnez t0, count
    wfi
    j 1b
first:
    la t0, go
    li t1, 1
    sw t1, 0(t0)
    fence
    li t0, CLINT
    sw t1, 4(t0)            /* msip of hart 1 */
count:
    li t0, TIMES
    la t1, sum
    li t2, 1
2:  amoadd.d zero, t2, (t1)
3:  lr.d t3, (t1)
    addi t3, t3, 1
    sc.d t4, t3, (t1)
    bnez t4, 3b
    addi t0, t0, -1
    bnez t0, 2b
    la t1, finished
    amoadd.w zero, t2, (t1)
    bnez s0, park
4:  lw t3, 0(t1)
    li t4, 2
    bne t3, t4, 4b
    la t1, sum
    ld t3, 0(t1)
    li t4, 4 * TIMES
    bne t3, t4, wrong
    print text
    pass
wrong:
    finish 2
park:
    wfi
    j park
    .data
    .balign 8
sum:
    .dword 0
go:
    .word 0
finished:
    .word 0
    .section .rodata
text:
    .asciz "two harts ok\n"
