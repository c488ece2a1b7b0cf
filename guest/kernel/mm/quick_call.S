/* SPDX-License-Identifier: MIT */
/*
 * quick_call.S - from fault_quick.c to an ordinary function: t1 = function, a0, a1 = arguments,
 * t0 = where to go back to.  Every register but t0 and t1 is kept.
 */
    .text
    .globl quick_call_stub
    .type quick_call_stub, @function
quick_call_stub:
    addi sp, sp, -128
    sd ra, 0(sp)
    sd t0, 8(sp)
    sd t2, 16(sp)
    .irp n,0,1,2,3,4,5,6,7
    sd a\n, 24+8*\n(sp)
    .endr
    .irp n,3,4,5,6
    sd t\n, 88+8*(\n-3)(sp)
    .endr
    jalr t1
    ld ra, 0(sp)
    ld t0, 8(sp)
    ld t2, 16(sp)
    .irp n,0,1,2,3,4,5,6,7
    ld a\n, 24+8*\n(sp)
    .endr
    .irp n,3,4,5,6
    ld t\n, 88+8*(\n-3)(sp)
    .endr
    addi sp, sp, 128
    jr t0
