/* SPDX-License-Identifier: MIT */
/*
 * clint - mtime, mtimecmp and msip used directly: the timer interrupt comes not before its time,
 * goes away when mtimecmp is moved, and msip raises and clears the software interrupt.
 */
#include "bare.h"
    .section .text.start
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    la t0, handler
    csrw mtvec, t0
    li s0, 0                /* timer interrupts */
    li s1, 0                /* software interrupts */
    li t0, MTIME
    ld s2, 0(t0)
    li t1, 1000
    add s2, s2, t1          /* 100 microseconds from now */
    li t0, MTIMECMP
    sd s2, 0(t0)
    li t0, 0x88             /* MTIE, MSIE */
    csrw mie, t0
    csrsi mstatus, 8
wait_timer:
    wfi
    beqz s0, wait_timer
    bltu s3, s2, early
    li t0, CLINT
    li t1, 1
    sw t1, 0(t0)            /* msip: taken before the next load ends */
    lw t2, 0(t0)
    li t3, 1000
wait_soft:
    bnez s1, soft_done
    addi t3, t3, -1
    bnez t3, wait_soft
    finish 3
soft_done:
    li t0, CLINT
    lw t1, 0(t0)
    bnez t1, still
    li t1, 1
    bne s0, t1, again
    /* 32-bit halves of mtimecmp. */
    li t0, MTIMECMP
    li t1, -1
    sw t1, 0(t0)
    li t1, 0x12345678
    sw t1, 4(t0)
    ld t2, 0(t0)
    li t3, 0x12345678ffffffff
    bne t2, t3, halves
    print text
    pass
early:
    finish 2
still:
    finish 4
again:
    finish 5
halves:
    finish 6
park:
    wfi
    j park

    .balign 4
handler:
    csrr t4, mcause
    bgez t4, trapped
    andi t4, t4, 0xff
    li t5, 7
    beq t4, t5, timer
    li t5, 3
    beq t4, t5, software
trapped:
    finish 9
timer:
    addi s0, s0, 1
    li t4, MTIME
    ld s3, 0(t4)
    li t4, MTIMECMP
    li t5, -1
    sd t5, 0(t4)
    mret
software:
    addi s1, s1, 1
    li t4, CLINT
    sw zero, 0(t4)
    mret
    .section .rodata
text:
    .asciz "clint ok\n"
